/** The official SDK's hooks: `keyturn/compat/hooks/*.js`. */

export { SDKHooks } from "./hooks/hooks.js";
export type * from "./hooks/types.js";
