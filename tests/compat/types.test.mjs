// Programs in the style of the official documentation, in TypeScript: they compile under every resolution, and reach their routes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../xtask/steps.mjs";
import { answer, facts122, folder, functions, load, SERVER } from "./world.mjs";

const facts = facts122();
const of122 = facts.operations.filter(({ id }) => functions.get(id).of122);
const scratch = join(folder, "compat-types");

const LITERALS = {
  string: '"text"',
  bool: "true",
  int32: "7",
  uint32: "7",
  int64: "7",
  uint64: '"7"',
  double: "0.5",
  date: 'new Date("2026-01-31T10:20:30Z")',
  duration: '"3600s"',
  bytes: '"AP+/"',
  any: '{ atType: "type.example/T", additionalProperties: { key: "value" } }',
  struct: '{ key: "value" }',
  value: "[]",
  empty: "{}",
};

/** Returns a value of the field as TypeScript; messages are filled two levels deep. */
function literal({ kind, ref, shape }, depth) {
  const one =
    kind === "enum"
      ? JSON.stringify(facts.enums.get(ref).at(-1))
      : kind === "msg"
        ? message(ref, depth + 1)
        : LITERALS[kind];
  if (one === undefined) return undefined;
  return shape === "list" ? `[${one}]` : shape === "map" ? `{ key: ${one} }` : one;
}

function message(key, depth = 0) {
  const members = facts.messages
    .get(key)
    .filter(({ readOnly, required }) => !readOnly && (required || depth <= 2))
    .map((field) => `${JSON.stringify(field.name)}: ${literal(field, depth)}`);
  return `{ ${members.join(", ")} }`;
}

/** Returns the argument of a call, with its parameters and body. */
function argument({ params, body, bodyField }) {
  if (body !== undefined && bodyField === "") return message(body);
  const members = params
    .filter(({ wire }) => !/^page_/.test(wire))
    .map(({ name, kind }) => `${name}: ${kind === "enum" ? '"ANY"' : LITERALS[kind]}`);
  if (body !== undefined) members.push(`${bodyField}: ${message(body)}`);
  return members.length > 0 ? `{ ${members.join(", ")} }` : "";
}

function classProgram() {
  const calls = of122.map(
    (operation) => `  ${functions.get(operation.id).name}: async () => {
    const result: operations.${operationType(operation.id)}Response = await conductoroneSDKTypescript.${operation.property}.${operation.method}(${argument(operation)});
    return [result.statusCode, result.${operation.responseField}];
  },`,
  );
  return `import { ConductoroneSDKTypescript } from "keyturn/compat";
import type * as operations from "keyturn/compat/sdk/models/operations";

const conductoroneSDKTypescript = new ConductoroneSDKTypescript({
  security: { bearerAuth: "<YOUR_BEARER_TOKEN_HERE>", oauth: "Bearer <YOUR_ACCESS_TOKEN_HERE>" },
  serverURL: "${SERVER}",
});

export const calls = {
${calls.join("\n")}
};
`;
}

function functionProgram() {
  const imports = of122
    .map(({ id }) => functions.get(id).name)
    .map((name) => `import { ${name} } from "keyturn/compat/funcs/${name}.js";`);
  const calls = of122.map((operation) => {
    const { name } = functions.get(operation.id);
    const given = argument(operation);
    return `  ${name}: async () => {
    const res = await ${name}(conductoroneSDKTypescript${given && `, ${given}`});
    if (res.ok) {
      const { value: result } = res;
      return [result.statusCode, result.${operation.responseField}];
    } else {
      console.log("${name} failed:", res.error.message);
      throw res.error;
    }
  },`;
  });
  return `import { ConductoroneSDKTypescriptCore } from "keyturn/compat/core.js";
${imports.join("\n")}

// Use \`ConductoroneSDKTypescriptCore\` for best tree-shaking performance.
const conductoroneSDKTypescript = new ConductoroneSDKTypescriptCore({
  security: { bearerAuth: "<YOUR_BEARER_TOKEN_HERE>", oauth: "<YOUR_OAUTH_HERE>" },
  serverURL: "${SERVER}",
});

export const calls = {
${calls.join("\n")}
};
`;
}

