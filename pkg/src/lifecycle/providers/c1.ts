/** The common parts of the providers of C1. */

import { type ConfigurationError, KeyturnError } from "../../base/errors.js";
import type { Clock, Logger } from "../../base/options.js";
import type { ConductorOne } from "../../c1/client.js";
import type { CredentialFacts, Pair, Provider } from "../ports.js";
import { ProviderError } from "./error.js";

/** The options of every provider of C1. */
export interface C1ProviderOptions {
  /** The client whose credential may issue and revoke. It remains the caller's: the provider does not close it. */
  readonly client: ConductorOne;
  /** The clock that decides whether a credential has expired. Default: the machine's. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  /** Receives the reason why evidence cannot be obtained. Never a secret. */
  readonly debugLogger?: Pick<Logger, "log"> | undefined;
}

/** A credential of any kind, as C1 returns it. */
export interface C1Credential {
  readonly id?: string | null | undefined;
  readonly clientId?: string | null | undefined;
  readonly createdAt?: Date | null | undefined;
  readonly expiresTime?: Date | null | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly lastUsedAt?: Date | null | undefined;
  readonly deletedAt?: Date | null | undefined;
  readonly revokedAt?: Date | null | undefined;
}

/** Returns the facts about a credential, without its secret; `undefined` if the id or the client id is missing. */
export function factsOf(row: C1Credential | null | undefined, now: number): CredentialFacts | undefined {
  if (!row?.id || !row.clientId) return undefined;
  const expiresAt = (row.expiresTime ?? row.expiresAt)?.getTime();
  return {
    id: row.id,
    clientId: row.clientId,
    createdAt: row.createdAt?.getTime(),
    expiresAt,
    lastUsedAt: row.lastUsedAt?.getTime(),
    ended: row.deletedAt != null || row.revokedAt != null || (expiresAt !== undefined && expiresAt <= now),
  };
}

/** Returns the credential and the secret from an answer that issues one. */
export function issued(
  kind: string,
  row: C1Credential | null | undefined,
  secret: string | null | undefined,
  now: number,
): { readonly credential: CredentialFacts; readonly secret: string } {
  const credential = factsOf(row, now);
  if (credential && secret) return { credential, secret };
  const message = "the response lacks the id or the secret of the issued credential";
  throw new ProviderError(kind, "no_secret", message, { outcome: "unknown" });
}

/** Returns the HTTP status of an error; `undefined` if it has none. */
export function statusOf(error: unknown): number | undefined {
  const status = KeyturnError.is(error) ? (error as { status?: unknown }).status : undefined;
  return typeof status === "number" ? status : undefined;
}

/** Resolves with the answer of a call; `undefined` if the resource does not exist. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * The server's reasons that concern the pair. Others concern the request, the machine's clock or an intermediary, and
 * say nothing about the pair.
 */
const REFUSALS: readonly string[] = [
  ...["invalid_client", "invalid_grant", "unauthorized_client"],
  ...["sp_disabled", "token_refused"],
];

/** Returns the methods that try a C1 pair: as the client itself would log in, but separately from it. */
export function pairs(client: ConductorOne, dpop?: boolean): Pick<Provider, "parses" | "login"> {
  // The client that tries a pair has no token, neither its own nor one from a store, so any token that it gets comes
  // from the pair.
  const clientOf = ({ clientId, clientSecret }: Pair): ConductorOne =>
    client.with({ clientID: clientId, clientSecret, ...(dpop ? { dpop } : {}) });
  return {
    parses(pair) {
      try {
        clientOf(pair).close();
        return true;
      } catch (error) {
        if (KeyturnError.is(error) && ["clientID", "clientSecret"].includes((error as ConfigurationError).option))
          return false;
        throw error;
      }
    },
    async login(pair, signal) {
      const trial = clientOf(pair);
      try {
        await trial.authenticate({ signal });
        return true;
      } catch (error) {
        if (!KeyturnError.is(error) || error.code !== "authentication_failed") throw error;
        const { reason, clockOffsetMs } = error as KeyturnError & { reason: string; clockOffsetMs?: number };
        if (REFUSALS.includes(reason) && clockOffsetMs === undefined) return false;
        throw error;
      } finally {
        trial.close();
      }
    },
  };
}

/**
 * Returns by how many milliseconds this clock is behind a server's, negative if it is ahead, according to an answer's
 * `Date` header, which has whole seconds; 0 if the clocks may agree, or if a page may not read that header.
 */
export function clockBehind(headers: Headers | undefined, sent: number, received: number): number {
  const date = Date.parse(headers?.get("date") ?? "");
  if (Number.isNaN(date)) return 0;
  const least = date - received;
  const most = date + 999 - sent;
  return least > 0 ? least : Math.min(most, 0);
}
