/** How a client of C1 authenticates, from its options. */

import { warnPage } from "../../auth/page.js";
import type { Plan } from "../../auth/plan.js";
import type { ClientOptions } from "../options.js";
import { METHODS, type Spec } from "./credentials.js";
import { type Authentication, type Chosen, choose, tokenOf } from "./environment.js";

/** @param anonymous Whether calls are sent without a token when the options name no credentials. @internal */
export function c1Plan(options: ClientOptions, anonymous: boolean): Plan<Omit<Authentication, "clockOffsetMs">> {
  const { spec, ...chosen } =
    anonymous && namesNone(options) ? anonymously(options) : choose(options, options.environment);
  const { method, secret, scope = "", audience = "", ask, subjectToken, subjectName, onCode, signal } = spec;
  const { retryConfig } = options;
  const { from, variables, clientID, serverURL = null, tenantDomain = null } = chosen;
  const kind = METHODS.indexOf(method);
  const principal = [method, spec.clientID ?? "", scope, audience];
  // The functions below outlive this one, and must not keep the secret.
  const lasting = secret !== undefined && method !== "token";
  return {
    open: ({ Session }, bytes) => {
      const session = new Session(kind, clientID ?? null, bytes, serverURL, tenantDomain, scope, audience);
      if (lasting) warnPage(session.base(), SAFER);
      return session;
    },
    secret: typeof secret === "string" ? new TextEncoder().encode(secret) : (secret ?? new Uint8Array()),
    told: { method, from, variables, clientID },
    anonymous,
    ask,
    subject: subjectToken,
    subjectNames: subjectName ? [subjectName, "subject_token"] : undefined,
    onCode,
    signal,
    interactive: method === "deviceLogin",
    retries: () => retryConfig,
    contentType: "application/x-www-form-urlencoded",
    unreachable: "Check serverURL or the host in the client id, and this machine's network.",
    principal: anonymous ? undefined : () => principal,
    dpop: options.dpop,
    store: options.tokenStore,
    clock: options.clock,
    logger: options.debugLogger,
  };
}

function namesNone({ credentials, clientID, clientSecret, security }: ClientOptions): boolean {
  const named = security !== undefined && (typeof security === "function" || tokenOf(security) !== "");
  return credentials === undefined && clientID === undefined && clientSecret === undefined && !named;
}

/** No credentials, where that is allowed. */
function anonymously({ serverURL, tenantDomain }: ClientOptions): Chosen {
  const spec: Spec = { method: "function", ask: () => ({}) };
  const url = serverURL === undefined ? undefined : String(serverURL);
  return { spec, from: "options", variables: [], clientID: undefined, serverURL: url, tenantDomain };
}

const SAFER =
  "let the page's own server make the calls, give the client short-lived tokens (`credentials: tokenFunction(...)`), or let people " +
  "log in (`deviceLogin`).";
