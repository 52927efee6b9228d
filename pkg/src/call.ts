/** A call from the request object to the envelope. What to do is the core's to say; this does it. */

import type { Operation } from "./facts.js";
import { guarded, operation, plan } from "./core.js";
import {
  type AnswerFacts,
  ClosedError,
  ConfigurationError,
  ConnectionError,
  DecodeError,
  InputError,
  InternalError,
  KeyturnError,
  OutcomeUnknownError,
  RequestAbortedError,
  RequestTimeoutError,
  apiError,
} from "./errors.js";
import { marshal } from "./marshal.js";
import type { ClientOptions, Logger, RequestOptions, RetryConfig } from "./options.js";
import { Paged } from "./paging.js";
import { type Patch, applyPatches, revive } from "./revive.js";
import { Session } from "./session.js";
import { Deadline, type Sender, isPage, mayHaveArrived, requestId, sender, sleep, wait } from "./transport.js";

/** What a method returns. */
export type Call<T> = Promise<T>;

/** What every envelope has; the decoded body stands beside, under the operation's own name. */
export interface Envelope {
  /** The answer's `Content-Type`. */
  contentType: string;
  /** The answer's status. */
  statusCode: number;
  /** The answer, its body already consumed. */
  rawResponse: Response;
  /** The server's id of the request, if it sent one. Not shown when the envelope is printed. */
  readonly requestId?: string | undefined;
  /** What in the answer did not fit the API's description. Not shown when the envelope is printed. */
  readonly problems?: readonly Problem[] | undefined;
}

/** Something in an answer that did not fit the API's description; the value was kept as it came. */
export interface Problem {
  /** Where, in names as they are on the wire. */
  path: (string | number)[];
  /** What the API's description has there, in words. */
  expected: string;
  /** What was there, in words: never the value. */
  found: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const VERSION = "0.1.0";
const SECRET = 2;
const utf8 = new TextEncoder();
let scratch = new Uint8Array(4096);

/** The text as UTF-8, until the next call and to be wiped before: an encoder that makes a new array takes five times as long. */
function bytesOf(text: string): Uint8Array {
  const most = text.length * 3;
  if (most > 1 << 20) return utf8.encode(text);
  if (scratch.length < most) scratch = new Uint8Array(most);
  return scratch.subarray(0, utf8.encodeInto(text, scratch).written);
}

/** What one client's calls share. @internal */
export class Engine {
  readonly session: Session;
  readonly #send: Sender;
  readonly #timeoutMs: number;
  readonly #retry: RetryConfig | undefined;
  readonly #userAgent: string;
  readonly #logger: Logger | undefined;
  readonly sdk122: boolean;
  readonly #closed = new AbortController();

  /**
   * @param sdk122 Whether requests and answers have the names of release 1.2.2 of the official SDK.
   * @param anonymous Whether calls are sent without a token when the options name no credentials.
   */
  constructor(options: ClientOptions, sdk122 = false, anonymous = false) {
    this.#send = sender(options.fetch, options.httpClient);
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#retry = options.retryConfig;
    this.#userAgent = [options.userAgent, `keyturn/${VERSION}`].filter(Boolean).join(" ");
    this.#logger = options.debugLogger;
    this.sdk122 = sdk122;
    this.session = new Session(options, this.#send, anonymous);
  }

  /** Makes one call. */
  async call(number: number, request: unknown, options: RequestOptions = {}): Promise<Envelope> {
    if (this.#closed.signal.aborted) throw new ClosedError();
    const facts = operation(number, this.sdk122);
    const { target, body } = this.#encode(number, facts, request);
    const base = this.base(options, facts);
    const deadline = new Deadline(options.timeoutMs ?? this.#timeoutMs, [
      options.signal,
      options.fetchOptions?.signal,
      this.#closed.signal,
    ]);
    try {
      return await this.#attempts(facts, base + target, body, options, deadline);
    } catch (error) {
      throw told(error, facts);
    } finally {
      deadline.end();
    }
  }

  /** Makes a call whose answer is a page of a list. */
  paged<T, Item>(number: number, request: unknown, options?: RequestOptions): Paged<T, Item> {
    return Paged.begin<T, Item>(operation(number, this.sdk122), request, (next) => this.call(number, next, options));
  }

  /** Ends what runs and wipes what is held. */
  close(): void {
    this.#closed.abort(new ClosedError());
    this.session.close();
  }

  #encode(number: number, facts: Operation, request: unknown): { target: string; body: string | null } {
    const json = marshal(request);
    const bytes = bytesOf(json);
    let text: string;
    try {
      text = guarded((exports) => exports.encode(number, bytes, this.sdk122));
    } catch (error) {
      if (typeof error !== "string") throw error;
      const { path, problem } = JSON.parse(error) as { path: string; problem: string };
      throw new InputError(path, problem, { operation: facts.id });
    } finally {
      bytes.fill(0);
    }
    const split = text.indexOf("\n");
    if (split < 0) return { target: text, body: null };
    const body = text.slice(split + 1);
    return { target: text.slice(0, split), body: body === "=" ? json : body };
  }

