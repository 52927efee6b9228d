/** Sending, deadlines and clocks: the I/O of a call. */

import {
  ConfigurationError,
  InputError,
  isOwn,
  type KeyturnError,
  RequestAbortedError,
  RequestTimeoutError,
} from "../base/errors.js";
import type { ClientFetchOptions, Connection, Fetch, FetchOptions, HTTPClientLike } from "../base/options.js";

/** Sends one request according to the rules of {@link sender}. */
export type Sender = (url: string, init: RequestInit) => Promise<Response>;

/** Returns milliseconds that never go backwards, from an arbitrary origin. */
export function monotonic(): number {
  return performance.now();
}

/** Returns the wall-clock time, in seconds. */
export function unixSeconds(): number {
  return Date.now() / 1000;
}

/** The lead of the wall clock up to which it is ignored: both clocks are read with some error. */
const LEAST_GAP_MS = 500;

/**
 * Measures elapsed milliseconds by two clocks, of which the one that advanced further counts: many monotonic clocks
 * stop while a machine sleeps, and the wall clock may be set back at any time.
 */
export class Elapsed {
  readonly #steady: () => number;
  readonly #wall: () => number;
  #last: readonly [steady: number, wall: number] | undefined;
  #passed = 0;
  /** How far the wall clock is ahead, in milliseconds. */
  #gap = 0;

  constructor(steady: () => number, wall: () => number) {
    this.#steady = steady;
    this.#wall = wall;
  }