/** Derives the type's name from an operation's id by the naming rules; the surface lists it. */
function operationType(id) {
  const line = readFileSync(join(root, "tests/facts/c1-surface.tsv"), "utf8")
    .split("\n")
    .find((line) => line.startsWith(`op\t${id}\t`));
  return /operations\.(\w+)Response/.exec(line)[1];
}

const READER = `import { ConductoroneSDKTypescript, ServerList } from "keyturn/compat";
import { ConductoroneSDKTypescriptCore } from "keyturn/compat/core.js";
import { appsGet } from "keyturn/compat/funcs/appsGet.js";
import { appSearchSearch } from "keyturn/compat/funcs/appSearchSearch.js";
import { SDKHooks } from "keyturn/compat/hooks/hooks.js";
import type { BeforeRequestHook } from "keyturn/compat/hooks/types.js";
import { HTTPClient, isConnectionError, matchResponse, type Fetcher } from "keyturn/compat/lib/http.js";
import type { SDKOptions } from "keyturn/compat/lib/config.js";
import type { RetryConfig } from "keyturn/compat/lib/retries.js";
import type { RequestOptions } from "keyturn/compat/lib/sdks.js";
import * as errors from "keyturn/compat/sdk/models/errors";
import { SDKValidationError } from "keyturn/compat/sdk/models/errors/sdkvalidationerror.js";
import type { Connector } from "keyturn/compat/sdk/connector.js";
import * as operations from "keyturn/compat/sdk/models/operations";
import * as shared from "keyturn/compat/sdk/models/shared";
import type { ConnectorCredential } from "keyturn/compat/sdk/models/shared/connectorcredential.js";
import { OK, unwrapAsync, type APIPromise, type PageIterator, type Result } from "keyturn/compat/sdk/types";

const fetcher: Fetcher = (input, init) => (init == null ? fetch(input) : fetch(input, init));
const httpClient = new HTTPClient({ fetcher });
httpClient.addHook("beforeRequest", (request) => {
  const nextRequest = new Request(request, { signal: request.signal || AbortSignal.timeout(5000) });
  nextRequest.headers.set("x-custom-header", "custom value");
  return nextRequest;
});
httpClient.addHook("requestError", (error, request) => {
  console.group("Request Error");
  console.log("Reason:", \`\${error}\`);
  console.log("Endpoint:", \`\${request.method} \${request.url}\`);
  console.groupEnd();
});

const retryConfig: RetryConfig = {
  strategy: "backoff",
  backoff: { initialInterval: 1, maxInterval: 50, exponent: 1.1, maxElapsedTime: 100 },
  retryConnectionErrors: false,
};
const hook: BeforeRequestHook = { beforeRequest: (context, request) => (context.operationID === "" ? request : request) };
const hooks = new SDKHooks();
hooks.registerBeforeRequestHook(hook);
const options: SDKOptions = { httpClient, retryConfig, debugLogger: console, tenantDomain: "acme", serverIdx: 0, timeoutMs: 1000, hooks };
const sdk = new ConductoroneSDKTypescript({ ...options, security: async () => ({ bearerAuth: "b", oauth: "o" }) });
const wrapped = new ConductoroneSDKTypescript({ serverURL: "https://acme.conductor.one", clientID: "id", clientSecret: "secret", defaultClient: httpClient });
const client: HTTPClient = options.httpClient ?? sdk._options.httpClient?.clone() ?? httpClient;
const like = new ConductoroneSDKTypescript({ httpClient: { request: (request) => client.request(request) } });
const matches: boolean = matchResponse(new Response(), ["4XX", 200], "application/json") || isConnectionError(like);
console.log(matches);
const core: ConductoroneSDKTypescriptCore = new ConductoroneSDKTypescriptCore({ serverURL: ServerList[0] });

export async function run(): Promise<void> {
  const token: string | null = wrapped.getCurrentToken();
  const valid: string = await wrapped.getValidToken();
  const call: RequestOptions = { retries: retryConfig, retryCodes: ["5XX"], timeoutMs: 5, signal: AbortSignal.timeout(9), headers: { a: "b" }, fetchOptions: { keepalive: true } };

  try {
    // The official documentation passes null for some of these.
    const result = await sdk.apps.get({ id: null }, call);
    const app: shared.App | null | undefined = result.getAppResponse?.app;
    const at: Date | null | undefined = app?.createdAt;
    console.log(result.statusCode, result.contentType, result.rawResponse.status, app?.displayName, at, token, valid);
  } catch (error) {
    if (error instanceof errors.ConductoroneSDKTypescriptError) {
      console.log(error.message, error.statusCode, error.body, error.headers, error.contentType, error.rawResponse);
    }
    if (error instanceof SDKValidationError) console.log(error.pretty(), error.rawValue, error.rawMessage);
    if (error instanceof errors.HTTPClientError) console.log(error.cause);
  }

  const pages: PageIterator<operations.C1ApiAppV1AppSearchSearchResponse, { cursor: string }> = await sdk.appSearch.search({ query: "q" });
  for await (const page of pages) console.log(page.searchAppsResponse?.list?.length);
  for await (const app of sdk.apps.list({ pageSize: 5 })) console.log(app.displayName);
  for (let page: typeof pages | null = pages; page; page = (await page.next()) as typeof pages | null) console.log(page["~next"]?.cursor);

  const res = await appSearchSearch(core, { query: "q" });
  if (res.ok) for await (const page of res.value) console.log(page.statusCode);
  for await (const page of res) console.log(page.ok ? page.value.statusCode : page.error.message);

  const promise: APIPromise<Result<operations.C1ApiAppV1AppsGetResponse, Error>> = appsGet(sdk, { id: "x" }, call);
  const [inspected, { status, request, response }] = await promise.$inspect();
  console.log(inspected.ok, status, request?.url, response?.status, (await unwrapAsync(promise)).statusCode, OK(1).ok);

  // The usual loops over pages, and null in requests.
  let pageToken: string | undefined;
  do {
    const list: operations.C1ApiAppV1AppsListResponse = await sdk.apps.list({ pageToken });
    pageToken = list.listAppsResponse?.nextPageToken;
  } while (pageToken);
  const plain: Record<string, unknown> = { ...options, ...call, app: (await sdk.apps.get({ id: "x" })).getAppResponse?.app };
  const everything: Record<string, unknown> | undefined = (await sdk.apps.get({ id: "x" })).getAppResponse?.app ?? undefined;
  await sdk.policies.create({ displayName: null, policySteps: { grant: { steps: [{ reject: null, provision: { assigned: null } }] } } });
  console.log(plain, everything);

  // The names of release 1.2.2.
  const group: Connector = sdk.connector;
  const rotated: operations.C1ApiAppV1ConnectorServiceRotateCredentialResponse = await group.rotateCredential({ appId: "a", connectorId: "c" });
  const credential: ConnectorCredential | null | undefined = rotated.connectorServiceRotateCredentialResponse?.credential;
  const principal = await sdk.principal.getCredential({ servicePrincipalId: "p", id: "i" });
  console.log(credential?.clientSecret, principal.servicePrincipalServiceGetCredentialResponse?.servicePrincipalCredential?.clientId);
  const status_: shared.ConnectorStatusStatus = shared.ConnectorStatusStatus.SyncStatusDone;
  const other: shared.ConnectorStatusStatus = "A_VALUE_FROM_TOMORROW";
  const input: shared.AppInput = { displayName: "d", createdAt: new Date() };
  const owner: shared.CreateEntitlementOwnerRequest = {};
  const parsed: Result<shared.App, SDKValidationError> = shared.appFromJSON("{}");
  const text: string = shared.appInputToJSON(input);
  const security: shared.Security = { bearerAuth: "b", oauth: "o" };
  await sdk.personalClient.list({ timeoutMs: 5 });
  await sdk.personalClient.list({ pageSize: 5 }, { timeoutMs: 5 });
  console.log(status_, other, owner, parsed.ok, text, security);

  // @ts-expect-error there is no such field
  await sdk.apps.get({ id: "x", nonsense: 1 });
  // @ts-expect-error nor such a kind
  await sdk.appSearch.search({ query: 5 });
}
`;

