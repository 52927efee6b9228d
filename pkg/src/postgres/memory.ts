/**
 * Whether the journal may have forgotten something. A database that was restored from a backup, or a standby that was promoted, does not
 * have the events that came after; a worker would issue again what it no longer knows of. So before each issue a provider looks for
 * credentials that the journal does not know, and in a database that was restored it has to be able to.
 *
 * The table `marks` has which database a fleet writes to. When that is another one, `heads` gets the length that each stream has at this
 * moment: what stands behind it was written by those who know of the restore.
 */

import type { Clock } from "../base/options.js";
import type { CredentialFacts, Intent, Provider, Sink } from "../lifecycle/ports.js";
import { ProviderError } from "../lifecycle/providers/error.js";
import { timely } from "../lifecycle/providers/wrap.js";
import { identityOf } from "./identity.js";
import type { Place } from "./place.js";
import { encoded } from "./text.js";

/** How far back a control plane's records are searched unless an option says otherwise. @internal */
export const LOOK_BACK_MS = 7 * 86_400_000;

/** An event, as far as it is looked at here. */
interface Event {
  readonly at: number;
  readonly event: string;
  readonly source?: string;
  readonly evidence?: string;
  readonly credential?: CredentialFacts | string;
  readonly found?: readonly CredentialFacts[];
}

/** Where a memory reads a stream. */
type Read = (stream: string) => Promise<readonly string[]>;

/** What the journal of a fleet knows, and may have forgotten. @internal */
export class Memory {
  readonly #place: Place;
  readonly #read: Read;
  readonly #lookBackMs: number;
  readonly #onRestored: (() => void) | undefined;

  constructor(place: Place, read: Read, lookBackMs: number, onRestored: (() => void) | undefined) {
    this.#place = place;
    this.#read = read;
    this.#lookBackMs = lookBackMs;
    this.#onRestored = onRestored;
  }

  /**
   * Notices whether the fleet's database is another one than before, and records it. Resolves with how often a restore
   * was noticed or declared.
   */
  async look(): Promise<number> {
    const { database, schema, fleet, ready, failure } = this.#place;
    await ready();
    try {
      const here = await identityOf(database.run, schema);
      // The first of a fleet may come after the restore: it goes by what was recorded when the tables were made.
      await database.run(
        `INSERT INTO ${schema}.marks (fleet, identity)
        SELECT $1, coalesce((SELECT identity FROM ${schema}.marks WHERE fleet = ''), $2) WHERE NOT EXISTS
          (SELECT FROM ${schema}.marks WHERE fleet = $1) ON CONFLICT (fleet) DO NOTHING`,
        fleet,
        here,
      );
      if (await this.#declare(here, "AND identity <> $2")) this.#onRestored?.();
      const [row] = await database.run(
        `SELECT restores::text AS restores FROM ${schema}.marks WHERE fleet = $1`,
        fleet,
      );
      return Number(row?.restores);
    } catch (error) {
      throw failure(error, "compare the database with the fleet's earlier one", true);
    }
  }

  /** Records that the database was restored, whatever it looks like; or that nothing is missing from it. */
  async declare(lost: boolean): Promise<void> {
    const { database, schema, fleet, failure } = this.#place;
    await this.look();
    try {
      if (lost) await this.#declare(await identityOf(database.run, schema), "");
      else await database.run(`UPDATE ${schema}.marks SET restores = 0 WHERE fleet = $1`, fleet);
    } catch (error) {
      throw failure(error, "record the restore", true);
    }
  }

  /** One statement: of several that notice the same, one records the lengths of the streams. */
  async #declare(here: string, condition: string): Promise<boolean> {
    const { database, schema, fleet } = this.#place;
    const rows = await database.run(
      `WITH changed AS (
        UPDATE ${schema}.marks SET identity = $2, restores = restores + 1, noticed = clock_timestamp()
        WHERE fleet = $1 ${condition} RETURNING fleet),
      old AS (DELETE FROM ${schema}.heads USING changed WHERE heads.fleet = changed.fleet AND NOT EXISTS (
        SELECT FROM ${schema}.events WHERE events.fleet = heads.fleet AND events.stream = heads.stream)),
      kept AS (INSERT INTO ${schema}.heads (fleet, stream, sequence)
        SELECT events.fleet, events.stream, max(events.sequence) FROM ${schema}.events JOIN changed USING (fleet)
        GROUP BY events.fleet, events.stream
        ON CONFLICT (fleet, stream) DO UPDATE SET sequence = excluded.sequence)
      SELECT fleet FROM changed`,
      fleet,
      here,
    );
    return rows.length > 0;
  }

