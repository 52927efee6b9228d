/** Chooses a client's credentials and tenant: from the options, or from the environment if they name none. */

import { ConfigurationError } from "../../base/errors.js";
import type { Security } from "../../base/options.js";
import type { ClientOptions } from "../options.js";
import { type AuthenticationMethod, type Spec, specOf } from "./credentials.js";
import { variableToken } from "./subject.js";
import { type Environment, variable } from "./surroundings.js";

/** What a client authenticates with, without anything secret. */
export interface Authentication {
  /** The method. */
  readonly method: AuthenticationMethod;
  /** Where the credentials were found. */
  readonly from: "options" | "environment";
  /** The variables that were used, if any. */
  readonly variables: readonly string[];
  /** The client id, if there is one. */
  readonly clientID: string | undefined;
  /**
   * How far this machine's clock was found to be behind the server's, in milliseconds; 0 if it is right or no server
   * complained.
   */
  readonly clockOffsetMs: number;
}

/** Credentials and tenant as the session takes them. @internal */
export interface Chosen extends Omit<Authentication, "clockOffsetMs" | "method"> {
  readonly spec: Spec;
  readonly serverURL: string | undefined;
  readonly tenantDomain: string | undefined;
}

const TOKEN = "CONDUCTORONE_ACCESS_TOKEN";
/**
 * The variables for an identity token: C1's own, then HCP Terraform's, of which the one that is specific to C1 precedes
 * the general one.
 */
const IDENTITIES = [
  "CONDUCTORONE_OIDC_TOKEN",
  "TFC_WORKLOAD_IDENTITY_TOKEN_CONDUCTORONE",
  "TFC_WORKLOAD_IDENTITY_TOKEN",
] as const;
const CLIENT = "CONDUCTORONE_CLIENT_ID";
const SECRET = "CONDUCTORONE_CLIENT_SECRET";
const TENANT = "CONDUCTORONE_TENANT_DOMAIN";
const SERVER = "CONDUCTORONE_SERVER_URL";

/** Returns what the options say, or otherwise the environment. @internal */
export function choose(options: ClientOptions, environment?: Environment): Chosen {
  const spec = specOfOptions(options);
  const tenantDomain = options.tenantDomain;
  const serverURL = options.serverURL === undefined ? undefined : String(options.serverURL);
  if (spec)
    return {
      spec,
      from: "options",
      variables: [],
      clientID: spec.clientID ?? options.clientID,
      serverURL,
      tenantDomain,
    };

  const variables: string[] = [];
  const read = (name: string): string | undefined => {
    const value = variable(name, environment);
    if (value !== undefined) variables.push(name);
    return value;
  };
  const found = sought(read, environment);
  // The destination is one setting: a URL in the environment does not override a tenant in the options.
  const open = serverURL === undefined && tenantDomain === undefined;
  const server = open ? read(SERVER) : undefined;
  const tenant = open && (server === undefined || server.includes("{tenantDomain}")) ? read(TENANT) : undefined;
  return {
    spec: found,
    from: "environment",
    variables,
    clientID: found.clientID,
    serverURL: serverURL ?? server,
    tenantDomain: tenantDomain ?? tenant,
  };
}

/**
 * Returns the credentials among the options. An incomplete pair is an error: the other half is not taken from another
 * source.
 */
function specOfOptions({ credentials, clientID, clientSecret, security }: ClientOptions): Spec | undefined {
  if (credentials !== undefined) {
    if (clientID !== undefined || clientSecret !== undefined || security !== undefined) {
      const message = "credentials: pass either these, or clientID and clientSecret, or security";
      throw new ConfigurationError("credentials", "credentials_twice", message);
    }
    return specOf(credentials);
  }
  if (typeof security === "function") return { method: "function", tokenSource: security, clientID };
  const token = tokenOf(security);
  if (token) return { method: "token", secret: token, clientID };
  if (security !== undefined) {
    throw new ConfigurationError("security", "bearer_empty", "security: contains no token");
  }
  if (clientID !== undefined && clientSecret !== undefined)
    return { method: "assertion", clientID, secret: clientSecret };
  if (clientID === undefined && clientSecret === undefined) return undefined;
  const missing = clientID === undefined ? "clientID" : "clientSecret";
  throw new ConfigurationError(
    missing,
    "credentials_missing",
    `${missing} is missing: pass both clientID and clientSecret`,
  );
}

/** Returns the token in an official `security` option. @internal */
export function tokenOf(security: Security | string | null | undefined): string {
  return typeof security === "string" ? security : security?.oauth || security?.bearerAuth || "";
}

/** Returns the credentials in the environment, in the documented order. */
function sought(read: (name: string) => string | undefined, environment: Environment | undefined): Spec {
  const seen = (name: string): boolean => variable(name, environment) !== undefined;
  const identity = IDENTITIES.find(seen);
  // The client id beside a token names its tenant.
  if (seen(TOKEN)) return { method: "token", secret: read(TOKEN), clientID: read(CLIENT) };
  if (identity && seen(CLIENT)) {
    read(identity);
    // Read again for each exchange: some runners renew it.
    const subjectToken = variableToken(identity, environment);
    return { method: "tokenExchange", clientID: read(CLIENT), subjectToken, subjectName: identity };
  }
  if (seen(CLIENT) && seen(SECRET)) return { method: "assertion", clientID: read(CLIENT), secret: read(SECRET) };
  if (seen(CLIENT)) throw missing("clientSecret", `${CLIENT} is set, but neither ${SECRET} nor ${IDENTITIES[0]} is`);
  if (identity) throw missing("clientID", `${identity} is set, but ${CLIENT} is not`);
  if (seen(SECRET)) throw missing("clientID", `${SECRET} is set, but ${CLIENT} is not`);
  throw missing(
    "security",
    "nothing to authenticate with: pass clientID and clientSecret, security: { bearerAuth } or credentials, " +
      `or set ${TOKEN}, or ${CLIENT} with ${SECRET} or ${IDENTITIES[0]}`,
  );
}

function missing(option: string, message: string): ConfigurationError {
  return new ConfigurationError(option, "credentials_missing", message);
}
