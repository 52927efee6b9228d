// Requests and responses for any operation, each with what has to come of it. The rules are those of the API's JSON
// (proto3's, with unset fields as null), written down here a second time and independent of the code under test. Values are
// made up, but always the same.

/** A message is filled this many times in one request or response; recursion ends there. */
const FILLED = 2;

const DATES = [
  "2026-01-31T10:20:30Z",
  "1999-12-31T23:59:59.5Z",
  "2026-03-01T00:30:00.123456789+05:30",
  "0001-01-01T00:00:00Z",
];
const TEXTS = [
  "plain",
  "sp ace",
  "a/b?c#d%25+e&f=g",
  "Zürich 日本 🚀",
  'quoted "\\" back',
  "tab\tnl\n\u2028",
  "it's ~!*()",
  "\u0000D2026",
  "🏴".repeat(40),
];

/** Milliseconds, without trust in how engines read long fractions. */
const date = (text) => new Date(text.replace(/(\.\d{3})\d+/, "$1"));

/** JSON text and the value that a client must make of it; `problem` if that has to be reported. */
const same = (value) => ({ json: JSON.stringify(value), value });
const kept = (value) => ({ ...same(value), problem: true });

/** What servers send: for each kind, functions of a running number. */
const USUAL = {
  string: [(n) => same(`${TEXTS[n % TEXTS.length]} ${n}`)],
  bool: [(n) => same(n % 2 === 0)],
  int32: [(n) => same(n - 50)],
  uint32: [(n) => same(n)],
  int64: [
    (n) => ({ json: `"${n * 1e12}"`, value: n * 1e12 }),
    () => ({ json: '"-9007199254740991"', value: -9007199254740991 }),
  ],
  uint64: [() => same("18446744073709551615")],
  double: [(n) => same(n + 0.25), () => same(-1e300)],
  date: DATES.map((text) => () => ({ json: `"${text}"`, value: date(text) })),
  duration: [() => same("3600s"), () => same("1.5s")],
  bytes: [() => same("AP+/")],
  any: [
    (n) => ({
      json: `{"@type":"type.example/T${n}","at":"2026-01-31T10:20:30Z","in":{"@type":"x"}}`,
      value: {
        atType: `type.example/T${n}`,
        additionalProperties: { at: "2026-01-31T10:20:30Z", in: { "@type": "x" } },
      },
    }),
    () => ({ json: '{"@type":"only"}', value: { atType: "only" } }),
  ],
  struct: [(n) => same({ free: [n, "2026-01-31T10:20:30Z", null, { createdAt: "x" }] })],
  value: [() => same([{ any: "thing" }])],
  empty: [() => same({})],
};

/** What a newer, older or odd server may send. None of it may make a response fail. */
const ODD = {
  string: [() => same(null), () => same(""), () => kept(5), () => kept(["x"]), () => same("\u0000\u0001")],
  bool: [() => same(null), () => kept("true"), () => kept(1)],
  int32: [
    () => same(null),
    () => ({ json: '"5"', value: 5 }),
    () => same(1.5),
    () => same(2 ** 40),
    () => kept("five"),
    () => kept(true),
  ],
  uint32: [() => same(-1), () => ({ json: '"7"', value: 7 }), () => kept("")],
  int64: [
    (n) => same(n),
    () => ({ json: '"9007199254740993"', value: "9007199254740993", problem: true }),
    () => ({ json: "9007199254740993", value: "9007199254740993", problem: true }),
    () => kept("12abc"),
    () => kept(""),
    () => same(null),
    () => kept({}),
  ],
  uint64: [
    () => ({ json: "18446744073709551615", value: "18446744073709551615" }),
    () => ({ json: "5", value: "5" }),
    () => same(null),
  ],
  double: [
    () => ({ json: '"NaN"', value: Number.NaN }),
    () => ({ json: '"-Infinity"', value: Number.NEGATIVE_INFINITY }),
    () => ({ json: '"1e3"', value: 1000 }),
    () => kept("much"),
  ],
  date: [
    () => ({ json: '""', value: undefined }),
    () => kept("2026-02-30T00:00:00Z"),
    () => kept("yesterday"),
    () => kept("2026-01-31T10:20:30"),
    () => kept(1769854830),
    () => same(null),
    () => ({ json: '"2026-01-31 10:20:30z"', value: date("2026-01-31T10:20:30Z") }),
    () => ({ json: '"2026-01-31T10:20-0730"', value: date("2026-01-31T10:20:00-07:30") }),
  ],
  duration: [() => same(null), () => same("soon"), () => kept(3600)],
  bytes: [() => same("not base64!"), () => kept([1])],
  any: [() => same(null), () => ({ json: "{}", value: {} }), () => kept("any")],
  struct: [() => same({}), () => same(null), () => kept([])],
  value: [() => same(null), () => same("any")],
  empty: [() => same({ now: "has fields" }), () => same(null), () => kept(0)],
  enum: [() => same("A_VALUE_FROM_TOMORROW"), () => same(9), () => same(""), () => same(null), () => kept(false)],
};

