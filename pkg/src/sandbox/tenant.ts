/**
 * The sandbox tenant: a stand-in for the control planes, in the same process. The tenant itself is the Rust crate in
 * `sandbox/`; this file gives it a `fetch`, the time and its randomness.
 */

import { ConfigurationError } from "../base/errors.js";
import type { WasmModule } from "../base/platform.js";
import { needEncoders } from "../base/text.js";
import { type ModuleSource, moduleFrom } from "../core/module.js";
import { initSync, Tenant } from "../generated/sandbox-glue.js";

/** The rows that a sandbox starts with. */
export type Seed = "demo" | "empty" | "large";

/** The sources of the sandbox's module. */
export type SandboxWasm = ModuleSource;

/** Requests per minute. */
export interface CommerceLayerLimits {
  token?: number | undefined;
  read?: number | undefined;
  write?: number | undefined;
}

/** How the sandbox's Provisioning API behaves. */
export interface CommerceLayerSettings {
  /** How long its tokens are valid, in seconds; `null` for each credential's own setting. Default: `null`. */
  tokenTtl?: number | null | undefined;
  /** How to handle attributes that a request may not set: refuse the request, or ignore them. Default: `refuse`. */
  readOnly?: "refuse" | "ignore" | undefined;
  /**
   * `on` for the documented limits (30 tokens, 1000 reads and 200 writes a minute, and bursts), or others. Default:
   * `off`.
   */
  rateLimits?: "on" | "off" | CommerceLayerLimits | undefined;
}

/** Behaviour that C1 does not document, or documents in two ways. It can be changed while the sandbox runs. */
export interface SandboxSwitches {
  /**
   * What happens to a connector's older credentials when it gets another: they keep working, are revoked, or expire. C1
   * does not document it. Default: `keep`.
   */
  oldAfterRotate?: "keep" | "revoke" | "expire" | undefined;
  /**
   * The same for a bridge: C1's API description says that they are revoked, its manual that they keep working.
   * Default: `revoke`.
   */
  bridgeAfterRotate?: "revoke" | "keep" | undefined;
  /**
   * Whether a revoked connector credential can still be read, with `deletedAt`. C1 does not document it. Default:
   * `gone`.
   */
  revoked?: "gone" | "shown" | undefined;
  /**
   * How DPoP proofs are handled: tokens are bound to them (`accept`), they are ignored (`ignore`), no token is issued
   * without one (`require`), or each must also contain a nonce (`nonce`). Default: `accept`.
   */
  dpop?: "accept" | "ignore" | "require" | "nonce" | undefined;
  /**
   * Which URL a DPoP proof has to name: the request's without its query, as RFC 9449 says, or with it, as C1's own
   * middleware compares it. Default: `without-query`.
   */
  dpopUrl?: "without-query" | "with-query" | undefined;
  /**
   * How an assertion that was used before is recognised: by its nonce or `jti` (`by-nonce`), or, if it has neither,
   * also by its signature (`by-signature`). In the latter case, two assertions that a client makes within a second are
   * the same. Default: `by-nonce`.
   */
  replay?: "by-nonce" | "by-signature" | undefined;
  /**
   * What its system log records about a new credential: its id as well (`full`), only its owner (`sparse`), or nothing
   * (`off`). C1 does not document the contents of an event. Default: `full`.
   */
  systemLog?: "full" | "sparse" | "off" | undefined;
  /** How long an event takes to appear in the system log, in milliseconds. Default: 0. */
  systemLogDelayMs?: number | undefined;
}

/** The initial settings of a sandbox. */
export interface SandboxSettings extends SandboxSwitches {
  /** The rows that it starts with. Default: `demo`. */
  seed?: Seed | undefined;
  /** How long an access token is valid, in seconds. Default: 3600. */
  tokenTtl?: number | undefined;
  /** The initial time of its clock, which advances from there. Default: the current time. */
  clock?: Date | number | string | undefined;
  /** The same for its Provisioning API. */
  commercelayer?: CommerceLayerSettings | undefined;
}

/** The options of {@link Sandbox}. */
export interface SandboxOptions extends SandboxSettings {
  /** The origin of the server that passes requests to it. Default: `https://tenant.sandbox.invalid`. */
  url?: string | undefined;
  /**
   * The contents of `keyturn/sandbox.wasm`: bytes, a `WebAssembly.Module`, a response, or its URL. `keyturn/sandbox`
   * contains it, and needs this option only where bytes may not be compiled; `keyturn/sandbox/slim` always needs it.
   */
  wasm?: SandboxWasm | undefined;
}

/** What happens to the requests that a rule matches. */
export type FaultAction =
  /** The connection breaks before the sandbox acts. */
  | "drop"
  /** The sandbox acts, then the connection breaks: the caller cannot know the outcome. */
  | "drop-answer"
  | {
      /** Responds with this status instead of acting. */
      status?: number | undefined;
      /** The body of that response: text as it is, anything else as JSON. Default: an error like those of C1. */
      body?: unknown;
      /** Headers of that response. */
      headers?: Record<string, string> | undefined;
      /** How long the caller waits, in milliseconds. The sandbox acts at once. */
      delayMs?: number | undefined;
    };

