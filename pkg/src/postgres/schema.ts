/** The tables, their migrations, and the permissions on them. */

import { InternalError } from "../base/errors.js";
import { databaseOf, type PostgresClient, quoted } from "./client.js";
import { failure } from "./failure.js";
import { identityOf } from "./identity.js";
import { checkName, DEFAULT_SCHEMA, SCHEMA_VERSION, TIMEOUT_MS, tooNew, versionOf } from "./place.js";

/** Options of {@link migratePostgres}. */
export interface MigrationOptions {
  /** The schema of the tables; it is created if it does not exist. Default: `"keyturn"`. */
  readonly schema?: string | undefined;
  /**
   * The roles of workers: they may read and insert events, and keep tokens and sealed copies, but may not change or
   * remove an event. Grants of roles that are not named stay as they are.
   */
  readonly workers?: readonly string[] | undefined;
  /** The roles of readers: they may read events, but neither tokens nor sealed copies. */
  readonly readers?: readonly string[] | undefined;
  /** How long a statement may take, in milliseconds. Default: 15 seconds; on a large table a migration may need more. */
  readonly timeoutMs?: number | undefined;
}

/** A step from one version of the schema to the next. */
interface Migration {
  /**
   * The oldest version of the schema whose users can still work with the tables; unchanged by a migration that only
   * adds.
   */
  readonly least: number;
  readonly statements: (schema: string) => string;
}

/**
 * The migrations, each from one version of the schema to the next. A released one is never edited: append another.
 *
 * Names and events are compared byte by byte (`COLLATE "C"`): updates of the operating system may change its collations
 * and so break the indexes that use them, and the primary key of `events` is what keeps two workers from issuing twice.
 * Tokens live for minutes, and an `UNLOGGED` table keeps them out of the write-ahead log, and so out of replicas and
 * archives; a crash empties it, which costs a log-in. `memory.ts` keeps `marks` and `heads`. `seals` holds encrypted
 * copies that live as briefly as tokens. `folds` spares the journal from reading a stream from its beginning.
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
  {
    least: 1,
    statements: (schema) => `
CREATE UNLOGGED TABLE ${schema}.seals (
  fleet text COLLATE "C" NOT NULL,
  marker text COLLATE "C" NOT NULL,
  sealed text COLLATE "C" NOT NULL,
  PRIMARY KEY (fleet, marker)
);`,
  },
];

/** The permissions on each table. The server sets the time at which an event is written. */
const RIGHTS: { workers: Record<string, string>; readers: Record<string, string> } = {
  workers: {
    migrations: "SELECT",
    events: "SELECT, INSERT (fleet, stream, sequence, event)",
    tokens: "SELECT, INSERT, UPDATE, DELETE",
    pace: "SELECT, INSERT, UPDATE",
    marks: "SELECT, INSERT, UPDATE",
    heads: "SELECT, INSERT, UPDATE, DELETE",
    folds: "SELECT, INSERT, UPDATE",
    seals: "SELECT, INSERT, UPDATE, DELETE",
  },
  readers: { migrations: "SELECT", events: "SELECT", folds: "SELECT" },
};

/**
 * Creates the tables, or migrates them to the version that this package needs: call it once before a new version is
 * rolled out, with a role that may create tables. Migrations only go forward; concurrent calls run one after another,
 * and a call that finds nothing to do changes nothing.
 *
 * @returns The version of the schema before and after.
 * @throws {@link JournalError} `denied`: the role may not create the schema or the tables; `newer`: the schema was made by a newer version
 *   of this package, with which this one cannot work.
 */
export async function migratePostgres(
  client: PostgresClient,
  { schema = DEFAULT_SCHEMA, workers = [], readers = [], timeoutMs = TIMEOUT_MS }: MigrationOptions = {},
): Promise<{ readonly from: number; readonly to: number }> {
  const name = quoted(checkName("schema", schema));
  if (MIGRATIONS.length !== SCHEMA_VERSION)
    throw new InternalError("the schema's version does not match its migrations");
  const database = databaseOf(client, "migratePostgres", timeoutMs);
  try {
    const done = await database.transaction(async (run) => {
      await run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", `keyturn:${schema}`);
      // `CREATE SCHEMA` requires a permission even if the schema exists.
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
  "Use a role that may create schemas in this database, or one that owns this schema: `CREATE SCHEMA ... " +
  "AUTHORIZATION ...`.";
