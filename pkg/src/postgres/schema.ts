/** The tables, their migrations, and the rights to them. */

import { ConfigurationError } from "../base/errors.js";
import { JournalError } from "../lifecycle/journals/error.js";
import { type Database, databaseOf, type PostgresClient, quoted, type Run } from "./client.js";
import { failure } from "./failure.js";

/** How long a statement may take unless an option says otherwise. @internal */
export const TIMEOUT_MS = 15_000;

/** The schema of the tables unless an option says otherwise. @internal */
export const DEFAULT_SCHEMA = "keyturn";

/** The options of all parts of this entry. */
export interface PostgresOptions {
  /** The schema of the tables. Default: `"keyturn"`. */
  readonly schema?: string | undefined;
  /**
   * Whose events and tokens these are. Fleets of one schema do not see each other, so that one database serves several tenants or
   * environments. Default: `"default"`.
   */
  readonly fleet?: string | undefined;
  /** How long a statement may take, in milliseconds. Default: 15 seconds. */
  readonly timeoutMs?: number | undefined;
}

/** Options of {@link migratePostgres}. */
export interface MigrationOptions {
  /** The schema of the tables; it is created if it does not exist. Default: `"keyturn"`. */
  readonly schema?: string | undefined;
  /**
   * Roles that work: they may read events and insert them, and keep tokens. They may not change or remove an event. Grants of roles that
   * are not named stay as they are.
   */
  readonly workers?: readonly string[] | undefined;
  /** Roles that only read: they may read events, but no tokens. */
  readonly readers?: readonly string[] | undefined;
  /** How long a statement may take, in milliseconds. Default: 15 seconds; on a large table a migration may need more. */
  readonly timeoutMs?: number | undefined;
}

/** A step from one version of the schema to the next. */
interface Migration {
  /** The oldest version of the schema whose users can still work with the tables: the same as before, if it only adds. */
  readonly least: number;
  readonly statements: (schema: string) => string;
}

/**
 * Each takes the schema from one version to the next. One that was released is never edited: append another.
 *
 * Names and events are compared byte by byte (`COLLATE "C"`): an index by a collation of the operating system is wrong after some of its
 * updates, and the primary key of `events` is what keeps two workers from issuing twice. Tokens live for minutes, and an `UNLOGGED` table
 * keeps them out of the write-ahead log, and so out of replicas and archives; a crash empties it, which costs a log-in. `marks` and `heads`
 * are what `memory.ts` keeps, and `folds` what `journal.ts` keeps so that it does not have to read a stream from its beginning.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    least: 1,
    statements: (schema) => `
CREATE TABLE ${schema}.events (
  fleet text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  event text COLLATE "C" NOT NULL,
  written timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (fleet, stream, sequence)
);
CREATE UNLOGGED TABLE ${schema}.tokens (
  fleet text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  expires timestamptz NOT NULL,
  PRIMARY KEY (fleet, key)
);
CREATE INDEX ON ${schema}.tokens (fleet, expires);
CREATE TABLE ${schema}.pace (
  fleet text COLLATE "C" NOT NULL,
  provider text COLLATE "C" NOT NULL,
  free_at timestamptz NOT NULL,
  PRIMARY KEY (fleet, provider)
);
CREATE TABLE ${schema}.marks (
  fleet text COLLATE "C" PRIMARY KEY,
  identity text COLLATE "C" NOT NULL,
  restores integer NOT NULL DEFAULT 0,
  noticed timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE ${schema}.heads (
  fleet text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (fleet, stream)
);
CREATE TABLE ${schema}.folds (
  fleet text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  fold text COLLATE "C" NOT NULL,
  PRIMARY KEY (fleet, stream)
);`,
  },
];

/** The version of the schema that this version of the package reads and writes. @internal */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** What may be done with each table. The server sets the time at which an event is written. */
const RIGHTS: { workers: Record<string, string>; readers: Record<string, string> } = {
  workers: {
    migrations: "SELECT",
    events: "SELECT, INSERT (fleet, stream, sequence, event)",
    tokens: "SELECT, INSERT, UPDATE, DELETE",
    pace: "SELECT, INSERT, UPDATE",
    marks: "SELECT, INSERT, UPDATE",
    heads: "SELECT, INSERT, UPDATE, DELETE",
    folds: "SELECT, INSERT, UPDATE",
  },
  readers: { migrations: "SELECT", events: "SELECT", folds: "SELECT" },
};

/**
 * Creates the tables, or migrates them to the version that this package needs: call it once before a new version is
 * rolled out, with a role that may create tables. It only goes forward, runs one at a time whoever calls it, and does
 * nothing if there is nothing to do.
 *
 * @returns The version that the schema had and the one that it has.
 * @throws {@link JournalError} `denied`: the role may not create the schema or the tables; `newer`: the schema was made by a newer version
 *   of this package, with which this one cannot work.
 */
