// `keyturn/commercelayer/jsonapi` on random documents, resources and queries: the same ones in every run. PROPERTY_RUNS
// makes more of them; PROPERTY_SEED chooses others. Each property is stated independently, by the rules of JSON:API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./world.mjs";

const { ListResponse, denormalize, generateQueryStringParams, normalize } = await load("keyturn/commercelayer/jsonapi");

const RUNS = Number(process.env.PROPERTY_RUNS ?? 300);
const SEED = Number(process.env.PROPERTY_SEED ?? 20261121);

/** The types that the relationships of some types refer to, and whether they are to-one or to-many. */
const RELATIONSHIPS = {
  api_credentials: { organization: ["organizations"], role: ["roles"] },
  memberships: {
    organization: ["organizations"],
    role: ["roles"],
    application_memberships: ["application_memberships", "many"],
    versions: ["versions", "many"],
  },
  application_memberships: { api_credential: ["api_credentials"], membership: ["memberships"], role: ["roles"] },
  roles: {
    organization: ["organizations"],
    permissions: ["permissions", "many"],
    memberships: ["memberships", "many"],
  },
  permissions: { role: ["roles"], organization: ["organizations"] },
  organizations: { memberships: ["memberships", "many"], roles: ["roles", "many"] },
  versions: {},
};
const TYPES = Object.keys(RELATIONSHIPS);
const NAMES = [
  "name",
  "kind",
  "status",
  "reference",
  "metadata",
  "created_at",
  "not_in_any_table",
  "toString",
  "constructor",
  "links_of_mine",
];
const TEXTS = [
  "",
  "plain",
  "a,b",
  "é日本🚀",
  "\u2028\u0000",
  "x y+z&q=1#%25",
  "2026-01-31T10:20:30.123Z",
  "__proto__",
  "null",
  "[a]",
  "'\"\\",
];

/** A source of numbers from a seed: mulberry32. */
class Chance {
  #state;
  constructor(seed) {
    this.#state = seed >>> 0;
  }
  /** Returns an integer from 0 up to but not including `below`. */
  number(below) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }
  one(of) {
    return of[this.number(of.length)];
  }
  some(of, most = of.length) {
    return Array.from({ length: this.number(most + 1) }, () => this.one(of));
  }
  yes(inHowMany = 2) {
    return this.number(inHowMany) === 0;
  }
  /** Returns a JSON value. */
  json(depth = 2) {
    const kind = this.number(depth > 0 ? 8 : 5);
    if (kind === 0) return null;
    if (kind === 1) return this.yes();
    if (kind === 2) return this.one([0, -1, 1.5, 2 ** 53 - 1, 1e-7, 1e21]);
    if (kind < 5) return this.one(TEXTS);
    if (kind === 5) return Array.from({ length: this.number(4) }, () => this.json(depth - 1));
    if (kind === 6) return { type: this.one(TYPES), id: "looks-like-a-resource" };
    return Object.fromEntries(Array.from({ length: this.number(4) }, (_, n) => [`k${n}`, this.json(depth - 1)]));
  }
}

/** Checks a property for many seeds. A failure names its seed. */
function holds(name, property) {
  test(name, () => {
    for (let run = 0; run < RUNS; run++) {
      try {
        property(new Chance(SEED + run));
      } catch (error) {
        error.message = `PROPERTY_SEED=${SEED + run}: ${error.message}`;
        throw error;
      }
    }
  });
}

