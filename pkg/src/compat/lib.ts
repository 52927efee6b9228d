/** The public parts of the official SDK's `lib`: `keyturn/compat/lib/*.js`. */

export * from "./lib/config.js";
export * from "./lib/http.js";
export type * from "./lib/logger.js";
export type * from "./lib/retries.js";
export type * from "./lib/sdks.js";
