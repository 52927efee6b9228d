// Callers' input: valid values are sent exactly, and all others are refused by name before anything is sent.
import { SERVER, stub, stubClient } from "../lib/stub.mjs";
import { readFacts } from "../vectors/facts.mjs";

/** Returns values that change the route if a client inserts them into a path without encoding them. */
export function hostileValues() {
  const parts = [
    "..",
    ".",
    "",
    "/",
    "//",
    "\\",
    "%2e%2e",
    "%2E.",
    "%2f",
    "%5c",
    "%00",
    "%",
    "%25",
    "?",
    "#",
    "&",
    ";",
    ":",
    "@",
    "=",
    "+",
    " ",
    "\t",
    "\r\n",
    "\n",
  ];
  const more = [
    "é",
    "日本",
    "🚀",
    "\u0000",
    "\u007f",
    "\u2025",
    "\uff0e\uff0e",
    "\u2215",
    "\ufeff",
    "'",
    '"',
    "<script>",
    "{}",
    "|",
    "^",
    "`",
    "~",
    "*",
    "!",
    "$",
    ",",
    "()",
  ];
  const whole = [
    "../../etc/passwd",
    "a/../b",
    "a/./b",
    "..;/x",
    "a?b=c",
    "a#b",
    "https://evil.example",
    "//evil.example",
    "\\\\evil.example\\x",
    "a b",
    "a%2Fb",
    "x".repeat(5000),
    "constructor",
    "__proto__",
    "null",
    "undefined",
    "NaN",
    "0",
    "-1",
  ];
  const all = [...parts, ...more, ...whole];
  for (const part of parts) all.push(`a${part}`, `${part}a`, `${part}..`, `../${part}`, `.${part}`, `${part}/../x`);
  return [...new Set(all)];
}

