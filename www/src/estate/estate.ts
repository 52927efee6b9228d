/** All targets of the connected control planes, and what is known of each. */

import type { CredentialRow } from "keyturn/elements/credentials";
import type { LifecyclePolicy, LifecycleStatus } from "keyturn/lifecycle";
import { clock } from "../clock.js";
import type { ApiCredentialFacts } from "../connection/commercelayer.js";
import type { Connections } from "../connection/connection.js";
import { SERVICES, type Service } from "../connection/ways.js";
import { isUsable, type Known, type Place } from "../inventory.js";
import { language } from "../texts/languages.js";
import { isKey, t } from "../texts/text.js";
import { lifetime } from "../ui/dates.js";
import { distinctions } from "../ui/names.js";
import { Drafts } from "./drafts.js";
import { Job, type Prospect, type Works } from "./job.js";
import type { Lifecycles } from "./lifecycles.js";
import type { Kept, Settings, Standing, Store } from "./store.js";

/** A place at a control plane that has one credential after another. */
export interface Target {
  /** Its name in the journal. */
  readonly name: string;
  readonly plane: Service;
  /** Its display name, and that of what it belongs to. */
  readonly label: string;
  readonly group: string;
  /** The connector, if it is one. */
  readonly place?: Place;
  /** The API credential in use, and the id of the first one of its line. */
  readonly credential?: ApiCredentialFacts;
  readonly first?: string;
}

/** A list that failed to load. */
export interface Missing {
  readonly what: string;
  readonly error: unknown;
}

/** The maximum number of lists that are loaded at a time. */
const PARALLEL = 4;

const PAGE = 100;

/**
 * How long changes are batched before the rows are rebuilt, in milliseconds: the minimum, and the time per target. The
 * more targets there are, the longer a rebuild takes and the less often it happens, which keeps the page responsive.
 */
const GATHER = { least: 60, each: 0.1 };

const DAY = 86_400_000;

/** How long an old credential stays valid, in milliseconds, unless a target's policy says otherwise. */
export const GRACE = DAY;

/** The prefix of `reference_origin` in the successors of an API credential. The id of the first one follows it. */
const LINE = "keyturn-line-";

export function connectorTarget(place: Place): Target {
  const { appId, connectorId, app, connector } = place;
  return { name: `c1/${appId}/${connectorId}`, plane: "c1", label: connector, group: app, place };
}

/** Returns the target of a line of API credentials. Its name stays the same, whichever of them is in use. */
export function apiCredentialTarget(credential: ApiCredentialFacts): Target {
  const origin = credential.reference_origin ?? "";
  const first = origin.startsWith(LINE) ? origin.slice(LINE.length) : credential.id;
  const group = credential.organization?.name ?? "";
  return { name: `cl/${first}`, plane: "commercelayer", label: credential.name, group, credential, first };
}

/** All targets, with their settings and rotations. Emits `change`. */
export class Estate extends EventTarget implements Works {
  readonly connections: Connections;
  readonly byHand = true;
  readonly keeps = "localStorage";
  readonly drafts = new Drafts();
  readonly #targets = new Map<string, Target>();
  readonly #kept = new Map<string, Kept>();
  #rows: readonly CredentialRow[] | undefined;
  #spoken = language();
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #running = new AbortController();
  /** Whether lists are being loaded. */
  loading = false;
  /** Whether all lists have either been loaded or failed. */
  loaded = false;
  missing: readonly Missing[] = [];
  #lifecycles: Promise<Lifecycles> | undefined;
  readonly #opened: Promise<unknown>;

