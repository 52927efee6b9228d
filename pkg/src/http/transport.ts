/** Sending, deadlines and clocks: the I/O beneath a call. */

import { isOwn, type KeyturnError, RequestAbortedError, RequestTimeoutError } from "../base/errors.js";
import type { Fetch, HTTPClientLike } from "../base/options.js";

/** Sends one request under the rules of {@link sender}. */
export type Sender = (url: string, init: RequestInit) => Promise<Response>;

/** Milliseconds that never go backwards, from any origin. */
export function monotonic(): number {
  return performance.now();
}

/** The wall clock, in seconds. */
export function unixSeconds(): number {
  return Date.now() / 1000;
}

interface Surroundings {
  navigator?: { userAgent?: string };
  Deno?: unknown;
  document?: unknown;
  WorkerGlobalScope?: unknown;
}

const around = globalThis as Surroundings;

// What is found out here is free of effects, and bundlers are told so: an application that only has an error has none of it.

/** Cloudflare's Workers, or their runtime elsewhere. */
export const isWorkerd = /* @__PURE__ */ (() => around.navigator?.userAgent === "Cloudflare-Workers")();

/** A page or one of its workers: headers such as `User-Agent` are the browser's there, and CORS applies. */
export const isPage = /* @__PURE__ */ (() =>
  around.document !== undefined || (!isWorkerd && around.navigator?.userAgent?.startsWith("Mozilla/") === true))();

/**
 * How each request is sent: tokens never follow a redirect, no cookie goes along, nothing is stored or told to
 * another site.
 */
export const RULES: RequestInit = /* @__PURE__ */ (() =>
  isWorkerd
    ? { redirect: "manual", ...uncached() }
    : { redirect: "manual", credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" })();

/** Cloudflare's fetch refuses fields that it does not know. Other than a browser's it knows no cookies, but a cache, or it did not yet. */
function uncached(): RequestInit {
  try {
    const cache = "no-store";
    return new Request("https://a.invalid", { cache }) && { cache };
  } catch {
    return {};
  }
}

/**
 * What is sent, once. Deno sends a request again by itself, a POST too, when a connection breaks that was used before, but not one
 * whose body it reads as a stream; of those a blob has a length.
 */
export const once: (init: RequestInit) => RequestInit = /* @__PURE__ */ (() =>
  around.Deno === undefined
    ? (init: RequestInit) => init
    : (init: RequestInit) =>
        init.body && typeof init.body === "string" ? { ...init, body: new Blob([init.body]) } : init)();

/** The sender of a client. */
export function sender(fetch: Fetch | undefined, httpClient: HTTPClientLike | undefined): Sender {
  if (httpClient) return (url, init) => httpClient.request(new Request(url, { ...once(init), ...RULES }));
  if (fetch) return (url, init) => fetch(url, Object.assign(init, RULES));
  // Looked up for each call: a page's mocks and tracers replace the global after this package is loaded.
  return (url, init) => globalThis.fetch(url, Object.assign(once(init), RULES));
}

/** The calls that a signal ends: one listener for all of them, since a signal may be shared by any number of calls. */
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

/** When a call ends at the latest, and the signal that says so to everything beneath it. */
export class Deadline {
  /** Made when it is asked for: by then somebody can use it. */
  #controller: AbortController | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #outer: AbortSignal[];
  readonly #begun = monotonic();
  readonly #timeoutMs: number;
  #reason: KeyturnError | undefined;

  /** @param timeoutMs Time from now; no bound if it is not above 0 or not finite. */
  constructor(timeoutMs: number, signals: readonly (AbortSignal | null | undefined)[]) {
    const bounded = timeoutMs > 0 && timeoutMs < 2 ** 31;
    this.#timeoutMs = bounded ? timeoutMs : Number.POSITIVE_INFINITY;
    this.#outer = signals.filter((signal): signal is AbortSignal => signal != null);
    for (const signal of this.#outer) {
      if (signal.aborted) this.abort(signal);
      else follow(signal, this);
    }
    if (bounded) {
      this.#timer = setTimeout(() => {
        this.#end(new RequestTimeoutError(timeoutMs));
      }, timeoutMs);
    }
  }

  /** Ends the call for the reason that the signal gives. */
  abort(signal: AbortSignal): void {
    const reason: unknown = signal.reason;
    this.#end(isOwn(reason) ? reason : new RequestAbortedError({ cause: reason }));
  }

  #end(reason: KeyturnError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const end of this.#waiting) end();
  }

  /** Calls a function when the call has to end. Returns the way to take that back. */
  onEnd(end: () => void): () => void {
    this.#waiting.add(end);
    return () => this.#waiting.delete(end);
  }

  /** Nothing can end the call but its answer. A signal makes a `Request` half as dear again. */
  get endless(): boolean {
    return this.#timer === undefined && this.#outer.length === 0;
  }

  /** To give to `fetch`. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
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

  /** Milliseconds left; infinite without a bound. */
  get leftMs(): number {
    return this.#timeoutMs - this.elapsedMs;
  }

  /** Throws if the call has to end. */
  check(): void {
    if (this.#reason) throw this.#reason;
  }

  /** To be called when the call has ended: lets go of the timer and of the caller's signals. */
  end(): void {
    clearTimeout(this.#timer);
    for (const signal of this.#outer) followers.get(signal)?.delete(this);
  }
}

/** Waits for something that others wait for too: the deadline ends the wait, not the thing. */
export function wait<T>(promise: Promise<T>, deadline: Deadline): Promise<T> {
  if (deadline.endless) return promise;
  return new Promise((resolve, reject) => {
    const end = (): void => reject(deadline.reason as Error);
    if (deadline.reason) return end();
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

/** The server's id of a request, under the names that servers and their proxies use. */
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

/**
 * False only if the request provably never reached anybody: the name was not found, or the connection refused or not
 * made in time. Only Node's errors tell; everywhere else it is taken to have arrived.
 */
export function mayHaveArrived(error: unknown): boolean {
  const unsent = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"];
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const { code, errors } = at as { code?: unknown; errors?: unknown };
    if (typeof code === "string" && unsent.includes(code)) return false;
    if (Array.isArray(errors) && errors.length > 0 && errors.every((inner) => !mayHaveArrived(inner))) return false;
  }
  return true;
}
