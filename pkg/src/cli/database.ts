/** The database of a fleet, if a command uses one. Its journal replaces the one in a folder. */

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Journal, SealStore } from "../lifecycle.js";
import type { PgPool } from "../postgres.js";
import type { Context } from "./context.js";
import { CommandError, EXIT, UsageError } from "./exit.js";

/** An open database. */
export interface Database {
  readonly url: string;
  readonly fleet: string;
  /** The schema of the journal; `undefined` for the default one. */
  readonly schema: string | undefined;
  readonly pool: PgPool;
  readonly journal: Journal;
  /** The store of sealed copies. */
  readonly seals: SealStore;
  close(): Promise<void>;
}

/** The part of the package `pg` that is used. */
interface Pg {
  Pool: new (options: object) => PgPool & { on(event: "error", listener: () => void): void; end(): Promise<void> };
}

/** Opens the database that the command line or `KEYTURN_DATABASE` names; `undefined` if neither names one. */
export async function openDatabase(context: Context): Promise<Database | undefined> {
  const { fleet = context.env.KEYTURN_FLEET || "default" } = context.manner;
  const schema = context.env.KEYTURN_SCHEMA || undefined;
  const url = context.manner.database ?? context.env.KEYTURN_DATABASE;
  if (url === undefined || url === "") return undefined;
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw new UsageError("--database must be a URL that starts with postgres://");
  const { postgresJournal, postgresSeals } = await import("../postgres.js");
  const loaded = await loadPackage<Pg & { default?: Pg }>(context, "pg");
  const { Pool } = loaded.default ?? loaded;
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // An idle connection that breaks is not a failure.
  pool.on("error", () => undefined);
  const journal = postgresJournal(pool, { schema, fleet });
  const seals = postgresSeals(pool, { schema, fleet });
  return { url, fleet, schema, pool, journal, seals, close: () => pool.end() };
}

/**
 * Loads a package that the user has installed, since this one has no dependencies. Looks in the current folder, then
 * beside this package.
 *
 * @throws {@link UsageError} that says what to install.
 */
export async function loadPackage<Module>(context: Context, name: string): Promise<Module> {
  for (const from of [join(context.cwd, "package.json"), import.meta.url]) {
    let path: string;
    try {
      path = createRequire(from).resolve(name);
    } catch {
      continue;
    }
    try {
      return (await import(pathToFileURL(path).href)) as Module;
    } catch (cause) {
      throw new CommandError(EXIT.failed, `the package ${name} cannot be loaded in Node ${process.versions.node}`, {
        cause,
      });
    }
  }
  throw new UsageError(`the package ${name} is not installed here`, { hint: `npm install ${name}` });
}
