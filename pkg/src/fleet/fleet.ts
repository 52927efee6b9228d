/**
 * Workers on several machines that rotate the same targets. The journal in Postgres is the source of truth, and the
 * engine makes the decisions; pg-boss schedules which worker handles which target, and when.
 */

import { ClosedError, ConfigurationError } from "../base/errors.js";
import type { Clock } from "../base/options.js";
import { LifecycleError } from "../lifecycle/error.js";
import { type Lifecycle, openLifecycle } from "../lifecycle/lifecycle.js";
import type { LifecycleProgress, LifecycleStatus, LifecycleTarget } from "../lifecycle/model.js";
import type { LifecycleCaps } from "../lifecycle/policy.js";
import type { Journal } from "../lifecycle/ports.js";
import type { SealOptions } from "../lifecycle/seals/seal.js";
import type { PgPool, Run } from "../postgres/client.js";
import { PostgresJournal } from "../postgres/journal.js";
import { DEFAULT_SCHEMA, type Place, placeOf } from "../postgres/place.js";
import { postgresStore } from "../postgres/store.js";
import { Metrics } from "./metrics.js";
import { Pace } from "./pace.js";
import { Places } from "./places.js";
import { type FleetRate, supervised } from "./provider.js";
import { codeOf, type FleetBoss, type FleetSql, type Order, Queue } from "./queue.js";

/** Options of {@link openFleet}. */
export interface FleetOptions {
  /** A `PgBoss` of the package `pg-boss`, 12 or newer. The fleet starts it if necessary; the caller stops it. */
  readonly boss: FleetBoss;
  /** A pool of the package `pg` to the journal's database, whose tables `migratePostgres` has created. */
  readonly database: PgPool;
  /** The schema of the journal. Default: `"keyturn"`. */
  readonly schema?: string | undefined;
  /**
   * The fleet's name: letters, digits, `-`, `_` and `.`. Workers with the same name work together, and never touch
   * other fleets. Default: `"default"`.
   */
  readonly fleet?: string | undefined;
  /** The targets by name; the same in all workers of the fleet. */
  readonly targets: Readonly<Record<string, LifecycleTarget>>;
  /** The limits on concurrent rotations, for the whole fleet. */
  readonly caps?: LifecycleCaps | undefined;
  /** The worker name in the journal. Default: `"keyturn"`. */
  readonly worker?: string | undefined;
  /** The source of time. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** How many targets this process handles at a time. Default: 8. */
  readonly concurrency?: number | undefined;
  /** The tenant of a target, for `perTenant`. Default: all targets belong to one tenant. */
  readonly tenant?: ((target: string) => string) | undefined;
  /** How many targets of one tenant and one kind of provider the whole fleet handles at a time. Default: no limit. */
  readonly perTenant?: number | undefined;
  /** Rate limits of calls to providers, by the provider's `kind`, shared by the whole fleet. Default: no limit. */
  readonly rates?: Readonly<Record<string, FleetRate>> | undefined;
  /**
   * Keeps a sealed copy of each new credential for a restart, like the lifecycle's option `seal`; the same in all
   * workers of the fleet. `postgresSeals` on the same pool is a suitable store.
   */
  readonly seal?: SealOptions | undefined;
  /** How long a statement to the journal may take, in milliseconds. Default: 15 seconds. */
  readonly timeoutMs?: number | undefined;
  /** When to sweep all targets, as a cron expression. One worker does it for the whole fleet. Default: every minute. */
  readonly cron?: string | undefined;
  /** How often an idle worker polls for jobs, in seconds; at least 0.5. Default: 2. */
  readonly pollSeconds?: number | undefined;
  /**
   * How long `stop` waits for rotations in progress before it interrupts them between two steps, in milliseconds.
   * Default: 20 s.
   */
  readonly drainMs?: number | undefined;
  /**
   * How far back to search a control plane's records for credentials that the journal has forgotten, in milliseconds:
   * longer than the age of the oldest backup that might be restored. Default: 7 days.
   */
  readonly lookBackMs?: number | undefined;
  /** Called with each record of what happens. */
  readonly logger?: ((record: FleetRecord) => void) | undefined;
}