/** Deeply freezes a value: reading must not change it. */
function frozen(value) {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const key = ({ type, id }) => `${type} ${id}`;
const attributesOf = (chance) => Object.fromEntries(chance.some(NAMES, 5).map((name) => [name, chance.json()]));

/**
 * Returns a document of resources that refer to each other at random. With `forward`, only to later ones, so that there
 * is no cycle.
 */
function documentOf(chance, forward) {
  const make = (_, n) => ({
    type: chance.one(TYPES),
    id: `id${n}`,
    attributes: attributesOf(chance),
    relationships: {},
  });
  const resources = Array.from({ length: 2 + chance.number(10) }, make);
  const known = new Map(resources.map((resource) => [key(resource), resource]));
  resources.forEach((resource, place) => {
    for (const [name, [target, many]] of Object.entries(RELATIONSHIPS[resource.type])) {
      if (chance.yes(3)) continue;
      const targets = resources
        .filter((other, at) => other.type === target && (!forward || at > place))
        .map(({ type, id }) => ({ type, id }));
      const linked = chance.yes(4) || targets.length === 0 ? { type: target, id: "not-included" } : chance.one(targets);
      const several = () => [...new Map(chance.some([...targets, linked], 4).map((one) => [one.id, one])).values()];
      const data = many ? several() : chance.yes(5) ? null : linked;
      resource.relationships[name] = chance.yes(6) ? { links: { related: "https://example.test" } } : { data };
    }
  });
  const [first, ...rest] = resources;
  const primary = chance.yes() ? [first, ...(rest.length > 3 && !forward ? [rest.pop()] : [])] : first;
  const top = new Set([primary].flat());
  const document = { data: primary, included: rest.filter((resource) => !top.has(resource)) };
  return { document, known, included: new Set(document.included.map(key)), primary: [...top] };
}

/** Checks a result against its resource, and everything that it refers to, each once. */
function checkGraph(read, { known, included, primary }) {
  const seen = new Map();
  const open = primary.map((resource, n) => [[read].flat()[n], resource]);
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [value, { type, id, attributes, relationships }] = pair;
    assert.equal(value.type, type);
    assert.equal(value.id, id);
    for (const [name, expected] of Object.entries(attributes)) assert.deepEqual(value[name], expected, name);
    for (const [name, { data }] of Object.entries(relationships)) {
      if (data === undefined) {
        assert.ok(!Object.hasOwn(value, name), `${name} has links alone`);
        continue;
      }
      const reached = value[name];
      if (data === null) assert.equal(reached, null);
      else if (Array.isArray(data)) assert.equal(reached.length, data.length);
      [data ?? []].flat().forEach((linkage, n) => {
        const to = Array.isArray(reached) ? reached[n] : reached;
        assert.deepEqual([to.type, to.id], [linkage.type, linkage.id]);
        if (!included.has(key(linkage))) assert.deepEqual(Object.keys(to).sort(), ["id", "type"], "a stub");
        else if (!seen.has(to)) {
          seen.set(to, key(linkage));
          open.push([to, known.get(key(linkage))]);
        }
      });
    }
  }
  return seen;
}

holds("a document is read as what it says, circles and all", (chance) => {
  const made = documentOf(chance, false);
  const read = denormalize(frozen(made.document));
  assert.equal(Array.isArray(read), Array.isArray(made.document.data));
  checkGraph(read, made);
  JSON.stringify(read);
});

holds("without circles, an included resource is one object", (chance) => {
  const made = documentOf(chance, true);
  const seen = checkGraph(denormalize(frozen(made.document)), made);
  assert.equal(new Set(seen.values()).size, seen.size);
});

holds("a resource has its attributes and linked relationships, and nothing else that shows", (chance) => {
  const made = documentOf(chance, false);
  [denormalize(made.document)].flat().forEach((value, n) => {
    const { attributes, relationships } = made.primary[n];
    const linked = Object.keys(relationships).filter((name) => relationships[name].data !== undefined);
    assert.deepEqual(
      Object.keys(value).sort(),
      [...new Set(["id", "type", ...Object.keys(attributes), ...linked])].sort(),
    );
  });
});

holds("what is written can be read again", (chance) => {
  const type = chance.one(TYPES);
  const resource = { type, id: "x1" };
  // Unknown names are classified by their shape, so they get plain values here.
  for (const name of chance.some(["name", "reference", "reference_origin"])) resource[name] = chance.one(TEXTS);
  if (chance.yes()) resource.metadata = { in: chance.json() };
  if (chance.yes())
    resource.not_in_any_table = chance.one([null, "text", 5, true, { deep: { type: "roles" } }, ["a"], []]);
  for (const [name, [target, many]] of Object.entries(RELATIONSHIPS[type])) {
    const to = (n) => ({ type: target, id: `to ${n}` });
    if (chance.yes()) resource[name] = many ? chance.some([to(1), to(2), to(3)]) : chance.one([to(1), null]);
  }
  const { attributes, relationships, ...rest } = normalize(frozen({ ...resource }));
  assert.deepEqual(rest, { type, id: "x1" });
  for (const name of Object.keys(relationships)) assert.ok(name in RELATIONSHIPS[type], `${name} is no relationship`);
  assert.deepEqual(
    JSON.parse(JSON.stringify(denormalize({ data: { type, id: "x1", attributes, relationships } }))),
    resource,
  );
});

