/** The official SDK's hooks around a call. */

export type { Awaitable } from "../lib/http.js";
export type {
  AfterErrorContext,
  AfterErrorHook,
  AfterSuccessContext,
  AfterSuccessHook,
  BeforeCreateRequestContext,
  BeforeCreateRequestHook,
  BeforeRequestContext,
  BeforeRequestHook,
  Hook,
  HookContext,
  Hooks,
  SDKInitHook,
} from "../options.js";
