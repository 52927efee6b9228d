// The exports of `keyturn/compat`, their paths, and the behaviour of its small parts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { build } from "esbuild";
import { root } from "../../xtask/steps.mjs";
import { ConductoroneSDKTypescript, facts122, folder, load, rejection, require } from "./world.mjs";

const facts = facts122();

const PATHS = {
  "": ["ConductoroneSDKTypescript", "ServerList"],
  "/index.js": ["ConductoroneSDKTypescript", "ServerList"],
  "/core": ["ConductoroneSDKTypescriptCore"],
  "/sdk/sdk": ["ConductoroneSDKTypescript"],
  "/sdk/connector": [],
  "/funcs/connectorRotateCredential": ["connectorRotateCredential"],
  "/lib/http": ["HTTPClient"],
  "/lib/retries": [],
  "/lib/logger": [],
  "/lib/config": ["ServerList", "serverURLFromOptions"],
  "/lib/sdks": [],
  "/hooks/hooks": ["SDKHooks"],
  "/hooks/types": [],
  "/sdk/types": [
    "OK",
    "ERR",
    "unwrap",
    "unwrapAsync",
    "APIPromise",
    "createPageIterator",
    "haltIterator",
    "unwrapResultIterator",
    "RFCDate",
  ],
  "/sdk/types/rfcdate": ["RFCDate"],
  "/sdk/types/fp": ["OK", "ERR", "unwrapAsync"],
  "/sdk/types/async": ["APIPromise"],
  "/sdk/types/operations": ["unwrapResultIterator"],
  "/sdk/models/shared": ["ConnectorStatusStatus", "connectorCredentialFromJSON"],
  "/sdk/models/shared/index": ["ConnectorStatusStatus"],
  "/sdk/models/shared/connectorcredential": ["connectorCredentialFromJSON"],
  "/sdk/models/operations": [],
  "/sdk/models/operations/c1apiappv1appsget": [],
  "/sdk/models/errors": [
    "SDKError",
    "ResponseValidationError",
    "SDKValidationError",
    "HTTPClientError",
    "ConnectionError",
  ],
  "/sdk/models/errors/httpclienterrors": [
    "RequestTimeoutError",
    "RequestAbortedError",
    "InvalidRequestError",
    "UnexpectedClientError",
  ],
  "/sdk/models/errors/sdkerror": ["SDKError"],
};

test("every path can be imported and required, with and without .js", async () => {
  for (const [path, names] of Object.entries(PATHS)) {
    // Folders have no suffix.
    const folder = path === "" || path.endsWith(".js") || /\/(types|shared|operations|errors)$/.test(path);
    for (const full of folder ? [path] : [path, `${path}.js`]) {
      const esm = await load(`keyturn/compat${full}`);
      const cjs = require(`keyturn/compat${full}`);
      for (const name of names) {
        assert.ok(esm[name] !== undefined, `${name} of ${full}`);
        assert.ok(cjs[name] !== undefined, `${name} of ${full}, required`);
      }
    }
  }
});

test("a client has every group of the API, and creates each once", () => {
  const sdk = new ConductoroneSDKTypescript();
  const groups = new Set(facts.operations.map(({ property }) => property));
  assert.equal(groups.size, 133);
  for (const group of groups) assert.equal(sdk[group], sdk[group]);
  for (const { property, method } of facts.operations) assert.equal(typeof sdk[property][method], "function");
});

