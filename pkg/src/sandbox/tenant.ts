/**
 * The sandbox tenant: a stand-in for the control planes, in the same process. The tenant itself is the Rust crate in
 * `sandbox/`; this file gives it a `fetch`, the time and its randomness.
 */

import { ConfigurationError } from "../base/errors.js";
import type { Bytes, WasmModule } from "../base/platform.js";
import { initSync, Tenant } from "../generated/sandbox-glue.js";

/** The rows that a sandbox begins with. */
export type Seed = "demo" | "empty" | "large";

/** Where the sandbox's module can come from. */
export type SandboxWasm = WasmModule | Bytes | Response | PromiseLike<Response> | URL | string;

/** Requests per minute. */
export interface CommerceLayerLimits {
  token?: number | undefined;
  read?: number | undefined;
  write?: number | undefined;
}

/** How the sandbox's Provisioning API behaves. */
export interface CommerceLayerSettings {
  /** How long its tokens live, in seconds; `null` for what each credential says. Default: `null`. */
  tokenTtl?: number | null | undefined;
  /** What becomes of attributes that a request may not set: the request is refused, or they are left out. Default: `refuse`. */
  readOnly?: "refuse" | "ignore" | undefined;
  /** `on` for the documented ones (30 tokens, 1000 reads and 200 writes a minute, and bursts), or others. Default: `off`. */
  rateLimits?: "on" | "off" | CommerceLayerLimits | undefined;
}

/** Behaviour that C1 does not document, or in two ways. It can be changed while the sandbox runs. */
export interface SandboxSwitches {
  /**
   * What becomes of a connector's older credentials when it gets another: they go on working, are revoked, or have expired. C1
   * does not document it. Default: `keep`.
   */
  oldAfterRotate?: "keep" | "revoke" | "expire" | undefined;
  /**
   * The same for a bridge's: C1's API description says that they are revoked, its manual that they go on working.
   * Default: `revoke`.
   */
  bridgeAfterRotate?: "revoke" | "keep" | undefined;
  /** Whether a revoked connector credential can still be read, with `deletedAt`. C1 does not document it. Default: `gone`. */
  revoked?: "gone" | "shown" | undefined;
  /**
   * What it makes of DPoP proofs: binds tokens to them (`accept`), does not look at them (`ignore`), gives no token without one
   * (`require`), or also wants a nonce in each (`nonce`). Default: `accept`.
   */
  dpop?: "accept" | "ignore" | "require" | "nonce" | undefined;
  /**
   * What its system log tells of a new credential: its id too (`full`), or only what it is for (`sparse`); or nothing is logged
   * (`off`). C1 does not document what an event holds. Default: `full`.
   */
  systemLog?: "full" | "sparse" | "off" | undefined;
  /** How long an event takes to appear in the system log, in milliseconds. Default: 0. */
  systemLogDelayMs?: number | undefined;
}

/** What can be told to a sandbox when it is made. */
export interface SandboxSettings extends SandboxSwitches {
  /** The rows that it begins with. Default: `demo`. */
  seed?: Seed | undefined;
  /** How long an access token lives, in seconds. Default: 3600. */
  tokenTtl?: number | undefined;
  /** What its clock shows at first; it ticks on from there. Default: the time. */
  clock?: Date | number | string | undefined;
  /** The same for its Provisioning API. */
  commercelayer?: CommerceLayerSettings | undefined;
}

/** The options of {@link Sandbox}. */
export interface SandboxOptions extends SandboxSettings {
  /** Where it answers: the origin of a server that hands it requests. Default: `https://tenant.sandbox.invalid`. */
  url?: string | undefined;
  /** `sandbox.wasm`, if the package's own copy cannot be found: for bundlers and for places without `fetch` or files. */
  wasm?: SandboxWasm | undefined;
}

/** What happens to the requests that a rule is for. */
export type FaultAction =
  /** The connection breaks before the sandbox acts. */
  | "drop"
  /** The sandbox acts, then the connection breaks: the caller cannot know. */
  | "drop-answer"
  | {
      /** Answer with this status instead of acting. */
      status?: number | undefined;
      /** The body of that answer: text as it is, anything else as JSON. Default: an error like C1's. */
      body?: unknown;
      /** Headers of that answer. */
      headers?: Record<string, string> | undefined;
      /** Keep the caller waiting so long, in milliseconds. The sandbox acts at once. */
      delayMs?: number | undefined;
    };

