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