/** Makes the same choices every time. */
class Maker {
  #n = 0;
  #filled = new Map();

  constructor(facts) {
    this.facts = facts;
  }

  next() {
    return ++this.#n;
  }

  pick(list) {
    return list[this.next() % list.length];
  }

  /** True as long as the message may be filled once more. */
  fill(message) {
    const times = this.#filled.get(message) ?? 0;
    this.#filled.set(message, times + 1);
    return times < FILLED;
  }

  enumValue(field) {
    return this.pick(this.facts.enums.get(field.ref));
  }
}

/**
 * A response body.
 *
 * @param {"full" | "unset" | "odd"} mode every field filled; every field that can be unset null, below the first
 *   level too; or what no document promises
 * @returns {{ text: string, value: object, problems: (string | number)[][] }} `problems` by their paths
 */
export function responseOf(facts, operation, mode) {
  const maker = new Maker(facts);
  const problems = [];
  const { json, value } = messageIn(maker, operation.response, mode, [], problems);
  return { text: json, value, problems };
}

function messageIn(maker, message, mode, path, problems) {
  const value = {};
  const members = [];
  for (const field of maker.facts.messages.get(message)) {
    const made = fieldIn(maker, field, mode, [...path, field.wire], problems);
    members.push(`${JSON.stringify(field.wire)}:${made.json}`);
    value[field.name] = made.value;
  }
  if (mode === "odd") {
    value.fromTomorrow = { createdAt: "2026-01-31T10:20:30Z", list: [1, { "@type": "x" }] };
    members.push(`"fromTomorrow":${JSON.stringify(value.fromTomorrow)}`);
  }
  return { json: `{${members.join(",")}}`, value };
}

function fieldIn(maker, field, mode, path, problems) {
  const odd = mode === "odd" && maker.next() % 3 === 0;
  if (field.shape === "one") return elementIn(maker, field, mode, path, problems);
  if (odd) {
    const made = maker.pick([
      same(null),
      same(field.shape === "list" ? [] : {}),
      kept("neither"),
      kept(field.shape === "list" ? {} : []),
    ]);
    if (made.problem) problems.push(path);
    return made;
  }
  if (mode === "unset" && path.length > 1) return same(field.shape === "list" ? [] : {});
  // Digits first, which is how JavaScript reorders them.
  const keys = field.shape === "list" ? [0, 1] : ["2", "10", "__proto__", "a key"];
  const made = keys.map((key) => [key, elementIn(maker, field, mode, [...path, key], problems)]);
  if (field.shape === "list")
    return { json: `[${made.map(([, { json }]) => json)}]`, value: made.map(([, { value }]) => value) };
  const value = {};
  for (const [key, made_] of made)
    Object.defineProperty(value, key, { value: made_.value, enumerable: true, writable: true, configurable: true });
  return { json: `{${made.map(([key, { json }]) => `${JSON.stringify(key)}:${json}`)}}`, value };
}

function elementIn(maker, field, mode, path, problems) {
  const unset = mode === "unset" && path.length > 1;
  if (field.kind === "msg") {
    if (unset || !maker.fill(field.ref)) return same(null);
    const made =
      mode === "odd" && maker.next() % 4 === 0
        ? maker.pick([same(null), same({}), kept("text"), kept([{}])])
        : undefined;
    if (made?.problem) problems.push(path);
    return made ?? messageIn(maker, field.ref, mode, path, problems);
  }
  if (unset && ["date", "duration", "any", "struct", "empty"].includes(field.kind)) return same(null);
  if (mode !== "odd" && field.kind === "enum") return same(maker.enumValue(field));
  const made = maker.pick((mode === "odd" ? ODD : USUAL)[field.kind])(maker.next());
  if (made.problem) problems.push(path);
  return made;
}

