/** The official SDK's HTTP client: a `fetch` with hooks. */

import { asFailure } from "../../base/failure.js";

/** Sends a request: the global `fetch` or one like it. */
export type Fetcher = (input: Request | string | URL, init?: RequestInit) => Promise<Response>;

/** A value, or a promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** The input of a `Request`. */
export type RequestInput = {
  url: URL;
  options?: RequestInit | undefined;
};

/** The options of an {@link HTTPClient}. */
export interface HTTPClientOptions {
  /** Sends the requests. Default: the global `fetch`. */
  fetcher?: Fetcher;
}

/** Receives a request before it is sent, and may replace it. */
export type BeforeRequestHook = (req: Request) => Awaitable<Request | void>;
/** Receives the error of a request that got no response. */
export type RequestErrorHook = (err: unknown, req: Request) => Awaitable<void>;
/** Receives a response. To read its body, a hook reads a clone. */
export type ResponseHook = (res: Response, req: Request) => Awaitable<void>;

interface HookTypes {
  beforeRequest: BeforeRequestHook;
  requestError: RequestErrorHook;
  response: ResponseHook;
}

type HookLists = { [Name in keyof HookTypes]: HookTypes[Name][] };

/** Sends requests, with hooks before and after. */
export class HTTPClient {
  readonly #options: HTTPClientOptions;
  readonly #hooks: HookLists = { beforeRequest: [], requestError: [], response: [] };

  constructor(options: HTTPClientOptions = {}) {
    this.#options = options;
  }

  /** Sends a request. Rejects with whatever the fetcher or a hook throws. */
  async request(request: Request): Promise<Response> {
    const { beforeRequest, requestError, response } = this.#hooks;
    let current = request;
    for (const hook of beforeRequest) current = (await hook(current)) ?? current;
    // Called without `this`, as some implementations require, and looked up each time, since mocks replace it.
    const fetcher: Fetcher = this.#options.fetcher ?? globalThis.fetch;
    let answer: Response;
    try {
      answer = await fetcher(current);
    } catch (error) {
      for (const hook of requestError) await hook(error, current);
      throw error;
    }
    for (const hook of response) await hook(answer, current);
    return answer;
  }

  /** Adds a hook. Hooks of a kind run in the order in which they were added. */
  addHook<Name extends keyof HookTypes>(hook: Name, fn: HookTypes[Name]): this {
    this.#list(hook).push(fn);
    return this;
  }

  /** Removes a hook that was added. */
  removeHook<Name extends keyof HookTypes>(hook: Name, fn: HookTypes[Name]): this {
    const list = this.#list(hook);
    const index = list.indexOf(fn);
    if (index >= 0) list.splice(index, 1);
    return this;
  }

  /** Returns another client with the same fetcher and the same hooks; hooks added later are its own. */
  clone(): HTTPClient {
    const copy = new HTTPClient(this.#options);
    for (const name of Object.keys(this.#hooks) as (keyof HookTypes)[]) {
      (copy.#hooks[name] as unknown[]).push(...this.#hooks[name]);
    }
    return copy;
  }

  #list<Name extends keyof HookTypes>(name: Name): HookTypes[Name][] {
    if (!Object.hasOwn(this.#hooks, name))
      throw asFailure(new Error(`Invalid hook type: ${String(name)}`), "invalid_request");
    return this.#hooks[name];
  }
}

/** Statuses: `200`, `"4XX"`, `"default"` for all, or some of these. */
export type StatusCodePredicate = number | string | (number | string)[];

/**
 * Returns whether a response has a media type: `application/json`, `text/*`, or `*` for any. Parameters of the pattern
 * must be present too.
 */
export function matchContentType(response: Response, pattern: string): boolean {
  if (pattern === "*" || pattern === "*/*") return true;
  const [type, ...has] = partsOf(response.headers.get("content-type") || "application/octet-stream");
  const [wanted = "", ...needs] = partsOf(pattern);
  const group = wanted.endsWith("/*") && type?.startsWith(wanted.slice(0, -1));
  return (group || type === wanted) && needs.every((parameter) => has.includes(parameter));
}

function partsOf(mediaType: string): string[] {
  return mediaType.split(";").map((part) => part.trim().toLowerCase());
}

/** Returns whether a response has one of these statuses. */
export function matchStatusCode(response: Response, codes: StatusCodePredicate): boolean {
  const status = String(response.status);
  const matches = (code: number | string): boolean =>
    code === "default" || (/^[1-5]XX$/i.test(String(code)) ? status[0] === String(code)[0] : status === String(code));
  return (Array.isArray(codes) ? codes : [codes]).some(matches);
}

/** Returns whether a response has one of these statuses and a media type. */
export function matchResponse(response: Response, code: StatusCodePredicate, contentTypePattern: string): boolean {
  return matchStatusCode(response, code) && matchContentType(response, contentTypePattern);
}

/** Returns whether an error of `fetch`, or its cause, says that there was no connection, or that it broke. */
export function isConnectionError(err: unknown): boolean {
  return [err, factsOf(err).cause].some((one) => {
    const { name, message, code } = factsOf(one);
    return CODES.test(code) || (name === "TypeError" && MESSAGES.test(message));
  });
}

const CODES = /^(ECONN(REFUSED|RESET)|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_(SOCKET|CONNECT))/;
const MESSAGES = /fetch failed|failed to fetch|networkerror|load failed|network request failed/i;

/** Returns whether an error says that time ran out. */
export function isTimeoutError(err: unknown): boolean {
  const { name, code } = factsOf(err);
  return name === "TimeoutError" || code === "23" || code === "ECONNABORTED";
}

/** Returns whether an error says that the caller aborted. */
export function isAbortError(err: unknown): boolean {
  const { name, code } = factsOf(err);
  return name === "AbortError" || code === "20";
}

function factsOf(err: unknown): { name: string; message: string; code: string; cause: unknown } {
  const { name, message, code, cause } = (typeof err === "object" && err !== null ? err : {}) as Record<
    string,
    unknown
  >;
  return { name: String(name), message: String(message), code: String(code), cause };
}
