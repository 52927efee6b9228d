/** The engine behind the official SDK's names: its options, hooks and errors. `../http/driver.ts` makes the calls. */

import { ConfigurationError, type KeyturnError, type Outcome } from "../base/errors.js";
import { isLoopback } from "../base/loopback.js";
import type { Operation } from "../base/operation.js";
import type { RequestOptions as EngineOptions, HTTPClientLike, RetryConfig } from "../base/options.js";
import { Engine } from "../c1/engine.js";
import type { Envelope } from "../c1/envelope.js";
import type { ClientOptions } from "../c1/options.js";
import { type Page, Paged } from "../c1/paging.js";
import { Effect } from "../generated/boundary.js";
import { OPTIONS_ONLY } from "../generated/compat/facts.js";
import { type Answer, mayBeDone } from "../http/answer.js";
import { byCaller, Deadline, once, RULES } from "../http/transport.js";
import { unsent } from "../http/unsent.js";
import { type CallError, UnexpectedClientError } from "./errors.js";
import { EXAMPLE_TENANT } from "./lib/config.js";
import { HTTPClient } from "./lib/http.js";
import type { HookContext, RegisteredHooks, RequestOptions, SDKOptions } from "./options.js";
import { c1 } from "./table.js";
import { HookError, translated } from "./translate.js";
import { type APICall, ERR, haltIterator, OK, type PageIterator, type Result } from "./types.js";

/** The options of the official SDK's wrapper. */
export type SDKProps = Omit<SDKOptions, "httpClient"> & {
  /** Sends requests instead of the global `fetch`: an {@link HTTPClient}, or an object with its method `request`. */
  httpClient?: HTTPClientLike | undefined;
  /** Client id, as `name@tenant.conductor.one/spc`. */
  clientID?: string | undefined;
  /** The client's secret. */
  clientSecret?: string | undefined;
  /** The same as `httpClient`. */
  defaultClient?: HTTPClientLike | undefined;
};

/** The last request of a call, and its response. */
class Trace {
  request: (() => Request) | undefined;
  response: Response | undefined;

  /** Creates the request when it is first read, since that costs as much as the rest of the call. */
  get call(): APICall {
    const { request: make, response } = this;
    if (!make) return { status: "invalid" };
    let made: Request | undefined;
    const call = response ? { status: "complete", response } : { status: "request-error" };
    return Object.defineProperty(call, "request", {
      enumerable: true,
      get: () => (made ??= discreet(make())),
    }) as APICall;
  }
}

/** A request that shows its URL when it is printed, but not its headers, which contain the token. */
function discreet(request: Request): Request {
  const shown = `Request { method: "${request.method}", url: "${request.url.split("?", 1)[0]}" }`;
  return Object.defineProperty(request, Symbol.for("nodejs.util.inspect.custom"), { value: () => shown });
}

type Traced = EngineOptions & { trace: Trace };

const NEVER: RetryConfig = { strategy: "none" };

/** The engine of one client. */
export class CompatEngine extends Engine {
  readonly #options: SDKProps;
  readonly #client: HTTPClientLike;
  readonly #hooks: RegisteredHooks | undefined;
  /** The reason why no call can be made. */
  readonly #failure: KeyturnError | undefined;

  /**
   * Creates an engine for these options. Invalid credentials are reported by each call, as in the official SDK; any
   * other invalid option throws here.
   */
  static open(options: SDKProps): CompatEngine {
    try {
      return new CompatEngine(options);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      if (!["security", "clientID", "clientSecret"].includes(error.option))
        throw translated(error, undefined, undefined);
      const { security, clientID, clientSecret, ...rest } = options;
      return new CompatEngine(rest, error);
    }
  }

  private constructor(options: SDKProps, failure?: KeyturnError) {
    super(engineOptions(options), c1, true);
    const { hooks } = options;
    const runs = hooks && [
      hooks.beforeCreateRequestHooks,
      hooks.beforeRequestHooks,
      hooks.afterSuccessHooks,
      hooks.afterErrorHooks,
    ];
    this.#options = options;
    this.#client = options.httpClient ?? options.defaultClient ?? new HTTPClient();
    this.#hooks = runs?.some((list) => list.length > 0) ? hooks : undefined;
    this.#failure = failure;
  }

  override call(number: number, request: unknown, options?: RequestOptions): Promise<Envelope> {
    const [asked, given] = split(number, request, options);
    return this.#run(number, asked, given, new Trace());
  }

  override paged<T, Item>(number: number, request: unknown, options?: RequestOptions): Paged<T, Item> {
    const [asked, given] = split(number, request, options);
    return this.#pages(number, asked, given, new Trace()) as Paged<T, Item>;
  }

