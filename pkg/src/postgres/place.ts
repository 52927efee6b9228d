/** A schema in a database, which is checked before it is used. */

import { ConfigurationError } from "../base/errors.js";
import { JournalError } from "../lifecycle/journals/error.js";
import { type Database, databaseOf, type PostgresClient, quoted, type Run } from "./client.js";
import { failure } from "./failure.js";

/** The version of the schema that this version of the package reads and writes: the number of its migrations. @internal */
export const SCHEMA_VERSION = 2;

/** The default time limit of a statement, in milliseconds. @internal */
export const TIMEOUT_MS = 15_000;

/** The default schema of the tables. @internal */
export const DEFAULT_SCHEMA = "keyturn";

/** The options that all parts of this entry share. */
export interface PostgresOptions {
  /** The schema of the tables. Default: `"keyturn"`. */
  readonly schema?: string | undefined;
  /**
   * The fleet that owns these events and tokens. Fleets of one schema do not see each other, so one database can serve
   * several tenants or environments. Default: `"default"`.
   */
  readonly fleet?: string | undefined;
  /** How long a statement may take, in milliseconds. Default: 15 seconds. */
  readonly timeoutMs?: number | undefined;
}

/** A database whose schema is checked once, before the first statement. @internal */
export interface Place {
  readonly database: Database;
  /** The name of the schema, quoted for SQL. */
  readonly schema: string;
  readonly fleet: string;
  /** Resolves once the schema is known to be what this version of the package needs. */
  ready(): Promise<void>;
  /** Converts an error of a statement. */
  failure(error: unknown, doing: string, changes?: boolean): JournalError;
}

/**
 * Prepares a place to store something. Nothing is sent to the database yet.
 *
 * @param demand is called with the server's settings, and throws an error if one is unsuitable.
 * @internal
 */
export function placeOf(
  client: PostgresClient,
  option: string,
  { schema = DEFAULT_SCHEMA, fleet = "default", timeoutMs = TIMEOUT_MS }: PostgresOptions,
  demand: (settings: { readonly encoding: string; readonly fsync: string }) => void = () => undefined,
): Place {
  const name = quoted(checkName("schema", schema));
  checkName("fleet", fleet);
  const database = databaseOf(client, option, timeoutMs);
  const fail = (error: unknown, doing: string, changes = false): JournalError =>
    failure(error, doing, `${schema}.events`, { changes });
  let looked: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const { version, least } = await versionOf(database.run, name);
      if (least > SCHEMA_VERSION) throw tooNew(schema, version);
      if (version < SCHEMA_VERSION)
        throw new JournalError(
          "not_migrated",
          `the schema ${schema} has version ${version}, but this version of keyturn needs ${SCHEMA_VERSION}`,
          { path: schema, hint: MIGRATE },
        );
      const [settings] = await database.run(
        `SELECT current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync`,
      );
      demand({ encoding: String(settings?.encoding), fsync: String(settings?.fsync) });
    } catch (error) {
      looked = undefined;
      throw fail(error, `read the version of the schema ${schema}`);
    }
  }

  return { database, schema: name, fleet, ready: () => (looked ??= look()), failure: fail };
}

const MIGRATE = "Call `migratePostgres` with a role that may create tables.";

/** @internal */
export function tooNew(schema: string, version: number): JournalError {
  return new JournalError(
    "newer",
    `the schema ${schema} has version ${version}, but this version of keyturn only supports ${SCHEMA_VERSION}`,
    { path: schema, hint: "Update keyturn here. The tables were not changed." },
  );
}

/** The longest name, in bytes: Postgres truncates longer names of schemas, and index keys have a limit. */
const LONGEST_NAME = 63;

/** @internal */
export function checkName(option: string, name: string): string {
  const usable = typeof name === "string" && name !== "" && !name.includes("\u0000") && !/[\uD800-\uDFFF]/u.test(name);
  if (usable && new TextEncoder().encode(name).length <= LONGEST_NAME) return name;
  throw new ConfigurationError(option, "invalid", `${option}: must be a string of 1 to ${LONGEST_NAME} bytes`);
}

/** Reads the version of a schema, and the oldest version whose users can still work with it. @internal */
export async function versionOf(
  run: Run,
  schema: string,
): Promise<{ readonly version: number; readonly least: number }> {
  const [row] = await run(
    `SELECT coalesce(max(version), 0)::text AS version, coalesce(max(least), 0)::text AS least FROM ${schema}.migrations`,
  );
  return { version: Number(row?.version), least: Number(row?.least) };
}
