// Arguments that programs without types pass: values of the wrong kind in every place must fail with an error of the
// package's family, before anything is sent.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load } from "./compat/world.mjs";

const keyturn = await load("keyturn");
const compat = await load("keyturn/compat");
const commercelayer = await load("keyturn/commercelayer");
const jsonapi = await load("keyturn/commercelayer/jsonapi");
const funcs = await load("keyturn/compat/funcs/appsGet.js");
const { ConductorOne, KeyturnError } = keyturn;
const { ConductoroneSDKTypescript } = compat;
const { CommerceLayerProvisioning } = commercelayer;

/** Values that are nothing, or of a kind that is expected nowhere. */
const WRONG = [null, undefined, 0, true, "x", 10n, Symbol("s"), [], () => 1, Number.NaN, new Map()];
const json = async () => new Response("{}", { headers: { "content-type": "application/json" } });
const options = { serverURL: "https://acme.conductor.one", security: { bearerAuth: "t" } };
const c1 = new ConductorOne({ ...options, fetch: json });
const sdk = new ConductoroneSDKTypescript({ ...options, httpClient: { request: json } });
const provisioning = (more) =>
  CommerceLayerProvisioning({
    accessToken: "t",
    fetch: async () => new Response('{"data":{"id":"x","type":"roles"}}'),
    ...more,
  });

/** Runs something, which may succeed: it only must not fail in a way that no program expects. */
async function fits(what, value, run) {
  let error;
  try {
    const result = await run();
    if (result?.ok !== false) return undefined;
    ({ error } = result);
  } catch (thrown) {
    error = thrown;
  }
  const shown = `${what} = ${typeof value === "function" ? "a function" : String(value)}: ${error}`;
  assert.ok(KeyturnError.is(error), shown);
  assert.ok(error.message !== "" && error.kind !== "internal" && error.outcome !== undefined, shown);
  return error;
}

/** The protected members of Commerce Layer's classes. */
const PROTECTED = [
  "adapter",
  "one",
  "many",
  "is",
  "createResource",
  "updateResource",
  "deleteResource",
  "related",
].concat(["relatedList", "act", "trigger", "identified", "provisioning"]);

/** Yields the groups of a client, and their methods. */
function* methods(client) {
  for (let of = client; of !== Object.prototype; of = Object.getPrototypeOf(of)) {
    for (const [group, { get }] of Object.entries(Object.getOwnPropertyDescriptors(of))) {
      if (!get || typeof client[group] !== "object" || group.startsWith("_") || PROTECTED.includes(group)) continue;
      for (let at = client[group]; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
        for (const name of Object.getOwnPropertyNames(at))
          if (
            name !== "constructor" &&
            !PROTECTED.includes(name) &&
            typeof Object.getOwnPropertyDescriptor(at, name).value === "function"
          )
            yield [group, name];
      }
    }
  }
}

describe("each operation", () => {
  for (const [name, client] of Object.entries({ keyturn: c1, "keyturn/compat": sdk })) {
    test(`of ${name}`, async () => {
      let count = 0;
      for (const [group, method] of methods(client)) {
        count++;
        for (const value of WRONG) {
          await fits(`${group}.${method}(it)`, value, () => client[group][method](value));
          await fits(`${group}.${method}({}, it)`, value, () => client[group][method]({}, value));
        }
      }
      assert.equal(count, 638);
    });
  }

  test("of keyturn/compat's functions", async () => {
    const all = Object.entries(funcs).filter(([, value]) => typeof value === "function");
    assert.equal(all.length, 638);
    for (const [name, call] of all) {
      for (const value of [null, undefined, 0, {}]) {
        const error = await fits(`${name}(it)`, value, () => call(value, {}));
        assert.equal(error.kind, "invalid_configuration");
        await fits(`${name}(client, it, it)`, value, () => call(sdk, value, value));
      }
    }
  });

  test("of keyturn/commercelayer", async () => {
    const client = provisioning();
    let count = 0;
    for (const [group, method] of methods(client)) {
      count++;
      for (const value of WRONG) {
        for (const given of [[value], ["x", value], ["x", {}, value], [{ id: "x" }, value], [{}, value]])
          await fits(`${group}.${method}(${given.length})`, value, () => client[group][method](...given));
      }
    }
    assert.ok(count > 100, String(count));
  });
});

const OPTIONS = [
  ...["serverURL", "tenantDomain", "domain", "authURL", "serverIdx", "timeout", "timeoutMs", "userAgent", "clientID"],
  ...["retryConfig", "retries", "retryCodes", "fetch", "httpClient", "defaultClient", "fetchOptions", "headers"],
  ...["params", "signal", "clock", "hooks", "debugLogger", "environment", "tokenStore", "dpop", "refreshToken"],
];
const CLIENTS = {
  keyturn: [
    (more) => new ConductorOne({ ...options, fetch: json, ...more }).apps.get({ id: "x" }),
    (more) => c1.apps.get({ id: "x" }, more),
    (more) => c1.apps.list({}, more),
  ],
  "keyturn/compat": [
    (more) =>
      new ConductoroneSDKTypescript({ ...options, httpClient: { request: json }, ...more }).apps.get({ id: "x" }),
    (more) => sdk.apps.get({ id: "x" }, more),
    (more) => funcs.appsGet(sdk, { id: "x" }, more),
  ],
  "keyturn/commercelayer": [
    (more) => provisioning(more).roles.retrieve("x"),
    (more) => provisioning().roles.retrieve("x", {}, more),
    (more) => provisioning().roles.list({}, more),
    async (more) => provisioning().config(more),
  ],
};

