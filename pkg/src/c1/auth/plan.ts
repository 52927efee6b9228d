/** How a client of C1 authenticates, from its options. */

import { warnPage } from "../../auth/page.js";
import type { Plan } from "../../auth/plan.js";
import { bytesOf } from "../../base/text.js";
import { C1Login } from "../../generated/boundary.js";
import { connectionOf } from "../../http/transport.js";
import type { ClientOptions } from "../options.js";
import type { Spec } from "./credentials.js";
import { type Authentication, type Chosen, choose, tokenOf } from "./environment.js";

/** @param anonymous Whether calls are sent without a token when the options name no credentials. @internal */
export function c1Plan(options: ClientOptions, anonymous: boolean): Plan<Omit<Authentication, "clockOffsetMs">> {
  const { spec, ...chosen } =
    anonymous && namesNone(options) ? anonymously(options) : choose(options, options.environment);
  const {
    method,
    secret,
    scope = "",
    audience = "",
    tokenSource,
    subjectToken,
    subjectName,
    onCode,
    session,
    signal,
  } = spec;
  const { retryConfig } = options;
  const { from, variables, clientID, serverURL = null, tenantDomain = null } = chosen;
  const kind = C1Login[method];
  // The functions below outlive this function and must not keep the secret.
  const lasting = secret !== undefined && method !== "token";
  return {
    open: ({ Session }, bytes) => {
      const session = new Session(kind, clientID ?? null, bytes, serverURL, tenantDomain, scope, audience);
      if (lasting) warnPage(session.base(), SAFER);
      return session;
    },
    secret: bytes(secret, method === "token" ? "security" : "clientSecret"),
    authentication: { method, from, variables, clientID },
    anonymous,
    tokenSource,
    subject: subjectToken,
    via: connectionOf(options.fetchOptions),
    subjectNames: subjectName ? [subjectName, "subject_token"] : undefined,
    onCode,
    signal,
    retries: () => retryConfig,
    contentType: "application/x-www-form-urlencoded",
    unreachable: "Check serverURL or the host in the client id, and this machine's network.",
    // A person who logs in with a browser does not get the token of another person's login, unless the login has a
    // name.
    principal:
      anonymous || (method === "deviceLogin" && session === undefined)
        ? undefined
        : [method, spec.clientID ?? "", scope, audience, ...(session === undefined ? [] : [session])],
    dpop: options.dpop,
    store: options.tokenStore,
    clock: options.clock,
    logger: options.debugLogger,
  };
}

/** Returns a copy of a secret for the core, which is wiped once the core has it. */
function bytes(secret: string | Uint8Array | undefined, option: string): Uint8Array {
  return secret === undefined ? new Uint8Array() : bytesOf(option, secret);
}

function namesNone({ credentials, clientID, clientSecret, security }: ClientOptions): boolean {
  const named = security !== undefined && (typeof security === "function" || tokenOf(security) !== "");
  return credentials === undefined && clientID === undefined && clientSecret === undefined && !named;
}

/** Describes a client without credentials, where that is allowed. */
function anonymously({ serverURL, tenantDomain }: ClientOptions): Chosen {
  const spec: Spec = { method: "function", tokenSource: () => ({}) };
  const url = serverURL === undefined ? undefined : String(serverURL);
  return { spec, from: "options", variables: [], clientID: undefined, serverURL: url, tenantDomain };
}

const SAFER =
  "let the page's server make the calls, give the client short-lived tokens (`credentials: tokenFunction(...)`), or let people " +
  "log in (`deviceLogin`).";
