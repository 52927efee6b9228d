/** One interface to Postgres, over whichever package the program has: `pg` or `postgres`. Neither is a dependency. */

import { ConfigurationError } from "../base/errors.js";

/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** A connection of the package `pg`, as far as it is used. */
export interface PgConnection {
  query(query: { text: string; values: unknown[]; query_timeout?: number }): Promise<{ rows: readonly unknown[] }>;
  release(error?: Error | boolean): void;
}

/** A `Pool` of the package `pg` (8 or newer), or a compatible one, as far as it is used. */
export interface PgPool {
  readonly totalCount: number;
  query(query: { text: string; values: unknown[]; query_timeout?: number }): Promise<{ rows: readonly unknown[] }>;
  connect(): Promise<PgConnection>;
}

/** A client of the package `postgres` (3 or newer), as far as it is used. */
export interface PostgresJs {
  unsafe(query: string, parameters?: never[]): PromiseLike<readonly unknown[]>;
  begin(work: (connection: { unsafe: PostgresJs["unsafe"] }) => Promise<unknown>): Promise<unknown>;
}

/** What the parts of `keyturn/postgres` can use. The caller makes it, and ends it. */
export type PostgresClient = PgPool | PostgresJs;

/** Runs one statement. Values are texts, and `null`. @internal */
export type Run = (text: string, ...values: (string | null)[]) => Promise<readonly Row[]>;

/** What the rest of this room needs of a client. @internal */
export interface Database {
  /** Runs a single statement. */
  readonly run: Run;
  /** Runs statements on one connection: all of them take effect, or none. */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T>;
}

/** A statement that was not answered in time: it is unknown whether it was carried out. @internal */
export class NoAnswer extends Error {}

/**
 * The client, by one interface.
 *
 * @param option names the function that it was given to.
 * @param timeoutMs bounds each statement, and each wait for a connection. A connection whose server does not answer
 *   would keep the caller
 *   waiting until the system gives up on it, which takes a quarter of an hour.
 * @throws {@link ConfigurationError} if the client is of another kind.
 * @internal
 */
export function databaseOf(client: PostgresClient, option: string, timeoutMs: number): Database {
  const given = Object(client) as Partial<PgPool & PostgresJs>;
  if (typeof given.unsafe === "function" && typeof given.begin === "function")
    return ofPostgresJs(client as PostgresJs, timeoutMs);
  if (typeof given.query === "function" && typeof given.connect === "function" && "totalCount" in given)
    return ofPool(client as PgPool, timeoutMs);
  const single = typeof given.query === "function" ? ": a Client is one connection, so pass a Pool" : "";
  throw new ConfigurationError(
    option,
    "client",
    `${option}: this is no Pool of the package \`pg\`, and no client of the package \`postgres\`${single}`,
  );
}

function ofPool(pool: PgPool, timeoutMs: number): Database {
  // `query_timeout` discards a connection that did not answer.
  const query = (text: string, values: unknown[]) => ({ text, values, query_timeout: timeoutMs });
  return {
    run: async (text, ...values) => (await within(timeoutMs, pool.query(query(text, values)))).rows as Row[],
    async transaction(work) {
      // A connection that arrives when nobody waits for it any more is returned.
      const connection = await within(timeoutMs, pool.connect(), (late) => late.release());
      const run: Run = async (text, ...values) =>
        (await within(timeoutMs, connection.query(query(text, values)))).rows as Row[];
      let broken: Error | undefined;
      try {
        await run("BEGIN");
        const result = await work(run);
        await run("COMMIT");
        return result;
      } catch (error) {
        await run("ROLLBACK").catch((failure: Error) => {
          broken = failure;
        });
        throw error;
      } finally {
        connection.release(broken);
      }
    },
  };
}

function ofPostgresJs(sql: PostgresJs, timeoutMs: number): Database {
  const on =
    (connection: Pick<PostgresJs, "unsafe">): Run =>
    async (text, ...values) =>
      (await within(timeoutMs, connection.unsafe(text, values as never[]))) as readonly Row[];
  return {
    run: on(sql),
    async transaction<T>(work: (run: Run) => Promise<T>) {
      let result: T | undefined;
      await sql.begin(async (connection) => {
        result = await work(on(connection));
      });
      return result as T;
    },
  };
}

/** The same, but it ends in time. `late` is called with what arrives afterwards. */
async function within<T>(ms: number, work: PromiseLike<T>, late?: (value: T) => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      over = true;
      reject(new NoAnswer(`the database did not answer within ${ms / 1000} s`));
    }, ms);
  });
  work.then(
    (value) => over && late?.(value),
    () => undefined,
  );
  try {
    return await Promise.race([work, silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** An identifier, quoted for SQL. @internal */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
