/** The official SDK's hooks, for the `hooks` option of a client. */

import type { RequestInput } from "../lib/http.js";
import type {
  AfterErrorContext,
  AfterErrorHook,
  AfterSuccessContext,
  AfterSuccessHook,
  BeforeCreateRequestContext,
  BeforeCreateRequestHook,
  BeforeRequestContext,
  BeforeRequestHook,
  RegisteredHooks,
  SDKInitHook,
  SDKOptions,
} from "../options.js";

/** Hooks by kind. Those of one kind run in the order in which they were registered. */
export class SDKHooks implements RegisteredHooks {
  sdkInitHooks: SDKInitHook[] = [];
  beforeCreateRequestHooks: BeforeCreateRequestHook[] = [];
  beforeRequestHooks: BeforeRequestHook[] = [];
  afterSuccessHooks: AfterSuccessHook[] = [];
  afterErrorHooks: AfterErrorHook[] = [];

  registerSDKInitHook(hook: SDKInitHook): void {
    this.sdkInitHooks.push(hook);
  }

  registerBeforeCreateRequestHook(hook: BeforeCreateRequestHook): void {
    this.beforeCreateRequestHooks.push(hook);
  }

  registerBeforeRequestHook(hook: BeforeRequestHook): void {
    this.beforeRequestHooks.push(hook);
  }

  registerAfterSuccessHook(hook: AfterSuccessHook): void {
    this.afterSuccessHooks.push(hook);
  }

  registerAfterErrorHook(hook: AfterErrorHook): void {
    this.afterErrorHooks.push(hook);
  }

  /** Runs the hooks for the client's options. */
  sdkInit(opts: SDKOptions): SDKOptions {
    return this.sdkInitHooks.reduce((current, hook) => hook.sdkInit(current), opts);
  }

  /** Runs the hooks for the input of a request. */
  beforeCreateRequest(hookCtx: BeforeCreateRequestContext, input: RequestInput): RequestInput {
    return this.beforeCreateRequestHooks.reduce((current, hook) => hook.beforeCreateRequest(hookCtx, current), input);
  }

  /** Runs the hooks for a request. */
  async beforeRequest(hookCtx: BeforeRequestContext, request: Request): Promise<Request> {
    let current = request;
    for (const hook of this.beforeRequestHooks) current = await hook.beforeRequest(hookCtx, current);
    return current;
  }

  /** Runs the hooks for a success. */
  async afterSuccess(hookCtx: AfterSuccessContext, response: Response): Promise<Response> {
    let current = response;
    for (const hook of this.afterSuccessHooks) current = await hook.afterSuccess(hookCtx, current);
    return current;
  }

  /** Runs the hooks for a failure. */
  async afterError(
    hookCtx: AfterErrorContext,
    response: Response | null,
    error: unknown,
  ): Promise<{ response: Response | null; error: unknown }> {
    let current = { response, error };
    for (const hook of this.afterErrorHooks) current = await hook.afterError(hookCtx, current.response, current.error);
    return current;
  }
}
