/** The official SDK's hooks around a call. */

import type { RetryConfig, Security } from "../../options.js";
import type { SDKOptions } from "../lib/config.js";
import type { Awaitable, RequestInput } from "../lib/http.js";

export type { Awaitable };

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