  /** Returns the elapsed milliseconds, which never decrease. */
  now(): number {
    const now = [this.#steady(), this.#wall()] as const;
    const [steady, wall] = this.#last ?? now;
    this.#last = now;
    const step = Math.max(0, now[0] - steady);
    this.#passed += step;
    this.#gap = Math.max(0, this.#gap + now[1] - wall - step);
    if (this.#gap > LEAST_GAP_MS) {
      this.#passed += this.#gap;
      this.#gap = 0;
    }
    return this.#passed;
  }
}

const machine = /* @__PURE__ */ new Elapsed(monotonic, () => Date.now());

/** Returns the milliseconds that have passed on this machine, asleep or not, from an arbitrary origin. */
export function elapsed(): number {
  return machine.now();
}

interface Surroundings {
  navigator?: { userAgent?: string };
  Deno?: unknown;
  document?: unknown;
  WorkerGlobalScope?: unknown;
}

const around = globalThis as Surroundings;

// These checks have no side effects and are marked as pure, so that an application that uses only an error bundles none
// of them.

/** Whether this is Cloudflare's Workers, or their runtime elsewhere. */
export const isWorkerd = /* @__PURE__ */ (() => around.navigator?.userAgent === "Cloudflare-Workers")();

/**
 * Whether this is a page or one of its workers: the browser sets headers such as `User-Agent` there, and CORS applies.
 */
export const isPage = /* @__PURE__ */ (() =>
  around.document !== undefined || (!isWorkerd && around.navigator?.userAgent?.startsWith("Mozilla/") === true))();

/**
 * The rules for each request: tokens never follow a redirect, no cookies are sent, and nothing is stored or disclosed
 * to another site.
 */
export const RULES: RequestInit = /* @__PURE__ */ (() =>
  isWorkerd
    ? { redirect: "manual", ...uncached() }
    : { redirect: "manual", credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" })();

/**
 * Returns the option `cache` where it is supported: Cloudflare's `fetch` refuses unknown fields. It has no cookies, and
 * only its newer versions know `cache`.
 */
function uncached(): RequestInit {
  try {
    const cache = "no-store";
    return new Request("https://a.invalid", { cache }) && { cache };
  } catch {
    return {};
  }
}

/**
 * Prepares a request so that it is sent only once. When a reused connection breaks, Deno itself resends a request, even
 * a POST, unless it reads the body as a stream; a `Blob` is read that way, and has a length.
 */
export const once: (init: RequestInit) => RequestInit = /* @__PURE__ */ (() =>
  around.Deno === undefined
    ? (init: RequestInit) => init
    : (init: RequestInit) =>
        init.body && typeof init.body === "string" ? { ...init, body: new Blob([init.body]) } : init)();

/**
 * Returns the sender of a client. `more` applies to each request, log-ins included; `rules` take precedence over
 * everything else.
 */
export function sender(
  fetch: Fetch | undefined,
  httpClient: HTTPClientLike | undefined,
  more?: ClientFetchOptions | undefined,
  rules: RequestInit = RULES,
): Sender {
  const ruled = (init: RequestInit): RequestInit =>
    more ? { ...more, ...init, ...rules } : Object.assign(init, rules);
  if (httpClient) return (url, init) => byCaller(() => httpClient.request(new Request(url, ruled(once(init)))));
  if (fetch) return (url, init) => byCaller(() => fetch(url, ruled(init)));
  return (url, init) => platformFetch()(url, ruled(once(init)));
}

/**
 * Sends a request with a function of the caller's. An error of this package that the function throws, such as one of
 * another client that it uses, does not say how far this request got: it becomes the cause of a neutral error.
 */
export async function byCaller(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send();
  } catch (error) {
    throw isOwn(error) ? new Error("the client's own `fetch` failed", { cause: error }) : bare(error);
  }
}

/**
 * Returns an error without the objects in it: axios and ky attach the request, which has a token or a secret, and which
 * would be printed and logged with the error that it caused. An error without any, and without a list of errors, is
 * returned itself.
 */
function bare(error: unknown, seen = new Set<unknown>()): unknown {
  if (Object(error) !== error || seen.has(error)) return error;
  seen.add(error);
  try {
    const kept: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(error);
    let same = true;
    for (const name of Reflect.ownKeys(kept) as string[]) {
      const property = kept[name] as PropertyDescriptor;
      const { value } = property;
      if (name === "cause" && value) property.value = bare(value, seen);
      else if (name === "errors" && Array.isArray(value)) property.value = value.map((one) => bare(one, seen));
      else if (property.enumerable && Object(value) === value) delete kept[name];
      same &&= kept[name]?.value === value;
    }
    return same ? error : Object.create(Object.getPrototypeOf(error), kept);
  } catch {
    return error;
  }
}

/**
 * Returns the name of an option that `fetch` would refuse before anything is sent. Its value is not repeated, since it
 * may be a secret.
 */
export function refusedOption(options: object): string | undefined {
  const { dispatcher } = options as Connection;
  // Node's own `fetch` would detect this only while sending.
  if (dispatcher != null && typeof (dispatcher as { dispatch?: unknown }).dispatch !== "function") return "dispatcher";
  const fits = (init: object): boolean => {
    try {
      return Boolean(new Request("https://a.invalid", { method: "POST", ...init }));
    } catch {
      return false;
    }
  };
  if (fits(options)) return undefined;
  return (
    Object.entries(options).find(([name, value]) => !fits({ [name]: value }))?.[0] ?? Object.keys(options).join(", ")
  );
}

/**
 * Selects the options for `fetch` of a call that determine how connections are made: its log-in is sent in the same
 * way.
 */
export function connectionOf(options: FetchOptions | undefined): Connection | undefined {
  let found: Connection | undefined;
  if (options) {
    for (const name of ["dispatcher", "agent", "client", "proxy", "tls"] as const)
      if (options[name] !== undefined) (found ??= {})[name] = options[name];
  }
  return found;
}

/**
 * Returns the options for `fetch` of a client, if they can be used.
 *
 * @throws {@link ConfigurationError}
 */
export function checkedFetchOptions(options: ClientFetchOptions | undefined): ClientFetchOptions | undefined {
  if (options === undefined) return undefined;
  const belongs = ["headers", "signal", "method", "body"].find((name) => name in options);
  const name = belongs ?? refusedOption(options);
  if (name === undefined) return options;
  const message = belongs
    ? `fetchOptions: ${name} cannot apply to all requests of a client, which include log-ins; pass it to a call`
    : `fetchOptions: this runtime's fetch does not accept this ${name}`;
  throw new ConfigurationError("fetchOptions", belongs ? "not_for_clients" : "refused", message);
}

/**
 * Returns whether a text can be the value of a header by RFC 9110, 5.5, and `fetch`, for which each character is a
 * byte. Not all runtimes check this.
 */
export function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/**
 * Checks that a client option can become a header.
 *
 * @throws {@link ConfigurationError}
 */
export function checkedHeader(option: string, value: string): void {
  if (isHeaderValue(value)) return;
  throw new ConfigurationError(option, "not_a_header", `${option}: must be ASCII without line breaks`);
}

/**
 * Returns the global `fetch`, looked up for each call: a page's mocks and tracers replace it after this package is
 * loaded.
 */
export function platformFetch(): Fetch {
  const { fetch } = globalThis;
  if (typeof fetch === "function") return (url, init) => globalThis.fetch(url, init);
  throw new ConfigurationError(
    "fetch",
    "unsupported_runtime",
    "fetch: this runtime has none; pass one as the option `fetch`, or use Node 20 or newer",
  );
}

/** The calls that a signal ends. A signal gets one listener for all of them, since any number of calls may share it. */
const followers = new WeakMap<AbortSignal, Set<Deadline>>();

function follow(signal: AbortSignal, deadline: Deadline): void {
  let all = followers.get(signal);
  if (!all) {
    all = new Set();
    followers.set(signal, all);
    const set = all;
    signal.addEventListener("abort", () => set.forEach((one) => one.abort(signal)), { once: true });
  }
  all.add(deadline);
}

/**
 * Marks signals that only this package aborts, with an error that says why a call has to end. It is a global symbol,
 * since a proxy and its client may belong to two copies of the package.
 */
const OURS = /* @__PURE__ */ Symbol.for("keyturn.ending");

/** Creates a controller whose signal ends calls with the error that it is aborted with. */
export function ending(): AbortController {
  const controller = new AbortController();
  Object.defineProperty(controller.signal, OURS, { value: true });
  return controller;
}

/** The deadline of a call, and the signal that passes its end on to everything beneath. */
export class Deadline {
  /** Created on first access. */
  #controller: AbortController | undefined;
  #waiting: Set<() => void> | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outer: AbortSignal[];
  readonly #begun = monotonic();
  readonly #timeoutMs: number;
  #reason: KeyturnError | undefined;

  /**
   * @param timeoutMs Time from now, in milliseconds; no limit unless it is above 0 and below 2^31.
   * @param aside Whether this belongs to something that others await with their own deadlines; its timer then does not
   *   keep the process alive.
   */
  constructor(timeoutMs: number, signals: readonly (AbortSignal | null | undefined)[], aside = false) {
    const bounded = timeoutMs > 0 && timeoutMs < 2 ** 31;
    this.#timeoutMs = bounded ? timeoutMs : Number.POSITIVE_INFINITY;
    this.#outer = signals.filter((signal): signal is AbortSignal => signal != null);
    if (this.#outer.some((signal) => typeof signal.addEventListener !== "function"))
      throw new InputError("signal", "is not an AbortSignal");
    for (const signal of this.#outer) {
      if (signal.aborted) this.abort(signal);
      else follow(signal, this);
    }
    if (bounded) {
      this.#timer = setTimeout(() => {
        this.#end(new RequestTimeoutError(timeoutMs));
      }, timeoutMs);
      if (aside) unref(this.#timer);
    }
  }

  /**
   * Ends the call. The reason of a caller's signal may be an error of another call, so it only becomes a cause here.
   */
  abort(signal: AbortSignal): void {
    const reason: unknown = signal.reason;
    this.#end(OURS in signal && isOwn(reason) ? reason : new RequestAbortedError({ cause: reason }));
  }

  #end(reason: KeyturnError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#waiting?.forEach((end) => end());
  }

  /** Calls a function when the call has to end. Returns a function that cancels this. */
  onEnd(end: () => void): () => void {
    const waiting = (this.#waiting ??= new Set());
    waiting.add(end);
    return () => waiting.delete(end);
  }

  /** Whether nothing but its response can end the call. A signal makes a `Request` half again as expensive. */
  get endless(): boolean {
    return this.#timer === undefined && this.#outer.length === 0;
  }

  /** The signal to pass to `fetch`. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = ending();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Why the call has to end; `undefined` while it may go on. */
  get reason(): KeyturnError | undefined {
    return this.#reason;
  }

  /** Milliseconds since the call began. */
  get elapsedMs(): number {
    return monotonic() - this.#begun;
  }

  /** Milliseconds left; infinite without a limit. */
  get leftMs(): number {
    return this.#timeoutMs - this.elapsedMs;
  }

  /** Throws if the call has to end. */
  check(): void {
    if (this.#reason) throw this.#reason;
  }

  /** Lets the process exit meanwhile, since nobody waits for what this limits. */
  unref(): void {
    (this.#timer as { unref?(): void } | undefined)?.unref?.();
  }

  /** Releases the timer and the caller's signals. Call it when the call has ended. */
  end(): void {
    clearTimeout(this.#timer);
    for (const signal of this.#outer) followers.get(signal)?.delete(this);
  }
}

/** Lets the process exit while the timer runs, in runtimes that have processes. */
export function unref(timer: unknown): void {
  if (typeof timer === "object") (timer as { unref?(): void } | null)?.unref?.();
  else (around.Deno as { unrefTimer?(timer: unknown): void } | undefined)?.unrefTimer?.(timer);
}

/** Waits for something that others await too: the deadline ends the wait, but not the operation. */
export function wait<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
  if (deadline.endless) return promise;
  return new Promise((resolve, reject) => {
    const end = (): void => reject(deadline.reason as Error);
    if (deadline.reason) end();
    const forget = deadline.onEnd(end);
    const settled =
      <A>(settle: (value: A) => void) =>
      (value: A): void => {
        forget();
        settle(value);
      };
    promise.then(settled(resolve), settled(reject));
  });
}

/** Sleeps, unless the deadline comes first. */
export function sleep(ms: number, deadline: Deadline): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return wait(slept, deadline).finally(() => clearTimeout(timer));
}

/** Returns the server's id of a request, under any of the names that servers and their proxies use. */
export function requestId(headers: Headers): string | undefined {
  for (const name of [
    "x-request-id",
    "x-correlation-id",
    "x-amzn-trace-id",
    "x-amzn-requestid",
    "traceparent",
    "cf-ray",
  ]) {
    const id = headers.get(name);
    if (id) return id.slice(0, 200);
  }
  return undefined;
}
