/** `keyturn/proxy`: lets a page call an API through its own server, which has the credential. */

export type { ProxyAddress } from "./http/relay.js";
export {
  type Authorized,
  createProxy,
  type PageProxy,
  type ProxyClient,
  type ProxyOptions,
  type ProxyRecord,
} from "./proxy/proxy.js";
