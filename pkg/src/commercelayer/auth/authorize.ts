/** Sign-in of a person in a browser, with PKCE (RFC 7636). */

import { base64url, sha256, unique } from "../../auth/crypto.js";
import { optionsOf } from "../../base/checked.js";
import { ConfigurationError } from "../../base/errors.js";
import { isLoopback } from "../../base/loopback.js";

/** Options of {@link authorizeURL}. */
export interface AuthorizeOptions {
  /** The web application's client id. */
  clientId: string;
  /** Where the browser returns to: a URI registered for the application. */
  redirectUri: string;
  /** Scopes to request, separated by spaces. */
  scope?: string | undefined;
  /**
   * A text that is returned unchanged. Compare it, so that nobody can make you accept a code of theirs.
   * {@link randomState} makes one.
   */
  state?: string | undefined;
  /**
   * The challenge of {@link createPkce}. Commerce Layer does not document PKCE; a server that does not support it
   * ignores the challenge.
   */
  codeChallenge?: string | undefined;
  /** Default: `commercelayer.io`. */
  domain?: string | undefined;
  /** The URL of the login page, if it is elsewhere. `https` only, except to loopback. */
  pageURL?: string | URL | undefined;
}

/**
 * Returns the URL to send a browser to. The browser returns to `redirectUri` with a `code` for
 * {@link authorizationCode}.
 */
export function authorizeURL(options: AuthorizeOptions): URL {
  const {
    clientId,
    redirectUri,
    scope,
    state,
    codeChallenge,
    domain = "commercelayer.io",
    pageURL,
  } = optionsOf("authorizeURL", options);
  const page = String(pageURL ?? `https://dashboard.${domain}/oauth/authorize`);
  const url = URL.canParse(page) ? new URL(page) : undefined;
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url)))) {
    throw new ConfigurationError(
      pageURL ? "pageURL" : "domain",
      "not_secure",
      "the URL of the login page must be https",
    );
  }
  for (const [name, value] of Object.entries({ clientId, redirectUri })) {
    if (typeof value !== "string" || value === "")
      throw new ConfigurationError(name, "grant_missing", `${name}: must not be empty`);
  }
  const query = {
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope,
    state,
    code_challenge: codeChallenge,
    code_challenge_method: codeChallenge && "S256",
  };
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  return url;
}

/** A code verifier to keep, and its challenge to send. */
export interface Pkce {
  /** The verifier, for {@link authorizationCode}. It is a secret until then. */
  readonly codeVerifier: string;
  /** The challenge, for {@link authorizeURL}. */
  readonly codeChallenge: string;
}

/** Creates a verifier and its challenge (method `S256`). */
export async function createPkce(): Promise<Pkce> {
  const codeVerifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  return { codeVerifier, codeChallenge: base64url(await sha256(codeVerifier, "createPkce")) };
}

/** Returns a random text for `state`. */
export function randomState(): string {
  return unique();
}
