/**
 * The queue of a fleet: the parts of pg-boss 12 that it uses. It is a clock and a dispatcher, and knows only names of
 * targets. A job may run twice, late or never, since the work to be done is recorded in the journal alone.
 */

import { ConfigurationError, KeyturnError } from "../base/errors.js";
import { queueFailure } from "./error.js";

/** Options of a queue, as pg-boss names them. */
interface QueueOptions {
  policy?: string;
  retryLimit?: number;
  retryDelay?: number;
  retryBackoff?: boolean;
  retryDelayMax?: number;
  heartbeatSeconds?: number;
  expireInSeconds?: number;
  retentionSeconds?: number;
  deleteAfterSeconds?: number;
}

/** An executor of SQL, as pg-boss offers and accepts it: a job sent with one is part of the caller's transaction. */
export interface FleetSql {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** Options of a job, as pg-boss names them. */
interface SendOptions {
  singletonKey?: string;
  /** Seconds. */
  startAfter?: number;
  group?: { id: string };
  db?: FleetSql;
}

/** A job as its handler receives it. */
export interface FleetJob {
  readonly data: unknown;
  readonly createdOn?: Date;
  readonly startAfter?: Date;
}

/** The part of a `PgBoss` of the package `pg-boss` (12 or newer) that is used. */
export interface FleetBoss {
  start(): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  createQueue(name: string, options?: QueueOptions): Promise<void>;
  send(name: string, data: object, options: SendOptions): Promise<string | null>;
  schedule(name: string, cron: string, data?: object | null, options?: { tz?: string }): Promise<unknown>;
  work(
    name: string,
    options: {
      batchSize: number;
      pollingIntervalSeconds: number;
      includeMetadata: true;
      groupConcurrency?: number;
    },
    handler: (jobs: FleetJob[]) => Promise<unknown>,
  ): Promise<string>;
  offWork(name: string, options?: { wait?: boolean }): Promise<void>;
  notifyWorker(id: string): void;
  getDb?(): FleetSql;
}

/** The interval of the heartbeats that tell the queue a worker is alive; pg-boss accepts no shorter one. */
const HEARTBEAT_SECONDS = 10;
/** The shortest delay of a delayed job. */
const LEAST_WAIT_MS = 50;
/** How long a job is kept. It only says to look at a target, so an old one is worthless. */
const KEPT_SECONDS = 3600;

/**
 * The error that a failed job stores in the queue's tables: a target and an error code, since messages may quote
 * servers.
 */
class JobFailed extends Error {
  readonly target: string;
  readonly code: string;
  constructor(target: string, code: string) {
    super(`${target}: ${code}`);
    this.name = "JobFailed";
    this.target = target;
    this.code = code;
    // A stack trace into this file is useless.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** Returns the stable code of an error. @internal */
export function codeOf(error: unknown): string {
  if (!KeyturnError.is(error)) return "failed";
  const reason = "reason" in error && typeof error.reason === "string" ? `:${error.reason}` : "";
  return `${error.kind}${reason}`;
}

/** Starts pg-boss if it is not started. @internal */
export async function startBoss(boss: FleetBoss): Promise<void> {
  await withQueueError("start pg-boss", () => boss.start());
}

async function withQueueError<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw queueFailure(error, doing);
  }
}

/** The delay of a job. */
export interface Later {
  /** At most one job of a target waits for each key. */
  readonly key: string;
  /** The delay in milliseconds, by the server's clock, since the workers' clocks differ. */
  readonly ms: number;
}

/** A job as a fleet handles it. @internal */
export interface Order {
  readonly target: string;
  /** How long the job has waited since it could have run, in milliseconds. */
  readonly lateMs: number;
}

/** The queues of one fleet. @internal */
export class Queue {
  readonly #boss: FleetBoss;
  readonly #targets: string;
  readonly #ticks: string;
  readonly #groupOf: ((target: string) => string) | undefined;

