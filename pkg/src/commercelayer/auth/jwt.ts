/** The claims of Commerce Layer's tokens. Nothing in this module verifies them: {@link jwtVerify} does. */

import { base64url, subtle } from "../../auth/crypto.js";
import { argumentsOf } from "../../base/checked.js";
import { isLoopback } from "../../base/loopback.js";
import { InvalidTokenError } from "./errors.js";

/** The claims of all tokens. */
export interface JWTBase {
  /** The application that the token was issued to. */
  application: { id: string; kind: string; public?: boolean; client_id?: string; confidential?: boolean };
  /** Its scopes, separated by spaces. */
  scope: string;
  /** When it expires, in seconds since 1970. */
  exp: number;
  /** When it was issued, in seconds since 1970. */
  iat: number;
  /** The issuer: `https://auth.commercelayer.io`. */
  iss: string;
  /** Whether it is for test data. */
  test: boolean;
  rand?: number;
  [claim: string]: unknown;
}

interface WithUser extends JWTBase {
  user: { id: string };
}

interface WithOrganization extends JWTBase {
  organization: { id: string; slug: string; enterprise: boolean; region: string };
  owner?: { id: string; type: "Customer" | "User" };
  custom_claim?: Record<string, string>;
  market?: { id: string[]; stock_location_ids: string[]; geocoder_id: string | null; allows_external_prices: boolean };
}

type OfKind<Claims extends JWTBase, Kind extends string> = Claims & { application: { kind: Kind } };

/** The claims of a person's own token, for the Provisioning API. */
export type JWTUser = OfKind<WithUser, "user">;
/** The claims of a person who is signed in to the Dashboard. */
export type JWTDashboard = OfKind<WithUser, "dashboard">;
/** The claims of an integration. */
export type JWTIntegration = OfKind<WithOrganization, "integration">;
/** The claims of a sales channel. */
export type JWTSalesChannel = OfKind<WithOrganization, "sales_channel">;
/** The claims of a web application. */
export type JWTWebApp = OfKind<WithOrganization & Required<Pick<WithOrganization, "owner">>, "webapp">;
/** The claims of a token, by `application.kind`. */
export type Payload = JWTUser | JWTDashboard | JWTIntegration | JWTSalesChannel | JWTWebApp;

/** A token, split into its parts. */
export interface CommerceLayerJWT {
  header: { alg: string; typ?: string; kid: string };
  payload: Payload;
  /** In base64url. */
  signature: string;
}

/** The length of a text, in UTF-16 code units, that no token exceeds. */
const LONGEST = 64 * 1024;

/**
 * Decodes a token without checking its signature.
 *
 * @throws {@link InvalidTokenError} if it is not a JWT.
 */
export function jwtDecode(accessToken: string): CommerceLayerJWT {
  const parts = typeof accessToken === "string" && accessToken.length <= LONGEST ? accessToken.trim().split(".") : [];
  const [header, payload] = parts.slice(0, 2).map(objectOf);
  if (parts.length !== 3 || !header || !payload)
    throw new InvalidTokenError("malformed", "the text is not a JSON web token");
  return { header, payload, signature: parts[2] } as unknown as CommerceLayerJWT;
}

function objectOf(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(part)));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Decodes base64url. @internal */
export function bytesOf(text: string): Uint8Array {
  // No number of bytes encodes to a length that leaves a remainder of one.
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1)
    throw new InvalidTokenError("malformed", "the text is not base64url");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

const isOf =
  (kind: string) =>
  (payload: Payload): boolean =>
    payload?.application?.kind === kind;

/** Returns whether claims are those of a person's own token, for the Provisioning API. */
export const jwtIsUser: (payload: Payload) => payload is JWTUser = /* @__PURE__ */ isOf("user") as never;
/** Returns whether claims are those of a person who is signed in to the Dashboard. */
export const jwtIsDashboard: (payload: Payload) => payload is JWTDashboard = /* @__PURE__ */ isOf("dashboard") as never;
/** Returns whether claims are those of an integration. */
export const jwtIsIntegration: (payload: Payload) => payload is JWTIntegration = /* @__PURE__ */ isOf(
  "integration",
) as never;
/** Returns whether claims are those of a sales channel. */
export const jwtIsSalesChannel: (payload: Payload) => payload is JWTSalesChannel = /* @__PURE__ */ isOf(
  "sales_channel",
) as never;
/** Returns whether claims are those of a web application. */
export const jwtIsWebApp: (payload: Payload) => payload is JWTWebApp = /* @__PURE__ */ isOf("webapp") as never;

