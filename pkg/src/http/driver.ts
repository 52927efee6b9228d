/** The attempts of a call, from the request to the response. The core decides what to do; this module does it. */

import { ConnectionError, InputError, isOwn, type KeyturnError } from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import type { FetchOptions, Logger, RequestOptions, RetryConfig } from "../base/options.js";
import { isSignal } from "../base/signal.js";
import { Effect } from "../generated/boundary.js";
import { Answer, answered, Interrupted, mayBeDone, type Reached, toKeyturnError } from "./answer.js";
import type { Authorizer, Reproof } from "./authorizer.js";
import { policyOf } from "./policy.js";
import { connectionOf, Deadline, isHeaderValue, isPage, refusedOption, requestId, sleep, wait } from "./transport.js";
import { aboutCertificate, unsent } from "./unsent.js";

const DEFAULT_TIMEOUT_MS = 60_000;
const VERSION = "0.1.0";

/** A request that the driver sends. */
export interface Outgoing {
  readonly facts: Operation;
  /** Includes the query. */
  readonly url: string;
  /** The API's headers besides `Authorization`, with names in lowercase. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Default: the operation's method. */
  readonly method?: "POST" | undefined;
  /** Returns the error for a response that is not a success. Default: by its status. */
  readonly failed?: ((facts: Operation, answer: Answer) => KeyturnError) | undefined;
}

/** The options of a call whose response is passed on. */
export interface Passing extends RequestOptions {
  /** Reads the body of a response. Default: without a size limit. */
  readonly read?: ((response: Response) => Promise<Uint8Array>) | undefined;
}

/** The parameters of a driver. */
export interface DriverOptions {
  readonly timeoutMs?: number | undefined;
  readonly retryConfig?: RetryConfig | undefined;
  readonly userAgent?: string | undefined;
  readonly debugLogger?: Logger | undefined;
  /**
   * Sends one request. `options` are those of its call. `begin` is called right before sending, and throws if the call
   * has ended in the meantime: a failure or hang before it means that nothing was sent.
   */
  send(facts: Operation, url: string, init: RequestInit, options: RequestOptions, begin: () => void): Promise<Response>;
  /** Called with each response once its body has been read. */
  readonly received?: ((facts: Operation, answer: Answer) => void) | undefined;
}

/** Sends the requests of one client. */
export class Driver {
  readonly #session: Authorizer;
  readonly #options: DriverOptions;
  readonly #userAgent: string;

  constructor(session: Authorizer, options: DriverOptions) {
    this.#session = session;
    this.#options = options;
    this.#userAgent = [options.userAgent, `keyturn/${VERSION}`].filter(Boolean).join(" ");
  }