/** The release's types: rows by their first column. */
const release = new Map();
for (const line of readFileSync(join(root, "tests/facts/sdk122-types.tsv"), "utf8").trimEnd().split("\n")) {
  const row = line.split("\t");
  if (!line.startsWith("#")) release.set(row[0], [...(release.get(row[0]) ?? []), row]);
}

/** Messages that got a separate type for requests after the release, when the server began to set more of their fields. */
const TWINS = /(?<=shared\.(?:AppUserMapper|AppUserMapperMatchCase|AuthConfigGoogle|WebhookEndpoint))\b/g;

/** Returns the name of a type with a lower-case initial, as in function names. */
const camel = (name) => name.replace(/^[A-Z]+(?=[A-Z][a-z]|[^A-Za-z]|$)|^[A-Z]/, (capitals) => capitals.toLowerCase());

/** Returns `name?:type` as a member; in a request, `null` is allowed as well. */
function member(fact, sent) {
  const [, name, mark, told] = /^([^:?]+)(\??):(.*)$/.exec(fact);
  const type = sent ? told.replace(TWINS, "Input") : told;
  const or = `${sent && !type.endsWith(" | null") ? " | null" : ""}${mark && " | undefined"}`;
  return `${JSON.stringify(name)}${mark}: ${type}${or}`;
}

