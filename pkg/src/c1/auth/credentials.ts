/**
 * The ways to authenticate. Each returns a value to pass to a client as `credentials`, which does not show its
 * content.
 */

import type { Around, DeviceCode } from "../../auth/plan.js";
import { copied } from "../../base/bytes.js";
import { argumentsOf } from "../../base/checked.js";
import { enclose, enclosed } from "../../base/enclosed.js";
import { ConfigurationError } from "../../base/errors.js";
import type { Security } from "../../base/options.js";

/** How a client gets its tokens. */
export type AuthenticationMethod =
  /** A fixed token. */
  | "token"
  /** A function of the caller's. */
  | "function"
  /** Client id and secret; a signed assertion is sent. */
  | "assertion"
  /** Client id and secret; the secret is sent. */
  | "secretPost"
  /** An identity token of another issuer is exchanged. */
  | "tokenExchange"
  /** A person confirms a code in a browser. */
  | "deviceLogin";

/** A way to authenticate, as the session uses it. @internal */
export interface Spec {
  readonly method: AuthenticationMethod;
  readonly clientID?: string | undefined;
  readonly secret?: string | Uint8Array | undefined;
  /** For `function`. */
  readonly tokenSource?: (() => Promise<Security | string> | Security | string) | undefined;
  /** For `tokenExchange`. */
  readonly subjectToken?: SubjectToken | undefined;
  /** The name of the token in errors. Default: `subjectToken`. */
  readonly subjectName?: string | undefined;
  /** For `deviceLogin`. */
  readonly onCode?: ((code: DeviceCode) => unknown) | undefined;
  readonly session?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
}

/** Returns an identity token (an OIDC JWT), a fresh one for each call. */
export type SubjectToken = (around: Around) => Promise<string> | string;

/**
 * The name of the form of {@link Spec}. Change it together with that type, so that copies of the package that differ in
 * it do not misread each other.
 */
const FORM = "keyturn.credentials.1";

/** A way to authenticate, made by one of the functions of this module. It can be passed to any number of clients. */
export class Credentials {
  /** The method. */
  readonly method: AuthenticationMethod;

  /** @internal */
  constructor(spec: Spec) {
    this.method = spec.method;
    enclose(this, FORM, spec);
  }
}

/** Returns the content of credentials. @internal */
export function specOf(credentials: Credentials): Spec {
  return enclosed<Spec>(credentials, FORM, "keyturn, such as signedAssertion or tokenExchange");
}

/** Uses an access token that you have, until it expires; nothing renews it. */
export function accessToken(token: string | Uint8Array): Credentials {
  return new Credentials({ method: "token", secret: copiedSecret(token) });
}

/** Calls a function for an access token before each call. The function is responsible for caching and renewal. */
export function tokenFunction(tokenSource: () => Promise<string> | string): Credentials {
  return new Credentials({ method: "function", tokenSource: must("tokenFunction", tokenSource) });
}

/** A client id and its secret, and the scopes to request. */
export interface ClientCredentials {
  /** Such as `name@tenant.conductor.one/spc`. */
  clientID: string;
  /** The text that begins with `secret-token:`, or its UTF-8 bytes. */
  clientSecret: string | Uint8Array;
  /** Scopes to ask for, separated by spaces. Default: what the credential has. */
  scope?: string | undefined;
}

/**
 * Authenticates by signed assertion (RFC 7523), as `clientID` together with `clientSecret` does. The secret is a
 * private key; it signs in this process and never leaves it.
 */
export function signedAssertion(application: ClientCredentials): Credentials {
  const { clientID, clientSecret, scope } = argumentsOf("signedAssertion", application);
  return new Credentials({ method: "assertion", clientID, secret: copiedSecret(clientSecret), scope });
}

/**
 * Authenticates with the secret itself in each token request. **Use {@link signedAssertion} unless the server does not
 * support it.** The secret is a private key, and this sends it out: whatever reads the request on its way to the server
 * (a proxy that terminates TLS, a log of request bodies) has the credential from then on, while an assertion is good
 * once, for two minutes. This exists for servers, and proxies in front of them, that understand nothing else.
 */
export function clientSecretPost(application: ClientCredentials): Credentials {
  const { clientID, clientSecret, scope } = argumentsOf("clientSecretPost", application);
  return new Credentials({ method: "secretPost", clientID, secret: copiedSecret(clientSecret), scope });
}

/** What {@link tokenExchange} needs. */
export interface TokenExchange {
  /** The client id of the federation trust, as `name@tenant.conductor.one/wfe`. */
  clientID: string;
  /**
   * Returns the identity token: {@link gitHubActionsToken}, {@link variableToken}, {@link fileToken}, or a function of
   * yours. It is called for each token request, and must return a token that was issued in the last ten minutes.
   */
  subjectToken: SubjectToken;
  /** Scopes to ask for, separated by spaces. Default: what the trust grants. */
  scope?: string | undefined;
  /** The audience of the token. Default: not sent. */
  audience?: string | undefined;
}

/**
 * Authenticates by workload federation, without any secret: exchanges an identity token of the platform that this runs
 * on (RFC 8693).
 */
export function tokenExchange(exchange: TokenExchange): Credentials {
  const { clientID, subjectToken, scope, audience } = argumentsOf("tokenExchange", exchange);
  return new Credentials({
    method: "tokenExchange",
    clientID,
    subjectToken: must("subjectToken", subjectToken),
    scope,
    audience,
  });
}

/** What {@link deviceLogin} needs. */
export interface DeviceLogin {
  /** The id of the program that people log in to. */
  clientID: string;
  /** Shows the code and opens the page. If it throws, the login ends. */
  onCode: (code: DeviceCode) => unknown;
  /** Ends a login that waits to be confirmed; calls fail with `aborted`. */
  signal?: AbortSignal | undefined;
  /** Scopes to ask for, separated by spaces. */
  scope?: string | undefined;
  /**
   * Names this login, so that clients with the same name and the same `tokenStore` share its token: for a program whose
   * parts start and end independently, such as an extension's worker. Anybody who knows the name and can read the store
   * has the login, so make it a random text, and a new one for each person. Default: the login is this client's alone.
   */
  session?: string | undefined;
}

/**
 * Lets a person log in with a browser (RFC 8628). The first call begins the login, and so does the first after the
 * token has expired; the client's `authenticate()` begins it without a call and without a time limit. Calls fail with
 * an `AuthenticationError` whose `reason` is `expired_token` if nobody confirms in time, and `access_denied` if the
 * login is denied.
 *
 * For a program that runs again and again, {@link createPersonalClient} turns the login into a credential of its own.
 */
export function deviceLogin(login: DeviceLogin): Credentials {
  const { clientID, onCode, signal, scope, session } = argumentsOf("deviceLogin", login);
  if (session !== undefined && (typeof session !== "string" || session === ""))
    throw new ConfigurationError("session", "not_text", "session: must be a non-empty string");
  return new Credentials({ method: "deviceLogin", clientID, onCode: must("onCode", onCode), signal, scope, session });
}

/** Returns a copy of the current value: bytes may be wiped before a client is created. */
function copiedSecret(secret: string | Uint8Array): string | Uint8Array {
  return copied(secret) ?? secret;
}

function must<T>(option: string, value: T): T {
  if (typeof value === "function") return value;
  throw new ConfigurationError(option, "not_a_function", `${option}: must be a function`);
}
