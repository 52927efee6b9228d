/** The official SDK's HTTP client: a `fetch` with hooks. */

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
/** Receives the error of a request that got no answer. */
export type RequestErrorHook = (err: unknown, req: Request) => Awaitable<void>;
/** Receives an answer. To read its body, a hook reads a clone. */
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

  /** Sends a request. Rejects with what the fetcher or a hook throws. */
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

  /** Another client with the same fetcher and the same hooks; hooks added later are its own. */
  clone(): HTTPClient {
    const copy = new HTTPClient(this.#options);
    for (const name of Object.keys(this.#hooks) as (keyof HookTypes)[]) {
      (copy.#hooks[name] as unknown[]).push(...this.#hooks[name]);
    }
    return copy;
  }

  #list<Name extends keyof HookTypes>(name: Name): HookTypes[Name][] {
    if (!Object.hasOwn(this.#hooks, name)) throw new Error(`Invalid hook type: ${String(name)}`);
    return this.#hooks[name];
  }
}