/** A rule for what the sandbox does wrong. */
export interface Fault {
  /**
   * An operation's id, its name in the client such as `connector.rotateCredential`, `token`, or `*` for everything. Those of
   * Commerce Layer begin with `commercelayer.`, such as `commercelayer.api_credentials.create`, `commercelayer.token` and
   * `commercelayer.revoke`; for an operation that C1 has none of the same name of it can be left out.
   */
  operation: string;
  /** How often. Default: once. */
  times?: number | "always" | undefined;
  /** What happens. */
  action: FaultAction;
}

/** One request, as the sandbox saw it. */
export interface SandboxRequest {
  /** When, by the sandbox's clock, in milliseconds. */
  at: number;
  method: string;
  /** The path, without the query. */
  path: string;
  /** The operation's id with `commercelayer.` before one of that API's, or `token`; `null` for a path that leads nowhere. */
  operation: string | null;
  /** The status of the answer; `null` if the sandbox never acted. */
  status: number | null;
  /** False if the answer was lost. */
  answered: boolean;
  /** The fault that a rule made. */
  fault: "drop" | "drop-answer" | "answer" | "delay" | null;
}

/** A program that holds a credential, as {@link Sandbox.consume} plays it. */
export interface Consumer {
  clientId: string;
  clientSecret: string;
  /** What the connector's synchronisation fails with. Default: it goes well. */
  syncError?: string | undefined;
  /** What it calls itself; the system log shows it. Default: `sandbox-consumer`. */
  userAgent?: string | undefined;
}

/** What a consumer met with. */
export interface Consumed {
  /** Whether the pair was good for a token. */
  accepted: boolean;
  /** Why not. */
  reason?: string;
  /** The synchronisation, if the credential is a connector's. `status` is `SYNC_STATUS_DISABLED` for one that is paused. */
  sync?: { appId: string; connectorId: string; status: string };
}

/** Which requests to list. */
export interface RequestFilter {
  operation?: string | undefined;
  method?: string | undefined;
  status?: number | undefined;
}

/** The sandbox's clock. Token lifetimes and all dates follow it. */
export interface SandboxClock {
  /** What it shows, in milliseconds since 1970. */
  now(): number;
  /** Makes it show a time; it ticks on from there. */
  set(time: Date | number): void;
  /** Moves it on, by milliseconds. */
  advance(ms: number): void;
}

/** What a client of the Provisioning API needs to begin. */
export interface ReadyCommerceLayer {
  /** The origin that serves `/api` and `/oauth`. */
  serverURL: string;
  /** The user's personal credential, for the grant `client_credentials`. */
  clientId: string;
  clientSecret: string;
  /** A customer for the grant `password`, at any sales channel. */
  customer: { username: string; password: string };
}

/** What a client needs to begin. */
export interface ReadyTenant {
  url: string;
  clientId: string;
  clientSecret: string;
  /** An app with a connector to try; empty if there is none. */
  appId: string;
  connectorId: string;
  /** The client id of a federation trust, for `tokenExchange`; {@link Sandbox.identityToken} gives what it takes. */
  trustId: string;
  /** Commerce Layer's side of it. */
  commercelayer: ReadyCommerceLayer;
}

/** Commerce Layer's side of a sandbox. */
export class SandboxCommerceLayer implements ReadyCommerceLayer {
  readonly #control: (method: string, path: string, body?: unknown) => unknown;
  readonly #ready: () => ReadyCommerceLayer;

  /** @internal */
  constructor(ready: () => ReadyCommerceLayer, control: (method: string, path: string, body?: unknown) => unknown) {
    this.#ready = ready;
    this.#control = control;
  }

  get serverURL(): string {
    return this.#ready().serverURL;
  }

  get clientId(): string {
    return this.#ready().clientId;
  }

  get clientSecret(): string {
    return this.#ready().clientSecret;
  }

  get customer(): { username: string; password: string } {
    return this.#ready().customer;
  }

  /** Changes how it behaves. What is not named stays as it is. */
  configure(settings: CommerceLayerSettings): void {
    this.#control("POST", "commercelayer", settings);
  }

  /** Protects an object from deletion (423), as if something depended on it, or ends that. */
  lock(id: string, locked = true): void {
    this.#control("POST", "commercelayer/lock", { id, locked });
  }