/** What callers may give for each kind, and what has to be sent. */
const GIVEN = {
  string: TEXTS.map((text) => () => [text, text]),
  bool: [() => [true, true], () => [false, false]],
  int32: [(n) => [-n, -n], () => [2n ** 31n - 1n, 2147483647]],
  uint32: [(n) => [n, n], () => [4294967295, 4294967295]],
  int64: [
    (n) => [n, `${n}`],
    () => [-(2n ** 63n), "-9223372036854775808"],
    () => ["9007199254740993", "9007199254740993"],
  ],
  uint64: [
    () => ["18446744073709551615", "18446744073709551615"],
    (n) => [n, `${n}`],
    () => [2n ** 64n - 1n, "18446744073709551615"],
  ],
  double: [(n) => [n / 8, n / 8], () => [1e-7, 1e-7]],
  date: [
    () => [new Date(1e12), "2001-09-09T01:46:40.000Z"],
    () => ["2026-01-31T10:20:30.123456789Z", "2026-01-31T10:20:30.123456789Z"],
  ],
  duration: [() => ["3600s", "3600s"]],
  bytes: [() => ["AP+/", "AP+/"], () => [new Uint8Array([0, 255, 191]), "AP+/"]],
  any: [
    () => [
      { atType: "type.example/T", additionalProperties: { at: new Date(0), n: [1] } },
      { "@type": "type.example/T", at: "1970-01-01T00:00:00.000Z", n: [1] },
    ],
    () => [
      { "@type": "type.example/T", x: null },
      { "@type": "type.example/T", x: null },
    ],
  ],
  struct: [
    () => [
      { free: [1, null, { at: new Date(0) }], not: undefined },
      { free: [1, null, { at: "1970-01-01T00:00:00.000Z" }] },
    ],
  ],
  value: [() => [[{ any: "thing" }], [{ any: "thing" }]]],
  empty: [() => [{}, {}]],
};

/** Values for path and query: the first is given, the second is what must stand in the URL before its encoding. */
const PARAMETERS = {
  string: TEXTS.map((text) => () => [text, text]),
  enum: [() => ["A_VALUE_FROM_TOMORROW", "A_VALUE_FROM_TOMORROW"]],
  int32: [(n) => [n, `${n}`]],
  int64: [(n) => [n, `${n}`], () => ["9007199254740993", "9007199254740993"], () => [2n ** 60n, "1152921504606846976"]],
};

/**
 * A request with every parameter and every field.
 *
 * @returns {{ args: unknown[], target: string, body: object | undefined }} the arguments, and what must be sent
 */
export function requestOf(facts, operation) {
  const maker = new Maker(facts);
  const wrapper = {};
  let target = operation.path;
  const query = [];
  for (const { place, wire, name, kind } of operation.params) {
    const [given, sent] = maker.pick(PARAMETERS[kind])(maker.next());
    wrapper[name] = given;
    if (place === "path") target = target.replace(`{${wire}}`, () => encodeURIComponent(sent));
    else query.push(`${wire}=${encodeURIComponent(sent)}`);
  }
  if (query.length > 0) target += `?${query.join("&")}`;
  const args = [];
  let body;
  if (operation.body !== undefined) {
    const [given, sent] = messageOut(maker, operation.body);
    // A body without fields says nothing that its absence does not.
    body = operation.bodyField === "" && facts.messages.get(operation.body).length === 0 ? undefined : sent;
    if (operation.bodyField === "") args.push(given);
    else wrapper[operation.bodyField] = given;
  }
  if (Object.keys(wrapper).length > 0) args.push(wrapper);
  return { args, target, body };
}

function messageOut(maker, message) {
  const given = {};
  const sent = {};
  for (const field of maker.facts.messages.get(message)) {
    // What the server sets is left out, unless the mask of the update asks for it; this mask asks for nothing.
    const mask = field.wire === "updateMask" && field.kind === "string";
    const [value, wire] = mask ? ["aField,another.one", "aField,another.one"] : fieldOut(maker, field);
    given[field.name] = value;
    if (!field.readOnly && wire !== undefined) sent[field.wire] = wire;
  }
  return [given, sent];
}

function fieldOut(maker, field) {
  const n = maker.next();
  if (n % 13 === 0) return [null, null];
  if (n % 17 === 0) return [undefined, undefined];
  if (field.shape === "one") return elementOut(maker, field);
  if (field.shape === "list") {
    const items = [elementOut(maker, field), elementOut(maker, field)].filter(([given]) => given !== null);
    return [items.map(([given]) => given), items.map(([, sent]) => sent)];
  }
  const items = ["2", "a key"].map((key) => [key, elementOut(maker, field)]).filter(([, [given]]) => given !== null);
  return [
    Object.fromEntries(items.map(([key, [given]]) => [key, given])),
    Object.fromEntries(items.map(([key, [, sent]]) => [key, sent])),
  ];
}

function elementOut(maker, field) {
  if (field.kind === "msg") return maker.fill(field.ref) ? messageOut(maker, field.ref) : [null, null];
  if (field.kind !== "enum") return maker.pick(GIVEN[field.kind])(maker.next());
  const value = maker.next() % 5 === 0 ? "A_VALUE_FROM_TOMORROW" : maker.enumValue(field);
  return [value, value];
}
