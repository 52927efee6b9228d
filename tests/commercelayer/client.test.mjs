// Clients of `keyturn/commercelayer`: how they are created and changed, and what each option of a client and of a call
// does.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { answer, folder, load, refusal, rejection, require, resource, server, TOKEN } from "./world.mjs";

const cl = await load("keyturn/commercelayer");
const {
  ApiError,
  CommerceLayerProvisioning,
  CommerceLayerProvisioningClient,
  CommerceLayerProvisioningStatic,
  ErrorType,
  SdkError,
} = cl;
const TYPES = [
  ...[
    "api_credentials",
    "application_memberships",
    "identity_providers",
    "memberships",
    "membership_profiles",
    "organizations",
  ],
  ...["permissions", "roles", "users", "versions"],
];

const client = (fetch, options = {}) => CommerceLayerProvisioning({ accessToken: TOKEN, fetch, ...options });
const role = resource("roles", "r", { name: "Admin" });

describe("what is exported", () => {
  test("by `import` and by `require`, the default and the names", () => {
    const run = (...args) => execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    const say =
      "console.log(typeof CL({ accessToken: 'x' }).roles.list, typeof all.ApiError, typeof all.ListResponse, all.ErrorType.PARSE)";
    const module = `import CL, * as all from "keyturn/commercelayer"; ${say}`;
    assert.equal(run("--input-type=module", "--eval", module), "function function function parse\n");
    const script = `const all = require("keyturn/commercelayer"); const CL = all.default; ${say}`;
    assert.equal(run("--input-type=commonjs", "--eval", script), "function function function parse\n");
    assert.deepStrictEqual(Object.keys(require("keyturn/commercelayer")).sort(), Object.keys(cl).sort());
  });

  test("everything that the official SDK's types declare exists at run time", () => {
    for (const name of [
      "ApiCredentials",
      "ApplicationMemberships",
      "IdentityProviders",
      "Memberships",
      "MembershipProfiles",
      "Organizations",
      "Permissions",
      "Roles",
      "Users",
      "Versions",
    ]) {
      assert.equal(typeof cl[name], "function", name);
      assert.ok(TYPES.includes(cl[name].TYPE));
    }
    for (const name of [
      "ApiResource",
      "ApiSingleton",
      "ListResponse",
      "ApiError",
      "SdkError",
      "apiResourceAdapter",
      "generateQueryStringParams",
      "generateSearchString",
      "isParamsList",
      "sleep",
      "sortObjectFields",
      "isResourceType",
      "normalize",
      "denormalize",
    ]) {
      assert.equal(typeof cl[name], "function", name);
    }
    assert.deepStrictEqual([...cl.resourceList].sort(), [...TYPES].sort());
    assert.deepStrictEqual(cl.singletonList, ["users"]);
    assert.equal(cl.OPEN_API_SCHEMA_VERSION, "1.0.15");
  });

  test("the static helpers", () => {
    const { resources, singletons, isSingleton, isSdkError, isApiError, init, schemaVersion } =
      CommerceLayerProvisioningStatic;
    assert.deepStrictEqual([...resources()].sort(), [...TYPES].sort());
    assert.deepStrictEqual(resources(true), [...TYPES].sort());
    assert.deepStrictEqual(singletons(), ["users"]);
    assert.ok(isSingleton("users") && !isSingleton("roles"));
    assert.ok(
      isSdkError({ name: "SdkError", type: "request", message: "m" }) &&
        isSdkError({ name: "ApiError", type: "response" }) &&
        !isSdkError(null) &&
        !isSdkError(new Error("e")),
    );
    assert.ok(
      isApiError({ name: "ApiError", type: "response" }) && !isApiError({ name: "SdkError", type: "response" }),
    );
    assert.ok(init({ accessToken: TOKEN }) instanceof CommerceLayerProvisioningClient);
    assert.equal(schemaVersion, "1.0.15");
    const made = client();
    assert.deepStrictEqual(
      [made.resources(), made.singletons(), made.isSingleton("users"), made.openApiSchemaVersion],
      [resources(), singletons(), true, "1.0.15"],
    );
    assert.ok(made.isApiError(new ApiError({ message: "m" })) && !made.isApiError(new SdkError({ message: "m" })));
  });

  test("an adapter by itself", async () => {
    const { fetch, sent } = server([role]);
    const adapter = cl.apiResourceAdapter({ accessToken: TOKEN, fetch });
    assert.equal(adapter.client.currentAccessToken, TOKEN);
    assert.equal((await adapter.list({ type: "roles" })).first().name, "Admin");
    assert.equal(sent[0].url.pathname, "/api/roles");
    assert.equal(new cl.Roles(adapter).type(), "roles");
  });
});