/** Returns a name in camelCase; the content of values stays the same. */
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

holds("in camelCase it is the same by other names, and dates are dates", (chance) => {
  const made = documentOf(chance, true);
  const seen = new Set();
  const same = (snake, camels) => {
    if (Array.isArray(snake)) return snake.forEach((one, n) => same(one, camels[n]));
    if (snake === null || seen.has(snake)) return assert.equal(snake === null, camels === null);
    seen.add(snake);
    const { relationships = {} } = made.known.get(key(snake)) ?? {};
    assert.deepEqual(Object.keys(camels), Object.keys(snake).map(camel));
    for (const name of Object.keys(snake)) {
      const [value, other] = [snake[name], camels[camel(name)]];
      if (name in relationships) same(value, other);
      else if (name === "created_at" && !Number.isNaN(Date.parse(value)))
        assert.deepEqual(other, typeof value === "string" ? new Date(value) : value);
      else assert.deepEqual(other, value);
    }
  };
  same(denormalize(made.document), denormalize(frozen(made.document), { names: "camel" }));
});

holds("what is written in camelCase is on the wire as ever", (chance) => {
  const type = chance.one(TYPES);
  const resource = { type, id: "x1", created_at: "2026-01-31T10:20:30.123Z" };
  for (const name of chance.some(["reference", "reference_origin", "not_in_any_table"]))
    resource[name] = chance.one(TEXTS);
  if (chance.yes()) resource.metadata = { snake_case: { stays_so: chance.json() }, camelCase: chance.json() };
  for (const [name, [target, many]] of Object.entries(RELATIONSHIPS[type])) {
    if (chance.yes())
      resource[name] = many ? [{ type: target, id: "t1" }] : chance.one([{ type: target, id: "t1" }, null]);
  }
  const camels = Object.fromEntries(
    Object.entries(resource).map(([name, value]) => [camel(name), name === "created_at" ? new Date(value) : value]),
  );
  assert.equal(JSON.stringify(normalize(frozen(camels), { names: "camel" })), JSON.stringify(normalize(resource)));
});

holds("metadata is an attribute whatever is in it", (chance) => {
  const metadata = chance.json();
  const { attributes, relationships } = normalize({ type: chance.one(TYPES), id: "x1", metadata });
  assert.deepEqual(attributes, { metadata });
  assert.deepEqual(relationships, {});
});

holds("of a related resource its type and id are sent, whatever else it has", (chance) => {
  const role = { ...attributesOf(chance), type: "roles", id: "r1" };
  const versions = [{ ...attributesOf(chance), type: "versions", id: "v1" }];
  const { relationships } = normalize({ type: "memberships", id: "m1", role, versions });
  assert.deepEqual(relationships, {
    role: { data: { type: "roles", id: "r1" } },
    versions: { data: [{ type: "versions", id: "v1" }] },
  });
});

holds("a relationship to another type than it leads to is refused", (chance) => {
  const type = chance.one(TYPES.filter((one) => Object.keys(RELATIONSHIPS[one]).length > 0));
  const [name, [target, many]] = chance.one(Object.entries(RELATIONSHIPS[type]));
  const wrong = { type: chance.one(TYPES.filter((one) => one !== target)), id: "x" };
  assert.throws(() => normalize({ type, id: "x1", [name]: many ? [wrong] : wrong }), {
    name: "SdkError",
    type: "request",
  });
});

const PREDICATES = [
  ...["eq", "not_eq", "matches", "does_not_match", "lt", "lteq", "gt", "gteq", "present", "blank", "null", "not_null"],
  ...["start", "not_start", "end", "not_end", "cont", "not_cont", "true", "false"],
];
const LISTS = [
  "in",
  "not_in",
  "not_in_or_null",
  "eq_any",
  "not_eq_all",
  "cont_any",
  "start_all",
  "matches_any",
  "gteq_all",
];