  /**
   * Allows an authorization request, as a person would on the page `/oauth/authorize`: takes that page's URL, or its parameters,
   * and gives the URL that the person would be sent to, with the code.
   */
  authorize(request: string | URL | Record<string, string>): string {
    const text = typeof request === "string" || request instanceof URL;
    const parameters = text ? Object.fromEntries(new URL(request).searchParams) : request;
    return (this.#control("POST", "commercelayer/authorize", parameters) as { location: string }).location;
  }
}

/** An answer that has not been sent. @internal */
export interface Reply {
  status: number;
  headers: [name: string, value: string][];
  body: string;
  delayMs: number;
  dropped: boolean;
}

/** Where an in-process sandbox answers. The name can never belong to anybody. */
const SANDBOX_URL = "https://tenant.sandbox.invalid";

const SWITCHES = [
  "oldAfterRotate",
  "bridgeAfterRotate",
  "revoked",
  "dpop",
  "systemLog",
  "systemLogDelayMs",
] as const satisfies (keyof SandboxSwitches)[];

/** Statuses that a `Response` refuses a body with. */
const BODILESS = [204, 205, 304];

let ready: Promise<void> | undefined;

/** Compiles the module, once for all sandboxes. @internal */
export function load(wasm: () => SandboxWasm | PromiseLike<SandboxWasm>): Promise<void> {
  return (ready ??= compile(wasm).then(
    (module) => {
      initSync({ module });
    },
    (error: unknown) => {
      // Another try may go better.
      ready = undefined;
      throw error;
    },
  ));
}

async function compile(wasm: () => SandboxWasm | PromiseLike<SandboxWasm>): Promise<WasmModule> {
  let given = await wasm();
  if (typeof given === "string" || given instanceof URL) given = await fetch(given);
  if (given instanceof WebAssembly.Module) return given;
  if (given instanceof Response) {
    if (!given.ok) throw new Error(`sandbox.wasm could not be loaded: status ${given.status}`);
    given = await given.arrayBuffer();
  }
  return WebAssembly.compile(given as BufferSource);
}

/** A sandbox tenant in this process. {@link createSandbox} makes it. */
export class Sandbox {
  readonly #tenant: Tenant;
  #ready: ReadyTenant;
  #closed = false;

  /**
   * Answers requests to {@link Sandbox.url} like the global `fetch` would, if the sandbox were a server. Give it to a client
   * as its `fetch`. Requests to anywhere else are refused.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response> = (input, init) =>
    this.#fetch(input, init);

  /** Commerce Layer's side of it. */
  readonly commercelayer: SandboxCommerceLayer = new SandboxCommerceLayer(
    () => this.#ready.commercelayer,
    (method, path, body) => this.#control(method, path, body),
  );

