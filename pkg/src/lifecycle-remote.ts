/** `keyturn/lifecycle/remote`: a lifecycle that runs on an application's server, for the pages of the application. */

export type { LifecycleCalls, RemoteCall } from "./remote/calls.js";
export { RemoteError } from "./remote/errors.js";
export { type LifecycleHandlerOptions, lifecycleHandler } from "./remote/handler.js";
export { type RemoteLifecycleOptions, remoteLifecycle } from "./remote/remote.js";