export async function migratePostgres(
  client: PostgresClient,
  { schema = DEFAULT_SCHEMA, workers = [], readers = [], timeoutMs = TIMEOUT_MS }: MigrationOptions = {},
): Promise<{ readonly from: number; readonly to: number }> {
  const name = quoted(checkName("schema", schema));
  const database = databaseOf(client, "migratePostgres", timeoutMs);
  try {
    const done = await database.transaction(async (run) => {
      await run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", `keyturn:${schema}`);
      // Creating a schema requires a right even if it exists.
      const [there] = await run("SELECT FROM pg_namespace WHERE nspname = $1", schema);
      if (there === undefined) await run(`CREATE SCHEMA ${name}`);
      await run(
        `CREATE TABLE IF NOT EXISTS ${name}.migrations
        (version integer PRIMARY KEY, least integer NOT NULL, applied timestamptz NOT NULL DEFAULT now())`,
      );
      const { version: from, least } = await versionOf(run, name);
      if (least > SCHEMA_VERSION) throw tooNew(schema, from);
      for (const [index, { least, statements }] of MIGRATIONS.entries()) {
        if (index < from) continue;
        for (const statement of statements(name).split(";\n")) await run(statement);
        await run(
          `INSERT INTO ${name}.migrations (version, least) VALUES ($1::integer, $2::integer)`,
          String(index + 1),
          String(least),
        );
      }
      for (const [rights, roles] of [
        [RIGHTS.workers, workers],
        [RIGHTS.readers, readers],
      ] as const)
        for (const role of roles.map(quoted)) {
          await run(`GRANT USAGE ON SCHEMA ${name} TO ${role}`);
          for (const [table, right] of Object.entries(rights))
            await run(`GRANT ${right} ON ${name}.${table} TO ${role}`);
        }
      return { from, to: Math.max(from, SCHEMA_VERSION) };
    });
    await database.run(
      `INSERT INTO ${name}.marks (fleet, identity) VALUES ('', $1) ON CONFLICT (fleet) DO NOTHING`,
      await identityOf(database.run, name),
    );
    return done;
  } catch (error) {
    const why = failure(error, `migrate the schema ${schema}`, schema);
    throw why.reason === "denied" ? failure(error, `migrate the schema ${schema}`, schema, { hint: OWNER }) : why;
  }
}

const OWNER =
  "It needs a role that may create schemas in this database, or one that owns this schema: `CREATE SCHEMA ... AUTHORIZATION ...`.";

async function versionOf(run: Run, schema: string): Promise<{ readonly version: number; readonly least: number }> {
  const [row] = await run(
    `SELECT coalesce(max(version), 0)::text AS version, coalesce(max(least), 0)::text AS least FROM ${schema}.migrations`,
  );
  return { version: Number(row?.version), least: Number(row?.least) };
}

/** What tells this database from a copy of it: its cluster, the timeline, which a promotion begins, and the table itself. */
const [CLUSTER, TIMELINE] = [
  "(SELECT system_identifier FROM pg_control_system())::text",
  "left(pg_walfile_name(pg_current_wal_lsn()), 8)",
] as const;

/** Functions that are missing, refused or not supported, as on servers that others operate. */
const UNUSABLE = new Set(["42501", "42883", "0A000"]);

/**
 * Identifies this very database. It is another one after a restore from a dump, after a recovery to a point in time, and after a standby
 * was promoted. A copy of the server's files that goes on in the place of the original cannot be told from it.
 * @internal
 */
export async function identityOf(run: Run, schema: string): Promise<string> {
  const table = `(SELECT oid FROM pg_database WHERE datname = current_database())::text || '/' ||
    ${`'${schema.replaceAll("'", "''")}.events'`}::regclass::oid::text`;
  const ask = async (parts: readonly string[]): Promise<string> =>
    String((await run(`SELECT ${parts.join(" || '/' || ")} AS identity`))[0]?.identity);
  const unlessUnusable = (error: unknown): string => {
    if (UNUSABLE.has(String((error as { code?: unknown }).code))) return "";
    throw error;
  };
  return ask([CLUSTER, TIMELINE, table]).catch(async (error: unknown) => {
    unlessUnusable(error);
    const [cluster, timeline] = [
      await ask([CLUSTER]).catch(unlessUnusable),
      await ask([TIMELINE]).catch(unlessUnusable),
    ];
    return `${cluster}/${timeline}/${await ask([table])}`;
  });
}

/** A database whose schema is checked once, before the first statement. @internal */
export interface Place {
  readonly database: Database;
  /** As SQL has it. */
  readonly schema: string;
  readonly fleet: string;
  /** Resolves once the schema is known to be what this version of the package needs. */
  ready(): Promise<void>;
  /** What an error of a statement means. */
  failure(error: unknown, doing: string, changes?: boolean): JournalError;
}

/**
 * Where something is stored. No request is made to the database yet.
 *
 * @param demand is called with the server's settings, and throws an error if one is missing.
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
          `the schema ${schema} has version ${version}, and this version of keyturn needs ${SCHEMA_VERSION}`,
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

/** @internal */
export const MIGRATE = "Call `migratePostgres` with a role that may create tables.";

function tooNew(schema: string, version: number): JournalError {
  return new JournalError(
    "newer",
    `the schema ${schema} has version ${version}, and this version of keyturn knows ${SCHEMA_VERSION}`,
    { path: schema, hint: "Update keyturn here. The tables are as they were." },
  );
}

/** Postgres truncates longer names of schemas, and keys of an index have a limit. */
const LONGEST_NAME = 63;

function checkName(option: string, name: string): string {
  const usable = typeof name === "string" && name !== "" && !name.includes("\u0000") && !/[\uD800-\uDFFF]/u.test(name);
  if (usable && new TextEncoder().encode(name).length <= LONGEST_NAME) return name;
  throw new ConfigurationError(option, "invalid", `${option}: a text of 1 to ${LONGEST_NAME} bytes is needed`);
}
