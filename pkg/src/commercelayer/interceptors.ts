/**
 * Interceptors around each request, and readers of the answers. There can be any number of each; they run in the
 * order in which they were added.
 */

import { KeyturnError } from "../base/errors.js";
import { refusedOption } from "../http/transport.js";

/** A request on its way out. Whatever is changed in it is what is sent. */
export type RequestObj = {
  url: URL;
  options: RequestInit;
};

/** An answer, before it is read. */
export type ResponseObj = Response;

/** Sees and changes a request; if it throws, the call ends. */
export type RequestInterceptor = (request: RequestObj) => RequestObj | Promise<RequestObj>;

/** Sees a successful answer, or returns another in its place. */
export type ResponseInterceptor = (response: ResponseObj) => ResponseObj | Promise<ResponseObj>;

/** Sees a failure, and may replace its description. A failure remains a failure, whatever it returns. */
export type ErrorInterceptor = (error: ErrorObj) => ErrorObj | Promise<ErrorObj>;

/** Which kind of interceptor. */
export type InterceptorType = "request" | "response";

/** Headers by name. */
export type HeadersObj = Record<string, string | number | boolean>;

/** Holds the body and the headers of the last answer. */
export type RawResponseReader = {
  id: number;
  /** The unchanged body, including secrets. Not shown when the reader is printed. */
  rawResponse?: any;
  headers?: HeadersObj;
  ok: boolean;
};

/** What an error interceptor is given. */
export class FetchError extends Error {
  /** What the body says, secrets replaced. */
  errors: any[] | undefined;
  status: number;
  statusText: string;
  /** The request that failed. */
  readonly method: string | undefined;
  readonly url: string | undefined;
  /** The answer's headers. Not shown when the error is printed. */
  declare readonly headers: Headers | undefined;

  /** Whether a value is one of these. */
  static isFetchError(error: any): error is FetchError {
    return error instanceof FetchError;
  }

  constructor(
    status: number,
    statusText: string,
    body?: { errors?: any[] | undefined } | undefined,
    request: { method?: string | undefined; url?: string | undefined; headers?: Headers | undefined } = {},
  ) {
    super(statusText);
    Object.defineProperty(this, "name", { value: "FetchError", configurable: true, writable: true });
    Object.defineProperty(this, "headers", { value: request.headers });
    this.status = status;
    this.statusText = statusText;
    this.errors = body?.errors;
    this.method = request.method;
    this.url = request.url;
  }
}

/** The error of an answer, as interceptors see it. */
export type ErrorObj = FetchError;

/** An interceptor threw. The driver passes this error on; it considers any other error of sending a connection error. */
export class InterceptorError extends KeyturnError {
  constructor(cause: unknown, outcome: "none" | "answered") {
    super("InterceptorError", "internal", "an interceptor failed", { cause, outcome });
  }
}

interface Pair<Ok> {
  readonly onSuccess?: Ok | undefined;
  readonly onFailure?: ErrorInterceptor | undefined;
}

/** What surrounds the requests of a client. */
export class Interceptors {
  readonly #request = new Map<number, Pair<RequestInterceptor>>();
  readonly #response = new Map<number, Pair<ResponseInterceptor>>();
  readonly #readers = new Map<number, { reader: RawResponseReader; withHeaders: boolean }>();
  #last = 0;

  addRequest(onSuccess?: RequestInterceptor, onFailure?: ErrorInterceptor): number {
    this.#request.set(++this.#last, { onSuccess, onFailure });
    return this.#last;
  }

  addResponse(onSuccess?: ResponseInterceptor, onFailure?: ErrorInterceptor): number {
    this.#response.set(++this.#last, { onSuccess, onFailure });
    return this.#last;
  }

  /** Without an id, all of that kind. */
  remove(type: InterceptorType, id?: number): void {
    const all = type === "request" ? this.#request : this.#response;
    if (id === undefined) all.clear();
    else all.delete(id);
  }

  addReader(withHeaders: boolean): RawResponseReader {
    const reader: RawResponseReader = {
      id: ++this.#last,
      rawResponse: undefined,
      headers: undefined as never,
      ok: true,
    };
    Object.defineProperty(reader, "rawResponse", { enumerable: false });
    this.#readers.set(reader.id, { reader, withHeaders });
    return reader;
  }

  /** Without one, all of them. */
  removeReader(reader?: number | RawResponseReader): void {
    if (reader === undefined) this.#readers.clear();
    else this.#readers.delete(typeof reader === "number" ? reader : reader.id);
  }

  /** Before a request is sent. */
  async sending(request: RequestObj): Promise<RequestObj> {
    let sent = request;
    for (const { onSuccess } of [...this.#request.values()]) {
      try {
        sent = (await onSuccess?.(sent)) ?? sent;
      } catch (error) {
        throw new InterceptorError(error, "none");
      }
    }
    if (this.#request.size > 0) checkRequest(sent);
    return sent;
  }

  /** Before an answer is read. A body that an interceptor reads is read again here. */
  async received(response: Response): Promise<Response> {
    let answer = response;
    for (const { onSuccess } of response.ok ? [...this.#response.values()] : []) {
      if (!onSuccess) continue;
      // Not a clone: of one that nobody reads, other implementations of `fetch` than the platform's read 16 KB and wait.
      const bytes = await answer.arrayBuffer();
      const given = await runInterceptor(onSuccess, bufferedResponse(answer, bytes));
      answer = given && !given.bodyUsed ? given : bufferedResponse(answer, bytes);
    }
    return answer;
  }

  /** Shows an answer whose body has been read to the readers. */
  read(ok: boolean, headers: Headers, body: Uint8Array): void {
    for (const { reader, withHeaders } of this.#readers.values()) {
      reader.rawResponse = json(body);
      reader.ok = ok;
      if (withHeaders) reader.headers = Object.fromEntries(headers);
    }
  }

  /** What the interceptors make of an error. What they throw is thrown. */
  async failed(error: FetchError): Promise<FetchError> {
    let current = error;
    for (const { onFailure } of [...this.#response.values()]) current = (await onFailure?.(current)) ?? current;
    return current;
  }
}

/** Refuses what `fetch` would refuse, before anything can have been sent. */
function checkRequest({ options: { signal: _, body, ...rest } }: RequestObj): void {
  // A stream is not examined, since that could consume it.
  const name = refusedOption(typeof body === "string" ? { ...rest, body } : rest);
  if (name === undefined) return;
  throw new InterceptorError(new TypeError(`an interceptor set ${name} that fetch rejects`), "none");
}

async function runInterceptor(interceptor: ResponseInterceptor, response: Response): Promise<Response | undefined> {
  try {
    return await interceptor(response);
  } catch (error) {
    throw new InterceptorError(error, "answered");
  }
}

/** An answer with the body that was read of it. */
function bufferedResponse(answer: Response, body: ArrayBuffer): Response {
  const { status, statusText, headers, url, redirected, type } = answer;
  const empty = status === 204 || status === 205;
  const copy = new Response(empty ? null : body, { status, statusText, headers });
  return Object.defineProperties(copy, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  });
}

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