describe("a bundle", () => {
  /** Text that occurs only in the groups of operations and in the clients. */
  const [GROUP, CLIENT] = [/\brotateCredential\b/, /\b_baseURL\(/];

  /** Returns the size of a bundle, and the share of each module of the package. */
  async function bundle(contents, options = {}) {
    const { metafile, outputFiles } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      platform: "browser",
      metafile: true,
      ...options,
    });
    const [{ inputs }] = Object.values(metafile.outputs);
    const bytes = (name) =>
      Object.entries(inputs).reduce(
        (sum, [file, { bytesInOutput }]) => sum + (file.endsWith(name) ? bytesInOutput : 0),
        0,
      );
    return { text: outputFiles[0].text, bytes };
  }

  test("for browsers needs nothing of Node", async () => {
    const { text, bytes } = await bundle('export { ConductoroneSDKTypescript } from "keyturn/compat";');
    assert.ok(bytes("core-bytes.js") > 100_000 && GROUP.test(text) && CLIENT.test(text));
    assert.doesNotMatch(text, /\brequire\(|from"node:/);
  });

  test("of one function contains only that function", async () => {
    const { text, bytes } = await bundle(
      'export { ConductoroneSDKTypescriptCore } from "keyturn/compat/core.js"; export { appsGet } from "keyturn/compat/funcs/appsGet.js";',
    );
    assert.doesNotMatch(text, GROUP);
    assert.ok(bytes("compat/funcs.js") > 0 && bytes("compat/funcs.js") < 100);
  });

  test("of an enumeration or the errors has no core", async () => {
    const { bytes } = await bundle(
      'import { ConnectorStatusStatus } from "keyturn/compat/sdk/models/shared"; export { SDKError } from "keyturn/compat/sdk/models/errors"; console.log(ConnectorStatusStatus.SyncStatusDone);',
    );
    assert.ok(bytes("core-bytes.js") === 0 && bytes("core.js") < 2_000);
  });

  test("for workerd imports the core as a module", async () => {
    for (const path of ["", "/core.js"]) {
      const { bytes, text } = await bundle(`export { ConductoroneSDKTypescriptCore } from "keyturn/compat${path}";`, {
        conditions: ["workerd"],
        external: ["*.wasm"],
      });
      assert.equal(bytes("core-bytes.js"), 0);
      assert.match(text, /core\.wasm"/);
    }
    const alone = 'export { connectorCredentialFromJSON } from "keyturn/compat/sdk/models/shared";';
    const { bytes, text } = await bundle(alone, { conditions: ["workerd"], external: ["*.wasm"] });
    assert.equal(bytes("core-bytes.js"), 0);
    assert.doesNotMatch(text, CLIENT);
    assert.match(text, /core\.wasm"/);
    assert.ok((await bundle(alone)).bytes("core-bytes.js") > 100_000, "and elsewhere has its bytes");
  });
});

test("enumerations exist at run time", async () => {
  const shared = await load("keyturn/compat/sdk/models/shared");
  assert.equal(shared.ConnectorStatusStatus.SyncStatusDone, "SYNC_STATUS_DONE");
  const names = readFileSync(join(root, "api/c1.idl"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("enum "))
    .map((line) => line.split(" ")[1]);
  assert.ok(names.length > 400);
  for (const name of names) assert.equal(typeof shared[name], "object", name);
});

describe("FromJSON and ToJSON", () => {
  test("read and write messages by the names of release 1.2.2", async () => {
    const shared = await load("keyturn/compat/sdk/models/shared");
    const read = shared.servicePrincipalServiceGetCredentialResponseFromJSON(
      '{"credential":{"id":"c","expiresAt":"2026-01-31T10:20:30Z","new":1}}',
    );
    assert.deepEqual(read, {
      ok: true,
      value: { servicePrincipalCredential: { id: "c", expiresAt: new Date("2026-01-31T10:20:30Z"), new: 1 } },
    });
    const failed = shared.connectorCredentialFromJSON('{"id":');
    assert.equal(failed.ok, false);
    assert.equal(failed.error.name, "SDKValidationError");
    const text = shared.servicePrincipalServiceUpdateCredentialRequestToJSON({
      servicePrincipalCredential: { displayName: "d", expiresAt: new Date(0) },
      updateMask: "displayName",
      other: 1,
    });
    assert.deepEqual(JSON.parse(text), {
      credential: { displayName: "d", expiresAt: "1970-01-01T00:00:00.000Z" },
      updateMask: "displayName",
    });
    assert.throws(() => shared.searchAppsRequestToJSON({ pageSize: "many" }), { name: "SDKValidationError" });
    assert.throws(() => shared.searchAppsRequestToJSON({ appIds: [() => {}] }), { name: "SDKValidationError" });
  });

  test("work without a client, each by its message", async () => {
    const shared = await load("keyturn/compat/sdk/models/shared");
    const readers = Object.keys(shared).filter((name) => name.endsWith("FromJSON"));
    const writers = Object.keys(shared).filter((name) => name.endsWith("ToJSON"));
    assert.ok(readers.length > 1000 && writers.length > 650, `${readers.length} ${writers.length}`);
    for (const name of readers) {
      // A message of any type has all of its fields under one name.
      const any = shared[name]('{"@type":"t"}').value.atType === "t";
      const value = any ? { additionalProperties: { zz: 1 } } : { zz: 1 };
      assert.deepEqual(shared[name]('{"zz":1}'), { ok: true, value }, name);
    }
    for (const name of writers) assert.equal(shared[name]({}), "{}", name);
  });
});

describe("messages of any type", () => {
  test("are read and written alone", async () => {
    const { configFromJSON, configToJSON } = await load("keyturn/compat/sdk/models/shared");
    const { SDKValidationError } = await load("keyturn/compat/sdk/models/errors");
    const value = { atType: "type.example/T", additionalProperties: { at: "2026-01-31T10:20:30Z", n: [1] } };
    const text = '{"at":"2026-01-31T10:20:30Z","n":[1],"@type":"type.example/T"}';
    assert.equal(configToJSON(value), text);
    assert.deepEqual(configFromJSON(text), { ok: true, value });
    assert.deepEqual(configFromJSON('{"@type":"t"}'), { ok: true, value: { atType: "t" } });
    assert.equal(configToJSON({ atType: "t" }), '{"@type":"t"}');
    for (const wrong of ["[]", "null", "5", "{", ""])
      assert.ok(configFromJSON(wrong).error instanceof SDKValidationError, wrong);
    for (const wrong of [null, 5, [], { atType: 5 }, { additionalProperties: [] }])
      assert.throws(() => configToJSON(wrong), SDKValidationError, JSON.stringify(wrong));
  });
});

test("RFCDate is a date without a time", async () => {
  const { RFCDate } = await load("keyturn/compat/sdk/types");
  const { RFCDate: same } = await load("keyturn/compat/sdk/types/rfcdate.js");
  assert.equal(RFCDate, same);
  assert.equal(String(new RFCDate("2026-01-31")), "2026-01-31");
  assert.equal(JSON.stringify({ at: new RFCDate(new Date("2026-01-31T23:59:59Z")) }), '{"at":"2026-01-31"}');
  assert.match(String(RFCDate.today()), /^\d{4}-\d{2}-\d{2}$/);
  for (const wrong of ["2026-1-31", "31.01.2026", "", new Date(Number.NaN), new Date(8.64e15)])
    assert.throws(() => new RFCDate(wrong), RangeError);
});

describe("results", () => {
  test("OK, ERR and their unwrapping", async () => {
    const { ERR, OK, unwrap, unwrapAsync } = await load("keyturn/compat/sdk/types");
    assert.deepEqual(
      [OK(1), ERR(2)],
      [
        { ok: true, value: 1 },
        { ok: false, error: 2 },
      ],
    );
    assert.equal(unwrap(OK(1)), 1);
    assert.equal(await unwrapAsync(Promise.resolve(OK(1))), 1);
    assert.equal(await rejection(unwrapAsync(Promise.resolve(ERR("e")))), "e");
  });

  test("APIPromise is a promise", async () => {
    const { APIPromise } = await load("keyturn/compat/sdk/types");
    const call = { status: "invalid" };
    const made = new APIPromise(Promise.resolve([1, call]));
    assert.equal(await made, 1);
    assert.equal(await made.then(), 1);
    assert.equal(await made.then((value) => value + 1), 2);
    assert.equal(await made.catch(() => 0), 1);
    assert.equal(await made.finally(() => 0), 1);
    assert.deepEqual(await made.$inspect(), [1, call]);
    assert.deepEqual(await new APIPromise([2, call]).$inspect(), [2, call]);
    assert.equal(Object.prototype.toString.call(made), "[object APIPromise]");
    assert.equal(await new APIPromise(Promise.reject("no")).catch((reason) => reason), "no");
  });

  test("pages constructed by hand", async () => {
    const { createPageIterator, haltIterator } = await load("keyturn/compat/sdk/types");
    const last = { n: 2, next: () => null };
    const first = { n: 1, next: async () => last };
    const seen = async (iterable) => {
      const numbers = [];
      for await (const { n } of iterable) numbers.push(n);
      return numbers;
    };
    assert.deepEqual(await seen(createPageIterator(first, () => false)), [1, 2]);
    assert.deepEqual(await seen(createPageIterator(first, () => true)), [1]);
    const alone = haltIterator({ n: 7 });
    assert.deepEqual([alone.n, alone.next(), await seen(alone)], [7, null, [7]]);
  });
});
