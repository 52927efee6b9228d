/**
 * The ways to authenticate with Commerce Layer. Each function returns a value to pass to a client as `credentials`,
 * which does not show its contents.
 */

import { argumentsOf } from "../../base/checked.js";
import { enclose, enclosed } from "../../base/enclosed.js";
import { ConfigurationError } from "../../base/errors.js";
import { bytesOf } from "../../base/text.js";

/** How a client gets its tokens. */
export type Grant =
  /** A fixed token. */
  | "token"
  /** A function that is called before each call. */
  | "function"
  /** A token that a function renews. */
  | "renewable"
  /** A program on its own behalf. */
  | "clientCredentials"
  /** A customer's name and password. */
  | "password"
  /** A refresh token that the program has. */
  | "refreshToken"
  /** The code that a browser returned with. */
  | "authorizationCode"
  /** A signed assertion of an identity. */
  | "jwtBearer";

/** A way to authenticate, as the session uses it. @internal */
export interface Spec {
  readonly grant: Grant;
  readonly clientId?: string | undefined;
  /** The secret that only the core keeps: a token, or the fields of a grant separated by NUL. */
  readonly secret: Uint8Array;
  readonly scope?: string | undefined;
  readonly tokenSource?: (() => Promise<string> | string) | undefined;
  readonly renew?: ((refused: string) => Promise<string> | string) | undefined;
  readonly assertion?: (() => Promise<string> | string) | undefined;
}

/**
 * The version of the form of {@link Spec}. Change both together, so that copies of the package that differ in it do not
 * misread each other.
 */
const FORM = "keyturn.commercelayer.credentials.1";

/**
 * A way to authenticate with Commerce Layer, made by one of the functions of this module. It can be passed to any
 * number of clients.
 */
export class CommerceLayerCredentials {
  /** The kind of grant. */
  readonly grant: Grant;

  /** @internal */
  constructor(spec: Spec) {
    this.grant = spec.grant;
    enclose(this, FORM, spec);
  }
}

/** Returns the contents of credentials. @internal */
export function specOf(credentials: CommerceLayerCredentials): Spec {
  return enclosed<Spec>(credentials, FORM, "keyturn/commercelayer, such as clientCredentials");
}

/** An application, as every way to get a token identifies it. */
export interface Application {
  /** The application's client id. */
  clientId: string;
  /** Its secret, as text or UTF-8 bytes. Applications that run in a page have none. */
  clientSecret?: string | Uint8Array | undefined;
  /** Scopes to request, separated by spaces. Default: those of the application. */
  scope?: string | undefined;
}

/**
 * Authenticates a program on its own behalf, with client credentials. **For the Provisioning API** these are the
 * personal ones of the Dashboard's profile menu, "Provisioning API", without a scope; those of integrations and sales
 * channels are for the other APIs.
 */
export function clientCredentials(application: Application): CommerceLayerCredentials {
  return credentialsOf("clientCredentials", argumentsOf("clientCredentials", application), {});
}

/** Options of {@link password}. */
export interface Password extends Application {
  /** The customer's email address. */
  username: string;
  /** The customer's password, as text or UTF-8 bytes. */
  password: string | Uint8Array;
}

/**
 * Authenticates a customer by name and password. The refresh token that comes with the first token renews it; the
 * password is used again when the refresh token is refused. Tokens of customers are never shared through a
 * `tokenStore`.
 */
export function password(login: Password): CommerceLayerCredentials {
  const { username, password, ...application } = argumentsOf("password", login);
  return credentialsOf("password", application, { username, password });
}

/** Options of {@link refreshToken}. */
export interface RefreshToken extends Application {
  /** A refresh token, as text or UTF-8 bytes. */
  refreshToken: string | Uint8Array;
}

/** Authenticates with a refresh token of an earlier login. A refresh token in a response replaces it. */
export function refreshToken(login: RefreshToken): CommerceLayerCredentials {
  const { refreshToken, ...application } = argumentsOf("refreshToken", login);
  return credentialsOf("refreshToken", application, { refreshToken });
}

/** Options of {@link authorizationCode}. */
export interface AuthorizationCode extends Application {
  /** The `code` that the browser returned with. It is valid once. */
  code: string;
  /** The address that the browser returned to, as it was passed to {@link authorizeURL}. */
  redirectUri: string;
  /** The verifier of {@link createPkce}, if its challenge was sent along. */
  codeVerifier?: string | undefined;
}

/**
 * Authenticates a person who has signed in through {@link authorizeURL}. The first call exchanges the code for tokens;
 * a refresh token among them renews the access token.
 */
export function authorizationCode(login: AuthorizationCode): CommerceLayerCredentials {
  const { code, redirectUri, codeVerifier, ...application } = argumentsOf("authorizationCode", login);
  return credentialsOf("authorizationCode", application, { code, redirectUri, codeVerifier });
}

/** Options of {@link jwtBearer}. */
export interface JwtBearer extends Application {
  /** A signed assertion, made by {@link createAssertion}, or a function that is called for one when it is needed. */
  assertion: string | (() => Promise<string> | string);
}

/**
 * Authenticates with an assertion of somebody's identity (RFC 7523). These tokens are never shared through a
 * `tokenStore`, since each belongs to somebody else.
 */
export function jwtBearer(login: JwtBearer): CommerceLayerCredentials {
  const { assertion, ...application } = argumentsOf("jwtBearer", login);
  const source = typeof assertion === "function" ? assertion : () => assertion;
  return new CommerceLayerCredentials({ ...spec("jwtBearer", application, {}), assertion: source });
}

/** Authenticates with an access token that you have. It is used until it expires; nothing renews it. */
export function accessToken(token: string | Uint8Array): CommerceLayerCredentials {
  return new CommerceLayerCredentials({ grant: "token", secret: bytesOf("accessToken", token) });
}

/**
 * Authenticates with a function that is called for an access token before each call. It is responsible for caching and
 * renewal.
 */
export function tokenFunction(tokenSource: () => Promise<string> | string): CommerceLayerCredentials {
  if (typeof tokenSource !== "function")
    throw new ConfigurationError("tokenFunction", "not_a_function", "tokenFunction: must be a function");
  return new CommerceLayerCredentials({ grant: "function", secret: new Uint8Array(), tokenSource });
}

interface Fields {
  username?: string;
  password?: string | Uint8Array;
  refreshToken?: string | Uint8Array;
  code?: string;
  redirectUri?: string;
  codeVerifier?: string | undefined;
}

function credentialsOf(grant: Grant, application: Application, fields: Fields): CommerceLayerCredentials {
  return new CommerceLayerCredentials(spec(grant, application, fields));
}

function spec(grant: Grant, { clientId, clientSecret, scope }: Application, fields: Fields): Spec {
  const { username, password, refreshToken, code, redirectUri, codeVerifier } = fields;
  // The core reads the fields in this order.
  const named = { clientId, clientSecret, username, password, refreshToken, code, redirectUri, codeVerifier };
  const parts = Object.entries(named).map(([option, value]) => {
    if (value === undefined || value === null) return new Uint8Array();
    return bytesOf(option, value);
  });
  const secret = new Uint8Array(parts.reduce((length, part) => length + part.length, parts.length - 1));
  let at = 0;
  for (const part of parts) {
    secret.set(part, at);
    at += part.length + 1;
  }
  return { grant, clientId: clientId?.trim(), secret, scope };
}
