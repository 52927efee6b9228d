/** One interface to Postgres over `pg` or `postgres`, whichever package the program has. Neither is a dependency. */

import { ConfigurationError } from "../base/errors.js";

/** A row, by column name. */
export type Row = Readonly<Record<string, unknown>>;

/** The part of a connection of the package `pg` that is used. */
export interface PgConnection {
  query(query: { text: string; values: unknown[] }): Promise<{ rows: readonly unknown[] }>;
  release(error?: Error | boolean): void;
  on?(event: "error", listener: () => void): unknown;
  removeListener?(event: "error", listener: () => void): unknown;
}

/** The part of a `Pool` of the package `pg` (8 or newer), or of a compatible one, that is used. */
export interface PgPool {
  readonly totalCount: number;
  query(query: { text: string; values: unknown[] }): Promise<{ rows: readonly unknown[] }>;
  connect(): Promise<PgConnection>;
}

/** The part of a client of the package `postgres` (3 or newer) that is used. */
export interface PostgresJs {
  unsafe(query: string, parameters?: never[]): PromiseLike<readonly unknown[]>;
  begin(work: (connection: { unsafe: PostgresJs["unsafe"] }) => Promise<unknown>): Promise<unknown>;
}

/** A client that `keyturn/postgres` can use. The caller creates and closes it. */
export type PostgresClient = PgPool | PostgresJs;

/** Runs one statement. Values are strings or `null`. @internal */
export type Run = (text: string, ...values: (string | null)[]) => Promise<readonly Row[]>;

/** The operations that the rest of this folder needs of a client. @internal */
export interface Database {
  /** Runs a single statement. */
  readonly run: Run;
  /** Runs statements on one connection: either all of them take effect, or none. */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T>;
}

/** No answer to a statement in time: it is unknown whether it was carried out. @internal */
export class NoAnswer extends Error {}

/** No connection was available in time: nothing was sent. @internal */
export class NoConnection extends Error {}

/**
 * Wraps a client in one interface.
 *
 * @param option names the function that it was given to.
 * @param timeoutMs bounds each statement, and each wait for a connection. Without it, a server that stops answering
 *   would keep the caller waiting until the system gives up on the connection, which takes a quarter of an hour.
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
    `${option}: this is neither a Pool of the package \`pg\` nor a client of the package \`postgres\`${single}`,
  );
}

function ofPool(pool: PgPool, timeoutMs: number): Database {
  /**
   * Lends a connection. A statement is sent only once there is one: the pool would queue a statement that waits for a
   * connection, and carry it out after its caller has given up.
   */
  async function lend<T>(work: (run: Run) => Promise<T>): Promise<T> {
    // A connection that arrives after the wait has ended is returned.
    const connection = await within(
      timeoutMs,
      pool.connect(),
      () => new NoConnection(`no connection to the database was free within ${timeoutMs / 1000} s`),
      (late) => late.release(),
    );
    // A connection that breaks rejects its statement, and also emits `error`, which would end the program without a
    // listener.
    const heard = (): void => undefined;
    connection.on?.("error", heard);
    let broken: Error | undefined;
    const run: Run = async (text, ...values) => {
      try {
        return (await within(timeoutMs, connection.query({ text, values }), () => noAnswer(timeoutMs))).rows as Row[];
      } catch (error) {
        // The pool discards a connection that broke, or that did not answer.
        if (!isFromServer(error)) broken = error as Error;
        throw error;
      }
    };
    try {
      return await work(run);
    } finally {
      connection.removeListener?.("error", heard);
      connection.release(broken);
    }
  }

  return {
    run: (text, ...values) => retryConflicts(() => lend((run) => run(text, ...values))),
    transaction: (work) =>
      retryConflicts(() =>
        lend(async (run) => {
          await run("BEGIN");
          try {
            const result = await work(run);
            await run("COMMIT");
            return result;
          } catch (error) {
            // A connection that did not answer is discarded, and the server ends its transaction.
            if (!(error instanceof NoAnswer)) await run("ROLLBACK").catch(() => undefined);
            throw error;
          }
        }),
      ),
  };
}

function ofPostgresJs(sql: PostgresJs, timeoutMs: number): Database {
  const on =
    (connection: Pick<PostgresJs, "unsafe">): Run =>
    async (text, ...values) =>
      (await within(timeoutMs, connection.unsafe(text, values as never[]), () =>
        noAnswer(timeoutMs),
      )) as readonly Row[];
  return {
    run: (text, ...values) => retryConflicts(() => on(sql)(text, ...values)),
    transaction: <T>(work: (run: Run) => Promise<T>) =>
      retryConflicts(
        () =>
          new Promise<T>((resolve, reject) => {
            const begun = sql.begin(async (connection) => {
              try {
                const result = await work(on(connection));
                return () => resolve(result);
              } catch (error) {
                // Reject now: the client waits for the answer to its rollback.
                if (error instanceof NoAnswer) reject(error);
                throw error;
              }
            });
            begun.then((done) => (done as () => void)(), reject);
          }),
      ),
  };
}

function noAnswer(timeoutMs: number): NoAnswer {
  return new NoAnswer(`the database did not respond within ${timeoutMs / 1000} s`);
}

/**
 * Returns whether the server refused a statement but kept the connection. Any severity above `ERROR` ends the
 * connection.
 */
function isFromServer(error: unknown): boolean {
  const { code, severity } = Object(error) as { code?: unknown; severity?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && severity === "ERROR";
}

/** How many times work is tried that loses against another transaction. */
const TRIES = 5;

/**
 * Retries work that the server rolled back because of a concurrent transaction: a deadlock, or a conflict where
 * `default_transaction_isolation` is stricter than "read committed". Nothing has taken effect then.
 */
async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const { code } = Object(error) as { code?: unknown };
      if (tries === TRIES || (code !== "40001" && code !== "40P01")) throw error;
    }
  }
}

/**
 * Waits for `work`, but rejects with the error of `over` after `ms`. `late` is called with a result that arrives
 * afterwards.
 */
async function within<T>(ms: number, work: PromiseLike<T>, over: () => Error, late?: (value: T) => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isOver = true;
      reject(over());
    }, ms);
  });
  work.then(
    (value) => isOver && late?.(value),
    () => undefined,
  );
  try {
    return await Promise.race([work, silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** Quotes an identifier for SQL. @internal */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
