/** The providers. */

export { type ApiCredentialProviderOptions, apiCredentialProvider } from "./api-credential.js";
export { type BridgeProviderOptions, bridgeProvider } from "./bridge.js";
export type { C1ProviderOptions } from "./c1.js";
export { type ConnectorProviderOptions, connectorProvider } from "./connector.js";
export { ProviderError, type ProviderReason } from "./error.js";
export {
  type PersonalClientProviderOptions,
  type PrincipalProviderOptions,
  personalClientProvider,
  servicePrincipalProvider,
} from "./principal.js";
export { type SsoClientProviderOptions, ssoClientProvider } from "./sso-client.js";