  /** How many events the target had when the database was restored; `undefined` if it never was. */
  async #restoredAt(target: string): Promise<number | undefined> {
    if ((await this.look()) === 0) return undefined;
    const { database, schema, fleet, failure } = this.#place;
    try {
      const [row] = await database.run(
        `SELECT sequence::text AS sequence FROM ${schema}.heads WHERE fleet = $1 AND stream = $2`,
        fleet,
        encoded(target),
      );
      return Number(row?.sequence ?? 0);
    } catch (error) {
      throw failure(error, `look for the restore of ${target}`);
    }
  }

  /** The provider of a target, which looks before it issues. */
  guard(target: string, provider: Provider, sinks: readonly Sink[], clock: Clock): Provider {
    return {
      ...timely(provider, clock),
      mayIssue: (intent) => this.#check(target, provider, sinks, intent, clock.now()),
    };
  }

  async #check(target: string, provider: Provider, sinks: readonly Sink[], intent: Intent, now: number): Promise<void> {
    const { kind } = provider;
    const { signal } = intent;
    const restoredAt = await unlessFailed(kind, this.#restoredAt(target));
    const lines = await unlessFailed(kind, this.#read(target));
    const events = lines.map((line) => JSON.parse(line) as Event);
    const last = (event: string): number => events.map((one) => one.event).lastIndexOf(event);
    const planned = last("planned");
    // Whoever acts after a restore has looked, and what was issued since was issued after such a look.
    const open = restoredAt !== undefined && !events.slice(restoredAt).some(vouches);
    const remembered = events[Math.min(planned, open ? restoredAt : planned) - 1]?.at;
    // A target that the journal has never managed cannot have been forgotten, unless all of it was.
    if (remembered === undefined && !open) return;
    const resumed = events[last("resumed")]?.at ?? Number.NEGATIVE_INFINITY;
    const since = Math.max(remembered ?? Number.NEGATIVE_INFINITY, resumed);
    const known = credentialsOf(events);
    const ids = new Set(known.map(({ id }) => id));
    const clientIds = new Set(known.map(({ clientId }) => clientId));
    const isForgotten = ({ id, createdAt }: CredentialFacts): boolean =>
      !ids.has(id) && (createdAt === undefined ? open : createdAt > since);

    const found = new Set<string>();
    const listed = await unlessFailed(kind, provider.list?.(signal) ?? Promise.resolve(undefined));
    for (const one of listed ?? []) if (isForgotten(one)) found.add(one.id);
    // A forgotten attempt had the number that this one has now, and so its marker.
    const from = Math.max(since, now - this.#lookBackMs);
    const made = await unlessFailed(
      kind,
      provider.search?.({ ...intent, from, until: intent.from }) ?? Promise.resolve(undefined),
    );
    for (const { id } of made ?? []) if (!ids.has(id)) found.add(id);
    const where: string[] = [];
    if (resumed < (remembered ?? Number.POSITIVE_INFINITY))
      for (const sink of sinks) {
        if (sink.readback === "none") continue;
        const { clientId } = await unlessFailed(kind, sink.read(signal));
        if (clientId !== undefined && !clientIds.has(clientId)) where.push(`${clientId} in the sink ${sink.name}`);
      }
    const all = [...found, ...where];
    if (all.length > 0)
      throw new ProviderError(
        kind,
        "newer_credential",
        `the journal of ${target} lacks ${all.join(", ")}, created after the last credential that it has; nothing was issued`,
        {
          hint:
            "If the journal was restored, roll back this rotation and adopt the credential in the sinks. Otherwise end " +
            "the unused credential, and resume.",
        },
      );
    if (!open || listed !== undefined || made !== undefined) return;
    throw new ProviderError(
      kind,
      "restored",
      `the database with the journal of ${target} was restored or replaced, and neither a list nor records show what was issued since; nothing was issued`,
      {
        hint:
          "Look at the control plane for credentials that are missing from the journal. If there are none, resume; " +
          "otherwise roll back this rotation, and adopt the one in the sinks.",
      },
    );
  }
}

/** Whether an event shows that somebody has looked at the control plane, or that a look has been possible. */
function vouches({ event, source, evidence }: Event): boolean {
  if (event === "adopted") return source === "person";
  if (event === "settled") return evidence === "person";
  return event === "resumed" || event === "issued";
}

/** All credentials that the events name with what is known of them. */
function credentialsOf(events: readonly Event[]): CredentialFacts[] {
  return events.flatMap(({ credential, found = [] }) =>
    typeof credential === "object" ? [credential, ...found] : found,
  );
}

/** Nothing has been issued yet, whatever the result of a read. */
async function unlessFailed<T>(kind: string, look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause;
    const message = "the existing credentials could not be checked, so nothing was issued";
    throw new ProviderError(kind, "not_read", message, { cause });
  }
}
