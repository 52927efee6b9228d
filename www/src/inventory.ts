/**
 * The credentials that this console knows of. C1 cannot list a connector's credentials, so they are remembered as they
 * are met: rotated here, looked up here. What is kept in the tab's session storage are ids, names and times. Everything
 * else is asked for again; secrets are never here at all.
 */

import { type ConductorOne, NotFoundError, type shared } from "keyturn/slim";

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

/** A rotation whose answer never came. */
export interface Unsettled extends Place {
  /** Between which moments it was on its way, in milliseconds. */
  readonly from: number;
  readonly to: number;
}

interface Stored {
  known: Pick<Known, "id" | "source" | "since" | "revokedAt" | "appId" | "connectorId" | "app" | "connector">[];
  unsettled: Unsettled[];
}

/** Calls at a time. */
const PARALLEL = 4;

/** Days before its end from which on a credential needs attention. */
export const SOON_DAYS = 30;

const place = ({ appId, connectorId, app, connector }: Place): Place => ({ appId, connectorId, app, connector });
const sameConnector = (one: Place, other: Place): boolean =>
  one.appId === other.appId && one.connectorId === other.connectorId;

/** Emits `change`. */
export class Inventory extends EventTarget {
  readonly #client: ConductorOne;
  readonly #key: string;
  #known: Known[] = [];
  #unsettled: Unsettled[] = [];

  /** @param tenant Sets the ids of one tenant apart from those of another. */
  constructor(client: ConductorOne, tenant: string) {
    super();
    this.#client = client;
    this.#key = `keyturn.known:${client.serverURL}:${tenant}`;
    try {
      const stored = JSON.parse(sessionStorage.getItem(this.#key) ?? "{}") as Partial<Stored>;
      this.#known = (stored.known ?? []).map((entry) => ({ ...entry }));
      this.#unsettled = stored.unsettled ?? [];
    } catch {
      // Storage that is switched off or garbled: what was known is not, and nothing else is lost.
    }
    void this.check(this.#known);
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
    const now = Date.now();
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
    this.#changed();
    return known;
  }

  /** Takes up credentials of which the ids alone are known. */
  remember(some: readonly (Place & Pick<Known, "id">)[], source: Source): readonly Known[] {
    const since = Date.now();
    const fresh = some.filter((one) => !this.of(one).some(({ id }) => id === one.id));
    const added = fresh.map((one): Known => ({ ...place(one), id: one.id, source, since }));
    this.#known = [...this.#known, ...added];
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
    known.checkedAt = Date.now();
    known.checking = false;
    this.#changed();
  }

  /** It was revoked here. */
  revoked(known: Known): void {
    known.revokedAt = Date.now();
    this.#changed();
  }

  /** Takes it off the list. Nothing happens to the credential. */
  forget(known: Known): void {
    this.#known = this.#known.filter((other) => other !== known);
    this.#changed();
  }

  /** The rotation of this connector whose outcome is unknown. */
  unsettled(connector: Place): Unsettled | undefined {
    return this.#unsettled.find((one) => sameConnector(one, connector));
  }

  /** Remembers that the outcome of a rotation is unknown. */
  unsettle(at: Place, from: number, to: number): void {
    this.#unsettled = [{ ...place(at), from, to }, ...this.#unsettled.filter((one) => !sameConnector(one, at))];
    this.#changed();
  }

  /** Somebody has looked, and knows. */
  settle(connector: Place): void {
    this.#unsettled = this.#unsettled.filter((one) => !sameConnector(one, connector));
    this.#changed();
  }

  #changed(): void {
    const known = this.#known.map(({ id, source, since, revokedAt, ...at }) => ({
      ...place(at),
      id,
      source,
      since,
      revokedAt,
    }));
    const stored: Stored = { known, unsettled: this.#unsettled };
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(stored));
    } catch {
      // Then they are known until the page is left.
    }
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
  return date instanceof Date && date.getTime() <= Date.now();
}
