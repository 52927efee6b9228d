/** The authentication functions for Commerce Layer, except those that need the core. */

export { type AuthorizeOptions, authorizeURL, createPkce, type Pkce, randomState } from "./authorize.js";
export {
  type Application,
  type AuthorizationCode,
  accessToken,
  authorizationCode,
  CommerceLayerCredentials,
  clientCredentials,
  type Grant,
  type JwtBearer,
  jwtBearer,
  type Password,
  password,
  type RefreshToken,
  refreshToken,
  tokenFunction,
} from "./credentials.js";
export { InvalidTokenError, TokenError, TokenExpiredError } from "./errors.js";
export {
  type AssertionClaims,
  type CommerceLayerJWT,
  createAssertion,
  getProvisioningApiBaseEndpoint,
  type JWTBase,
  type JWTDashboard,
  type JWTIntegration,
  type JWTSalesChannel,
  type JWTUser,
  type JWTWebApp,
  jwtDecode,
  jwtIsDashboard,
  jwtIsIntegration,
  jwtIsSalesChannel,
  jwtIsUser,
  jwtIsWebApp,
  type Payload,
} from "./jwt.js";
export type { AuthOptions, CommerceLayerAuthentication, PlaceOptions } from "./plan.js";
export type { FetchTokenOptions, RevokeOptions } from "./revoke.js";
export type { VerifyOptions } from "./verify.js";