  /** Sends one request. `options` are those of its call. */
  protected send(_facts: Operation, url: string, init: RequestInit, _options: RequestOptions): Promise<Response> {
    return this.#send(url, init);
  }

  /** A token belongs to the client's origin: another base URL may differ in its path only. */
  protected base({ serverURL }: RequestOptions, facts: Operation): string {
    if (serverURL === undefined) return this.session.baseURL;
    const url = URL.canParse(String(serverURL)) ? new URL(serverURL) : undefined;
    if (url?.origin !== new URL(this.session.baseURL).origin) {
      const message = "a call's serverURL must have the origin of the client's: its token belongs there";
      throw new ConfigurationError("serverURL", "other_origin", message, { operation: facts.id });
    }
    return url.origin + url.pathname.replace(/\/+$/, "");
  }

  async #attempts(facts: Operation, url: string, body: string | null, options: RequestOptions, deadline: Deadline): Promise<Envelope> {
    const policy = policyOf(options.retries ?? this.#retry, options.retryCodes);
    let loggedInAgain = false;
    let provenAgain = false;
    for (let attempts = 1; ; attempts++) {
      deadline.check();
      const authorization = await this.session.authorize(deadline, facts.id);
      deadline.check();
      const proof = await this.session.proof(facts.method, url, authorization);
      const init = this.#init(facts, body, authorization.value, proof, options, deadline);
      const sent = await this.#attempt(facts, url, init, authorization.value, options, deadline);
      const challenged = sent instanceof Answer && this.session.challenged(sent.status, sent.headers);
      if (sent instanceof Answer && sent.ok) {
        this.session.succeeded();
        return this.#envelope(facts, sent);
      }
      if (challenged && !provenAgain) {
        // The server wants a nonce in the proof before it looks at anything else: nothing was done.
        provenAgain = true;
        attempts--;
        continue;
      }
      if (sent instanceof Answer && sent.status === 401) {
        const fresh = this.session.rejected(authorization);
        if (fresh && !loggedInAgain && facts.effect !== SECRET) {
          loggedInAgain = true;
          attempts--;
          continue;
        }
      }
      const delay = this.session.nextAttempt({
        effect: facts.effect,
        status: sent instanceof Answer ? sent.status : 0,
        received: sent instanceof Answer || sent.outcome !== "none",
        retryAfter: sent instanceof Answer ? (sent.headers.get("retry-after") ?? undefined) : undefined,
        attempts,
        elapsedMs: deadline.elapsedMs,
        leftMs: deadline.leftMs,
        policy,
      });
      if (delay < 0) throw sent instanceof Answer ? answered(facts, sent) : sent;
      await sleep(delay, deadline);
    }
  }