const SCOPE = "provisioning-api";

/**
 * Returns the base URL of the Provisioning API that a token is for, without a trailing slash. It comes from the token
 * itself: send nothing there that the token's issuer must not see, or use a `domain` that you know.
 *
 * @throws {@link InvalidTokenError} if the token is not a JWT, has no issuer, or is not for the Provisioning API; with
 *   `shouldThrow: false`, the result is `null` instead.
 */
export function getProvisioningApiBaseEndpoint(accessToken: string, options?: { shouldThrow?: true }): string;
export function getProvisioningApiBaseEndpoint(accessToken: string, options: { shouldThrow: false }): string | null;
export function getProvisioningApiBaseEndpoint(
  accessToken: string,
  options?: { shouldThrow?: boolean } | null,
): string | null {
  const shouldThrow = options?.shouldThrow ?? true;
  try {
    const { iss, scope } = jwtDecode(accessToken).payload;
    if (!String(scope).split(/\s+/).includes(SCOPE))
      throw new InvalidTokenError("scope", `the token lacks the scope ${SCOPE}`);
    const url = typeof iss === "string" && URL.canParse(iss) ? new URL(iss) : undefined;
    // On loopback, one origin serves both.
    if (url && isLoopback(url)) return url.origin;
    if (url?.protocol !== "https:") throw new InvalidTokenError("issuer", "the token's issuer is not an https URL");
    return `https://provisioning.${url.host.replace(/^auth\./, "")}`;
  } catch (error) {
    if (shouldThrow) throw error;
    return null;
  }
}

/**
 * Returns the hint for a refused token whose claims show that it is of the wrong kind.
 * @internal
 */
export function scopeHint(status: number, authorization: string): string | undefined {
  if (status !== 401 && status !== 403) return undefined;
  try {
    const { payload } = jwtDecode(authorization.replace(/^\w+ /, ""));
    if (typeof payload.scope !== "string" || payload.scope.split(/\s+/).includes(SCOPE)) return undefined;
    const shown = (text: unknown): string =>
      String(text ?? "")
        .replace(/[^\w:. -]/g, "")
        .slice(0, 80);
    const kind = shown(payload.application?.kind);
    return (
      `The token ${kind && `is one of kind ${kind} and `}has the scope "${shown(payload.scope)}". The Provisioning API needs the scope ` +
      `${SCOPE}: get one with the personal credentials of the Dashboard's profile menu, "Provisioning API".`
    );
  } catch {
    return undefined;
  }
}

/** The claims of an assertion, which say whom it is about. */
export interface AssertionClaims {
  "https://commercelayer.io/claims": {
    owner: { type: "User" | "Customer"; id: string };
    custom_claim?: Record<string, unknown>;
  };
  [claim: string]: unknown;
}

/**
 * Creates an assertion for {@link jwtBearer}, signed with HS512 and the key `cl`, which Commerce Layer gives to
 * everyone. So the assertion proves nothing; the client secret beside it does.
 */
export async function createAssertion(claims: { payload: AssertionClaims }): Promise<string> {
  const { payload } = argumentsOf("createAssertion", claims);
  const text = new TextEncoder();
  const part = (value: object): string => base64url(text.encode(JSON.stringify(value)));
  const signed = `${part({ alg: "HS512", typ: "JWT" })}.${part({ ...payload, iat: Math.floor(Date.now() / 1000) })}`;
  const crypto = subtle("createAssertion");
  const key = await crypto.importKey("raw", text.encode("cl"), { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
  return `${signed}.${base64url(new Uint8Array(await crypto.sign("HMAC", key, text.encode(signed))))}`;
}