  /** Makes the call of a standalone function: resolves with its result, the request, and the response. */
  async inspect(
    number: number,
    request: unknown,
    options?: RequestOptions,
  ): Promise<[Result<unknown, CallError>, APICall]> {
    const trace = new Trace();
    const [asked, given] = split(number, request, options);
    let pages = false;
    try {
      pages = c1.operation(number).tokenOut !== undefined;
      const result = pages
        ? pageResult(await this.#pages(number, asked, given, trace))
        : OK(await this.#run(number, asked, given, trace));
      return [result, trace.call];
    } catch (thrown) {
      const error = ERR(translated(thrown, trace.response, asked));
      return [pages ? haltIterator(error) : error, trace.call];
    }
  }

  /** The current token; `null` if there is none yet. */
  get token(): string | null {
    return this.#failure ? null : (this.session.token ?? null);
  }

  /** Returns a valid token, which is fetched if necessary. */
  async freshToken(): Promise<string> {
    const deadline = new Deadline(this.#options.timeoutMs ?? Number.POSITIVE_INFINITY, []);
    try {
      if (this.#failure) throw this.#failure;
      const { value } = await this.session.authorize(deadline, "");
      if (value === "") throw new UnexpectedClientError("Failed to obtain auth token");
      return value.slice("Bearer ".length);
    } catch (error) {
      throw translated(error, undefined, undefined);
    } finally {
      deadline.end();
    }
  }

  #pages(
    number: number,
    request: unknown,
    options: RequestOptions | undefined,
    first: Trace,
  ): Paged<Envelope, unknown> {
    let trace: Trace | undefined = first;
    const send = (next: unknown): Promise<Envelope> => {
      const current = trace ?? new Trace();
      trace = undefined;
      return this.#run(number, next, options, current);
    };
    return Paged.begin<Envelope, unknown>(c1.operation(number), request, send, dress);
  }

  async #run(number: number, request: unknown, options: RequestOptions | undefined, trace: Trace): Promise<Envelope> {
    try {
      if (this.#failure) throw this.#failure;
      const envelope = await this.begin(number, request, traced(this.checked(number, options), trace));
      envelope.contentType ||= "application/octet-stream";
      return envelope;
    } catch (error) {
      throw translated(error, trace.response, request);
    }
  }

  /** Returns the base URL of a call. A client without a tenant accepts any server for one call. */
  protected override base(options: EngineOptions, facts: Operation): string {
    const { serverURL, tenantDomain, clientID } = this.#options;
    const asked = String(options.serverURL);
    if (serverURL || tenantDomain || clientID || !URL.canParse(asked)) return super.base(options, facts);
    const url = new URL(asked);
    if (url.protocol !== "https:" && !isLoopback(url)) {
      const message = "serverURL: must be https, or http to loopback";
      throw new ConfigurationError("serverURL", "not_secure", message, { operation: facts.id });
    }
    return url.origin + url.pathname.replace(/\/+$/, "");
  }

  protected override send(
    facts: Operation,
    url: string,
    init: RequestInit,
    options: EngineOptions,
    begin: () => void,
  ): Promise<Response> {
    const { trace } = options as Traced;
    trace.response = undefined;
    this.#logBody(
      facts,
      "request",
      init.body as string | null,
      () => new Headers(init.headers).get("authorization") ?? "",
    );
    const sent = this.#hooks
      ? this.#hooked(this.#hooks, facts, url, init, options as Traced, begin)
      : super.send(facts, url, ((trace.request = () => new Request(url, init)), init), options, begin);
    return sent.then((response) => (trace.response = response));
  }

  protected override received(facts: Operation, { body, authorization }: Answer): void {
    if (!this.#options.debugBodies) return;
    this.#logBody(facts, "response", new TextDecoder().decode(body), () => authorization);
  }

  async #hooked(
    hooks: RegisteredHooks,
    facts: Operation,
    url: string,
    init: RequestInit,
    { trace, retries }: Traced,
    begin: () => void,
  ): Promise<Response> {
    const context: HookContext = {
      baseURL: this.session.baseURL,
      operationID: facts.id,
      oAuth2Scopes: [],
      retryConfig: retries ?? this.#options.retryConfig ?? NEVER,
      resolvedSecurity: null,
      options: withoutCredentials(this.#options),
    };
    // Hooks are often used for logging, so this is not enumerable.
    Object.defineProperty(context, "securitySource", { value: this.#options.security });
    const request = await hooked("Create request hook failed to execute", "none", async () => {
      const given = { ...this.#options.fetchOptions, ...init };
      const input = hooks.beforeCreateRequest(context, { url: new URL(url), options: given });
      return hooks.beforeRequest(context, new Request(input.url, { ...once(input.options ?? {}), ...RULES }));
    });
    trace.request = () => request;
    begin();
    let response: Response;
    try {
      response = await byCaller(() => this.#client.request(request));
    } catch (error) {
      const outcome = facts.effect === Effect.read || unsent(error) ? "none" : "unknown";
      const result = await hooked("Error hook failed to execute", outcome, () =>
        hooks.afterError(context, null, error),
      );
      if (!result.response) throw result.error ?? error;
      return result.response;
    }
    trace.response = response;
    const outcome = mayBeDone(response.status, facts) ? "unknown" : "answered";
    if (response.ok)
      return hooked("Success hook failed to execute", outcome, () => hooks.afterSuccess(context, response));
    const result = await hooked("Error hook failed to execute", outcome, () =>
      hooks.afterError(context, response, null),
    );
    if (result.error) throw new HookError("Unexpected HTTP client error", result.error, outcome);
    return result.response ?? response;
  }

  #logBody(facts: Operation, of: string, body: string | null, authorization: () => string): void {
    const { debugLogger, debugBodies } = this.#options;
    if (!debugLogger || !debugBodies || !body) return;
    debugLogger.log(`${facts.id} ${of} body: ${c1.run((table) => table.shown(body, authorization()))}`);
  }
}

/** Returns the options without their secrets. */
export function withoutCredentials({ security, clientSecret, ...rest }: SDKProps): SDKOptions {
  return rest as SDKOptions;
}

/** @param outcome What the call may have done when the hook runs. */
async function hooked<T>(problem: string, outcome: Outcome, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new HookError(problem, error, outcome);
  }
}

/**
 * Separates a request from the options. In release 1.2.2, some lists that got paging parameters later take no request:
 * the first argument is then the options, unless it can only be a request.
 */
function split(
  number: number,
  request: unknown,
  options: RequestOptions | undefined,
): [unknown, RequestOptions | undefined] {
  if (!OPTIONS_ONLY.has(number) || options !== undefined || typeof request !== "object" || request === null)
    return [request, options];
  return "pageSize" in request || "pageToken" in request ? [request, options] : [undefined, request as RequestOptions];
}

function traced(options: RequestOptions | undefined, trace: Trace): Traced {
  if (!options) return { trace };
  const { timeoutMs, retries, retryCodes, serverURL, fetchOptions, headers, signal, ...rest } = options;
  return {
    timeoutMs: timeoutMs || undefined,
    retries,
    retryCodes,
    serverURL,
    headers: headers as HeadersInit | undefined,
    signal,
    fetchOptions: { ...fetchOptions, ...rest },
    trace,
  };
}

function engineOptions(options: SDKProps): ClientOptions {
  const { timeoutMs, retryConfig, userAgent, debugLogger, fetchOptions } = options;
  const httpClient = options.httpClient ?? options.defaultClient;
  const clientID = options.clientID || undefined;
  const clientSecret = options.clientSecret || undefined;
  const index = options.serverIdx ?? 0;
  if (index !== 0) throw new ConfigurationError("serverIdx", "no_such_server", `Invalid server index ${index}`);
  // The template in `ServerList` means the same as no URL.
  const serverURL = options.serverURL && !options.serverURL.includes("{tenantDomain}") ? options.serverURL : undefined;
  const tenantDomain = options.tenantDomain || (clientID || serverURL ? undefined : EXAMPLE_TENANT);
  return {
    ...(clientID && clientSecret
      ? { clientID, clientSecret }
      : options.security
        ? { security: options.security }
        : { clientID, clientSecret }),
    serverURL,
    tenantDomain,
    httpClient,
    fetchOptions,
    userAgent,
    debugLogger,
    timeoutMs: timeoutMs || Number.POSITIVE_INFINITY,
    retryConfig: retryConfig ?? NEVER,
  };
}

/** Converts a page to the official SDK's form. */
function dress(page: Page<Envelope>, token: string | undefined): void {
  const { next } = page;
  const following = (): Promise<unknown> | null =>
    token === undefined
      ? null
      : next().catch((error: unknown) => {
          throw translated(error, page.rawResponse, undefined);
        });
  Object.defineProperty(page, "next", { value: following });
  if (token !== undefined) Object.defineProperty(page, "~next", { value: { cursor: token } });
}

type ResultPage = PageIterator<Result<unknown, CallError>, { cursor: string }>;

/** Converts a page to a result, whose next pages are results too. */
function pageResult(page: Page<Envelope>): ResultPage {
  const value = page as unknown as PageIterator<Envelope, { cursor: string }>;
  const next = (): Promise<ResultPage> | null =>
    (value.next() as Promise<Page<Envelope>> | null)?.then(
      pageResult,
      (error: CallError) => haltIterator(ERR(error)) as ResultPage,
    ) ?? null;
  return {
    ...OK(value),
    next,
    "~next": value["~next"],
    async *[Symbol.asyncIterator]() {
      for (let at: ResultPage | null = this as ResultPage; at !== null; at = (await at.next()) as ResultPage | null)
        yield at;
    },
  };
}