/** An event in a worker, for a structured log. No field holds a secret. */
export interface FleetRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: "info" | "warn" | "error";
  /** What happened, as a stable code. */
  readonly event:
    | "started"
    | "stopped"
    | "advanced"
    | "begun"
    | "failed"
    | "handed-back"
    | "restored"
    | "unknown-target"
    | "queue";
  readonly fleet: string;
  readonly worker: string;
  readonly target?: string;
  /** The state that the rotation has reached. */
  readonly state?: string;
  /** The stable code of an error, or the reason why a person is needed. */
  readonly code?: string;
  readonly message?: string;
}

/** The health of a worker. */
export interface FleetHealth {
  /** False once it has stopped. */
  readonly alive: boolean;
  /** Whether the worker takes jobs and the journal can be read. */
  readonly ready: boolean;
  /** Why the worker is not ready, as human-readable text. */
  readonly reason: string | undefined;
}

/** The part of a `node:http` request that {@link Fleet.handler} uses. */
export interface FleetRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}
/** The part of a `node:http` response that {@link Fleet.handler} uses. */
export interface FleetResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text: string): unknown;
}

const LEAST_NODE = [22, 12] as const;
const RESTORED =
  "this is not the database that the fleet wrote to before: targets whose control plane cannot show what was " +
  "issued wait for a person";
/** How long health checks reuse the journal's last answer, and the longest that they wait for a new one. */
const HEALTH_MS = 2_000;
/** How long a scrape waits for the journal: less than the ten seconds that Prometheus waits. */
const SCRAPE_MS = 5_000;
/** How long a repeated error of the queue is not logged again: an outage causes one on every poll. */
const QUIET_MS = 60_000;
/** How many rotations a sweep begins at a time. */
const PLANNED_AT_ONCE = 4;
/** How long to wait before retrying a target whose tenant has no free place. */
const AGAIN_MS = 500;
/** How long `stop` waits for the queue once no target is being worked on. */
const OFF_MS = 5_000;

/**
 * Opens a worker of a fleet. The worker does nothing before `start`.
 *
 * ```ts
 * import pg from "pg";
 * import { PgBoss } from "pg-boss";
 * import { openFleet } from "keyturn/fleet";
 * const fleet = openFleet({ boss: new PgBoss(url), database: new pg.Pool({ connectionString: url }), targets });
 * await fleet.start();
 * process.once("SIGTERM", () => fleet.stop());
 * ```
 * @throws {@link ConfigurationError} if an option cannot be used, or Node is older than 22.12, which pg-boss needs.
 */
export function openFleet(options: FleetOptions): Fleet {
  return new Fleet(options);
}

/** A worker of a fleet. See {@link openFleet}. */
export class Fleet {
  /**
   * The lifecycle of the fleet's targets, for calls that a fleet lacks: `plan`, `approve`, `settle`, `adopt`,
   * `history`. Workers act on the changes at the next sweep, or at once after {@link Fleet.wake}.
   */
  readonly lifecycle: Lifecycle;
  readonly #fleet: string;
  readonly #worker: string;
  readonly #names: readonly string[];
  readonly #journal: PostgresJournal;
  /** Begins rotations and leaves the rest to the worker that gets the job. */
  readonly #planner: Lifecycle;
  readonly #queue: Queue;
  readonly #metrics = new Metrics();
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #place: Place;
  /** The places of a tenant's targets; `undefined` if there is no limit. */
  readonly #places: Places | undefined;
  readonly #groupOf: (target: string) => string;
  /** Whether the queue's tables are in the journal's database, so that one transaction can write to both. */
  #shared = false;
  readonly #stopping = new AbortController();
  #state: "new" | "starting" | "started" | "stopping" | "stopped" = "new";
  #starting: Promise<void> | undefined;
  #ended: Promise<void> | undefined;
  #busy = 0;
  #idle: (() => void) | undefined;
  /** Whether a listener for the queue's errors is registered. */
  #isHeard = false;
  /** The targets that could not be handled, and why. */
  readonly #failing = new Map<string, string>();
  /** The read of the statuses for the metrics that is in progress. */
  #scrape: Promise<readonly LifecycleStatus[]> | undefined;
  /** When each error of the queue was last logged, by its code. */
  readonly #heard = new Map<string, number>();
  #seen: { at: number; reason: Promise<string | undefined> } | undefined;

