/** What there is to authenticate with Commerce Layer. */

export {
  CommerceLayerCredentials,
  accessToken,
  authorizationCode,
  clientCredentials,
  jwtBearer,
  password,
  refreshToken,
  tokenFunction,
  type Application,
  type AuthorizationCode,
  type Grant,
  type JwtBearer,
  type Password,
  type RefreshToken,
} from "./credentials.js";
export type { AuthOptions, CommerceLayerAuthentication, PlaceOptions } from "./plan.js";
export { authorizeURL, createPkce, randomState, type AuthorizeOptions, type Pkce } from "./authorize.js";
export { InvalidTokenError, TokenError, TokenExpiredError } from "./errors.js";
export {
  createAssertion,
  getProvisioningApiBaseEndpoint,
  jwtDecode,
  jwtIsDashboard,
  jwtIsIntegration,
  jwtIsSalesChannel,
  jwtIsUser,
  jwtIsWebApp,
  type AssertionClaims,
  type CommerceLayerJWT,
  type JWTBase,
  type JWTDashboard,
  type JWTIntegration,
  type JWTSalesChannel,
  type JWTUser,
  type JWTWebApp,
  type Payload,
} from "./jwt.js";
export { fetchToken, revoke, type FetchTokenOptions, type RevokeOptions } from "./revoke.js";
export { jwtVerify, type VerifyOptions } from "./verify.js";