describe("a client", () => {
  test("has a resource of each type, the same each time", () => {
    const made = client();
    for (const type of TYPES) {
      const property = type === "users" ? "user" : type;
      assert.equal(made[property].type(), type);
      assert.equal(made[property], made[property]);
    }
  });

  test("is refused without a token and with invalid options", () => {
    for (const options of [undefined, {}, { accessToken: "" }]) {
      assert.throws(() => CommerceLayerProvisioning(options), {
        name: "SdkError",
        type: "client",
        message: "Undefined 'accessToken' parameter",
      });
    }
    for (const options of [
      { domain: "evil.example/#" },
      { domain: "https://commercelayer.io" },
      { serverURL: "http://api.example" },
      { credentials: {}, accessToken: undefined },
    ]) {
      assert.throws(
        () => CommerceLayerProvisioning({ accessToken: TOKEN, ...options }),
        { name: "SdkError", type: "client" },
        inspect(options),
      );
    }
  });

  test("shows neither tokens nor secrets when it is printed or serialised", () => {
    const made = client(undefined, { headers: { "x-key": "the-header" } });
    for (const shown of [
      inspect(made, { depth: 9, showHidden: true }),
      inspect(made.roles, { depth: 9, showHidden: true }),
      JSON.stringify(made),
    ]) {
      assert.ok(!shown.includes(TOKEN) && !shown.includes("the-header"), shown);
    }
  });

  test("sends requests to the given domain or server", async () => {
    for (const [options, url] of [
      [{}, "https://provisioning.commercelayer.io/api/roles"],
      [{ domain: undefined }, "https://provisioning.commercelayer.io/api/roles"],
      [{ domain: "commercelayer.example" }, "https://provisioning.commercelayer.example/api/roles"],
      [{ serverURL: "http://127.0.0.1:8080" }, "http://127.0.0.1:8080/api/roles"],
      [{ serverURL: "https://proxy.example/" }, "https://proxy.example/api/roles"],
    ]) {
      const { fetch, sent } = server([]);
      await client(fetch, options).roles.list();
      assert.equal(sent[0].url.href, url);
    }
  });

  test("can be reconfigured later", async () => {
    const { fetch, sent } = server([]);
    const made = client(fetch, { headers: { "x-one": "1" }, userAgent: "mine/1" });
    await made.roles.list();
    assert.equal(
      made.config({
        domain: "commercelayer.example",
        accessToken: "another",
        headers: { "X-Two": "2" },
        userAgent: "yours/2",
        timeout: 5,
      }),
      made,
    );
    await made.roles.list();
    assert.equal(made.currentAccessToken, "another");
    assert.deepStrictEqual(
      sent.map(({ url }) => url.hostname),
      ["provisioning.commercelayer.io", "provisioning.commercelayer.example"],
    );
    assert.deepStrictEqual(
      sent.map(({ headers }) => headers.Authorization),
      [`Bearer ${TOKEN}`, "Bearer another"],
    );
    assert.deepStrictEqual(
      sent.map(({ headers }) => [headers["x-one"], headers["X-Two"]]),
      [
        ["1", undefined],
        ["1", "2"],
      ],
    );
    assert.ok(
      sent[0].headers["User-Agent"].startsWith("mine/1 ") && sent[1].headers["User-Agent"].startsWith("yours/2 "),
    );
    made.config({ accessToken: "", domain: undefined });
    assert.equal(made.currentAccessToken, "another");
    assert.throws(() => made.config({ domain: "a/b" }), { type: "client" });
    await made.roles.list();
    assert.equal(
      sent[2].url.hostname,
      "provisioning.commercelayer.example",
      "a change that is refused changes nothing",
    );
  });

  test("a change of options does not affect calls in progress", async () => {
    const { fetch, sent } = server(async () => {
      made.config({ accessToken: "another" });
      return refusal(503)();
    }, []);
    const made = client(fetch);
    await made.roles.list();
    assert.deepStrictEqual(
      sent.map(({ headers }) => headers.Authorization),
      [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`],
    );
    await made.roles.list();
    assert.equal(sent[2].headers.Authorization, "Bearer another");
  });

  test("rejects calls after close", async () => {
    const made = client(server([]).fetch);
    made.close();
    const error = await rejection(made.roles.list());
    assert.deepStrictEqual([error.name, error.type, error.cause.code], ["SdkError", "client", "closed"]);
    assert.equal(made.currentAccessToken, "");
  });
});

describe("options of a call", () => {
  test("a token, a domain, headers, a user agent, parameters, and another way to send", async () => {
    const own = server([]);
    const other = server([]);
    const made = client(own.fetch, { headers: { "x-a": "1" }, params: { team: "blue" } });
    await made.roles.list(
      { pageSize: 5 },
      {
        accessToken: "of-this-call",
        domain: "commercelayer.example",
        headers: {
          "X-B": "2",
          accept: "text/html",
          "Content-Type": "application/json",
          AUTHORIZATION: "Basic x",
          "user-agent": "hidden",
        },
        userAgent: "of-this-call/1",
        params: { "page[size]": 100, flag: true },
        fetch: other.fetch,
      },
    );
    assert.equal(own.sent.length, 0);
    const [{ url, headers }] = other.sent;
    assert.equal(
      url.href,
      "https://provisioning.commercelayer.example/api/roles?page%5Bsize%5D=100&team=blue&flag=true",
    );
    assert.deepStrictEqual(headers, {
      Accept: "application/vnd.api+json",
      "Content-Type": "application/vnd.api+json",
      Authorization: "Bearer of-this-call",
      "User-Agent": "of-this-call/1",
      "x-a": "1",
      "X-B": "2",
    });
    await made.roles.list();
    assert.equal(own.sent[0].headers.Authorization, `Bearer ${TOKEN}`);
    assert.equal(made.currentAccessToken, TOKEN);
  });

  test("the client's token does not go to another origin", async () => {
    const { fetch, sent } = server([]);
    const made = client(fetch);
    for (const to of [{ domain: "commercelayer.example" }, { serverURL: "https://commercelayer.example" }])
      await assert.rejects(made.roles.list({}, to), (error) => error.cause.reason === "other_origin");
    assert.equal(sent.length, 0);
  });

  test("options may be null", async () => {
    const { fetch } = server([role], role, answer(null, { status: 204 }));
    const made = client(fetch);
    assert.equal((await made.roles.list(null, null)).length, 1);
    assert.equal((await made.roles.retrieve("r", null, null)).id, "r");
    await made.memberships.delete("m", null);
  });

  test("the media types go with every method", async () => {
    const { fetch, sent } = server(role, role, role, answer(null, { status: 204 }));
    const made = client(fetch);
    await made.roles.retrieve("r");
    await made.roles.update({ id: "r", name: "n" });
    await made.api_credentials.create({
      name: "n",
      kind: "integration",
      organization: made.organizations.relationship("o"),
    });
    await made.api_credentials.delete("c");
    assert.deepStrictEqual(
      sent.map(({ method }) => method),
      ["GET", "PATCH", "POST", "DELETE"],
    );
    for (const { headers } of sent)
      assert.deepStrictEqual([headers.Accept, headers["Content-Type"]], Array(2).fill("application/vnd.api+json"));
  });

  test("nor does a token that the client fetched", async () => {
    const { fetch, sent } = server([]);
    const made = CommerceLayerProvisioning({
      credentials: cl.clientCredentials({ clientId: "i", clientSecret: "the-secret" }),
      fetch,
    });
    const error = await rejection(made.roles.list({}, { domain: "other.example" }));
    assert.deepStrictEqual([error.type, error.cause.reason], ["client", "other_origin"]);
    assert.equal(sent.length, 0);
  });

  test("a `fetch` of a test may answer with less than a Response", async () => {
    const text = JSON.stringify({ data: [role], meta: { record_count: 1, page_count: 1 } });
    const made = client(async (url) =>
      url.pathname.endsWith("/roles")
        ? { ok: true, status: 200, statusText: "OK", body: {}, text: async () => text }
        : { ok: true, status: 204, body: null },
    );
    assert.equal((await made.roles.list()).first().name, "Admin");
    assert.equal(await made.memberships.delete("m"), undefined);
    const refusing = client(async () => ({
      ok: false,
      status: 404,
      statusText: "Not Found",
      body: {},
      text: async () => '{"errors":[{"code":"RECORD_NOT_FOUND"}]}',
    }));
    assert.equal((await rejection(refusing.roles.retrieve("r"))).first().code, "RECORD_NOT_FOUND");
  });

  test("a signal ends it", async () => {
    const made = client(
      (_url, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const controller = new AbortController();
    const call = made.roles.list({}, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 5);
    const error = await rejection(call);
    assert.deepStrictEqual([error.name, error.type, error.source.message], ["SdkError", ErrorType.CANCEL, "enough"]);
    assert.equal((await rejection(made.roles.list({}, { signal: AbortSignal.abort() }))).type, "cancel");
  });

  test("the time limit of the client or the call ends it; 0 means none", async () => {
    const hanging = (_url, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    for (const call of [
      client(hanging, { timeout: 10 }).roles.list(),
      client(hanging).roles.list({}, { timeout: 10 }),
      client(hanging).config({ timeout: 10 }).roles.list(),
    ]) {
      const error = await rejection(call);
      assert.deepStrictEqual([error.type, error.cause.code], ["timeout", "timeout"]);
    }
    const slow = async (...args) => {
      await new Promise((done) => setTimeout(done, 40));
      return server([]).fetch(...args);
    };
    assert.equal((await client(slow, { timeout: 10 }).roles.list({}, { timeout: 0 })).length, 0);
  });

  test("the time limit also covers the body", async () => {
    const body = () =>
      new ReadableStream({
        pull: (controller) => new Promise(() => controller.enqueue(new TextEncoder().encode('{"data":['))),
      });
    const error = await rejection(client(server(() => answer(body())()).fetch, { timeout: 20 }).roles.list());
    assert.equal(error.type, "timeout");
  });

  test("no timer is left when a call has ended", async () => {
    const made = client(server([]).fetch);
    await made.roles.list();
    assert.ok(!process.getActiveResourcesInfo().includes("Timeout"));
  });
});

describe("repeating", () => {
  test("repeats reads after 429, 5xx and a lost connection, and changes only if nothing was done", async () => {
    for (const step of [
      refusal(429, [], { headers: { "retry-after": "0" } }),
      refusal(503),
      new TypeError("fetch failed"),
    ]) {
      const { fetch, sent } = server(step, [role]);
      assert.equal((await client(fetch).roles.list()).length, 1);
      assert.equal(sent.length, 2);
    }
    for (const [step, times] of [
      [refusal(429, [], { headers: { "retry-after": "0" } }), 2],
      [refusal(500), 1],
      [new TypeError("fetch failed"), 1],
    ]) {
      const { fetch, sent } = server(step, role);
      await client(fetch)
        .roles.update({ id: "r", name: "n" })
        .catch(() => undefined);
      assert.equal(sent.length, times);
    }
  });

  test("can be disabled for a client and a call", async () => {
    const { fetch, sent } = server(refusal(503));
    await rejection(client(fetch, { retryConfig: { strategy: "none" } }).roles.list());
    await rejection(client(fetch).roles.list({}, { retryConfig: { strategy: "none" } }));
    assert.equal(sent.length, 2);
  });

  test("Retry-After is obeyed", async () => {
    const { fetch } = server(refusal(429, [], { headers: { "retry-after": "1" } }), []);
    const begun = performance.now();
    await client(fetch).roles.list();
    assert.ok(performance.now() - begun >= 990);
  });
});
