/**
 * The credentials that this console knows of. C1 cannot list a connector's credentials, so they are remembered as they
 * are met: rotated here, looked up here. What is kept in the browser are ids, names and times; secrets are never here at all.
 */

import { type ConductorOne, NotFoundError, type shared } from "keyturn/slim";
import { clock } from "./clock.js";
import type { Store } from "./estate/store.js";

/** A connector, and what people call it. */
export interface Place {
  readonly appId: string;
  readonly connectorId: string;
  readonly app: string;
  readonly connector: string;
}

/** How a credential came to be known. More ways will follow, so this is open. */
export type Source = "rotated" | "looked-up" | "example" | (string & {});

/** What C1 says of a credential. */
export type Facts = Omit<shared.ConnectorCredential, "clientSecret">;

/** A credential that is known. */
export interface Known extends Place {
  readonly id: string;
  readonly source: Source;
  /** Since when it is known, in milliseconds. */
  readonly since: number;
  /** When it was revoked here. Some tenants no longer show it afterwards. */
  revokedAt?: number;
  /** What C1 said last, and when. */
  facts?: Facts;
  checkedAt?: number;
  /** C1 has no such credential. */
  gone?: boolean;
  /** Why C1 could not be asked. */
  error?: unknown;
  checking?: boolean;
}

/** Calls at a time. */
const PARALLEL = 4;

/** Days before its end from which on a credential needs attention. */
export const SOON_DAYS = 30;

const place = ({ appId, connectorId, app, connector }: Place): Place => ({ appId, connectorId, app, connector });
const sameConnector = (one: Place, other: Place): boolean =>
  one.appId === other.appId && one.connectorId === other.connectorId;

/** How long what C1 said is taken for what is so, in milliseconds. */
const FRESH = 600_000;

/** As many as are asked for again at once when the page is opened. */
const SOME = 200;

/** Emits `change`. */
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

  /** What is known of a tenant. What was seen long ago is asked for again. */
  static async open(client: ConductorOne, store: Store): Promise<Inventory> {
    const kept = await store.credentials();
    const known = kept.map((one): Known => ({ ...one })).sort((one, other) => other.since - one.since);
    const inventory = new Inventory(client, store, known);
    const stale = known.filter(({ checkedAt = 0 }) => Math.abs(clock.now() - checkedAt) > FRESH);
    void inventory.check(stale.slice(0, SOME));
    return inventory;
  }

  /** The latest first. */
  get all(): readonly Known[] {
    return this.#known;
  }

  /** Those of one connector. */
  of(connector: Place): readonly Known[] {
    return this.#known.filter((known) => sameConnector(known, connector));
  }

  /** Adds a credential, or says something new of it. */
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

  /** Takes up credentials of which the ids alone are known. */
  remember(some: readonly (Place & Pick<Known, "id">)[], source: Source): readonly Known[] {
    const since = clock.now();
    const fresh = some.filter((one) => !this.of(one).some(({ id }) => id === one.id));
    const added = fresh.map((one): Known => ({ ...place(one), id: one.id, source, since }));
    this.#known = [...this.#known, ...added];
    this.#keep(added);
    return added;
  }

  /** Asks C1 what there is to know of these now. Does not throw: what goes wrong is in the entry. */
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

  /** It was revoked here. */
  revoked(known: Known): void {
    known.revokedAt = clock.now();
    this.#keep([known]);
    this.#changed();
  }

  /** Takes it off the list. Nothing happens to the credential. */
  forget(known: Known): void {
    this.#known = this.#known.filter((other) => other !== known);
    void this.#store.forgetCredential(known);
    this.#changed();
  }

  /** Forgets everything, as what it is about is gone. */
  clear(): void {
    this.#known = [];
    this.#changed();
  }

  #keep(some: readonly Known[]): void {
    void this.#store.keepCredentials(some.map(({ error: _, checking: __, ...known }) => known));
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

/** The same without a secret: some servers send an empty one, and none should stay in memory. */
export function withoutSecret(credential: shared.ConnectorCredential | null | undefined): Facts {
  const { clientSecret: _, ...facts } = credential ?? {};
  return facts;
}

/** Whether it can be used to log in, as far as is known. */
export function isUsable(known: Known): boolean {
  return !known.gone && known.revokedAt === undefined && !known.facts?.deletedAt && !isPast(known.facts?.expiresTime);
}

/** Whether a date has passed. */
export function isPast(date: Date | null | undefined): boolean {
  return date instanceof Date && date.getTime() <= clock.now();
}
