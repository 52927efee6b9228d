/** A call of the C1 API, from the request object to the envelope. */

import { Session } from "../auth/session.js";
import { callOptionsOf } from "../base/checked.js";
import { ClosedError, ConfigurationError, isOwn } from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import type { RequestOptions } from "../base/options.js";
import { encode } from "../core/encode.js";
import type { Api } from "../core/instance.js";
import { applyPatches, type Patch, revive } from "../core/revive.js";
import { DecodeFlag, Effect, Unknown } from "../generated/boundary.js";
import { type Answer, decodeError } from "../http/answer.js";
import { Driver, type Passing } from "../http/driver.js";
import type { Relay } from "../http/relay.js";
import { checkedFetchOptions, checkedHeader, ending, requestId, type Sender, sender } from "../http/transport.js";
import type { Authentication } from "./auth/environment.js";
import { c1Plan } from "./auth/plan.js";
import type { Envelope, Problem } from "./envelope.js";
import type { ClientOptions } from "./options.js";
import { Paged } from "./paging.js";

/** The parts that all calls of one client share. @internal */
export class Engine {
  readonly session: Session<Omit<Authentication, "clockOffsetMs">>;
  /** Sends a request unchanged, without a token. */
  readonly fetch: Sender;
  readonly #driver: Driver;
  readonly #api: Api;
  readonly #relay: Relay | undefined;
  readonly #closed = ending();