  #init(
    facts: Operation,
    body: string | null,
    authorization: string,
    proof: string | undefined,
    options: RequestOptions,
    deadline: Deadline,
  ): RequestInit {
    const own: Record<string, string> = { accept: "application/json" };
    if (authorization) own.authorization = authorization;
    if (proof) own.dpop = proof;
    if (facts.body) own["content-type"] = "application/json";
    if (!isPage) own["user-agent"] = this.#userAgent;
    const { headers: more, ...rest } = options.fetchOptions ?? {};
    let headers: HeadersInit = own;
    if (more || options.headers) {
      headers = withHeaders(own, [more, options.headers], facts);
    }
    return { ...rest, method: facts.method, headers, body, signal: deadline.signal };
  }

  /** One request: its answer with the body read, or why there is none. */
  async #attempt(
    facts: Operation,
    url: string,
    init: RequestInit,
    authorization: string,
    options: RequestOptions,
    deadline: Deadline,
  ): Promise<Answer | ConnectionError> {
    const begun = deadline.elapsedMs;
    try {
      const answer = await wait(this.#exchange(facts, url, init, authorization, options), deadline);
      this.#log(facts, url, deadline.elapsedMs - begun, answer);
      return answer;
    } catch (error) {
      // Not of the connection: what `send` was overridden with refused.
      if (KeyturnError.is(error) && error !== deadline.reason) throw error;
      const received = mayHaveArrived(error);
      this.#log(facts, url, deadline.elapsedMs - begun, undefined);
      // From here on the server may have the request, so the reason alone does not say what happened.
      if (deadline.reason) throw new Interrupted(deadline.reason);
      return new ConnectionError(received ? "the connection failed before the whole answer came" : "no connection could be made", {
        operation: facts.id,
        outcome: received && facts.effect !== 0 ? "unknown" : "none",
        hint: isPage
          ? "In a page this is also how a missing CORS permission looks: call through a proxy of the page's own origin, or from an extension."
          : undefined,
        cause: error,
      });
    }
  }

  /** Sends a request and reads the whole answer. Nothing here ends with the deadline: not every `fetch` heeds its signal. */
  async #exchange(facts: Operation, url: string, init: RequestInit, authorization: string, options: RequestOptions): Promise<Answer> {
    const response = await this.send(facts, url, init, options);
    return new Answer(response, new Uint8Array(await response.arrayBuffer()), authorization);
  }

  #envelope(facts: Operation, answer: Answer): Envelope {
    const { response, headers, status } = answer;
    const envelope: Envelope = { contentType: headers.get("content-type") ?? "", statusCode: status, rawResponse: response };
    Object.defineProperty(envelope, "requestId", { value: requestId(headers) });
    const { value, problems } = decode(facts, answer, this.sdk122);
    Object.defineProperty(envelope, "problems", { value: problems });
    if (value !== undefined) (envelope as unknown as Record<string, unknown>)[facts.field] = value;
    return envelope;
  }

  /** One line an attempt; only headers from a list of harmless ones. */
  #log(facts: Operation, url: string, ms: number, answer: Answer | undefined): void {
    if (!this.#logger) return;
    const shown = ["content-type", "content-length", "retry-after", "date"].flatMap((name) => {
      const value = answer?.headers.get(name);
      return value ? [`${name}: ${value}`] : [];
    });
    const id = answer && requestId(answer.headers);
    if (id) shown.push(`request id: ${id}`);
    const path = url.split("?", 1)[0] as string;
    try {
      this.#logger.log(`${facts.id} ${facts.method} ${path} -> ${answer?.status ?? "no answer"} in ${Math.round(ms)} ms ${shown.join(", ")}`.trimEnd());
    } catch {
      // A logger that fails must not lose an answer.
    }
  }
}

/** The caller's headers over our own. What cannot be a header is told without its text: it may be a secret. */
function withHeaders(own: Record<string, string>, more: RequestInit["headers"][], facts: Operation): Headers {
  const headers = new Headers(own);
  try {
    for (const source of more) {
      if (source) new Headers(source).forEach((value, name) => headers.set(name, value));
    }
  } catch {
    throw new InputError("headers", "has a name or a value that cannot be sent", { operation: facts.id });
  }
  return headers;
}