/**
 * Returns a program that compiles only if every type of the release exists, with its fields' names, optionality and
 * types.
 */
function surfaceProgram() {
  const lines = [];
  const same = (type, members) => {
    lines.push(`is<Same<${type}, { ${members.join("; ")} }>>();`);
    // The release has aliases, which are assignable to records, unlike interfaces.
    lines.push(`is<${type} extends Record<string, unknown> ? true : false>();`);
  };
  for (const kind of ["received", "sent"]) {
    for (const [, name, ...fields] of release.get(kind))
      same(
        `shared.${name}`,
        fields.filter(Boolean).map((field) => member(field, kind === "sent")),
      );
  }
  for (const [, name] of release.get("any"))
    same(`shared.${name}`, [
      "atType?: string | undefined",
      "additionalProperties?: { [key: string]: any } | undefined",
    ]);
  for (const [, name] of release.get("empty")) same(`shared.${name}`, []);
  for (const [, name] of release.get("enum")) {
    lines.push(`is<(typeof shared.${name})[keyof typeof shared.${name}] extends shared.${name} ? true : false>();`);
    lines.push(`is<string extends shared.${name} ? true : false>();`);
  }
  for (const name of release.get("read")[0].slice(1))
    lines.push(`is<Same<typeof shared.${camel(name)}FromJSON, FromJSON<shared.${name}>>>();`);
  for (const name of release.get("write")[0].slice(1))
    lines.push(`is<Takes<typeof shared.${camel(name)}ToJSON, shared.${name}>>();`);
  for (const [, id, response, answer, path, query, body] of release.get("op")) {
    const [field, type] = answer.split(":");
    lines.push(`is<Same<operations.${response}["${field}"], ${type} | undefined>>(); // ${id}`);
    lines.push(`is<operations.${response} extends Answer ? true : false>();`);
    if (!path && !query && !body) continue;
    const members = (facts, mark) =>
      facts
        .split(",")
        .filter(Boolean)
        .map((fact) => `${fact.split(":")[0]}${mark}: ${fact.split(":")[1]} | null${mark && " | undefined"}`);
    const given = [...members(path, ""), ...members(query, "?"), ...(body ? [body.replace(":", "?: ")] : [])];
    lines.push(
      `is<{ ${given.join("; ")} } extends operations.${response.replace(/Response$/, "Request")} ? true : false>();`,
    );
  }
  return `import type * as operations from "keyturn/compat/sdk/models/operations";
import type { SDKValidationError } from "keyturn/compat/sdk/models/errors";
import type * as shared from "keyturn/compat/sdk/models/shared";
import { RFCDate, type Result } from "keyturn/compat/sdk/types";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type FromJSON<Message> = (jsonString: string) => Result<Message, SDKValidationError>;
type Takes<Function, Message> = Function extends (message: Message) => string ? true : false;
type Answer = { contentType: string; statusCode: number; rawResponse: Response };
const is = <_ extends true>(): void => {};

is<Same<shared.Security, { bearerAuth: string; oauth: string }>>();
export const date: RFCDate = new RFCDate("2026-01-31");
${lines.join("\n")}
`;
}