  /**
   * @param api The API, which also determines whether requests and responses have the names of release 1.2.2 of the
   *   official SDK.
   * @param anonymous Whether calls are sent without a token when the options name no credentials.
   * @param relay The route to an application's proxy, if calls go there and not to the tenant.
   */
  constructor(options: ClientOptions, api: Api, anonymous = false, relay?: Relay) {
    // This comes first, so that the core holds no secret yet when an option cannot be used.
    checkedHeader("userAgent", options.userAgent ?? "");
    this.fetch = sender(options.fetch, options.httpClient, checkedFetchOptions(options.fetchOptions), relay?.rules);
    this.#relay = relay;
    this.#api = api;
    this.session = new Session(c1Plan(options, anonymous), this.fetch);
    const { timeoutMs, retryConfig, userAgent, debugLogger } = options;
    this.#driver = new Driver(this.session, {
      timeoutMs,
      retryConfig,
      userAgent,
      debugLogger,
      send: (...request) => this.send(...request),
      received: (...answer) => this.received(...answer),
    });
  }

  /** Returns what `console.log` shows, even when it calls getters, one of which returns the token. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "Engine {}";
  }

  /** Makes one call. */
  async call(number: number, request: unknown, options?: RequestOptions): Promise<Envelope> {
    // Awaited, since workerd reports a rejection that is passed on as an unhandled one.
    return await this.begin(number, request, this.checked(number, options) ?? {});
  }

  /** Makes one call, and returns its response unchanged, for code that passes it on. */
  async forward(number: number, request: unknown, options: Passing): Promise<Answer> {
    return await this.#run(number, request, this.checked(number, options) ?? {}, (_, answer) => answer);
  }

  /** Makes one call with options that are checked. An invalid request throws, instead of causing a rejection. */
  protected begin(number: number, request: unknown, options: RequestOptions): Promise<Envelope> {
    return this.#run(number, request, options, (facts, answer) => this.#envelope(facts, answer));
  }

  /**
   * Checks the options of a call.
   *
   * @throws {@link ClosedError} {@link InputError}
   */
  protected checked<Options extends object>(number: number, options: Options | undefined): Options | undefined {
    if (this.#closed.signal.aborted) throw new ClosedError();
    return callOptionsOf(options, this.#api.operation(number).id);
  }

  #run<T>(
    number: number,
    request: unknown,
    options: RequestOptions,
    read: (facts: Operation, answer: Answer) => T,
  ): Promise<T> {
    const facts = this.#api.operation(number);
    const { target, body, json } = encode(
      this.#api,
      number,
      request,
      this.#api.sdk122 ? Unknown.drop : Unknown.refuse,
      facts.id,
    );
    const headers: Record<string, string> = { accept: "application/json" };
    if (facts.body) headers["content-type"] = "application/json";
    const url = this.base(options, facts) + target;
    const outgoing = this.#relay?.outgoing(facts, json) ?? { facts, url, headers, body };
    // A client with the official SDK's names cannot be closed.
    const closed = this.#api.sdk122 ? undefined : this.#closed.signal;
    return this.#driver.run(outgoing, options, closed, (answer) => read(facts, answer));
  }

  /** Makes a call whose response is a page of a list. */
  paged<T, Item>(number: number, request: unknown, options?: RequestOptions): Paged<T, Item> {
    return Paged.begin<T, Item>(this.#api.operation(number), request, (next) => this.call(number, next, options));
  }

  /** Aborts running calls and wipes credentials and tokens. */
  close(): void {
    this.#closed.abort(new ClosedError());
    this.session.close();
  }

  /** Sends one request. `options` are those of its call. */
  protected send(
    facts: Operation,
    url: string,
    init: RequestInit,
    _options: RequestOptions,
    begin: () => void,
  ): Promise<Response> {
    begin();
    const sent = this.fetch(url, init);
    return this.#relay ? this.#relay.received(facts, sent) : sent;
  }

  /** Called with each response once its body has been read. */
  protected received(_facts: Operation, _answer: Answer): void {}

  /**
   * Returns the base URL of a call. A token belongs to the client's origin: another base URL may differ in its path
   * only.
   */
  protected base({ serverURL }: RequestOptions, facts: Operation): string {
    if (serverURL === undefined) return this.session.baseURL;
    const url = URL.canParse(String(serverURL)) ? new URL(serverURL) : undefined;
    if (url?.origin !== new URL(this.session.baseURL).origin) {
      const message = "a call's serverURL must have the client's origin, where its token belongs";
      throw new ConfigurationError("serverURL", "other_origin", message, { operation: facts.id });
    }
    return url.origin + url.pathname.replace(/\/+$/, "");
  }

  #envelope(facts: Operation, answer: Answer): Envelope {
    const { response, headers, status } = answer;
    const contentType = headers.get("content-type") ?? "";
    const envelope: Envelope = { contentType, statusCode: status, rawResponse: response };
    Object.defineProperty(envelope, "requestId", REQUEST_ID);
    const { value, problems } = decode(this.#api, facts, answer, contentType);
    Object.defineProperty(envelope, "problems", { value: problems });
    if (value !== undefined) (envelope as unknown as Record<string, unknown>)[facts.field] = value;
    return envelope;
  }
}

/**
 * The property `requestId`, looked up on access, since the header may have any of six names. All envelopes share one
 * function, so that they have one hidden class.
 */
const REQUEST_ID: PropertyDescriptor = {
  get(this: Envelope) {
    return requestId(this.rawResponse.headers);
  },
};

function decode(
  api: Api,
  facts: Operation,
  answer: Answer,
  type: string,
): { value: unknown; problems: readonly Problem[] } {
  const { body, status } = answer;
  if (body.length === 0) {
    if (status === 204 || status === 205) return { value: undefined, problems: [] };
    if (facts.empty) return { value: {}, problems: [] };
    throw decodeError(facts, answer, "the response is empty");
  }
  const isOther = type !== "" && !/[/+]json\b/i.test(type);
  // A secret is shown only once: a response with one is read whatever its content type.
  if (isOther && (api.sdk122 || facts.effect !== Effect.secret)) {
    throw decodeError(facts, answer, `the response is ${type.slice(0, 80)}, not JSON`);
  }
  try {
    return readMessage(api, facts.message, body);
  } catch (error) {
    if (isOwn(error)) throw error;
    if (isOther) throw decodeError(facts, answer, `the response is ${type.slice(0, 80)}, not JSON`);
    const where = typeof error === "number" ? ` at byte ${error} of ${body.length}` : "";
    throw decodeError(facts, answer, `the response is not a complete JSON object${where}`);
  }
}

/** Created with the first response, since some environments that only import this have no decoder. */
let utf8: TextDecoder | undefined;

/**
 * Decodes a body. Node decodes UTF-8 ten times slower than Latin-1, which is the same for ASCII without a byte order
 * mark.
 */
function textOf(body: Uint8Array, ascii: boolean): string {
  type NodeBuffer = { from(buffer: ArrayBufferLike, at: number, length: number): { latin1Slice?(): string } };
  const { Buffer } = globalThis as { Buffer?: NodeBuffer };
  const fast =
    ascii && body.length > 4096 && body[0] !== 0xef
      ? Buffer?.from(body.buffer, body.byteOffset, body.length)
      : undefined;
  return fast?.latin1Slice?.() ?? (utf8 ??= new TextDecoder()).decode(body);
}

/**
 * Reads the JSON text of a message.
 *
 * @throws The offset of the byte at which the text stops being a JSON object.
 */
export function readMessage(
  api: Api,
  message: number,
  body: Uint8Array,
): { value: unknown; problems: readonly Problem[] } {
  const slots = api.run((table) => table.decode(message, body));
  const flags = slots[slots.length - 1] as number;
  const value = JSON.parse(textOf(body, (flags & DecodeFlag.ascii) !== 0)) as Record<string, unknown>;
  let problems: readonly Problem[] = [];
  if (flags & DecodeFlag.notes) {
    const notes = JSON.parse(api.run((table) => table.notes())) as { patches: Patch[]; problems: Problem[] };
    applyPatches(value, notes.patches);
    problems = notes.problems;
  }
  revive(value, api.plan(message), (child) => api.plan(child), slots, 0);
  return { value, problems };
}