export default ({ test, assert, keyturn, load }) => {
  test("no value of a path parameter changes the route, for any operation", async () => {
    const facts = readFacts(await load("api/c1.idl"), await load("tests/facts/c1-surface.tsv"));
    const values = hostileValues();
    assert.ok(values.length >= 200, `${values.length} values`);
    const server = stub({});
    const c1 = stubClient(keyturn, server);
    let refused = 0;
    let sent = 0;
    for (const [n, operation] of facts.operations.entries()) {
      const inPath = operation.params.filter(({ place }) => place === "path");
      for (const { name } of inPath.filter(({ kind }) => kind === "string")) {
        const others = Object.fromEntries(inPath.map(({ name, kind }) => [name, kind === "int64" ? 1 : "fixed"]));
        const pattern = new RegExp(`^${operation.path.replace(/\{(\w+)\}/g, "([^/?#]+)")}$`);
        // One operation in thirty gets all values, the others only the most important ones; in `routes.test.mjs`, every
        // operation gets all.
        for (const value of n % 30 === 0 ? values : [...values.slice(0, 8), "../../x"]) {
          server.sent.length = 0;
          const error = await c1[operation.property][operation.method]({ ...others, [name]: value }).then(
            () => undefined,
            (error) => error,
          );
          if (error !== undefined) {
            refused++;
            assert.equal(error.code, "invalid_request", operation.id);
            assert.equal(error.path, name);
            assert.ok(["", ".", ".."].includes(value), `${operation.id}: ${JSON.stringify(value)} was refused`);
            assert.equal(server.sent.length, 0);
          } else {
            sent++;
            // As the platform parses it, not as it was written.
            const url = new URL(server.sent[0].url);
            const found = pattern.exec(url.pathname);
            assert.ok(
              url.origin === SERVER && found && url.search === "" && url.hash === "",
              `${operation.id}: ${JSON.stringify(value)} went to ${url.href}`,
            );
            const index = [...operation.path.matchAll(/\{(\w+)\}/g)].findIndex(
              ([, wire]) => operation.params.find((param) => param.wire === wire).name === name,
            );
            assert.equal(decodeURIComponent(found[index + 1]), value.toWellFormed?.() ?? value);
          }
        }
      }
    }
    assert.ok(refused > 2000 && sent > 8000, `${refused} refused, ${sent} sent`);
  });

  const date = new Date(Number.NaN);
  const family = { name: "parent" };
  family.children = [{ parent: family }, { parent: family }];
  const thrower = () => {
    throw new Error("mine");
  };
  const unlisted = new Proxy({}, { ownKeys: thrower });
  const update = (connector) => [
    "connector",
    "update",
    { appId: "a", id: "b", connectorServiceUpdateRequest: { connector } },
  ];
  const inUpdate = "connectorServiceUpdateRequest.connector";

  for (const [what, [property, method, request], path, problem] of [
    ["a missing path parameter", ["apps", "get", {}], "id", /is required/],
    ["no request at all", ["apps", "get", undefined], "id", /is required/],
    ["null for a path parameter", ["apps", "get", { id: null }], "id", /is required/],
    ["an empty path parameter", ["apps", "get", { id: "" }], "id", /empty/],
    ["a dot", ["connector", "delete", { appId: ".", id: "x" }], "appId", /dot segment/],
    ["two dots", ["connector", "delete", { appId: "a", id: ".." }], "id", /dot segment/],
    ["an object for a path parameter", ["apps", "get", { id: {} }], "id", /string/],
    ["NaN for a path parameter", ["apps", "get", { id: Number.NaN }], "id", /finite/],
    ["half of a surrogate pair", ["apps", "get", { id: "\ud83d" }], "id", /surrogate/],
    ["text for a number in the query", ["apps", "list", { pageSize: "many" }], "pageSize", /whole number/],
    ["a fraction for a whole number", ["apps", "list", { pageSize: 1.5 }], "pageSize", /whole number/],
    ["a misspelled parameter", ["apps", "list", { pageSiez: 1 }], "pageSiez", /did you mean pageSize/],
    ["a misspelled field", update({ displyName: "x" }), `${inUpdate}.displyName`, /did you mean displayName/],
    [
      "a field one level too high",
      ["connector", "rotateCredential", { appId: "a", connectorId: "b", credential: {} }],
      "credential",
      /is not a field here/,
    ],
    ["a request that is no object", ["apps", "list", "text"], "", /must be an object/],
    ["an array for a request", ["apps", "list", []], "", /must be an object/],
    [
      "an invalid date",
      update({ connectorSyncCronSchedule: { start: date } }),
      `${inUpdate}.connectorSyncCronSchedule.start`,
      /invalid Date/,
    ],
    [
      "a date in words",
      update({ connectorSyncCronSchedule: { start: "tomorrow" } }),
      `${inUpdate}.connectorSyncCronSchedule.start`,
      /must be a Date/,
    ],
    ["a number for text", update({ displayName: 5 }), `${inUpdate}.displayName`, /a string/],
    ["text for a list", update({ userIds: "a" }), `${inUpdate}.userIds`, /an array/],
    ["an object for a list", update({ userIds: {} }), `${inUpdate}.userIds`, /an array/],
    ["a hole in a list", update({ userIds: ["a", undefined] }), `${inUpdate}.userIds[1]`, /null/],
    ["a number in a list", update({ userIds: ["a", "b", 3] }), `${inUpdate}.userIds[2]`, /a string/],
    ["NaN", update({ parallelSyncWorkerCount: Number.NaN }), `${inUpdate}.parallelSyncWorkerCount`, /finite/],
    [
      "infinity",
      update({ parallelSyncWorkerCount: Number.POSITIVE_INFINITY }),
      `${inUpdate}.parallelSyncWorkerCount`,
      /finite/,
    ],
    [
      "more than 32 bits",
      update({ parallelSyncWorkerCount: 2 ** 31 }),
      `${inUpdate}.parallelSyncWorkerCount`,
      /32 bits/,
    ],
    ["a function", update({ displayName: () => "x" }), `${inUpdate}.displayName`, /function/],
    ["a symbol", update({ displayName: Symbol("x") }), `${inUpdate}.displayName`, /symbol/],
    ["a map", update(new Map()), inUpdate, /an object/],
    [
      "a function in free JSON",
      update({ config: { additionalProperties: { deep: [{ run: () => {} }] } } }),
      `${inUpdate}.config.additionalProperties.deep[0].run`,
      /JSON/,
    ],
    [
      "NaN in free JSON",
      update({ config: { additionalProperties: { n: Number.NaN } } }),
      `${inUpdate}.config.additionalProperties.n`,
      /finite/,
    ],
    [
      "a cycle",
      update({ config: { additionalProperties: { a: [family] } } }),
      `${inUpdate}.config.additionalProperties.a[0].children[0].parent`,
      /cycle/,
    ],
    ["a toJSON that throws", ["apps", "create", { displayName: { toJSON: thrower } }], "displayName", /threw/],
    ["a request that cannot be listed", ["apps", "create", unlisted], "", /threw/],
    [
      "a date after the year 9999",
      ["taskSearch", "search", { createdAfter: new Date(8.64e15) }],
      "createdAfter",
      /9999/,
    ],
    [
      "a date before the year 1",
      ["taskSearch", "search", { createdAfter: new Date(-62198755200001) }],
      "createdAfter",
      /9999/,
    ],
    [
      "a text of the year 0",
      ["taskSearch", "search", { createdAfter: "0000-12-31T23:59:59Z" }],
      "createdAfter",
      /9999/,
    ],
    [
      "a text that is in the year 10000 in UTC",
      ["taskSearch", "search", { createdAfter: "9999-12-31T23:59:59-01:00" }],
      "createdAfter",
      /9999/,
    ],
    [
      "a date out of range in free JSON",
      update({ config: { additionalProperties: { at: new Date(8.64e15) } } }),
      `${inUpdate}.config.additionalProperties.at`,
      /9999/,
    ],
  ]) {
    test(`${what} is refused`, async () => {
      const server = stub({});
      const c1 = stubClient(keyturn, server);
      const error = await assert.rejects(c1[property][method](request));
      assert.equal(error.name, "InputError");
      assert.equal(error.code, "invalid_request");
      assert.equal(error.outcome, "none");
      assert.ok(error instanceof keyturn.InputError);
      if (path !== undefined) assert.equal(error.path, path);
      assert.match(error.message, problem);
      assert.equal(server.sent.length, 0);
    });
  }

  test("objects that are shared are sent for each place, however many there are", async () => {
    const server = stub({});
    const shared = { of: [1, new Date(0)] };
    const wide = Array.from({ length: 20_000 }, () => shared);
    await stubClient(keyturn, server).connector.update({
      appId: "a",
      id: "b",
      connectorServiceUpdateRequest: { connector: { config: { additionalProperties: { wide } } } },
    });
    assert.equal(JSON.parse(server.sent[0].body).connector.config.wide.length, 20_000);
    assert.deepEqual(JSON.parse(server.sent[0].body).connector.config.wide[19_999].of, [1, "1970-01-01T00:00:00.000Z"]);
  });

  test("a graph in which all lead to all is refused at once", async () => {
    const all = Array.from({ length: 200 }, () => ({ at: new Date(0) }));
    for (const one of all) one.all = all;
    const server = stub({});
    const request = { appId: "a", id: "b", connectorServiceUpdateRequest: { connector: { config: { all } } } };
    const error = await assert.rejects(stubClient(keyturn, server).connector.update(request));
    assert.equal(error.name, "InputError");
    assert.equal(error.path, "connectorServiceUpdateRequest.connector.config.all[0].all");
    assert.equal(server.sent.length, 0);
  });

  test("what throws while a request is read is the cause of an error with its path, and harms nothing", async () => {
    const server = stub({});
    const c1 = stubClient(keyturn, server);
    const mine = new Error("mine");
    const trap = {
      get displayName() {
        throw mine;
      },
    };
    const error = await assert.rejects(c1.apps.create(trap));
    assert.equal(`${error.name} ${error.path} ${error.outcome}`, "InputError displayName none");
    assert.equal(error.cause, mine);
    assert.excludes(error.message, "mine");
    await c1.apps.create({ displayName: "fine" });
    assert.equal(server.sent.length, 1);
  });

  test("values are sent as exactly as they were given", async () => {
    const server = stub({});
    const c1 = stubClient(keyturn, server);
    const sent = async (connector, mask) => {
      server.sent.length = 0;
      await c1.connector.update({
        appId: "a",
        id: "b",
        connectorServiceUpdateRequest: { connector, updateMask: mask },
      });
      return JSON.parse(server.sent[0].body).connector;
    };
    for (const text of [
      "\u0000D2026-01-31",
      "\u0000",
      "\u0000\u0000S",
      "\\u0000D",
      "\u2028\u2029",
      "\ud83d\ude80",
      '"\\/\b\f\n\r\t',
      "</script>",
    ]) {
      assert.equal((await sent({ displayName: text })).displayName, text, JSON.stringify(text));
      assert.deepEqual((await sent({ config: { additionalProperties: { [text]: [text] } } })).config, {
        [text]: [text],
      });
    }
    // A lone surrogate is not valid Unicode, but JSON can represent it, and the server may return it.
    assert.deepEqual(await sent({ displayName: undefined, description: null }), { description: null });
    assert.deepEqual(await sent({ id: "b", createdAt: new Date(0) }), { id: "b" }, "what the server sets is left out");
    assert.deepEqual(
      await sent({ createdAt: new Date(0), updatedAt: new Date(0) }, "createdAt"),
      { createdAt: "1970-01-01T00:00:00.000Z" },
      "unless the mask names it",
    );
    const config = {
      additionalProperties: {
        big: 2n ** 70n,
        bytes: new Uint8Array([255, 0]),
        at: new Date(0),
        own: { toJSON: () => ({ at: new Date(1) }) },
      },
    };
    await sent({ config });
    assert.ok(
      server.sent[0].body.includes(
        '"config":{"big":1180591620717411303424,"bytes":"/wA=","at":"1970-01-01T00:00:00.000Z","own":{"at":"1970-01-01T00:00:00.001Z"}}',
      ),
      server.sent[0].body,
    );
    const shared = { key: "value" };
    assert.deepEqual((await sent({ config: { additionalProperties: { a: shared, b: [shared] } } })).config, {
      a: shared,
      b: [shared],
    });
    const many = Array.from({ length: 50_000 }, (_, n) => `user ${n}`);
    assert.deepEqual((await sent({ userIds: many })).userIds, many);
    const bytes = new Uint8Array(300_000).map((_, n) => n);
    const { big } = (await sent({ config: { additionalProperties: { big: bytes } } })).config;
    assert.deepEqual(Uint8Array.from(atob(big), (c) => c.charCodeAt(0)).length, 300_000);
  });

  test("a request is not changed by being sent, and may be frozen or without a prototype", async () => {
    const server = stub({});
    const request = Object.freeze(Object.assign(Object.create(null), { appId: "a", connectorId: "b" }));
    await stubClient(keyturn, server).connector.rotateCredential(request);
    assert.equal(server.sent[0].body, '{"appId":"a","connectorId":"b"}');
  });

  test("an object that inherits its fields gives what is its own, as JSON does", async () => {
    const server = stub({});
    class Request {
      appId = "a";
      get connectorId() {
        return "b";
      }
    }
    await stubClient(keyturn, server).connector.rotateCredential(new Request());
    assert.equal(server.sent[0].body, '{"appId":"a"}');
  });

  test("what a program refers to in more places than can be counted is refused, not read forever", async () => {
    let diamond = { v: 1 };
    for (let level = 0; level < 40; level++) diamond = { a: diamond, b: diamond };
    const error = await assert.rejects(
      stubClient(keyturn, stub({})).connector.update({
        appId: "a",
        id: "c",
        connectorServiceUpdateRequest: { connector: { config: { additionalProperties: diamond } } },
      }),
    );
    assert.deepEqual([error.code, error.outcome, error.cause.name], ["invalid_request", "none", "RangeError"]);
  });
};
