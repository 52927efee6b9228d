/**
 * An application's own proxy: a page names an operation and gives its input, the application decides who may call it,
 * and the client on the server makes the call. Only the input of the page's request is sent to the tenant: no URL, no
 * header, no cookie.
 */

import { bounded, isResponse } from "../base/body.js";
import { ConfigurationError, DecodeError, type Outcome, ProxyError } from "../base/errors.js";
import { type Answer, decodeError, toKeyturnError } from "../http/answer.js";
import { PORT, type Port } from "../http/port.js";
import { ANSWER, ERROR, MARK, type RelayedFailure } from "../http/relay.js";
import { Deadline, requestId, wait } from "../http/transport.js";
import { type Allowed, allowed } from "./allow.js";
import { failureOf, statusOf } from "./failure.js";
import { admit, textOf } from "./gate.js";
import { Malformed, strict, unmarked } from "./json.js";
import { discreet, NotReadable } from "./resources.js";

/**
 * The client of `keyturn`, `keyturn/slim`, `keyturn/commercelayer` or `keyturn/commercelayer/slim` that makes calls.
 */
export interface ProxyClient {
  /** Aborts running calls and wipes credentials and tokens. */
  close(): void;
}

/**
 * The sender of a request as the application knows them, or nothing to refuse the request. A `Response` is sent in
 * place of the proxy's, with `cache-control: no-store`.
 */
export type Authorized<Principal> = Principal | Response | null | undefined | false;

/** The audit record of a request. Nothing in it is secret: it contains no input and no part of an answer's body. */
export interface ProxyRecord<Principal = unknown> {
  /** The operation's name, such as `apps.list`; `undefined` if no allowed operation was named. */
  readonly operation: string | undefined;
  /** The result of `authorize`; `undefined` if it was not called, or refused. */
  readonly principal: Principal | undefined;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The `code` of the error that the page throws, if it throws one. */
  readonly code: string | undefined;
  /** Why the proxy refused the request, if it did. */
  readonly reason: string | undefined;
  /** The effect that the call may have had on the tenant. */
  readonly outcome: Outcome;
  /** The tenant's id for the request. */
  readonly requestId: string | undefined;
  /** The error of one of the application's functions, if one threw. It is not sent to the page. */
  readonly cause?: unknown;
}

/** The options of a proxy. */
export interface ProxyOptions<Principal> {
  /** The client that makes the calls, with its own credentials. */
  client: ProxyClient;
  /**
   * Returns who sent a request: the application's own check, by its session cookie or otherwise. To read the body, it
   * must clone the request.
   */
  authorize(request: Request): Authorized<Principal> | Promise<Authorized<Principal>>;
  /**
   * The operations that pages may call; all others are refused. `"apps.list"` is an operation, `"apps:read"` are the
   * operations of a group that change nothing, and `"apps:write"` are all operations of a group except those that issue
   * a secret, which must be named one by one.
   */
  allow: readonly string[];
  /**
   * Decides whether somebody may make a call that `allow` permits with this input, for example only for their own apps.
   * Any result other than `true` refuses. The input is what the page passed to the method, without what JSON cannot
   * represent; for Commerce Layer it is `{ id, data, document, query }`.
   */
  pin?(principal: Principal, operation: string, input: any): boolean | Promise<boolean>;
  /**
   * The origins of the application's pages. Needed where the server does not see its own public URL, such as behind a
   * server that terminates TLS. Default: the origin of each request, by its URL or its `Host` header.
   */
  origins?: readonly string[] | undefined;
  /**
   * Commerce Layer: whether answers may contain the secrets of existing credentials and identity providers. Default:
   * false. The secret of a credential that has just been created is shown in any case.
   */
  secrets?: boolean | undefined;
  /**
   * Time limit of a request, in milliseconds: reading it, the application's functions, and the call. Default: 30 000.
   */
  timeoutMs?: number | undefined;
  /** The largest request, in bytes. Default: 262 144. */
  maxRequestBytes?: number | undefined;
  /** The largest answer of the tenant, in bytes. Default: 8 388 608. */
  maxAnswerBytes?: number | undefined;
  /** Called for each request once it is answered, for an audit log. */
  record?(record: ProxyRecord<Principal>): void;
}

