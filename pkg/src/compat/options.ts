/** The official SDK's options and hooks: their types, which speak of each other. */

import type {
  ClientFetchOptions,
  HTTPClientLike,
  Logger,
  RequestOptions as Options,
  RetryConfig,
  Security,
} from "../base/options.js";
import type { Awaitable, RequestInput } from "./lib/http.js";

/** The options of a client. */
export type SDKOptions = {
  /** An access token, or a function that is asked for one before each call. `bearerAuth` alone is enough. */
  security?: Security | (() => Promise<Security>) | undefined;
  /** Sends requests instead of the global `fetch`. */
  httpClient?: HTTPClientLike | undefined;
  /** Index in the list of servers, which has one entry: only 0 is accepted. */
  serverIdx?: number | undefined;
  /** The tenant: its name, host or URL. */
  tenantDomain?: string | undefined;
  /** Base URL; wins over `tenantDomain`. `https` only, but for loopback. */
  serverURL?: string | undefined;
  /** Put before the package's own `User-Agent`. */
  userAgent?: string | undefined;
  /** How to repeat calls. Default: calls are not repeated. */
  retryConfig?: RetryConfig | undefined;
  /** Time for a whole call in milliseconds. Default: none. */
  timeoutMs?: number | undefined;
  /** Receives a line per attempt: method, URL, status, time and a few safe headers; never a token. */
  debugLogger?: Logger | undefined;
  /** Log bodies too, with the values of secret fields replaced. Default: false. Not in the official SDK, which always logs them whole. */
  debugBodies?: boolean | undefined;
  /** More for `fetch` in all requests, log-ins included: a `dispatcher` for a proxy, for one. Not in the official SDK. */
  fetchOptions?: ClientFetchOptions | undefined;
  /** Hooks around every attempt. */
  hooks?: RegisteredHooks | undefined;
};

/** The options of one call. Whatever `fetch` takes besides may stand beside them, `signal` and `headers` first of all. */
export type RequestOptions = Pick<Options, "timeoutMs" | "retries" | "retryCodes" | "serverURL" | "fetchOptions"> &
  Omit<RequestInit, "method" | "body">;

/** What a hook is told of the call. */
export type HookContext = {
  /** Where the request goes. */
  baseURL: string | URL;
  /** The operation's id in the API document. */
  operationID: string;
  /** Always empty: the API declares no scopes. */
  oAuth2Scopes: string[] | null;
  /** The client's `security` option. */
  securitySource?: Security | (() => Promise<Security>) | undefined;
  /** How the call is repeated. */
  retryConfig: RetryConfig;
  /** Always null: tokens stay in the core. The request's `Authorization` header has the one that is sent. */
  resolvedSecurity: null;
  /** The client's options. */
  options: SDKOptions;
};

export type BeforeCreateRequestContext = HookContext & {};
export type BeforeRequestContext = HookContext & {};
export type AfterSuccessContext = HookContext & {};
export type AfterErrorContext = HookContext & {};

/** Sees the client's options, and may replace them. */
export interface SDKInitHook {
  sdkInit: (opts: SDKOptions) => SDKOptions;
}

/** Sees what a request will be made of, and may replace it. */
export interface BeforeCreateRequestHook {
  beforeCreateRequest: (hookCtx: BeforeCreateRequestContext, input: RequestInput) => RequestInput;
}

/** Sees each request before it is sent; may replace it, or throw to stop it. */
export interface BeforeRequestHook {
  beforeRequest: (hookCtx: BeforeRequestContext, request: Request) => Awaitable<Request>;
}

/** Sees each answer with a 2xx status; may replace it, or throw. To read the body, a hook reads a clone. */
export interface AfterSuccessHook {
  afterSuccess: (hookCtx: AfterSuccessContext, response: Response) => Awaitable<Response>;
}

/** Sees each answer with another status, and each failure to get one; may replace either. */
export interface AfterErrorHook {
  afterError: (
    hookCtx: AfterErrorContext,
    response: Response | null,
    error: unknown,
  ) => Awaitable<{ response: Response | null; error: unknown }>;
}

/** Takes hooks. */
export interface Hooks {
  registerSDKInitHook(hook: SDKInitHook): void;
  registerBeforeCreateRequestHook(hook: BeforeCreateRequestHook): void;
  registerBeforeRequestHook(hook: BeforeRequestHook): void;
  registerAfterSuccessHook(hook: AfterSuccessHook): void;
  registerAfterErrorHook(hook: AfterErrorHook): void;
}

/** A hook of any kind. */
export type Hook = SDKInitHook | BeforeCreateRequestHook | BeforeRequestHook | AfterSuccessHook | AfterErrorHook;

/** Hooks by their kind, and how all of a kind are run. */
export interface RegisteredHooks extends Hooks {
  sdkInitHooks: SDKInitHook[];
  beforeCreateRequestHooks: BeforeCreateRequestHook[];
  beforeRequestHooks: BeforeRequestHook[];
  afterSuccessHooks: AfterSuccessHook[];
  afterErrorHooks: AfterErrorHook[];
  sdkInit(opts: SDKOptions): SDKOptions;
  beforeCreateRequest(hookCtx: BeforeCreateRequestContext, input: RequestInput): RequestInput;
  beforeRequest(hookCtx: BeforeRequestContext, request: Request): Promise<Request>;
  afterSuccess(hookCtx: AfterSuccessContext, response: Response): Promise<Response>;
  afterError(
    hookCtx: AfterErrorContext,
    response: Response | null,
    error: unknown,
  ): Promise<{ response: Response | null; error: unknown }>;
}
