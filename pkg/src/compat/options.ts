/** The types of the official SDK's options and hooks, which refer to each other. */

import type { ClientFetchOptions, Logger, RequestOptions as Options, RetryConfig, Security } from "../base/options.js";
import type { Awaitable, HTTPClient, RequestInput } from "./lib/http.js";

/** The options of a client. */
export type SDKOptions = {
  /** An access token, or a function that returns one before each call. `bearerAuth` alone is enough. */
  security?: Security | (() => Promise<Security>) | undefined;
  /** Sends requests instead of the global `fetch`. */
  httpClient?: HTTPClient | undefined;
  /** Index in the list of servers, which has one entry: only 0 is accepted. */
  serverIdx?: number | undefined;
  /** The tenant: its name, host or URL. */
  tenantDomain?: string | undefined;
  /** Base URL; takes precedence over `tenantDomain`. `https`, or `http` to loopback. */
  serverURL?: string | undefined;
  /** Placed before the package's own `User-Agent`. */
  userAgent?: string | undefined;
  /** How to retry calls. Default: calls are not retried. */
  retryConfig?: RetryConfig | undefined;
  /** Time limit of a whole call in milliseconds. Default: none. */
  timeoutMs?: number | undefined;
  /** Receives a line per attempt: method, URL, status, time and a few safe headers; never a token. */
  debugLogger?: Logger | undefined;
  /**
   * Whether to log bodies too, with the values of secret fields replaced. Default: false. The official SDK always logs
   * them whole.
   */
  debugBodies?: boolean | undefined;
  /**
   * Further options for `fetch` in all requests, log-ins included, such as a `dispatcher` for a proxy. Not in the
   * official SDK.
   */
  fetchOptions?: ClientFetchOptions | undefined;
  /** Hooks around every attempt. */
  hooks?: RegisteredHooks | undefined;
};

/** The options of one call, to which options of `fetch` can be added, such as `signal` and `headers`. */
export type RequestOptions = Pick<Options, "timeoutMs" | "retries" | "retryCodes" | "serverURL" | "fetchOptions"> &
  Omit<RequestInit, "method" | "body">;

/** The information about a call that a hook receives. */
export type HookContext = {
  /** The URL that the request is sent to. */
  baseURL: string | URL;
  /** The operation's id in the API document. */
  operationID: string;
  /** Always empty: the API declares no scopes. */
  oAuth2Scopes: string[] | null;
  /** The client's `security` option. */
  securitySource?: Security | (() => Promise<Security>) | undefined;
  /** How the call is retried. */
  retryConfig: RetryConfig;
  /** Always null: tokens stay in the core. The request's `Authorization` header contains the token that is sent. */
  resolvedSecurity: null;
  /** The client's options. */
  options: SDKOptions;
};

export type BeforeCreateRequestContext = HookContext & {};
export type BeforeRequestContext = HookContext & {};
export type AfterSuccessContext = HookContext & {};
export type AfterErrorContext = HookContext & {};

/** Receives the client's options, and may replace them. */
export interface SDKInitHook {
  sdkInit: (opts: SDKOptions) => SDKOptions;
}

/** Receives the input of a request, and may replace it. */
export interface BeforeCreateRequestHook {
  beforeCreateRequest: (hookCtx: BeforeCreateRequestContext, input: RequestInput) => RequestInput;
}

/** Receives each request before it is sent, and may replace it, or throw to stop it. */
export interface BeforeRequestHook {
  beforeRequest: (hookCtx: BeforeRequestContext, request: Request) => Awaitable<Request>;
}

/** Receives each response with a 2xx status, and may replace it, or throw. To read the body, a hook reads a clone. */
export interface AfterSuccessHook {
  afterSuccess: (hookCtx: AfterSuccessContext, response: Response) => Awaitable<Response>;
}

/** Receives each response with another status, and each failure to get one, and may replace either. */
export interface AfterErrorHook {
  afterError: (
    hookCtx: AfterErrorContext,
    response: Response | null,
    error: unknown,
  ) => Awaitable<{ response: Response | null; error: unknown }>;
}

/** An object that hooks are registered with. */
export interface Hooks {
  registerSDKInitHook(hook: SDKInitHook): void;
  registerBeforeCreateRequestHook(hook: BeforeCreateRequestHook): void;
  registerBeforeRequestHook(hook: BeforeRequestHook): void;
  registerAfterSuccessHook(hook: AfterSuccessHook): void;
  registerAfterErrorHook(hook: AfterErrorHook): void;
}

/** A hook of any kind. */
export type Hook = SDKInitHook | BeforeCreateRequestHook | BeforeRequestHook | AfterSuccessHook | AfterErrorHook;

/** Hooks by kind, and methods that run all hooks of a kind. */
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
