// What a program may write, and what the compiler must refuse. Compiled, never run.
import {
  type ApiError,
  type Call,
  type ClientOptions,
  ConductorOne,
  ConductoroneSDKTypescript,
  DecodeError,
  type Envelope,
  type Fetch,
  type HTTPClientLike,
  InputError,
  KeyturnError,
  type Logger,
  OutcomeUnknownError,
  type operations,
  type Page,
  type Paged,
  type Problem,
  RateLimitedError,
  type RequestOptions,
  type RetryConfig,
  type SDKOptions,
  type Security,
  type shared,
} from "keyturn";
import { createSandbox, type Fault, type Sandbox, type SandboxRequest } from "keyturn/sandbox";
import { load, ConductorOne as SlimConductorOne } from "keyturn/slim";

/** True if two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>(): void => {};

// Options.
const options: ClientOptions = { clientID: "id", clientSecret: "secret" };
is<Same<SDKOptions, ClientOptions>>();
new ConductorOne();
new ConductorOne(options);
new ConductorOne({ clientID: "id", clientSecret: new Uint8Array() });
new ConductorOne({ security: { bearerAuth: "token" }, serverURL: new URL("https://x.conductor.one") });
new ConductorOne({ security: { oauth: "token" }, tenantDomain: "x" });
new ConductorOne({ security: async (): Promise<Security> => ({ bearerAuth: "token" }) });
new ConductorOne({
  security: () => ({ bearerAuth: "token" }),
  fetch,
  timeoutMs: 5,
  userAgent: "x",
  debugLogger: console,
  retryConfig: { strategy: "none" },
});
new ConductorOne({ clientID: undefined, clientSecret: undefined, security: undefined });
// @ts-expect-error there is no such option
new ConductorOne({ clientId: "id" });
// @ts-expect-error a secret is text or bytes
new ConductorOne({ clientID: "id", clientSecret: 5 });
// @ts-expect-error a token has a name
new ConductorOne({ security: "token" });
// @ts-expect-error milliseconds are a number
new ConductorOne({ timeoutMs: "5s" });
// @ts-expect-error there are two strategies
new ConductorOne({ retryConfig: { strategy: "linear" } });

const c1: ConductorOne = new ConductoroneSDKTypescript(options);
is<Same<ConductoroneSDKTypescript, ConductorOne>>();
const url: string = c1.serverURL;
const nothing: void = c1.close();
// @ts-expect-error it is read, not set
c1.serverURL = url;
// @ts-expect-error there is no such group
c1.connectors;

// Other fetches and clients.
const custom: Fetch = async (input, init) => fetch(input, init);
const http: HTTPClientLike = { request: (request) => fetch(request) };
const logger: Logger = { group: () => {}, groupEnd: () => {}, log: () => {} };
new ConductorOne({ fetch: custom, httpClient: http, debugLogger: logger });

// Calls.
export async function calls(): Promise<void> {
  const call = c1.connector.rotateCredential({ appId: "a", connectorId: "b" });
  is<Same<typeof call, Call<operations.C1ApiAppV1ConnectorServiceRotateCredentialResponse>>>();
  const answer = await call;
  const envelope: Envelope = answer;
  const status: number = answer.statusCode;
  const type: string = answer.contentType;
  const raw: Response = answer.rawResponse;
  const id: string | undefined = answer.requestId;
  const problems: readonly Problem[] | undefined = answer.problems;
  const body = answer.connectorServiceRotateCredentialResponse;
  is<Same<typeof body, shared.ConnectorServiceRotateCredentialResponse | undefined>>();
  const secret: string | null | undefined = body?.credential?.clientSecret;
  const created: Date | null | undefined = body?.credential?.createdAt;
  // @ts-expect-error it may be null
  body.credential.clientSecret;
  // @ts-expect-error it may be null
  const text: string = body?.credential?.clientSecret;
  // @ts-expect-error a Date, not text
  const date: string | null | undefined = body?.credential?.createdAt;
  // @ts-expect-error there is no such field
  body?.credential?.secret;
  void [envelope, status, type, raw, id, problems, secret, created, text, date, nothing];

  // Requests.
  const request: shared.ConnectorServiceRotateCredentialRequest = { appId: "a", connectorId: "b" };
  await c1.connector.rotateCredential(request);
  await c1.connector.rotateCredential();
  await c1.auth.introspect();
  await c1.auth.introspect({ timeoutMs: 5 });
  await c1.apps.get({ id: "a" });
  await c1.connector.update({
    appId: "a",
    id: "b",
    connectorServiceUpdateRequest: {
      connector: {
        displayName: "x",
        userIds: ["a"],
        config: { atType: "t", additionalProperties: { any: ["thing"] } },
        description: null,
        appId: undefined,
      },
      updateMask: "displayName",
    },
  });
  // @ts-expect-error the path has a parameter
  await c1.apps.get();
  // @ts-expect-error the path has a parameter
  await c1.apps.get({});
  // @ts-expect-error it would be no route
  await c1.apps.get({ id: null });
  // @ts-expect-error a misspelled field
  await c1.connector.rotateCredential({ appID: "a" });
  // @ts-expect-error a field of another type
  await c1.connector.rotateCredential({ appId: 5 });
  const serverSet = new Date();
  await c1.connector.update({
    appId: "a",
    id: "b",
    // @ts-expect-error what the server sets is not sent
    connectorServiceUpdateRequest: { connector: { createdAt: serverSet } },
  });
  // @ts-expect-error there is no such method
  await c1.connector.rotateCredentials({});

  // Enums are open.
  const { status: sync } =
    (await c1.connector.get({ appId: "a", id: "b" })).connectorServiceGetResponse?.connectorView?.connector?.status ??
    {};
  if (sync === "SYNC_STATUS_DONE" || sync === "A_STATUS_FROM_TOMORROW") return;

  // Call options.
  const retries: RetryConfig = {
    strategy: "backoff",
    backoff: { initialInterval: 1, maxInterval: 2, exponent: 1.5, maxElapsedTime: 10 },
    retryConnectionErrors: true,
    maxAttempts: 3,
  };
  const more: RequestOptions = {
    timeoutMs: 5,
    signal: AbortSignal.timeout(5),
    headers: { "x-trace": "1" },
    fetchOptions: { headers: [["a", "b"]], signal: null },
    retries,
    retryCodes: ["5XX"],
    serverURL: "https://x.conductor.one",
  };
  await c1.apps.list({}, more);
  // @ts-expect-error the body is the request's
  await c1.apps.list({}, { fetchOptions: { body: "x" } });
  // @ts-expect-error there is no such option
  await c1.apps.list({}, { timeout: 5 });
}

// Lists.
export async function lists(): Promise<void> {
  const list = c1.apps.list({ pageSize: 10 });
  is<Same<typeof list, Paged<operations.C1ApiAppV1AppsListResponse, shared.App>>>();
  for await (const app of list) {
    is<Same<typeof app, shared.App>>();
    const name: string | null | undefined = app.displayName;
    void name;
  }
  for await (const page of c1.apps.list().pages()) {
    is<Same<typeof page, Page<operations.C1ApiAppV1AppsListResponse>>>();
    const apps: Array<shared.App> | null | undefined = page.listAppsResponse?.list;
    void apps;
  }
  const first = await c1.apps.list();
  const second = await first.next();
  const token: string | null | undefined = second?.listAppsResponse?.nextPageToken;
  for await (const page of first) page.statusCode;
  // @ts-expect-error there may be no next page
  second.statusCode;
  // @ts-expect-error what does not page is no list
  for await (const _ of c1.apps.get({ id: "a" }));
  // @ts-expect-error items are of their type
  for await (const { connectorId } of c1.apps.list()) void connectorId;
  const promise: Promise<operations.C1ApiAppV1AppsListResponse> = c1.apps.list();
  void [token, promise];
}

// Errors.
export function errors(error: unknown): string {
  if (KeyturnError.is(error)) {
    is<Same<typeof error, KeyturnError>>();
    const outcome: "none" | "answered" | "unknown" = error.outcome;
    switch (error.code) {
      case "outcome_unknown":
      case "rate_limited":
        return outcome;
      // @ts-expect-error there is no such code
      case "rate_limit":
    }
    const texts: (string | undefined)[] = [error.operation, error.requestId, error.hint, error.message];
    // @ts-expect-error it is read, not set
    error.code = "closed";
    void texts;
  }
  if (error instanceof RateLimitedError) {
    const wait: number | undefined = error.retryAfterMs;
    const base: ApiError = error;
    void [wait, base, error.status, error.headers.get("x"), error.apiCode, error.details, error.excerpt];
  }
  if (error instanceof InputError) return error.path;
  if (error instanceof DecodeError) return error.excerpt;
  if (error instanceof OutcomeUnknownError) return error.code;
  return "";
}

// The sandbox fits the client.
export async function sandbox(): Promise<void> {
  const tenant: Sandbox = await createSandbox({ seed: "demo", tokenTtl: 5, clock: new Date() });
  new ConductorOne({
    clientID: tenant.clientId,
    clientSecret: tenant.clientSecret,
    serverURL: tenant.url,
    fetch: tenant.fetch,
  });
  const fault: Fault = { operation: "connector.rotateCredential", times: "always", action: "drop-answer" };
  tenant.fault(fault);
  tenant.fault({
    operation: "token",
    action: { status: 503, headers: { "retry-after": "1" }, body: { message: "x" }, delayMs: 5 },
  });
  const requests: SandboxRequest[] = tenant.requests({ operation: "token" });
  tenant.clock.advance(5);
  // @ts-expect-error there are three seeds
  await createSandbox({ seed: "huge" });
  // @ts-expect-error there is no such action
  tenant.fault({ operation: "token", action: "explode" });
  void requests;
}

// The slim entry is the same client.
export async function slim(): Promise<void> {
  await load(new URL("https://x.example/core.wasm"));
  await load(fetch("/core.wasm"));
  await load(new Uint8Array());
  // @ts-expect-error nothing to load
  await load();
  const same: ConductorOne = new SlimConductorOne(options);
  void same;
}