  /** @internal */
  constructor(options: FleetOptions) {
    checkNode();
    const {
      fleet = "default",
      schema,
      timeoutMs,
      seal,
      database,
      targets,
      caps,
      clock,
      worker = "keyturn",
      rates = {},
    } = options;
    checkOptions(options, fleet);
    this.#options = options;
    this.#fleet = fleet;
    this.#worker = worker;
    this.#clock = clock ?? { now: () => Date.now() };
    this.#names = Object.keys(targets);
    const { tenant, perTenant } = options;
    this.#groupOf = (target) => `${tenant?.(target) ?? ""}/${targets[target]?.provider.kind ?? ""}`;
    this.#queue = new Queue(options.boss, queueOf(fleet, schema), perTenant === undefined ? undefined : this.#groupOf);
    const place = { schema, fleet, timeoutMs };
    this.#places = perTenant === undefined ? undefined : new Places(postgresStore(database, place), perTenant);
    this.#journal = new PostgresJournal(database, {
      ...place,
      lookBackMs: options.lookBackMs,
      onRestored: () => this.#log("warn", "restored", { message: RESTORED }),
    });
    this.#place = placeOf(database, "openFleet", place);
    const pace = new Pace(this.#place, rates);
    const common = { caps, clock: this.#clock, worker };
    this.#planner = openLifecycle({ ...common, targets, journal: this.#planning() });
    const around = {
      clock: this.#clock,
      metrics: this.#metrics,
      turn: (kind: string, signal: AbortSignal | undefined) => pace.turn(kind, signal),
      pause: (kind: string, ms: number) => pace.pause(kind, ms),
    };
    const own = Object.entries(targets).map(([name, target]) => [
      name,
      { ...target, provider: supervised(target.provider, around) },
    ]);
    this.lifecycle = openLifecycle({ ...common, seal, targets: Object.fromEntries(own), journal: this.#journal });
  }

  /**
   * Creates the queues and the cron entry if they do not exist, and begins to take jobs. May be called again after a
   * failure.
   */
  async start(): Promise<void> {
    if (this.#state !== "new") throw new ClosedError();
    this.#state = "starting";
    this.#starting = this.#start();
    try {
      await this.#starting;
    } catch (error) {
      if (this.#state === "starting") this.#state = "new";
      throw error;
    }
    if (this.#state !== "starting") return;
    this.#state = "started";
    this.#metrics.set("keyturn_fleet_up", 1);
    this.#log("info", "started");
  }

  async #start(): Promise<void> {
    const { cron = "* * * * *", concurrency = 8, perTenant, pollSeconds = 2 } = this.#options;
    if (!this.#isHeard) this.#queue.onError((error) => this.#hear(wordOf(error)));
    this.#isHeard = true;
    await this.#journal.memory.look();
    await this.#queue.open(cron);
    this.#shared = await this.#isShared();
    if (this.#state !== "starting") return;
    await this.#queue.work(
      concurrency,
      perTenant,
      pollSeconds,
      (order) => this.#during(() => this.#look(order)),
      () => this.#during(() => this.tick()),
    );
  }

  /**
   * Stops taking jobs, lets rotations in progress continue for at most `drainMs`, leaves the rest to other workers, and
   * closes the lifecycle. A credential that was issued but not delivered everywhere by then is replaced by another, so
   * allow enough time. Pools and `boss` stay open: they belong to the caller.
   */
  stop(): Promise<void> {
    this.#ended ??= this.#stop();
    return this.#ended;
  }

  async #stop(): Promise<void> {
    this.#state = "stopping";
    this.#metrics.set("keyturn_fleet_up", 0);
    const starting = this.#starting?.catch(() => undefined);
    const { drainMs = 20_000 } = this.#options;
    const timer = setTimeout(() => this.#stopping.abort(), drainMs);
    let late: ReturnType<typeof setTimeout> | undefined;
    try {
      const calm = new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
      if (this.#busy === 0) this.#idle?.();
      // The queue ends the jobs that were taken in its own time; what counts is that none still works on a target.
      const off = starting?.then(() => this.#queue.stop()).catch(() => undefined);
      await calm;
      // The queue's own statements may hang while its database is unreachable.
      await Promise.race([off, new Promise((resolve) => (late = setTimeout(resolve, OFF_MS)))]);
    } finally {
      clearTimeout(timer);
      clearTimeout(late);
      await Promise.all([this.lifecycle.close(), this.#planner.close()]);
      this.#state = "stopped";
      this.#log("info", "stopped");
    }
  }

  /**
   * Begins a rotation, and leaves it to the workers. If the queue is in the journal's database, the event and the job
   * are written in one transaction.
   * @throws {@link LifecycleError} as `rotate` of a lifecycle does.
   */
  async rotate(
    target: string,
    options: { signal?: AbortSignal; leaveUnknown?: boolean } = {},
  ): Promise<LifecycleProgress> {
    try {
      return await this.#planner.rotate(target, options);
    } catch (error) {
      if (!(error instanceof HandedOver)) throw error;
    }
    const [status] = await this.#planner.status([target]);
    return (status as LifecycleStatus).progress;
  }

  /** Makes a worker handle a target now, for example after a person has approved, settled or resumed a rotation. */
  async wake(target: string): Promise<void> {
    await this.#queue.send(target);
  }

  /**
   * Checks all targets: queues those that can continue, and starts the rotations that are due, as the caps allow. The
   * cron entry calls it; it may also be called at any other time, and by several workers at once.
   */
  async tick(): Promise<void> {
    let outcome = "ok";
    try {
      const statuses = await this.#statuses();
      const now = this.#clock.now();
      for (const { target, progress } of statuses) {
        const isOpen = progress.state === "ready" || (progress.state === "waiting" && progress.until <= now);
        if (isOpen) await this.#queue.send(target);
      }
      const { begin } = await this.#planner.due(statuses.map(({ target }) => target));
      const rest = [...begin];
      const plan = async (): Promise<void> => {
        for (let target = rest.shift(); target !== undefined; target = rest.shift()) {
          if (this.#stopping.signal.aborted) return;
          // The planner can only record that a rotation is planned; the job sent with it does the rest.
          await this.#planner.advance([target], { signal: this.#stopping.signal });
        }
      };
      // The most urgent come first. Several run at once, since each waits for the disk.
      await Promise.all(Array.from({ length: PLANNED_AT_ONCE }, plan));
      this.#metrics.set("keyturn_fleet_last_tick_timestamp_seconds", now / 1000);
    } catch (error) {
      outcome = codeOf(error);
      this.#log("error", "failed", { code: outcome, message: messageOf(error) });
      throw error;
    } finally {
      this.#metrics.add("keyturn_fleet_ticks_total", { outcome });
    }
  }

  /**
   * Returns the metrics for Prometheus: rotations by state, what is due, calls, failures, lag. Those read from the
   * journal are left out if it does not answer within 5 seconds.
   */
  async metrics(): Promise<string> {
    // A scrape joins a read that is still in progress instead of beginning another.
    this.#scrape ??= this.#statuses().finally(() => {
      this.#scrape = undefined;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, SCRAPE_MS, undefined);
    });
    const statuses = await Promise.race([this.#scrape.catch(() => undefined), late]);
    clearTimeout(timer);
    this.#metrics.set("keyturn_fleet_journal_up", statuses === undefined ? 0 : 1);
    return this.#metrics.text(statuses, this.#failing, this.#clock.now());
  }

  /** Reports whether this worker is healthy. The journal is read at most every two seconds. */
  async health(): Promise<FleetHealth> {
    const alive = this.#state !== "stopped";
    if (this.#state !== "started") return { alive, ready: false, reason: `the worker is ${this.#state}` };
    const now = performance.now();
    if (this.#seen === undefined || now - this.#seen.at > HEALTH_MS)
      this.#seen = { at: now, reason: this.#journalFailure() };
    const reason = await this.#seen.reason;
    return { alive, ready: reason === undefined, reason };
  }

  /**
   * Returns a handler for a server of `node:http` that answers `/healthz`, `/readyz` and `/metrics`.
   *
   * ```ts
   * createServer(fleet.handler()).listen(9464, "127.0.0.1");
   * ```
   */
  handler(): (request: FleetRequest, response: FleetResponse) => void {
    const answer = async (path: string): Promise<readonly [number, string]> => {
      switch (path) {
        case "/healthz":
          return this.#state === "stopped" ? [503, "stopped\n"] : [200, "ok\n"];
        case "/readyz": {
          const { ready, reason } = await this.health();
          return ready ? [200, "ready\n"] : [503, `${reason}\n`];
        }
        case "/metrics":
          return [200, await this.metrics()];
        default:
          return [404, "not found; the paths are /healthz, /readyz and /metrics\n"];
      }
    };
    return (request, response) => {
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      const allowed = request.method === undefined || request.method === "GET" || request.method === "HEAD";
      const done = allowed ? answer(path) : Promise.resolve([405, "GET\n"] as const);
      done
        .catch((error: unknown) => [503, `${codeOf(error)}\n`] as const)
        .then(([status, text]) => {
          response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
          response.end(request.method === "HEAD" ? "" : text);
        });
    };
  }

  #hear(code: string): void {
    const now = performance.now();
    if (now - (this.#heard.get(code) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.#heard.set(code, now);
    this.#log("warn", "queue", { code });
  }

  /** Continues with a target, queues its next job if there is one, and resolves with the outcome for the metrics. */
  async #look({ target, lateMs }: Order): Promise<string> {
    this.#metrics.set("keyturn_fleet_job_lag_seconds", lateMs / 1000);
    if (!this.#names.includes(target)) {
      // A worker that knows the target finds it in a sweep.
      this.#log("warn", "unknown-target", { target });
      this.#metrics.add("keyturn_fleet_jobs_total", { outcome: "unknown-target" });
      return "unknown-target";
    }
    let leave: (() => Promise<void>) | undefined;
    try {
      leave = await this.#places?.enter(this.#groupOf(target));
      if (this.#places && !leave) {
        await this.#queue.send(target, { later: { key: "place", ms: AGAIN_MS } });
        this.#metrics.add("keyturn_fleet_jobs_total", { outcome: "no-place" });
        return "no-place";
      }
      const progress = await this.lifecycle.advance(target, { signal: this.#stopping.signal });
      if (progress.state === "waiting")
        await this.#queue.send(target, {
          later: { key: String(progress.until), ms: progress.until - this.#clock.now() },
        });
      if (progress.state === "ready") await this.#queue.send(target);
      this.#failing.delete(target);
      this.#metrics.add("keyturn_fleet_jobs_total", { outcome: progress.state });
      const needed = progress.state === "stopped" ? { code: progress.reason, message: progress.hint } : {};
      this.#log(progress.state === "stopped" ? "warn" : "info", "advanced", {
        target,
        state: progress.state,
        ...needed,
      });
      return progress.state;
    } catch (error) {
      if (this.#stopping.signal.aborted) {
        await this.#queue.send(target).catch(() => undefined);
        this.#metrics.add("keyturn_fleet_jobs_total", { outcome: "handed-back" });
        this.#log("info", "handed-back", { target });
        return "handed-back";
      }
      const code = codeOf(error);
      this.#failing.set(target, code);
      this.#metrics.add("keyturn_fleet_jobs_total", { outcome: code });
      this.#log("error", "failed", { target, code, message: messageOf(error) });
      throw error;
    } finally {
      await leave?.();
    }
  }

  /** Counts work in progress, so that `stop` can wait for it. */
  async #during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      if (--this.#busy === 0) this.#idle?.();
    }
  }

  /** Reads the status of all targets. A target whose journal cannot be read does not hide the others. */
  async #statuses(): Promise<readonly LifecycleStatus[]> {
    try {
      const all = await this.#planner.status();
      this.#failing.clear();
      return all;
    } catch (error) {
      if (!(error instanceof LifecycleError)) throw error;
    }
    const each = await Promise.all(
      this.#names.map(async (name) => {
        try {
          const [status] = await this.#planner.status([name]);
          this.#failing.delete(name);
          return status;
        } catch (error) {
          if (!(error instanceof LifecycleError)) throw error;
          this.#failing.set(name, codeOf(error));
          this.#log("error", "failed", { target: name, code: codeOf(error), message: messageOf(error) });
          return undefined;
        }
      }),
    );
    return each.filter((status) => status !== undefined);
  }

  /** Returns a journal that only begins rotations, each together with its job, and records adoptions. */
  #planning(): Journal {
    const journal = this.#journal;
    return {
      read: (stream, from) => journal.read(stream, from),
      streams: () => journal.streams(),
      kept: (stream) => journal.kept(stream),
      keep: (stream, sequence, fold) => journal.keep(stream, sequence, fold),
      append: async (stream, sequence, line) => {
        const { event } = JSON.parse(line) as { event?: unknown };
        if (event === "adopted") return journal.append(stream, sequence, line);
        if (event !== "planned") throw new HandedOver();
        const stored = this.#shared
          ? await journal.appendWith(stream, sequence, line, async (run) => {
              await this.#queue.send(stream, { sql: sqlOf(run) });
            })
          : await journal.append(stream, sequence, line);
        // A sweep makes up for a job that could not be sent.
        if (stored && !this.#shared) await this.#queue.send(stream).catch(() => undefined);
        if (stored) this.#log("info", "begun", { target: stream });
        return stored;
      },
    };
  }

  /** Checks whether a job can be sent in a transaction of the journal, by trying it and rolling back. */
  async #isShared(): Promise<boolean> {
    let isShared = false;
    try {
      await this.#place.database.transaction(async (run) => {
        const [own] = await run(WHERE_AM_I);
        const [theirs] = (await this.#queue.sql?.executeSql(WHERE_AM_I))?.rows ?? [];
        isShared = own?.place === (theirs as typeof own)?.place && (await this.#queue.send("", { sql: sqlOf(run) }));
        throw new RolledBack();
      });
    } catch (error) {
      // In any other case the queue is in another database, or this role may not write to it.
      if (isShared && error instanceof RolledBack) return true;
    }
    this.#log("warn", "queue", { message: "jobs cannot be sent in the journal's transactions" });
    return false;
  }

  /** Returns why the journal cannot be read; `undefined` if it can. */
  async #journalFailure(): Promise<string | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve("the journal does not respond"), HEALTH_MS);
    });
    const asked = this.#journal.read("", 1).then(
      () => undefined,
      (error: unknown) => `the journal cannot be read: ${messageOf(error)}`,
    );
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #log(
    level: FleetRecord["level"],
    event: FleetRecord["event"],
    more: Pick<FleetRecord, "target" | "state" | "code" | "message"> = {},
  ): void {
    this.#options.logger?.({ at: this.#clock.now(), level, event, fleet: this.#fleet, worker: this.#worker, ...more });
  }
}

/** The query that identifies the connected database. */
const WHERE_AM_I = `SELECT (SELECT system_identifier FROM pg_control_system())::text || ' ' ||
  (SELECT oid FROM pg_database WHERE datname = current_database())::text AS place`;

/**
 * Returns the name of a fleet's queues. Fleets of different schemas may have the same name and share the tables of
 * pg-boss.
 */
function queueOf(fleet: string, schema: string | undefined): string {
  if (schema === undefined || schema === DEFAULT_SCHEMA) return `keyturn/${fleet}`;
  const simple = schema.replace(/[^A-Za-z0-9_-]/g, (unit) => `.${unit.charCodeAt(0).toString(16)}.`);
  return `keyturn/${simple}/${fleet}`;
}

/** Thrown to roll back a transaction that was only a trial. */
class RolledBack extends Error {}

/** Thrown to leave the rest to the worker that gets the job. */
class HandedOver extends Error {}

/** Lets pg-boss write in one of our transactions. */
function sqlOf(run: Run): FleetSql {
  return { executeSql: async (text, values = []) => ({ rows: [...(await run(text, ...(values as string[])))] }) };
}

/** Returns the message of an error of this package, which contains no secret; messages of other errors are left out. */
function messageOf(error: unknown): string {
  return codeOf(error) === "failed" ? "an error of another package" : (error as Error).message;
}

/** Returns the code of an error of the queue, as of `pg` or of the system: `ECONNREFUSED`, `57P01`. */
function wordOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === "string" && /^\w+$/.test(code) ? code : codeOf(error);
}

function checkNode(): void {
  const { node, bun, deno } = globalThis.process?.versions ?? {};
  if (node === undefined || bun !== undefined || deno !== undefined) return;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [needed, least] = LEAST_NODE;
  if (major > needed || (major === needed && minor >= least)) return;
  throw new ConfigurationError(
    "node",
    "too_old",
    `keyturn/fleet needs Node ${LEAST_NODE.join(".")} or newer, as pg-boss 12 does, but this is ${node}`,
  );
}

function checkOptions(options: FleetOptions, fleet: string): void {
  const wrong = (option: string, what: string): ConfigurationError =>
    new ConfigurationError(option, "invalid", `${option}: ${what}`);
  if (!/^[\w.-]{1,63}$/.test(fleet)) throw wrong("fleet", "must be at most 63 letters, digits, `-`, `_` and `.`");
  for (const option of ["concurrency", "perTenant"] as const) {
    const value = options[option];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw wrong(option, "must be an integer of 1 or more");
  }
  for (const [kind, { perSecond, burst = 1 }] of Object.entries(options.rates ?? {}))
    if (!(perSecond > 0 && burst >= 1)) throw wrong("rates", `${kind}: perSecond must be above 0, and burst 1 or more`);
}