/** A function that answers requests of pages. It never rejects. */
export type PageProxy = (request: Request) => Promise<Response>;

/** What is known so far about a request. */
interface Progress<Principal> {
  operation: string | undefined;
  principal: Principal | undefined;
  cause: unknown;
}

/** The headers of the tenant's answer that the client in the page uses. */
const PASSED = ["retry-after", "x-ratelimit-limit", "x-ratelimit-interval", "x-ratelimit-remaining"];

/**
 * Creates a proxy: a Fetch handler, from `Request` to `Response`. `keyturn/proxy/node` makes it a listener of Node.
 *
 * ```ts
 * const proxy = createProxy({ client: c1, authorize: (request) => sessionOf(request)?.user, allow: ["apps.list", "connector.rotateCredential"] });
 * ```
 *
 * @throws {@link ConfigurationError} that names the option.
 */
export function createProxy<Principal>(options: ProxyOptions<Principal>): PageProxy {
  const { client, authorize, allow, pin, origins, secrets = false, record } = options;
  const { timeoutMs = 30_000, maxRequestBytes = 1 << 18, maxAnswerBytes = 1 << 23 } = options;
  const port = portOf(client);
  needFunction("authorize", authorize);
  if (pin !== undefined) needFunction("pin", pin);
  const table = allowed(port, allow);
  const names = new Set([...table.values()].map(({ name }) => name));
  const readable = (type: string): boolean => names.has(`${type}.retrieve`) || names.has(`${type}.list`);
  const own = origins?.map(checkedOrigin);

  /** Runs a function of the application. Its errors are only for the application's log. */
  const callApplication = async <T>(
    ask: () => T | Promise<T>,
    deadline: Deadline,
    progress: Progress<Principal>,
  ): Promise<T> => {
    try {
      return await wait(Promise.resolve(ask()), deadline);
    } catch (error) {
      if (error === deadline.reason) throw error;
      progress.cause = error;
      throw new ProxyError("the application failed to decide about the request", 500, "failed");
    }
  };

  const answer = async (request: Request, deadline: Deadline, progress: Progress<Principal>): Promise<Response> => {
    admit(request, own);
    const principal = await callApplication(() => authorize(request), deadline, progress);
    if (isResponse(principal)) return unstored(principal);
    if (!principal) throw new ProxyError("the application has no session for this request", 401, "unauthorized");
    progress.principal = principal as Principal;
    const { operation, input } = callIn(await wait(textOf(request, maxRequestBytes), deadline));
    const call = table.get(operation);
    if (call === undefined) throw new ProxyError("this operation is not allowed here", 403, "not_allowed");
    progress.operation = call.name;
    const given = port.resources ? discreet(port.resources, call.name, input, readable, secrets) : input;
    const permitted =
      pin === undefined ||
      (await callApplication(() => pin(principal as Principal, call.name, given), deadline, progress));
    if (permitted !== true) throw new ProxyError("this operation is not allowed with this input", 403, "not_permitted");
    return passedOn(await forwarded(port, call, given, deadline, maxAnswerBytes));
  };

  return async (request) => {
    const progress: Progress<Principal> = { operation: undefined, principal: undefined, cause: undefined };
    let deadline: Deadline | undefined;
    let response: Response;
    let failure: RelayedFailure | undefined;
    try {
      deadline = new Deadline(timeoutMs, [request.signal]);
      response = await answer(request, deadline, progress);
    } catch (error) {
      failure = failureOf(refusal(error));
      response = failureResponse(failure);
    } finally {
      deadline?.end();
    }
    try {
      record?.({
        operation: progress.operation,
        principal: progress.principal,
        status: response.status,
        code: failure?.code,
        reason: failure?.reason,
        outcome: failure?.outcome ?? (progress.operation === undefined ? "none" : "answered"),
        requestId: failure?.requestId ?? requestId(response.headers),
        ...(progress.cause === undefined ? {} : { cause: progress.cause }),
      });
    } catch {
      // A failing log must not lose the answer.
    }
    return response;
  };
}