holds("a query says what was asked for, also after a trip through a URL", (chance) => {
  const type = chance.one(["roles", "memberships", "organizations"]);
  const params = {};
  const expected = {};
  if (chance.yes())
    expected.include = (params.include = ["organization", ...chance.some(["role", "organization.memberships"])]).join();
  if (chance.yes())
    expected[`fields[${type}]`] = (params.fields = ["name", ...chance.some(["id", "kind", "reference"])]).join();
  else if (chance.yes()) {
    params.fields = { roles: ["name"], versions: ["event", "who"] };
    Object.assign(expected, { "fields[roles]": "name", "fields[versions]": "event,who" });
  }
  if (chance.yes()) expected.sort = (params.sort = ["-created_at", ...chance.some(["id", "-reference"])]).join();
  else if (chance.yes()) {
    params.sort = { id: "desc", reference: "asc" };
    expected.sort = "-id,reference";
  }
  if (chance.yes()) expected["page[number]"] = String((params.pageNumber = 1 + chance.number(9999)));
  if (chance.yes()) expected["page[size]"] = String((params.pageSize = 1 + chance.number(25)));
  params.filters = {};
  const filter = (name, value, text) => {
    params.filters[name] = value;
    expected[`filter[q][${name}]`] = text;
  };
  for (const predicate of chance.some(PREDICATES, 4)) {
    const value = chance.one([...TEXTS, 5, -0.25, true, false, new Date(1_700_000_000_000 + chance.number(1e6))]);
    filter(
      `${chance.one(["name", "role_kind", "a_or_b"])}_${predicate}`,
      value,
      value instanceof Date ? value.toISOString() : String(value),
    );
  }
  for (const predicate of chance.some(LISTS, 2)) {
    const values = chance.some(["a", 1, true, "é &+", new Date(1_700_000_000_000)], 4);
    filter(
      `reference_${predicate}`,
      values,
      values.map((value) => (value instanceof Date ? value.toISOString() : String(value))).join(),
    );
  }
  if (chance.yes()) {
    const value = { in: chance.json() };
    filter("metadata_jcont", value, JSON.stringify(value));
  }
  const query = generateQueryStringParams(frozen(params), { type });
  assert.deepEqual({ ...query }, expected);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(new URLSearchParams(query).toString())), expected);
});

holds("a query that no server can understand is refused", (chance) => {
  const bad = chance.one([
    { pageSize: chance.one([0, 26, -1, 1.5, Number.NaN, 1e9, "5"]) },
    { pageNumber: chance.one([0, -3, 2.5, Number.POSITIVE_INFINITY]) },
    {
      filters: {
        [`name_${chance.one(["eq", "cont", "lt"])}`]: chance.one([
          ["a"],
          { a: 1 },
          undefined,
          new Date(Number.NaN),
          Number.NaN,
        ]),
      },
    },
    { filters: { name_in: [chance.one(["a,b", null, undefined, {}, []])] } },
    { filters: { metadata_jcont: ["a"] } },
  ]);
  assert.throws(() => generateQueryStringParams(bad, "roles"), { name: "SdkError", type: "request" });
});

holds("a page knows its neighbours, and what is made of it is a plain array", (chance) => {
  const pageCount = chance.number(5);
  const currentPage = 1 + chance.number(5);
  const data = Array.from({ length: chance.number(26) }, (_, n) => ({ id: `r${n}`, type: "roles" }));
  const list = new ListResponse({ pageCount, recordCount: pageCount * 25, currentPage, recordsPerPage: 25 }, data);
  assert.equal(list.hasNextPage(), currentPage < pageCount);
  assert.equal(list.hasPrevPage(), currentPage > 1);
  assert.deepEqual(
    [list.first(), list.last(), list.length, list.get(data.length)],
    [data[0], data.at(-1), data.length, undefined],
  );
  const made = [list.map((one) => one.id), list.filter(() => true), list.slice(1), list.concat(data)];
  for (const each of made) assert.equal(Object.getPrototypeOf(each), Array.prototype);
  assert.equal(JSON.stringify(list), JSON.stringify(data));
});
