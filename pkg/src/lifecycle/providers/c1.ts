/** What the providers of C1 have in common. */

import { type ConfigurationError, KeyturnError } from "../../base/errors.js";
import type { Clock, Logger } from "../../base/options.js";
import type { ConductorOne } from "../../c1/client.js";
import type { CredentialFacts, Pair, Provider } from "../ports.js";
import { ProviderError } from "./error.js";

/** What every provider of C1 takes. */
export interface C1ProviderOptions {
  /** The client whose credential may issue and revoke. It stays the caller's: the provider does not close it. */
  readonly client: ConductorOne;
  /** The time, by which a credential has expired. Default: the machine's. */
  readonly clock?: Pick<Clock, "now"> | undefined;
  /** Called with the reason why evidence cannot be obtained. Never a secret. */
  readonly debugLogger?: Pick<Logger, "log"> | undefined;
}

/** A credential of any kind as it is in C1's answers. */
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

/** C1's facts about a credential, without its secret; `undefined` if it does not say which one it is. */
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

/** The credential and the secret of an answer that issues one. */
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

/** The status of an answer that is not a success. */
export function statusOf(error: unknown): number | undefined {
  const status = KeyturnError.is(error) ? (error as { status?: unknown }).status : undefined;
  return typeof status === "number" ? status : undefined;
}

/** The answer of a call; `undefined` if the resource does not exist. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * The server's reasons that are about the pair. Others are about the request, the machine's clock or what stands between: then the pair
 * was not asked about.
 */
const REFUSALS: readonly string[] = [
  ...["invalid_client", "invalid_grant", "unauthorized_client"],
  ...["sp_disabled", "token_refused"],
];

/** How a C1 pair is tried: as the client itself would log in, but separately from it. */
export function pairs(client: ConductorOne, dpop?: boolean): Pick<Provider, "parses" | "login"> {
  // The client that tries a pair has no token, neither of its own nor of a store: what it gets, it gets with the pair.
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
 * Milliseconds that this clock is behind a server's, as far as an answer's `Date` tells, which has whole seconds: 0 if they may agree, or
 * if a page may not read that header.
 */
export function clockBehind(headers: Headers | undefined, sent: number, received: number): number {
  const date = Date.parse(headers?.get("date") ?? "");
  if (Number.isNaN(date)) return 0;
  const least = date - received;
  const most = date + 999 - sent;
  return least > 0 ? least : Math.min(most, 0);
}
