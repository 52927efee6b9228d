/** Converts the errors of Postgres and of its clients to errors of this package. */

import type { Outcome } from "../base/errors.js";
import { JournalError, type JournalReason } from "../lifecycle/journals/error.js";
import { NoAnswer, NoConnection } from "./client.js";

/** Postgres error codes, or the classes that they begin with, and what they mean. */
const REASONS: Record<string, readonly [JournalReason, string]> = {
  "25006": ["read_only", "the server is read-only, as replicas are"],
  "28": ["denied", "the server refuses this user or password"],
  "3D000": ["unavailable", "the database does not exist"],
  "3F000": ["not_migrated", "the schema or one of its tables does not exist"],
  "42501": ["denied", "this role lacks the permission"],
  "42P01": ["not_migrated", "the schema or one of its tables does not exist"],
  "53100": ["full", "the server's disk is full"],
  "53300": ["unavailable", "the server has no connection left"],
  "55P03": ["unavailable", "another transaction holds a lock for longer than `lock_timeout`"],
  "57014": ["unavailable", "the server canceled the statement, as `statement_timeout` does"],
};

/** Hints at what a person can change. */
const HINTS: Partial<Record<JournalReason, string>> = {
  not_migrated: "Call `migratePostgres` with a role that may create tables.",
  denied: "`migratePostgres` grants the permissions to the roles named in `workers` and `readers`.",
  read_only: "Connect to the primary server.",
};

const EXHAUSTED =
  "The server does not accept connections, or the pool is too small for the program's concurrency: see its `max`.";

/** System error codes for connections that were never made. */
const NOT_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENOENT", "CONNECT_TIMEOUT"]);

/**
 * Converts the error of a statement to an error of this package. Unless the server refused the statement, or nothing
 * was sent, it is unknown whether a change was carried out: the connection broke, or the server stopped.
 *
 * @param path says where, in human-readable form.
 * @internal
 */
export function failure(
  error: unknown,
  doing: string,
  path: string,
  { changes = false, hint }: { changes?: boolean; hint?: string } = {},
): JournalError {
  if (error instanceof JournalError) return error;
  const code = codeOf(error);
  const [reason, why] = REASONS[code] ?? REASONS[code.slice(0, 2)] ?? (["unavailable", messageOf(error)] as const);
  const unsent = error instanceof NoConnection || NOT_CONNECTED.has(code);
  const outcome: Outcome = !changes || isRefusal(code) || unsent ? "none" : "unknown";
  const remedy = hint ?? (error instanceof NoConnection ? EXHAUSTED : HINTS[reason]);
  return new JournalError(reason, `cannot ${doing}: ${why}`, { path, cause: error, outcome, hint: remedy });
}

/**
 * Returns whether the server refused a statement. A server that stops, loses its connection or cannot tell uses codes
 * of its own: all other codes are refusals.
 */
function isRefusal(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && !/^(?:08|57P|40003|XX)/.test(code);
}

function codeOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

function messageOf(error: unknown): string {
  if (error instanceof NoAnswer || error instanceof NoConnection) return error.message;
  const code = codeOf(error);
  // A client's connection errors contain the host and the port, but no password.
  const message = error instanceof Error && error.message !== "" ? error.message : "the database cannot be reached";
  return code === "" || message.includes(code) ? message : `${message} (${code})`;
}