describe("each option of a client and of a call", () => {
  for (const [name, uses] of Object.entries(CLIENTS)) {
    test(`of ${name}`, async () => {
      for (const option of OPTIONS) {
        for (const value of WRONG) {
          for (const use of uses) await fits(option, value, () => use({ [option]: value }));
        }
      }
    });

    test(`of ${name}, as a whole`, async () => {
      for (const value of WRONG) for (const use of uses.slice(1)) await fits("options", value, () => use(value));
    });
  }

  test("that is null counts as missing", async () => {
    const none = { timeoutMs: null, fetchOptions: null, retryConfig: null, clock: null, userAgent: null };
    for (const [use] of Object.values(CLIENTS)) assert.ok(await use(none));
  });

  test("that is wrong is told by its name", async () => {
    const failure = async (run) => run().then(assert.fail, (error) => error);
    const wrong = await failure(() => c1.apps.get({ id: "x" }, { timeoutMs: {} }));
    assert.ok(wrong instanceof keyturn.InputError);
    assert.deepEqual(
      [wrong.path, wrong.outcome, wrong.message],
      ["timeoutMs", "none", "c1.api.app.v1.Apps.Get: `timeoutMs` must be a number"],
    );
    const whole = await failure(() => c1.apps.get({ id: "x" }, "x"));
    assert.deepEqual([whole.code, whole.path], ["invalid_request", "options"]);
    assert.throws(() => new ConductorOne({ ...options, clock: {} }), {
      code: "invalid_configuration",
      option: "clock",
      reason: "wrong_kind",
    });
    const told = await failure(() => provisioning().roles.retrieve("x", {}, { timeout: {} }));
    assert.deepEqual([told.type, told.kind, told.outcome], ["request", "invalid_request", "none"]);
  });

  test("that throws when it is read", async () => {
    const cause = new Error("no");
    const given = Object.defineProperty({}, "timeoutMs", {
      enumerable: true,
      get() {
        throw cause;
      },
    });
    const error = await fits("timeoutMs", "a getter", () => c1.apps.get({ id: "x" }, given));
    assert.deepEqual([error.path, error.cause], ["timeoutMs", cause]);
  });
});

test("what functions of credentials take", async () => {
  const C1 = {
    signedAssertion: { clientID: "a@acme.conductor.one/spc", clientSecret: "s" },
    clientSecretPost: { clientID: "a@acme.conductor.one/spc", clientSecret: "s" },
    tokenExchange: { clientID: "a@acme.conductor.one/wfe", subjectToken: () => "t" },
    deviceLogin: { clientID: "x", onCode() {} },
  };
  const CL = {
    clientCredentials: { clientId: "c", clientSecret: "s" },
    password: { clientId: "c", username: "u", password: "p" },
    refreshToken: { clientId: "c", refreshToken: "r" },
    authorizationCode: { clientId: "c", code: "x", redirectUri: "https://a.example" },
    jwtBearer: { clientId: "c", assertion: "a" },
  };
  const { serverURL } = options;
  for (const value of WRONG) {
    for (const [name, usual] of Object.entries(C1)) {
      await fits(name, value, () => keyturn[name](value));
      for (const field of [...Object.keys(usual), "scope", "audience", "session"])
        await fits(`${name}.${field}`, value, () => {
          return new ConductorOne({ serverURL, fetch: json, credentials: keyturn[name]({ ...usual, [field]: value }) });
        });
    }
    for (const [name, usual] of Object.entries(CL)) {
      await fits(name, value, () => commercelayer[name](value));
      for (const field of [...Object.keys(usual), "scope", "codeVerifier"])
        await fits(`${name}.${field}`, value, () =>
          provisioning({ accessToken: undefined, credentials: commercelayer[name]({ ...usual, [field]: value }) }),
        );
    }
  }
});

test("what other functions take", async () => {
  const names = {
    ...{ webStore: keyturn.webStore, encryptedStore: keyturn.encryptedStore },
    ...{ gitHubActionsToken: keyturn.gitHubActionsToken, fromEnv: ConductorOne.fromEnv },
    createPersonalClient: (limits) => keyturn.createPersonalClient(c1, limits),
    authenticate: (given) => c1.authenticate(given),
    replace: (given) => provisioning().api_credentials.replace("x", given),
    adapter: (given) => commercelayer.apiResourceAdapter({ accessToken: "t", fetch: json }).retrieve(given),
  };
  for (const name of ["revoke", "fetchToken", "jwtVerify", "jwtDecode", "createAssertion", "authorizeURL"])
    names[name] = commercelayer[name];
  for (const name of ["normalize", "denormalize", "generateQueryStringParams", "sortObjectFields", "isParamsList"])
    names[name] = jsonapi[name];
  for (const name of ["pageMeta", "metaOf", "linksOf", "isResourceId", "generateSearchString"])
    names[name] = jsonapi[name];
  for (const [name, run] of Object.entries(names)) {
    for (const value of WRONG) {
      await fits(`${name}(it)`, value, () => run(value));
      await fits(`${name}({}, it)`, value, () => run({}, value));
    }
  }
  const list = new jsonapi.ListResponse({ currentPage: 1, pageCount: 2, recordCount: 2, recordsPerPage: 1 }, []);
  assert.equal((await fits("nextPage", "no client", () => list.nextPage())).kind, "invalid_request");
});