/** A rule for a fault of the sandbox. */
export interface Fault {
  /**
   * An operation's id, its name in the client such as `connector.rotateCredential`, `token`, or `*` for everything.
   * Those of Commerce Layer begin with `commercelayer.`, such as `commercelayer.api_credentials.create`,
   * `commercelayer.token` and `commercelayer.revoke`; the prefix can be left out for an operation whose name C1 does
   * not have.
   */
  operation: string;
  /** How many requests it applies to. Default: 1. */
  times?: number | "always" | undefined;
  /** What happens. */
  action: FaultAction;
}

/** One request, as the sandbox received it. */
export interface SandboxRequest {
  /** The time by the sandbox's clock, in milliseconds since 1970. */
  at: number;
  method: string;
  /** The path, without the query. */
  path: string;
  /** The operation's id, with the prefix `commercelayer.` for that API, or `token`; `null` for an unknown path. */
  operation: string | null;
  /** The status of the response; `null` if the sandbox never acted. */
  status: number | null;
  /** False if the response was lost. */
  answered: boolean;
  /** The fault of the rule that applied. */
  fault: "drop" | "drop-answer" | "answer" | "delay" | null;
}

/** A program with a credential, which {@link Sandbox.consume} simulates. */
export interface Consumer {
  clientId: string;
  clientSecret: string;
  /** The error of the connector's synchronisation. Default: it succeeds. */
  syncError?: string | undefined;
  /** Its user agent, which the system log shows. Default: `sandbox-consumer`. */
  userAgent?: string | undefined;
}

/** The result of a simulated consumer. */
export interface Consumed {
  /** Whether the pair could log in. */
  accepted: boolean;
  /** Why it could not. */
  reason?: string;
  /**
   * The synchronisation, if the credential is a connector's. `status` is `SYNC_STATUS_DISABLED` for a paused connector.
   */
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
  /** The current time, in milliseconds since 1970. */
  now(): number;
  /** Sets the time, from which the clock advances. */
  set(time: Date | number): void;
  /** Advances it, by milliseconds. */
  advance(ms: number): void;
}

/** What a client of the Provisioning API needs. */
export interface ReadyCommerceLayer {
  /** The origin that serves `/api` and `/oauth`. */
  serverURL: string;
  /** The user's personal credential, for the grant `client_credentials`. */
  clientId: string;
  clientSecret: string;
  /** A customer for the grant `password`, at any sales channel. */
  customer: { username: string; password: string };
}

/** What a client needs. */
export interface ReadyTenant {
  url: string;
  clientId: string;
  clientSecret: string;
  /** An app with a connector to try; empty if there is none. */
  appId: string;
  connectorId: string;
  /** The client id of a federation trust, for `tokenExchange`; {@link Sandbox.identityToken} returns a token for it. */
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

  /** Changes how it behaves. Settings that are not named stay as they are. */
  configure(settings: CommerceLayerSettings): void {
    this.#control("POST", "commercelayer", settings);
  }

  /** Protects an object from deletion (423), as if something depended on it, or ends the protection. */
  lock(id: string, locked = true): void {
    this.#control("POST", "commercelayer/lock", { id, locked });
  }

  /**
   * Allows an authorization request, as a person would on the page `/oauth/authorize`: takes that page's URL, or its
   * parameters, and returns the URL that the person would be redirected to, with the code.
   */
  authorize(request: string | URL | Record<string, string>): string {
    const text = typeof request === "string" || request instanceof URL;
    const parameters = text ? Object.fromEntries(new URL(request).searchParams) : request;
    return (this.#control("POST", "commercelayer/authorize", parameters) as { location: string }).location;
  }
}

/** A response that has not been sent yet. @internal */
export interface Reply {
  status: number;
  headers: [name: string, value: string][];
  body: string;
  delayMs: number;
  dropped: boolean;
}

/** The origin of a sandbox in this process. The name is reserved, so that nobody can own it. */
const SANDBOX_URL = "https://tenant.sandbox.invalid";

const SWITCHES = [
  "oldAfterRotate",
  "bridgeAfterRotate",
  "revoked",
  "dpop",
  "dpopUrl",
  "replay",
  "systemLog",
  "systemLogDelayMs",
] as const satisfies (keyof SandboxSwitches)[];

/** The statuses with which a `Response` cannot have a body. */
const BODILESS = [204, 205, 304];

let ready: Promise<void> | undefined;

/**
 * Creates the instance that all sandboxes share, once.
 *
 * @param carried Returns the module that an entry contains, if it contains one. @internal
 */
export function load(wasm: SandboxWasm | undefined, carried: (() => WasmModule) | undefined): Promise<void> {
  ready ??= instantiate(wasm, carried).catch((error: unknown) => {
    // Another attempt may succeed.
    ready = undefined;
    throw error;
  });
  return ready;
}

async function instantiate(wasm: SandboxWasm | undefined, carried: (() => WasmModule) | undefined): Promise<void> {
  needEncoders();
  if (wasm !== undefined) initSync({ module: await moduleFrom(wasm, ["sandbox.wasm", "wasm"]) });
  else if (carried !== undefined) initSync({ module: carried() });
  else {
    const message =
      'wasm: this entry does not include the sandbox. Serve `keyturn/sandbox.wasm` and call `createSandbox({ wasm: "/sandbox.wasm" })`, ' +
      "or import `keyturn/sandbox`, which includes it";
    throw new ConfigurationError("wasm", "missing", message);
  }
}

/** A sandbox tenant in this process. {@link createSandbox} creates it. */
export class Sandbox {
  readonly #tenant: Tenant;
  #ready: ReadyTenant;
  #closed = false;