function portOf(client: ProxyClient): Port {
  const open = (client as unknown as Record<symbol, unknown> | undefined)?.[Symbol.for(PORT)];
  if (typeof open === "function") return (open as () => Port)();
  const message = "client: must be a client of keyturn or keyturn/commercelayer from the same version of the package";
  throw new ConfigurationError("client", "not_a_client", message);
}

function needFunction(option: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new ConfigurationError(option, "not_a_function", `${option}: must be a function`);
}

function checkedOrigin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text && text !== "null") return text;
  throw new ConfigurationError(
    "origins",
    "not_an_origin",
    'origins: must be origins such as "https://admin.example.com", without a path',
  );
}

/** Reads the operation and the input from the body of a request. */
function callIn(text: string): { operation: string; input: unknown } {
  const body = strict(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new Malformed("is not an object");
  const { operation, input, ...more } = body as Record<string, unknown>;
  if (typeof operation !== "string" || Object.keys(more).length > 0)
    throw new Malformed("must have exactly an operation and its input");
  if (input !== undefined && typeof input !== "object") throw new Malformed("has an input that is not an object");
  return { operation, input: unmarked(input) };
}

async function forwarded(
  port: Port,
  { number, facts }: Allowed,
  input: unknown,
  deadline: Deadline,
  most: number,
): Promise<Answer> {
  const read = (response: Response): Promise<Uint8Array> =>
    bounded(response, most, () => {
      const { status, headers } = response;
      throw new DecodeError(`the response is larger than ${most} bytes`, status, headers, "", { operation: facts.id });
    });
  // No timeout of its own: the signal limits the call, and its reason says what ended it.
  const answer = await port.forward(number, input, { signal: deadline.signal, timeoutMs: 0, read });
  const type = answer.headers.get("content-type") ?? "";
  if (answer.body.length > 0 && type !== "" && !/[/+]json\b/i.test(type))
    throw toKeyturnError(decodeError(facts, answer, `the response is ${type.slice(0, 80)}, not JSON`), facts);
  return answer;
}

/** Returns the tenant's answer for the page: the unchanged body, and the headers that its client uses. */
function passedOn({ status, headers: from, body }: Answer): Response {
  const headers = proxyHeaders(ANSWER, requestId(from));
  for (const name of PASSED) {
    const value = from.get(name);
    if (value !== null) headers.set(name, value);
  }
  const empty = body.length === 0;
  if (!empty) headers.set("content-type", "application/json");
  return new Response(empty ? null : (body as Uint8Array<ArrayBuffer>), { status, headers });
}

/** Returns the answer that reports an error. */
function failureResponse(failure: RelayedFailure): Response {
  const status = statusOf(failure);
  const headers = proxyHeaders(ERROR, failure.requestId);
  headers.set("content-type", "application/json");
  if (failure.retryAfterMs !== undefined) headers.set("retry-after", String(Math.ceil(failure.retryAfterMs / 1000)));
  if (status === 405) headers.set("allow", "POST");
  return new Response(JSON.stringify(failure), { status, headers });
}

/** Returns the headers of every answer, which forbid caching it and interpreting it as another type. */
function proxyHeaders(mark: string, id: string | undefined): Headers {
  const headers = new Headers({ [MARK]: mark, "cache-control": "no-store", "x-content-type-options": "nosniff" });
  if (id !== undefined) headers.set("x-request-id", id);
  return headers;
}

/** Returns an answer of the application, made uncacheable. */
function unstored({ body, status, statusText, headers: from }: Response): Response {
  const headers = new Headers(from);
  headers.delete(MARK);
  headers.set("cache-control", "no-store");
  return new Response(body, { status, statusText, headers });
}

/** Converts a thrown value to the error that the page gets. */
function refusal(error: unknown): unknown {
  if (error instanceof Malformed) return new ProxyError(`the request ${error.message}`, 400, "malformed");
  return error instanceof NotReadable ? new ProxyError(`the request ${error.message}`, 403, "not_permitted") : error;
}