  /** @param name identifies the fleet among all that share the queue's tables. */
  constructor(boss: FleetBoss, name: string, groupOf: ((target: string) => string) | undefined) {
    for (const method of ["start", "on", "createQueue", "send", "schedule", "work", "offWork", "notifyWorker"] as const)
      if (typeof boss?.[method] !== "function")
        throw new ConfigurationError(
          "boss",
          "not_a_boss",
          "boss: must be a PgBoss of the package `pg-boss`, version 12 or newer",
        );
    this.#boss = boss;
    this.#targets = `${name}/targets`;
    this.#ticks = `${name}/ticks`;
    this.#groupOf = groupOf;
  }

  /** Creates the queues and the cron entry, which all workers share. */
  async open(cron: string): Promise<void> {
    await startBoss(this.#boss);
    const common = {
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: KEPT_SECONDS,
      deleteAfterSeconds: KEPT_SECONDS,
    };
    await withQueueError("create the queues of the fleet", async () => {
      // At most one job per target and key waits. It may run concurrently with another: the journal decides who acts.
      await this.#boss.createQueue(this.#targets, {
        ...common,
        policy: "short",
        retryLimit: 5,
        retryDelay: 2,
        retryBackoff: true,
        retryDelayMax: 60,
      });
      await this.#boss.createQueue(this.#ticks, { ...common, policy: "exclusive", retryLimit: 0 });
      await this.#boss.schedule(this.#ticks, cron, {});
    });
  }

  /**
   * Queues a target, now or later, in the caller's transaction if there is one. Resolves with `false` if such a job is
   * already waiting.
   */
  async send(target: string, { later, sql }: { later?: Later; sql?: FleetSql } = {}): Promise<boolean> {
    const group = this.#groupOf?.(target);
    const id = await withQueueError("send a job", () =>
      this.#boss.send(
        this.#targets,
        { target },
        {
          // A delayed job must not block an immediate one.
          singletonKey: later === undefined ? target : `${target}@${later.key}`,
          ...(later !== undefined && { startAfter: Math.max(later.ms, LEAST_WAIT_MS) / 1000 }),
          ...(group !== undefined && { group: { id: group } }),
          ...(sql && { db: sql }),
        },
      ),
    );
    return id !== null;
  }

  /**
   * Takes jobs until `stop`, up to `concurrency` at a time, and about `perGroup` at a time of one group: two workers
   * may take one at the same moment.
   */
  async work(
    concurrency: number,
    perGroup: number | undefined,
    pollSeconds: number,
    onTarget: (order: Order) => Promise<string>,
    onTick: () => Promise<void>,
  ): Promise<void> {
    const options = { batchSize: 1, pollingIntervalSeconds: pollSeconds, includeMetadata: true } as const;
    for (let index = 0; index < concurrency; index++) {
      const id = await this.#boss.work(
        this.#targets,
        { ...options, ...(perGroup !== undefined && { groupConcurrency: perGroup }) },
        async ([job]) => {
          const { target } = Object(job?.data) as { target?: unknown };
          const since = Math.max(Number(job?.createdOn ?? 0), Number(job?.startAfter ?? 0));
          try {
            const state = await onTarget({ target: String(target), lateMs: Math.max(0, Date.now() - since) });
            return { state };
          } catch (error) {
            throw new JobFailed(String(target), codeOf(error));
          } finally {
            // Poll again at once: where there was one job, there are often more.
            this.#boss.notifyWorker(id);
          }
        },
      );
    }
    await this.#boss.work(this.#ticks, options, async () => {
      try {
        await onTick();
      } catch (error) {
        throw new JobFailed("tick", codeOf(error));
      }
    });
  }

  /** The executor of SQL in the queue's database; `undefined` if pg-boss offers none. */
  get sql(): FleetSql | undefined {
    return this.#boss.getDb?.();
  }

  onError(listener: (error: Error) => void): void {
    this.#boss.on("error", listener);
  }

  /** Stops taking jobs, and resolves once those already taken have ended. */
  async stop(): Promise<void> {
    await Promise.all([this.#targets, this.#ticks].map((name) => this.#boss.offWork(name, { wait: true })));
  }
}
