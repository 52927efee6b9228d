/**
 * The credentials that this console knows of. C1 cannot list a connector's credentials, so the console remembers those
 * that it has rotated or looked up. The browser stores ids, names and times; secrets are never here at all.
 */

import { type ConductorOne, NotFoundError, type shared } from "keyturn/slim";
import { clock } from "./clock.js";
import type { Store } from "./estate/store.js";

/** A connector and its app, with their display names. */
export interface Place {
  readonly appId: string;
  readonly connectorId: string;
  readonly app: string;
  readonly connector: string;
}

/** How a credential became known. An open union, since further ways will follow. */
export type Source = "rotated" | "looked-up" | "example" | (string & {});

/** What C1 reports about a credential, without its secret. */
export type Facts = Omit<shared.ConnectorCredential, "clientSecret">;

/** A known credential. */
export interface Known extends Place {
  readonly id: string;
  readonly source: Source;
  /** When it became known, in milliseconds since 1970. */
  readonly since: number;
  /** When it was revoked here. Some tenants no longer report it afterwards. */
  revokedAt?: number;
  /** What C1 reported last, and when it was last asked. */
  facts?: Facts;
  checkedAt?: number;
  /** Whether C1 reported that there is no such credential. */
  gone?: boolean;
  /** Why the latest check failed. */
  error?: unknown;
  checking?: boolean;
}

/** The maximum number of concurrent calls. */
const PARALLEL = 4;

/** The number of days before its expiry from which a credential needs attention. */
export const SOON_DAYS = 30;

const place = ({ appId, connectorId, app, connector }: Place): Place => ({ appId, connectorId, app, connector });
const sameConnector = (one: Place, other: Place): boolean =>
  one.appId === other.appId && one.connectorId === other.connectorId;

/** How long a report of C1 counts as current, in milliseconds. */
const FRESH = 600_000;

/** The maximum number of credentials that are checked at a time, when the page opens or is refreshed. */
const SOME = 200;

/** The known credentials of one tenant. Emits `change`. */
export class Inventory extends EventTarget {
  readonly #client: ConductorOne;
  readonly #store: Store;
  #known: Known[];

  private constructor(client: ConductorOne, store: Store, known: Known[]) {
    super();
    this.#client = client;
    this.#store = store;
    this.#known = known;
  }

  /** Opens what is stored about a tenant, and checks the credentials whose latest check is too old. */
  static async open(client: ConductorOne, store: Store): Promise<Inventory> {
    const kept = await store.credentials();
    const known = kept.map((one): Known => ({ ...one })).sort((one, other) => other.since - one.since);
    const inventory = new Inventory(client, store, known);
    void inventory.refresh(FRESH);
    return inventory;
  }

  /** Checks the credentials whose latest check is older than `age`, in milliseconds. Those that waited longest come first. */
  async refresh(age = 0): Promise<void> {
    const checked = ({ checkedAt = 0 }: Known): number => checkedAt;
    const stale = this.#known.filter((known) => !known.checking && Math.abs(clock.now() - checked(known)) > age);
    await this.check(stale.sort((one, other) => checked(one) - checked(other)).slice(0, SOME));
  }

  /** All known credentials, latest first; those added by {@link remember} come last until the page is reloaded. */
  get all(): readonly Known[] {
    return this.#known;
  }

  /** Returns the known credentials of one connector. */
  of(connector: Place): readonly Known[] {
    return this.#known.filter((known) => sameConnector(known, connector));
  }

  /** Adds a credential, or updates a known one. */
  add(at: Place, source: Source, facts: Facts): Known {
    const id = facts.id ?? "";
    const now = clock.now();
    const before = this.of(at).find((known) => known.id === id);
    const known: Known = {
      ...place(at),
      id,
      source: before?.source ?? source,
      since: before?.since ?? now,
      facts,
      checkedAt: now,
    };
    this.#known = [known, ...this.#known.filter((other) => other !== before)];
    this.#keep([known]);
    this.#changed();
    return known;
  }

  /** Adds credentials of which only the ids are known. Returns those that are new. */
  remember(some: readonly (Place & Pick<Known, "id">)[], source: Source): readonly Known[] {
    const since = clock.now();
    const fresh = some.filter((one) => !this.of(one).some(({ id }) => id === one.id));
    const added = fresh.map((one): Known => ({ ...place(one), id: one.id, source, since }));
    this.#known = [...this.#known, ...added];
    this.#keep(added);
    return added;
  }

  /** Asks C1 about credentials. Does not throw: a failure is recorded in the entry. */
  async check(entries: readonly Known[]): Promise<void> {
    for (const known of entries) known.checking = true;
    this.#changed();
    const waiting = [...entries];
    const worker = async (): Promise<void> => {
      for (let known = waiting.shift(); known !== undefined; known = waiting.shift()) await this.#check(known);
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
  }

  async #check(known: Known): Promise<void> {
    const { appId, connectorId, id } = known;
    try {
      const answer = await this.#client.connector.getCredentials({ appId, connectorId, id });
      known.facts = withoutSecret(answer.connectorServiceGetCredentialsResponse?.credential);
      known.gone = false;
      delete known.error;
    } catch (error) {
      known.gone = error instanceof NotFoundError;
      known.error = known.gone ? undefined : error;
    }
    known.checkedAt = clock.now();
    known.checking = false;
    this.#keep([known]);
    this.#changed();
  }

  /** Records that a credential was revoked here. */
  revoked(known: Known): void {
    known.revokedAt = clock.now();
    this.#keep([known]);
    this.#changed();
  }

  /** Removes an entry from the list. The credential itself is not touched. */
  forget(known: Known): void {
    this.#known = this.#known.filter((other) => other !== known);
    void this.#store.forgetCredential(known);
    this.#changed();
  }

  #keep(some: readonly Known[]): void {
    void this.#store.keepCredentials(some.map(({ error: _, checking: __, ...known }) => known));
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

/** Returns a credential without its secret: some servers send an empty one, and none should stay in memory. */
export function withoutSecret(credential: shared.ConnectorCredential | null | undefined): Facts {
  const { clientSecret: _, ...facts } = credential ?? {};
  return facts;
}

/** Returns whether a credential can be used to log in, as far as is known. */
export function isUsable(known: Known): boolean {
  return !known.gone && known.revokedAt === undefined && !known.facts?.deletedAt && !isPast(known.facts?.expiresTime);
}

/** Returns whether a date has passed. */
export function isPast(date: Date | null | undefined): boolean {
  return date instanceof Date && date.getTime() <= clock.now();
}