before(() => mkdirSync(scratch, { recursive: true }));
after(() => rmSync(scratch, { recursive: true }));

function tsc(settings, files) {
  const compilerOptions = {
    strict: true,
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
    skipLibCheck: false,
    noEmitOnError: true,
    ...settings,
  };
  writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", scratch],
    { encoding: "utf8" },
  );
  assert.equal(`${stdout}${stderr}`.split("\n").slice(0, 20).join("\n"), "");
  assert.equal(status, 0);
}

describe("a program in the style of the official documentation", () => {
  for (const [settings, file] of [
    [{ module: "nodenext", moduleResolution: "nodenext", noEmit: true }, "reader.mts"],
    [{ module: "nodenext", moduleResolution: "nodenext", noEmit: true }, "reader.cts"],
    [{ module: "esnext", moduleResolution: "bundler", noEmit: true }, "reader.ts"],
  ]) {
    test(`compiles as ${file} under ${settings.moduleResolution}`, () => {
      writeFileSync(join(scratch, "package.json"), '{ "type": "module" }\n');
      writeFileSync(join(scratch, file), READER);
      tsc(settings, [file]);
    });
  }
});

describe("the whole surface of release 1.2.2", () => {
  test("has the same types, field by field", () => {
    const counts = ["received", "sent", "any", "empty", "enum", "op"].map((kind) => release.get(kind).length);
    assert.deepEqual(counts, [1007, 358, 73, 4, 235, 400]);
    writeFileSync(join(scratch, "package.json"), '{ "type": "module" }\n');
    writeFileSync(join(scratch, "surface.ts"), surfaceProgram());
    tsc({ module: "nodenext", noEmit: true }, ["surface.ts"]);
  });

  test("reads and writes every message alone", async () => {
    const shared = await load("keyturn/compat/sdk/models/shared");
    const readers = release.get("read")[0].slice(1);
    const writers = release.get("write")[0].slice(1);
    assert.deepEqual([readers.length, writers.length], [1081, 739]);
    for (const name of readers) {
      assert.deepEqual(shared[`${camel(name)}FromJSON`]("{}"), { ok: true, value: {} }, name);
      assert.equal(shared[`${camel(name)}FromJSON`]("[]").ok, false, name);
    }
    for (const name of writers) assert.equal(shared[`${camel(name)}ToJSON`]({}), "{}", name);
  });
});

describe("a program for each of the 400 operations compiles, runs and reaches the right route", () => {
  for (const [what, program] of [
    ["by the client's methods", classProgram],
    ["by standalone functions", functionProgram],
  ]) {
    test(what, async (t) => {
      const name = `every-${what.split(" ").at(-1)}`;
      writeFileSync(join(scratch, "package.json"), '{ "type": "module" }\n');
      writeFileSync(join(scratch, `${name}.ts`), program());
      tsc({ module: "nodenext" }, [`${name}.ts`]);
      const { calls } = await import(pathToFileURL(join(scratch, `${name}.js`)).href);
      let sent;
      t.mock.method(globalThis, "fetch", async (url, init) => {
        sent = { method: init.method, path: new URL(url).pathname };
        return answer(200, {})();
      });
      assert.equal(Object.keys(calls).length, 400);
      for (const { id, verb, path, params } of of122) {
        const [status, body] = await calls[functions.get(id).name]();
        assert.deepEqual([status, body], [200, {}]);
        const route = params.reduce(
          (path, { wire, kind }) => path.replace(`{${wire}}`, kind === "int64" ? "7" : "text"),
          path,
        );
        assert.deepEqual(sent, { method: verb, path: route }, id);
      }
    });
  }
});
