/**
 * Interceptors of each request, and readers of the responses. There can be any number of each; they run in the order in
 * which they were added.
 */

import { KeyturnError, type Outcome } from "../base/errors.js";
import { refusedOption } from "../http/transport.js";

/** A request about to be sent, including any changes made to it. */
export type RequestObj = {
  url: URL;
  options: RequestInit;
};

/** A response, before it is read. */
export type ResponseObj = Response;

/** A function that sees and may change a request; if it throws, the call ends. */
export type RequestInterceptor = (request: RequestObj) => RequestObj | Promise<RequestObj>;

/** A function that sees a successful response, or returns another in its place. */
export type ResponseInterceptor = (response: ResponseObj) => ResponseObj | Promise<ResponseObj>;

/**
 * A function that sees a failure, and may replace its description. A failure remains a failure, whatever it returns.
 */
export type ErrorInterceptor = (error: ErrorObj) => ErrorObj | Promise<ErrorObj>;

/** The kind of an interceptor. */
export type InterceptorType = "request" | "response";

/** Headers by name. */
export type HeadersObj = Record<string, string | number | boolean>;

/** An object that holds the body and the headers of the last response. */
export type RawResponseReader = {
  id: number;
  /** The unchanged body, including secrets. Not shown when the reader is printed. */
  rawResponse?: any;
  headers?: HeadersObj;
  ok: boolean;
};

/** The error that an error interceptor receives. */
export class FetchError extends Error {
  /** The errors in the body, with secrets replaced. */
  errors: any[] | undefined;
  status: number;
  statusText: string;
  /** The request that failed. */
  readonly method: string | undefined;
  readonly url: string | undefined;
  /** The response's headers. Not shown when the error is printed. */
  declare readonly headers: Headers | undefined;

  /** Returns whether a value is such an error. */
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

/** The error of a response, as interceptors see it. */
export type ErrorObj = FetchError;

/**
 * The failure of an interceptor. The driver passes this error on; it treats any other error of sending as a connection
 * error.
 */
export class InterceptorError extends KeyturnError {
  constructor(cause: unknown, outcome: Outcome) {
    super("InterceptorError", "internal", "an interceptor failed", { cause, outcome });
  }
}

interface Pair<Ok> {
  readonly onSuccess?: Ok | undefined;
  readonly onFailure?: ErrorInterceptor | undefined;
}

/** The interceptors and readers of a client. */
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

  /** Removes an interceptor, or without an id all of that type. */
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

  /** Removes a reader, or without an argument all of them. */
  removeReader(reader?: number | RawResponseReader): void {
    if (reader === undefined) this.#readers.clear();
    else this.#readers.delete(typeof reader === "number" ? reader : reader.id);
  }

  /** Runs the request interceptors before a request is sent. */
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

  /**
   * Runs the response interceptors before a response is read. A body that an interceptor reads can still be read here.
   */
  async received(response: Response): Promise<Response> {
    let answer = response;
    for (const { onSuccess } of response.ok ? [...this.#response.values()] : []) {
      if (!onSuccess) continue;
      // Not a clone: if nobody reads it, implementations of `fetch` other than the platform's stop after 16 KB and
      // wait.
      const bytes = await answer.arrayBuffer();
      const given = await runInterceptor(onSuccess, bufferedResponse(answer, bytes));
      answer = given && !given.bodyUsed ? given : bufferedResponse(answer, bytes);
    }
    return answer;
  }

  /** Passes a response whose body has been read to the readers. */
  read(ok: boolean, headers: Headers, body: Uint8Array): void {
    for (const { reader, withHeaders } of this.#readers.values()) {
      reader.rawResponse = json(body);
      reader.ok = ok;
      if (withHeaders) reader.headers = Object.fromEntries(headers);
    }
  }

  /** Runs the error interceptors on an error. What they throw is thrown. */
  async failed(error: FetchError): Promise<FetchError> {
    let current = error;
    for (const { onFailure } of [...this.#response.values()]) current = (await onFailure?.(current)) ?? current;
    return current;
  }
}

/** Refuses what `fetch` would refuse, before anything is sent. */
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

/** Rebuilds a response with the body that was read from it. */
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
