/** `keyturn/lifecycle/remote`: lets the pages of an application use a lifecycle that runs on its server. */

export type { LifecycleCalls, RemoteCall } from "./remote/calls.js";
export { RemoteError } from "./remote/errors.js";
export { type LifecycleHandlerOptions, lifecycleHandler } from "./remote/handler.js";
export { type RemoteLifecycleOptions, remoteLifecycle } from "./remote/remote.js";