  /**
   * Sends a request, repeatedly where that is safe, and reads the response.
   *
   * @param read Converts a successful response; what it throws becomes the call's error.
   * @param closed Aborted when the client is closed, if it can be.
   */
  async run<T>(
    request: Outgoing,
    options: RequestOptions,
    closed: AbortSignal | undefined,
    read: (answer: Answer) => T,
  ): Promise<T> {
    const deadline = new Deadline(options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS, [
      options.signal,
      options.fetchOptions?.signal,
      closed,
    ]);
    const reached: Reached = { earlier: false, last: false };
    try {
      return read(await this.#attempts(request, options, deadline, reached));
    } catch (error) {
      throw toKeyturnError(error, request.facts, reached);
    } finally {
      deadline.end();
    }
  }

  async #attempts(request: Outgoing, options: RequestOptions, deadline: Deadline, reached: Reached): Promise<Answer> {
    const { facts, url } = request;
    const session = this.#session;
    const via = connectionOf(options.fetchOptions);
    const policy = policyOf(options.retries ?? this.#options.retryConfig, options.retryCodes);
    let loggedInAgain = false;
    let again: Reproof | undefined;
    for (let attempts = 1; ; attempts++) {
      deadline.check();
      const authorization = await session.authorize(deadline, facts.id, via);
      deadline.check();
      const turn = session.turn(again, deadline);
      const endTurn = turn && (await turn);
      let sent: Answer | ConnectionError;
      try {
        const proving = session.proof(facts.method, url, authorization, again);
        const init = this.#init(request, authorization.value, proving && (await proving), options, deadline);
        sent = await this.#attempt(facts, url, init, authorization.value, options, deadline, reached);
        again = sent instanceof Answer ? session.challenged(sent.status, sent.headers, authorization) : undefined;
      } finally {
        endTurn?.();
      }
      const answer = sent instanceof Answer ? sent : undefined;
      if (!answer?.ok) {
        reached.last = false;
        reached.earlier ||= sent instanceof Answer ? mayBeDone(sent.status, facts) : sent.outcome === "unknown";
      }
      if (answer?.ok) {
        session.succeeded();
        return answer;
      }
      if (again) {
        // The server checks the proof before anything else, so nothing was done. The number of reasons limits how often
        // this happens.
        attempts--;
        continue;
      }
      if (answer?.status === 401) {
        const fresh = session.rejected(authorization);
        if (fresh && !loggedInAgain && facts.effect !== Effect.secret) {
          loggedInAgain = true;
          attempts--;
          continue;
        }
      }
      const reason = sent instanceof Answer ? undefined : sent.reason;
      if (reason === "certificate" || reason === "request") throw sent;
      if (answer) answer.retryAfterMs = session.retryAfter(answer.headers);
      const delay = session.nextAttempt({
        effect: facts.effect,
        status: answer?.status ?? 0,
        received: reason === undefined || reason === "broken",
        retryAfter: answer?.retryAfterMs,
        attempts,
        elapsedMs: deadline.elapsedMs,
        leftMs: deadline.leftMs,
        policy,
      });
      if (delay < 0) throw answer ? (request.failed ?? answered)(facts, answer) : sent;
      await sleep(delay, deadline);
    }
  }

  #init(
    { facts, headers: given, body, method }: Outgoing,
    authorization: string,
    proof: string | undefined,
    options: RequestOptions,
    deadline: Deadline,
  ): RequestInit {
    // An object that begins with a spread is slow to extend, and slow for `Request` to read: together a sixth of a
    // call.
    const own: Record<string, string> = Object.assign({}, given);
    if (authorization) own.authorization = authorization;
    if (proof) own.dpop = proof;
    if (!isPage) own["user-agent"] = this.#userAgent;
    const init: RequestInit = { method: method ?? facts.method, headers: own, body };
    const { fetchOptions, headers } = options;
    if (fetchOptions) {
      const { headers: _, signal: _signal, ...rest } = fetchOptions;
      checkOptions(rest, facts);
      Object.assign(init, { ...rest, ...init });
    }
    if (fetchOptions?.headers || headers) init.headers = withHeaders(own, [fetchOptions?.headers, headers], facts);
    return deadline.endless ? init : withSignal(init, deadline);
  }

  /** Sends one request. Returns its response with the body read, or why there is none. */
  async #attempt(
    facts: Operation,
    url: string,
    init: RequestInit,
    authorization: string,
    options: RequestOptions,
    deadline: Deadline,
    reached: Reached,
  ): Promise<Answer | ConnectionError> {
    const begun = deadline.elapsedMs;
    let response: Response | undefined;
    reached.last = false;
    const begin = (): void => {
      deadline.check();
      reached.last = true;
    };
    // Sends a request and reads the whole response. It may outlast the deadline, since not every `fetch` respects its
    // signal.
    const exchange = async (): Promise<Answer> => {
      response = await this.#options.send(facts, url, init, options, begin);
      const { read } = options as Passing;
      const body = read ? await read(response) : new Uint8Array(await response.arrayBuffer());
      return new Answer(response, body, authorization);
    };
    try {
      const answer = await wait(exchange(), deadline);
      this.#log(facts, url, deadline.elapsedMs - begun, answer);
      this.#options.received?.(facts, answer);
      return answer;
    } catch (error) {
      // Not a connection error: an override of `send` refused, or a framework threw this from `fetch`.
      if ((isOwn(error) && error !== deadline.reason) || isSignal(error)) throw error;
      this.#log(facts, url, deadline.elapsedMs - begun, undefined);
      // Once the request is sent, the server may have it, so the reason alone does not say what happened.
      if (deadline.reason) throw reached.last ? new Interrupted(deadline.reason) : deadline.reason;
      return this.#unanswered(facts, error, response !== undefined);
    }
  }

  /** @param answered Whether a part of the response arrived. */
  #unanswered(facts: Operation, cause: unknown, answered: boolean): ConnectionError {
    const ended = answered ? undefined : unsent(cause);
    const { message, hint } = !ended
      ? { message: "the connection failed before the response was complete", hint: isPage ? CORS : undefined }
      : ended.step === "certificate"
        ? aboutCertificate(ended.why)
        : ended.step === "request"
          ? { message: "`fetch` refused the request, which was not sent", hint: REFUSED }
          : { message: "could not connect", hint: undefined };
    const outcome = !ended && facts.effect !== Effect.read ? "unknown" : "none";
    const reason = !ended ? "broken" : ended.step === "connection" ? "unreachable" : ended.step;
    return new ConnectionError(message, { operation: facts.id, outcome, hint, cause }, reason);
  }

  /** Logs one line for each attempt, with headers from an allow-list only. */
  #log(facts: Operation, url: string, ms: number, answer: Answer | undefined): void {
    const { debugLogger } = this.#options;
    if (!debugLogger) return;
    const shown = ["content-type", "content-length", "retry-after", "date"].flatMap((name) => {
      const value = answer?.headers.get(name);
      return value ? [`${name}: ${value}`] : [];
    });
    const id = answer && requestId(answer.headers);
    if (id) shown.push(`request id: ${id}`);
    const path = url.split("?", 1)[0] as string;
    try {
      debugLogger.log(
        `${facts.id} ${facts.method} ${path} -> ${answer?.status ?? "no response"} in ${Math.round(ms)} ms ${shown.join(", ")}`.trimEnd(),
      );
    } catch {
      // A logger that fails must not lose a response.
    }
  }
}