  /** The clock. */
  readonly clock: SandboxClock = {
    now: () => (this.#control("GET", "clock") as { now: number }).now,
    set: (time) => void this.#control("POST", "clock", { set: Number(time) }),
    advance: (ms) => void this.#control("POST", "clock", { advance: ms }),
  };

  /** @internal */
  constructor(settings: SandboxSettings, url: string = SANDBOX_URL, cors?: string) {
    const { clock, seed, tokenTtl, commercelayer } = settings;
    const shown = clock instanceof Date ? clock.getTime() : clock;
    const switches = SWITCHES.map((name) => [name, settings[name]]);
    const options = JSON.stringify({
      ...Object.fromEntries(switches),
      ...{ url, cors, seed, tokenTtl, clock: shown, commercelayer },
    });
    try {
      this.#tenant = new Tenant(options, crypto.getRandomValues(new Uint8Array(32)), Date.now());
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new ConfigurationError(message.split(":", 1)[0] ?? "", "invalid", message, { cause: error });
    }
    this.#ready = this.#control("GET", "tenant") as ReadyTenant;
  }

  /** Where it answers. */
  get url(): string {
    return this.#ready.url;
  }

  /** The ready-made credential's client id. It may do everything. */
  get clientId(): string {
    return this.#ready.clientId;
  }

  /** The ready-made credential's secret. */
  get clientSecret(): string {
    return this.#ready.clientSecret;
  }

  /** An app with a connector to try; empty if there is none. */
  get appId(): string {
    return this.#ready.appId;
  }

  /** A connector to try; empty if there is none. */
  get connectorId(): string {
    return this.#ready.connectorId;
  }

  /** The client id of a federation trust, for `tokenExchange`. */
  get trustId(): string {
    return this.#ready.trustId;
  }

  /**
   * An identity token of the issuer that the trust names, as a workload's platform would give it. It meets the trust's condition,
   * which is that `repository` is `acme/deploy`, unless `claims` say otherwise.
   */
  identityToken(claims?: Record<string, unknown>): string {
    return (this.#control("POST", "identity-token", { claims }) as { token: string }).token;
  }

  /** Says yes or no to a device login, as a person would on the page `/device`. */
  decideLogin(userCode: string, approve = true): void {
    this.#control("POST", "device", { userCode, approve });
  }

  /** Changes how it behaves. What is not named stays as it is. */
  configure(switches: SandboxSwitches): void {
    this.#control("POST", "switches", switches);
  }

  /**
   * Does what a program that holds a credential does: logs in with it and, if it is a connector, synchronises. The credential's
   * `lastUsedAt`, the connector's `status` and the system log show it. A pair that is refused is told, not thrown.
   */
  consume({ clientId, clientSecret, syncError, userAgent }: Consumer): Consumed {
    return this.#control("POST", "consume", { clientId, clientSecret, syncError, userAgent }) as Consumed;
  }

  /** Adds a rule. Of several for the same request the oldest is used. */
  fault(fault: Fault): void {
    this.#control("POST", "faults", fault);
  }

  /** Forgets all rules. */
  clearFaults(): void {
    this.#control("DELETE", "faults");
  }

  /** The last requests, oldest first: no headers, no bodies. */
  requests(filter: RequestFilter = {}): SandboxRequest[] {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
    return this.#control("GET", `requests?${query}`) as SandboxRequest[];
  }

  /** Says how long the tokens issued from now on live, in seconds. */
  setTokenTtl(seconds: number): void {
    this.#control("POST", "token-ttl", { seconds });
  }

  /** Makes everything as it was at first. The ready-made credential stays the same. */
  reset(seed?: Seed): void {
    this.#ready = this.#control("POST", "reset", { seed }) as ReadyTenant;
  }

  /**
   * All its rows, as JSON. There is no secret in it: of each credential only the public key is kept. The secrets of Commerce
   * Layer's credentials, which that API returns again and again, are new after another sandbox took it up.
   */
  snapshot(): object {
    return this.#control("GET", "state") as object;
  }

  /** Takes up what {@link Sandbox.snapshot} gave. */
  restore(snapshot: object): void {
    this.#control("PUT", "state", snapshot);
    this.#ready = this.#control("GET", "tenant") as ReadyTenant;
  }

  /** Ends it: its memory is freed, and its `fetch` fails. */
  close(): void {
    if (!this.#closed) this.#tenant.free();
    this.#closed = true;
  }

  /** Counts the changes of what {@link Sandbox.snapshot} gives. @internal */
  get revision(): number {
    return this.#closed ? 0 : this.#tenant.revision;
  }

  /** Answers one request, without delay. @internal */
  handle(method: string, url: string, headers: Iterable<[string, string]>, body: string): Reply {
    if (this.#closed) throw new Error("the sandbox is closed");
    const answer = this.#tenant.handle(method, url, [...headers].flat(), body, Date.now()) as [
      status: number,
      headers: string[],
      body: string,
      delayMs: number,
      dropped: boolean,
    ];
    const pairs: [string, string][] = [];
    for (let at = 0; at + 1 < answer[1].length; at += 2)
      pairs.push([answer[1][at] as string, answer[1][at + 1] as string]);
    return { status: answer[0], headers: pairs, body: answer[2], delayMs: answer[3], dropped: answer[4] };
  }

  #control(method: string, path: string, body?: unknown): unknown {
    const text = body === undefined ? "" : JSON.stringify(body);
    // The ready tenant is not known before the first such call; the host is of no importance here.
    const url = `${SANDBOX_URL}/_sandbox/${path}`;
    const reply = this.handle(method, url, [["content-type", "application/json"]], text);
    const answer = JSON.parse(reply.body) as { message?: string };
    if (reply.status !== 200) {
      const message = answer.message ?? `status ${reply.status}`;
      throw new ConfigurationError(message.split(":", 1)[0] ?? "", "invalid", message);
    }
    return answer;
  }

  async #fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const from = input instanceof Request ? input : new URL(input, this.url);
    // The signal is watched here, not by a request that is never sent.
    const request = new Request(from, { ...init, signal: null });
    if (new URL(request.url).origin !== new URL(this.url).origin) {
      throw failure("ENOTFOUND", `this sandbox only answers ${this.url}`);
    }
    const body = await request.text();
    signal?.throwIfAborted();
    if (this.#closed) throw failure("ECONNREFUSED", "the sandbox is closed");
    const reply = this.handle(request.method, request.url, request.headers, body);
    if (reply.delayMs > 0) await pause(reply.delayMs, signal);
    if (reply.dropped) throw failure("UND_ERR_SOCKET", "other side closed");
    const response = new Response(BODILESS.includes(reply.status) ? null : reply.body, {
      status: reply.status,
      headers: reply.headers,
    });
    return Object.defineProperty(response, "url", { value: request.url });
  }
}

/** What Node's `fetch` throws; browsers leave out the cause. */
function failure(code: string, message: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
}

function pause(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}

/** Makes a sandbox with the module that an entry finds. @internal */
export async function create(
  options: SandboxOptions,
  find: () => SandboxWasm | PromiseLike<SandboxWasm>,
): Promise<Sandbox> {
  await load(options.wasm === undefined ? find : () => options.wasm as SandboxWasm);
  return new Sandbox(options, options.url);
}