/** An answer whose body has been read. */
class Answer {
  readonly status: number;
  readonly headers: Headers;
  constructor(
    readonly response: Response,
    readonly body: Uint8Array,
    /** What the request was sent with: a server may repeat it. */
    readonly authorization: string,
  ) {
    this.status = response.status;
    this.headers = response.headers;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}

/** The deadline or the caller ended a call whose request was on its way. */
class Interrupted {
  constructor(readonly reason: KeyturnError) {}
}

function decode(facts: Operation, answer: Answer, sdk122: boolean): { value: unknown; problems: readonly Problem[] } {
  const { body, status } = answer;
  const type = answer.headers.get("content-type") ?? "";
  if (body.length === 0) {
    if (status === 204 || status === 205) return { value: undefined, problems: [] };
    if (facts.empty) return { value: {}, problems: [] };
    throw decodeError(facts, answer, "the answer is empty");
  }
  if (type !== "" && !/[/+]json\b/i.test(type)) {
    throw decodeError(facts, answer, `the answer is ${type.slice(0, 80)}, not JSON`);
  }
  try {
    return readMessage(facts.message, body, sdk122);
  } catch (error) {
    if (KeyturnError.is(error)) throw error;
    const where = typeof error === "number" ? ` at byte ${error} of ${body.length}` : "";
    throw decodeError(facts, answer, `the answer is not a whole JSON object${where}`);
  }
}

/** Node decodes UTF-8 ten times slower than Latin-1, which ASCII also is. */
function textOf(body: Uint8Array, ascii: boolean): string {
  type NodeBuffer = { from(buffer: ArrayBufferLike, at: number, length: number): { latin1Slice?(): string } };
  const { Buffer } = globalThis as { Buffer?: NodeBuffer };
  const fast = ascii && body.length > 4096 ? Buffer?.from(body.buffer, body.byteOffset, body.length) : undefined;
  return fast?.latin1Slice?.() ?? new TextDecoder().decode(body);
}

/**
 * Reads the JSON text of a message.
 *
 * @throws The offset of the byte at which the text stops being a JSON object.
 */
export function readMessage(message: number, body: Uint8Array, sdk122: boolean): { value: unknown; problems: readonly Problem[] } {
  const slots = guarded((exports) => exports.decode(message, body));
  const flags = slots[slots.length - 1] as number;
  const value = JSON.parse(textOf(body, flags >= 2)) as Record<string, unknown>;
  let problems: readonly Problem[] = [];
  if (flags % 2 === 1) {
    const notes = JSON.parse(guarded((exports) => exports.notes())) as { patches: Patch[]; problems: Problem[] };
    applyPatches(value, notes.patches);
    problems = notes.problems;
  }
  revive(value, plan(message, sdk122), (child) => plan(child, sdk122), slots, 0);
  return { value, problems };
}

function decodeError(facts: Operation, answer: Answer, message: string): DecodeError {
  const { excerpt } = failureOf(answer);
  return new DecodeError(message, answer.status, answer.headers, excerpt, {
    operation: facts.id,
    requestId: requestId(answer.headers),
  });
}

interface FailureText {
  code: string;
  message: string;
  details: string;
  excerpt: string;
}

function failureOf(answer: Answer): FailureText {
  // An error that is larger than this has nothing more to say.
  const text = new TextDecoder().decode(answer.body.subarray(0, 65_536));
  return JSON.parse(guarded((exports) => exports.failure(text, answer.authorization))) as FailureText;
}

/** The error of an answer that is not a success. */
function answered(facts: Operation, answer: Answer): KeyturnError {
  const { status, headers, response } = answer;
  const operationId = facts.id;
  if (status === 0 || (status >= 300 && status < 400)) {
    return apiError({
      status,
      headers,
      response,
      apiCode: "",
      apiMessage: "a redirect, which is not followed: a token must not leave its origin",
      details: [],
      excerpt: "",
      operation: operationId,
      requestId: requestId(headers),
      hint: "Check serverURL and tenantDomain.",
    });
  }
  const failure = failureOf(answer);
  const facts_: AnswerFacts = {
    status,
    headers,
    response,
    apiCode: failure.code,
    apiMessage: failure.message,
    details: details(failure.details),
    excerpt: failure.excerpt,
    operation: operationId,
    requestId: requestId(headers),
    outcome: status >= 500 && facts.effect !== 0 ? "unknown" : "answered",
    hint: hintFor(status, facts),
  };
  const seconds = Number(headers.get("retry-after") ?? "");
  if (seconds > 0) facts_.retryAfterMs = seconds * 1000;
  return apiError(facts_);
}

function details(json: string): readonly unknown[] {
  try {
    return json === "" ? [] : (JSON.parse(json) as unknown[]);
  } catch {
    return [];
  }
}

function hintFor(status: number, facts: Operation): string | undefined {
  if (status === 401) {
    return facts.effect === SECRET
      ? "Nothing was issued. The token was refused; the next call logs in again."
      : "The token was refused, a fresh one too: check that the credential is for this tenant and still active.";
  }
  if (status === 403) return "The credential is good but lacks the right: check its roles and scopes.";
  if (status >= 500 && facts.effect === SECRET) {
    return "A secret may have been issued all the same: look for a new credential before you call again.";
  }
  return undefined;
}

/** The error that a caller sees: with its operation, and honest about what may have happened. */
function told(error: unknown, facts: Operation): unknown {
  const operationId = facts.id;
  if (error instanceof Interrupted) {
    const outcome = facts.effect === 0 ? "none" : "unknown";
    const reason = withOperation(error.reason, { operation: operationId, outcome });
    return facts.effect === SECRET ? new OutcomeUnknownError({ operation: operationId, cause: reason }) : reason;
  }
  if (error instanceof RequestTimeoutError || error instanceof RequestAbortedError) {
    return withOperation(error, { operation: operationId });
  }
  const unread = error instanceof DecodeError || error instanceof InternalError || (error instanceof ConnectionError && error.outcome === "unknown");
  if (facts.effect === SECRET && unread) {
    return new OutcomeUnknownError({ operation: operationId, requestId: error.requestId, cause: error });
  }
  if (KeyturnError.is(error)) return error;
  return new InternalError("something unexpected was thrown", { operation: operationId, cause: error });
}

/** Why a call ended, as an error of its own: one that many calls share says nothing of any of them. */
function withOperation(error: KeyturnError, facts: { operation: string; outcome?: "none" | "unknown" }): KeyturnError {
  if (error instanceof RequestTimeoutError) return new RequestTimeoutError(error.timeoutMs, facts);
  return error instanceof RequestAbortedError ? new RequestAbortedError({ ...facts, cause: error.cause }) : error;
}

const USUAL = new Float64Array();
const NEVER = new Float64Array([1, 0, 0, 1, 0, 0, 0, 0]);
const OFFICIAL_BACKOFF = { initialInterval: 500, maxInterval: 60_000, exponent: 1.5, maxElapsedTime: 3_600_000 };

/** A retry option as the core reads it. */
function policyOf(config: RetryConfig | undefined, codes: string[] | undefined): Float64Array {
  if (config === undefined) return USUAL;
  if (config.strategy === "none") return NEVER;
  const { initialInterval, maxInterval, exponent, maxElapsedTime } = { ...OFFICIAL_BACKOFF, ...config.backoff };
  const statuses = (codes ?? ["429", "500", "502", "503", "504"]).flatMap((code) =>
    /^[1-5]XX$/i.test(code) ? [Number(code[0]) * 100, Number(code[0]) * 100 + 99] : [Number(code), Number(code)],
  );
  const flags = [config.retryConnectionErrors === true, true, config.repeatOneTimeSecrets === true].map(Number);
  return new Float64Array([config.maxAttempts ?? 10, initialInterval, maxInterval, exponent, maxElapsedTime, ...flags, ...statuses]);
}