const REFUSED = "Look at the call's headers, `fetchOptions` and dispatcher; the cause says what does not fit.";

const CORS =
  "In a page, missing CORS permission looks the same: call through a proxy on the page's origin, or from an " +
  "extension.";

/** Refuses options that `fetch` would refuse, before anything can have been sent. */
function checkOptions(options: FetchOptions, facts: Operation): void {
  const name = Object.keys(options).length > 0 ? refusedOption(options) : undefined;
  if (name !== undefined)
    throw new InputError(`fetchOptions.${name}`, "is refused by this runtime's fetch", { operation: facts.id });
}

/** The property of a request's options that holds their deadline; not enumerable. */
const DEADLINE = /* @__PURE__ */ Symbol("deadline");

/**
 * A request's signal, which is created when `fetch` reads it. A wrapper around `fetch` may set another one. All
 * requests share these functions: with functions of its own, each would get its own hidden class in V8.
 */
const SIGNAL: PropertyDescriptor = {
  get(this: { [DEADLINE]: Deadline }) {
    return this[DEADLINE].signal;
  },
  set(value: unknown) {
    Object.defineProperty(this, "signal", { value, writable: true });
  },
  enumerable: true,
  configurable: true,
};

function withSignal(init: RequestInit, value: Deadline): RequestInit {
  return Object.defineProperty(Object.defineProperty(init, DEADLINE, { value }), "signal", SIGNAL);
}

/**
 * The headers for a request's connection and length. The platform sets them, and `fetch` sends no request in which the
 * caller has set them.
 */
const OF_CONNECTION = ["content-length", "expect", "keep-alive", "transfer-encoding", "upgrade"];

/** Merges the caller's headers over our own. An invalid header is reported without its text, which may be a secret. */
function withHeaders(own: Record<string, string>, more: RequestOptions["headers"][], facts: Operation): Headers {
  const headers = new Headers(own);
  try {
    for (const source of more) {
      if (source) new Headers(defined(source)).forEach((value, name) => headers.set(name, checkedValue(value)));
    }
  } catch {
    throw new InputError("headers", "has an invalid name or value", { operation: facts.id });
  }
  const name = OF_CONNECTION.find((name) => headers.has(name));
  if (name !== undefined)
    throw new InputError("headers", `contains \`${name}\`, which the platform sets`, { operation: facts.id });
  return headers;
}

function checkedValue(value: string): string {
  if (isHeaderValue(value)) return value;
  throw new TypeError("no header");
}

/** Returns headers without those that are undefined, which would be sent as the text `undefined`. */
function defined(headers: NonNullable<RequestOptions["headers"]>): [string, string][] {
  const pairs =
    Symbol.iterator in headers
      ? [...(headers as Iterable<[string, string]>)]
      : Object.entries(headers as Record<string, string>);
  return pairs.filter(([, value]) => value != null);
}