  constructor(connections: Connections) {
    super();
    this.connections = connections;
    connections.c1?.inventory.addEventListener("change", this.#changed);
    for (const store of this.#stores) store.watch(() => void this.#remember());
    this.#opened = this.#remember();
    this.job = Job.found(this);
    addEventListener("storage", this.#followed);
  }

  get #stores(): readonly Store[] {
    return [this.connections.c1?.store, this.connections.commercelayer?.store].filter((one) => one !== undefined);
  }

  /** Whether what is begun here outlives the page. */
  get lasting(): boolean {
    return this.#stores.every(({ lasting }) => lasting);
  }

  get space(): string {
    const { c1, commercelayer } = this.connections;
    return `${c1?.space ?? ""} ${commercelayer?.space ?? ""}`;
  }

  /**
   * Whether settings and standings have been read from the browser's storage. An edit before that would overwrite them.
   */
  remembered = false;

  /** Resolves once the browser's storage has been read. */
  get opened(): Promise<unknown> {
    return this.#opened;
  }

  store(plane: Service): Store {
    return this.connections[plane]?.store as Store;
  }

  /** Stops loading, closes the journals, and wipes all secrets. The connections stay open. */
  close(): void {
    this.job?.close();
    this.#running.abort();
    clearTimeout(this.#gathering);
    removeEventListener("storage", this.#followed);
    this.connections.c1?.inventory.removeEventListener("change", this.#changed);
    void this.#lifecycles?.then((lifecycles) => lifecycles.close());
  }

  get targets(): ReadonlyMap<string, Target> {
    return this.#targets;
  }

  /** Returns a target by its name, even if its list has not been loaded. */
  target(name: string): Target | undefined {
    const known = this.#targets.get(name);
    if (known) return known;
    const [plane, appId, connectorId] = name.split("/");
    const met = this.connections.c1?.inventory.all.find(
      (one) => one.appId === appId && one.connectorId === connectorId,
    );
    return plane === "c1" && met ? connectorTarget(met) : undefined;
  }

  /** Adds a target that was found elsewhere than in the lists. */
  meet(target: Target): Target {
    if (!this.#targets.has(target.name)) this.#targets.set(target.name, target);
    return target;
  }

  /** Returns what to show under a target's label: what it belongs to, and what else tells it apart. */
  about({ name, group, credential }: Target): readonly string[] {
    const parts = [group, modeOf(credential) ?? ""];
    const more = this.distinction(name) ?? "";
    return [...parts, parts.join(", ")].includes(more) ? parts : [...parts, more];
  }

  settings(name: string): Settings {
    return this.#kept.get(name)?.settings ?? {};
  }

  standing(name: string): Standing | undefined {
    return this.#kept.get(name)?.standing;
  }

  /** Returns the policy by which a target is rotated here. */
  policy(name: string, chosen = this.settings(name).policy): LifecyclePolicy & { readonly grace: number } {
    const { grace = GRACE, proofs = [], ...rest } = chosen ?? {};
    // A person stores the secret, and it cannot be read back, so a person also decides when the old credential ends.
    return { ...rest, grace, proofs: ["parsed", "token", ...proofs], approval: true };
  }

  /** Returns how long the old credential stays valid, in words. */
  graceText(name: string): string {
    const ms = this.policy(name).grace;
    const key = `grace.${ms}`;
    return isKey(key) ? t(key) : lifetime(ms / 1000);
  }

  async keep(target: Target, settings: Settings): Promise<void> {
    await this.#keep(target, { ...this.#kept.get(target.name), target: target.name, settings });
  }

  /** Records the status of a target that has been read from the journal. */
  async stands(target: Target, status: LifecycleStatus): Promise<void> {
    const standing = standingOf(status);
    const before = this.#kept.get(target.name);
    if (before?.standing?.sequence === standing.sequence && before.standing.state === standing.state) return;
    await this.#keep(target, { target: target.name, settings: before?.settings ?? {}, standing });
    const inventory = this.connections.c1?.inventory;
    if (!target.place || !inventory) return;
    const living = status.credentials.filter(({ role }) => role !== "ended");
    const fresh = inventory.remember(
      living.map(({ id }) => ({ ...(target.place as Place), id })),
      "rotated",
    );
    // Ask C1 about the credentials that have ended, and about the new one.
    const ended = status.credentials.filter(({ role }) => role === "ended").map(({ id }) => id);
    const again = inventory.of(target.place).filter(({ id }) => ended.includes(id) || id === standing.current);
    await inventory.check([...new Set([...fresh, ...again])]);
  }

  /** Returns the engine, which is loaded on demand. */
  lifecycles(): Promise<Lifecycles> {
    this.#lifecycles ??= import("./lifecycles.js").then(({ Lifecycles }) => new Lifecycles(this));
    this.#lifecycles.catch(() => {
      // A later call tries again.
      this.#lifecycles = undefined;
    });
    return this.#lifecycles;
  }

  /** Returns the known credentials of a connector that may be in use, the most recently used first. */
  candidates(target: Target): readonly Known[] {
    const { inventory } = this.connections.c1 ?? {};
    if (!target.place || !inventory) return [];
    return inventory
      .of(target.place)
      .filter(isUsable)
      .sort((one, other) => usedLast(other) - usedLast(one));
  }

  prospect(name: string): Prospect | undefined {
    const target = this.target(name);
    const standing = this.standing(name);
    if (standing?.phase !== undefined && standing.phase !== "issued") return undefined;
    // Before the first rotation, the journal may know no credential. The most recently used one is then taken for the
    // one in use.
    const guess = target && (this.candidates(target)[0]?.id ?? target.credential?.id);
    const ends = standing?.phase === undefined ? (standing?.current ?? guess) : standing.current;
    return { ends, grace: this.graceText(name), cuts: false, sinks: [], refused: undefined };
  }

  async issue(name: string, begins: (before: number) => boolean): Promise<void> {
    const target = this.target(name);
    if (!target) throw new Error("target-gone");
    await (await this.lifecycles()).issue(target, begins);
  }

  /** The current job, which may be left from an earlier page. */
  job: Job | undefined;

  /** Follows what another tab does with the job. */
  readonly #followed = (): void => {
    this.job = Job.followed(this);
    this.#tell();
  };

  /** Plans to rotate targets together, in the open job if there is one. */
  together(targets: readonly string[]): void {
    this.job = Job.with(this, targets);
    this.dispatchEvent(new Event("change"));
  }

  /** Discards the job. */
  endJob(): void {
    this.job?.end();
    this.job = undefined;
    this.dispatchEvent(new Event("change"));
  }

  /** Updates everything after the clock has been changed. */
  tick(): void {
    this.#changed();
    void this.#catchUp();
  }

  /** Deletes everything that is stored, as the sandbox forgets everything too. */
  async clear(): Promise<void> {
    this.endJob();
    await (await this.lifecycles()).close();
    for (const { space } of [this.connections.c1, this.connections.commercelayer].filter((one) => one !== undefined))
      indexedDB.deleteDatabase(`keyturn-journal ${space}`);
    for (const store of this.#stores) await store.clear();
  }

  /** Loads all lists. */
  async load(): Promise<void> {
    this.#running.abort();
    const { signal } = (this.#running = new AbortController());
    this.loading = true;
    this.missing = [];
    this.#tell();
    await Promise.all([this.#opened, this.#connectors(signal), this.#apiCredentials(signal)]);
    if (signal.aborted) return;
    this.loading = false;
    this.loaded = true;
    this.#changed();
    await this.#catchUp();
  }

  /** Loads all lists, and asks C1 about the known credentials again. */
  async refresh(): Promise<void> {
    await Promise.all([this.load(), this.connections.c1?.inventory.refresh()]);
  }

  /** Stops loading. */
  stop(): void {
    this.#running.abort();
    this.loading = false;
    this.#tell();
  }

  /** A row for each target. */
  get rows(): readonly CredentialRow[] {
    // Rows contain texts in the current language.
    if (this.#spoken !== language()) this.#rows = undefined;
    this.#spoken = language();
    this.#rows ??= this.#made();
    return this.#rows;
  }

  /** Returns what to show beside a target's name if others have the same name. */
  distinction(name: string): string | undefined {
    return distinctions(this.rows).get(name);
  }

  #made(): readonly CredentialRow[] {
    const known = new Map<string, Known[]>();
    for (const one of this.connections.c1?.inventory.all ?? []) {
      const name = connectorTarget(one).name;
      known.set(name, [...(known.get(name) ?? []), one]);
      if (!this.#targets.has(name)) this.#targets.set(name, connectorTarget(one));
    }
    const rows = [...this.#targets.values()].map((target) => this.#row(target, known.get(target.name) ?? []));
    // Computed over all rows: a row may be shown without the others that have its name.
    const distinct = distinctions(rows);
    return rows.map((row) => (distinct.has(row.target) ? { ...row, distinction: distinct.get(row.target) } : row));
  }

  #row(target: Target, known: readonly Known[]): CredentialRow {
    const { name, label, group, plane, credential } = target;
    const kept = this.#kept.get(name);
    const { standing, settings } = kept ?? {};
    const common = {
      target: name,
      name: label,
      group,
      variant: modeOf(credential),
      plane: SERVICES[plane],
      owner: settings?.owner,
      consumers: settings?.consumers,
      ...rotationOf(standing),
    };
    if (credential)
      return {
        ...common,
        credential: standing?.current ?? credential.id,
        clientId: standing?.clientId ?? credential.client_id,
        createdAt: standing?.createdAt ?? Date.parse(credential.created_at),
        tellsUse: false,
      };
    const living = known.filter(
      (one) => !one.gone && one.revokedAt === undefined && !one.facts?.deletedAt && !standing?.unused?.includes(one.id),
    );
    const newest = living.reduce<Known | undefined>(
      (best, one) => (best && usedLast(best) >= usedLast(one) ? best : one),
      undefined,
    );
    const current = known.find(({ id }) => id === standing?.current) ?? (standing?.current ? undefined : newest);
    const facts = current?.facts;
    return {
      ...common,
      credential: standing?.current ?? current?.id,
      clientId: facts?.clientId ?? standing?.clientId ?? undefined,
      createdAt: facts?.createdAt?.getTime() ?? standing?.createdAt,
      expiresAt: facts?.expiresTime?.getTime() ?? standing?.expiresAt,
      lastUsedAt: facts?.lastUsedAt?.getTime(),
      checked: facts !== undefined || standing?.current !== undefined,
    };
  }

  readonly #changed = (): void => {
    this.#gathering ??= setTimeout(
      () => {
        this.#gathering = undefined;
        this.#rows = undefined;
        this.#tell();
      },
      Math.max(GATHER.least, GATHER.each * this.#targets.size),
    );
  };

  #tell(): void {
    this.dispatchEvent(new Event("change"));
  }

  async #remember(): Promise<void> {
    for (const store of this.#stores) for (const kept of await store.targets()) this.#kept.set(kept.target, kept);
    this.remembered = true;
    this.#changed();
  }

  async #keep(target: Target, kept: Kept): Promise<void> {
    this.#kept.set(target.name, kept);
    this.#changed();
    await this.store(target.plane).keepTarget(kept);
  }

  /**
   * Reads the status of rotations under way from the journal: time has passed, and other tabs may have advanced them.
   */
  async #catchUp(): Promise<void> {
    const under = [...this.#kept.values()].filter(({ standing }) => standing?.phase !== undefined);
    if (under.length === 0) return;
    try {
      const lifecycles = await this.lifecycles();
      for (const { target: name } of under) {
        const target = this.target(name);
        if (target) await lifecycles.status(target);
      }
    } catch {
      // The view of the rotation reports the error.
    }
  }

  async #connectors(signal: AbortSignal): Promise<void> {
    const client = this.connections.c1?.client;
    if (!client) return;
    const running = new Set<Promise<void>>();
    try {
      for await (const { id = "", displayName } of client.apps.list({ pageSize: PAGE }, { signal })) {
        if (!id) continue;
        const one = this.#connectorsOf(id, displayName || id, signal).finally(() => running.delete(one));
        running.add(one);
        if (running.size >= PARALLEL) await Promise.race(running);
      }
    } catch (error) {
      if (!signal.aborted) this.missing = [...this.missing, { what: "C1", error }];
    }
    await Promise.all(running);
  }

  async #connectorsOf(appId: string, app: string, signal: AbortSignal): Promise<void> {
    const client = this.connections.c1?.client;
    try {
      for await (const { connector } of client?.connector.list({ appId, pageSize: PAGE }, { signal }) ?? []) {
        if (!connector?.id) continue;
        const place = { appId, connectorId: connector.id, app, connector: connector.displayName || connector.id };
        const target = connectorTarget(place);
        this.#targets.set(target.name, target);
      }
      this.#changed();
    } catch (error) {
      if (!signal.aborted) this.missing = [...this.missing, { what: app, error }];
    }
  }

  async #apiCredentials(signal: AbortSignal): Promise<void> {
    const provisioning = this.connections.commercelayer;
    if (!provisioning) return;
    // If this fails, the list does too, and says why.
    if (!provisioning.email) provisioning.introduce(signal).catch(() => {});
    try {
      for await (const credential of provisioning.everyCredential(signal)) {
        const target = apiCredentialTarget(credential);
        const before = this.#targets.get(target.name)?.credential;
        // The newest credential of a line is in use, unless the journal says otherwise.
        if (before && before.created_at > credential.created_at) continue;
        this.#targets.set(target.name, target);
      }
      this.#changed();
    } catch (error) {
      if (!signal.aborted) this.missing = [...this.missing, { what: "Commerce Layer", error }];
    }
  }
}

/** Returns when a credential was last used, or else when it was created. */
function usedLast({ facts }: Known): number {
  return facts?.lastUsedAt?.getTime() ?? facts?.createdAt?.getTime() ?? 0;
}

/** Returns the mode of an API credential in words: which data it is for. */
function modeOf(credential: ApiCredentialFacts | undefined): string | undefined {
  const key = `mode.${credential?.mode}`;
  return isKey(key) ? t(key) : (credential?.mode ?? undefined);
}

function standingOf({ progress, phase, rollingBack, current, credentials, sequence }: LifecycleStatus): Standing {
  const { state } = progress;
  const shown = rollingBack
    ? "back"
    : phase !== "unknown" && state === "stopped"
      ? "stopped"
      : state === "awaits-approval"
        ? "approval"
        : phase;
  const attention =
    state === "stopped" ? progress.reason : ["unknown", "issued", "approval"].includes(shown ?? "") ? shown : undefined;
  return {
    sequence,
    rotation: progress.rotation,
    last: progress.state === "idle" ? progress.last : undefined,
    phase: shown,
    state,
    until: state === "waiting" ? progress.until : undefined,
    attention,
    current: current?.id,
    unused: credentials.filter(({ role }) => role === "new" || role === "orphan").map(({ id }) => id),
    clientId: current?.clientId,
    createdAt: current?.createdAt,
    expiresAt: current?.expiresAt,
  };
}

function rotationOf(standing: Standing | undefined): Pick<CredentialRow, "rotation" | "attention"> {
  if (standing?.phase === undefined) return {};
  const { phase, until, attention } = standing;
  // The grace period may have ended since the journal was read.
  const over = phase === "grace" && until !== undefined && until <= clock.now();
  return {
    rotation: { phase: (over ? "approval" : phase) as NonNullable<CredentialRow["rotation"]>["phase"], until },
    attention: attention ?? (over ? "approval" : undefined),
  };
}