  /**
   * Answers requests to {@link Sandbox.url} as the global `fetch` would, if the sandbox were a server. Pass it to a
   * client as its `fetch`. Requests to anywhere else are refused.
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
    const shown = typeof clock === "object" ? Number(clock) : clock;
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

  /** The base URL. */
  get url(): string {
    return this.#ready.url;
  }

  /** The client id of the initial credential, which has all permissions. */
  get clientId(): string {
    return this.#ready.clientId;
  }

  /** The secret of the initial credential. */
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
   * Returns an identity token of the issuer that the trust names, as a workload's platform would issue it. It meets the
   * trust's condition that `repository` is `acme/deploy`, unless `claims` say otherwise.
   */
  identityToken(claims?: Record<string, unknown>): string {
    return (this.#control("POST", "identity-token", { claims }) as { token: string }).token;
  }

  /** Allows or denies a device login, as a person would on the page `/device`. */
  decideLogin(userCode: string, approve = true): void {
    this.#control("POST", "device", { userCode, approve });
  }

  /** Changes how it behaves. Settings that are not named stay as they are. */
  configure(switches: SandboxSwitches): void {
    this.#control("POST", "switches", switches);
  }

  /**
   * Simulates a program with a credential: it logs in and, if it is a connector, synchronises. The credential's
   * `lastUsedAt`, the connector's `status` and the system log show it. If the pair is refused, the result says so;
   * nothing is thrown.
   */
  consume({ clientId, clientSecret, syncError, userAgent }: Consumer): Consumed {
    return this.#control("POST", "consume", { clientId, clientSecret, syncError, userAgent }) as Consumed;
  }

  /** Adds a rule. If several match a request, the oldest is used. */
  fault(fault: Fault): void {
    this.#control("POST", "faults", fault);
  }

  /** Removes all rules. */
  clearFaults(): void {
    this.#control("DELETE", "faults");
  }

  /** Returns the last requests, oldest first: no headers, no bodies. */
  requests(filter: RequestFilter = {}): SandboxRequest[] {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
    return this.#control("GET", `requests?${query}`) as SandboxRequest[];
  }

  /** Sets how long tokens issued from now on are valid, in seconds. */
  setTokenTtl(seconds: number): void {
    this.#control("POST", "token-ttl", { seconds });
  }

  /** Restores the initial state. The initial credential stays the same. */
  reset(seed?: Seed): void {
    this.#ready = this.#control("POST", "reset", { seed }) as ReadyTenant;
  }

  /**
   * Returns all rows as JSON. They contain no secret: only the public key of each credential is kept. The secrets of
   * Commerce Layer's credentials, which that API returns repeatedly, are new in a sandbox that restores the rows.
   */
  snapshot(): object {
    return this.#control("GET", "state") as object;
  }

  /** Restores what {@link Sandbox.snapshot} returned. */
  restore(snapshot: object): void {
    this.#control("PUT", "state", snapshot);
    this.#ready = this.#control("GET", "tenant") as ReadyTenant;
  }

  /** Closes the sandbox: its memory is freed, and its `fetch` fails. */
  close(): void {
    if (!this.#closed) this.#tenant.free();
    this.#closed = true;
  }

  /** The number of changes to the result of {@link Sandbox.snapshot}. @internal */
  get revision(): number {
    return this.#closed ? 0 : this.#tenant.revision;
  }

  /** Handles one request, without delay. @internal */
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
    // The tenant's host is not known before the first such call; it does not matter here.
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
    // The signal is observed here, since the request itself is never sent.
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

/** Returns an error like those of Node's `fetch`; browsers leave out the cause. */
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

/** Creates a sandbox. @internal */
export async function create(options: SandboxOptions, carried?: () => WasmModule): Promise<Sandbox> {
  await load(options.wasm, carried);
  return new Sandbox(options, options.url);
}
