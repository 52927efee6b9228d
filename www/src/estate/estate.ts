/** All targets of the control planes that are connected, and what is known of each. */

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
  /** What people call it, and what it belongs to. */
  readonly label: string;
  readonly group: string;
  /** Which connector, if it is one. */
  readonly place?: Place;
  /** The API credential that is in use, and the one that its line began with. */
  readonly credential?: ApiCredentialFacts;
  readonly first?: string;
}

/** A list that did not come. */
export interface Missing {
  readonly what: string;
  readonly error: unknown;
}

/** Lists at a time. */
const PARALLEL = 4;

const PAGE = 100;

/**
 * How long changes are gathered before the rows are made anew, in milliseconds: at least, and for each target. What takes long with many targets
 * is done less often, so that there is time for who uses the page meanwhile.
 */
const GATHER = { least: 60, each: 0.1 };

const DAY = 86_400_000;

/** How long an old credential lives on, unless a target's policy says otherwise. */
export const GRACE = DAY;

/** What the successors of an API credential have in `reference_origin`, before the id of the first one. */
const LINE = "keyturn-line-";

export function connectorTarget(place: Place): Target {
  const { appId, connectorId, app, connector } = place;
  return { name: `c1/${appId}/${connectorId}`, plane: "c1", label: connector, group: app, place };
}

/** Of a line of API credentials; its name stays the same, whichever of them is in use. */
export function apiCredentialTarget(credential: ApiCredentialFacts): Target {
  const origin = credential.reference_origin ?? "";
  const first = origin.startsWith(LINE) ? origin.slice(LINE.length) : credential.id;
  const group = credential.organization?.name ?? "";
  return { name: `cl/${first}`, plane: "commercelayer", label: credential.name, group, credential, first };
}

/** Emits `change`. */
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
  /** Lists are on their way. */
  loading = false;
  /** All lists have come, or have not. */
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

  /** Whether settings and standings have been read from the browser's storage. What is edited before would overwrite them. */
  remembered = false;

  /** Once what is remembered is at hand. */
  get opened(): Promise<unknown> {
    return this.#opened;
  }

  store(plane: Service): Store {
    return this.connections[plane]?.store as Store;
  }

  /** Ends what runs, and lets go of the journals and all secrets. What is connected stays so. */
  close(): void {
    this.#running.abort();
    clearTimeout(this.#gathering);
    this.connections.c1?.inventory.removeEventListener("change", this.#changed);
    void this.#lifecycles?.then((lifecycles) => lifecycles.close());
  }

  get targets(): ReadonlyMap<string, Target> {
    return this.#targets;
  }

  /** A target by its name, also one whose list has not come. */
  target(name: string): Target | undefined {
    const known = this.#targets.get(name);
    if (known) return known;
    const [plane, appId, connectorId] = name.split("/");
    const met = this.connections.c1?.inventory.all.find(
      (one) => one.appId === appId && one.connectorId === connectorId,
    );
    return plane === "c1" && met ? connectorTarget(met) : undefined;
  }

  /** Takes up a target that was met elsewhere than in the lists. */
  meet(target: Target): Target {
    if (!this.#targets.has(target.name)) this.#targets.set(target.name, target);
    return target;
  }

  /** What a target belongs to, and what else tells it apart: what stands under its label. */
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

  /** The policy by which a target is rotated here. */
  policy(name: string, chosen = this.settings(name).policy): LifecyclePolicy & { readonly grace: number } {
    const { grace = GRACE, proofs = [], ...rest } = chosen ?? {};
    // A person stores the secret, and nothing can be read back: so a person says when the old one ends.
    return { ...rest, grace, proofs: ["parsed", "token", ...proofs], approval: true };
  }

  /** How long the old credential lives on, in words. */
  graceText(name: string): string {
    const ms = this.policy(name).grace;
    const key = `grace.${ms}`;
    return isKey(key) ? t(key) : lifetime(ms / 1000);
  }

  async keep(target: Target, settings: Settings): Promise<void> {
    await this.#keep(target, { ...this.#kept.get(target.name), target: target.name, settings });
  }

  /** Takes up what the journal says of a target now. */
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
    // What has ended, and what the new one looks like, is for C1 to say.
    const ended = status.credentials.filter(({ role }) => role === "ended").map(({ id }) => id);
    const again = inventory.of(target.place).filter(({ id }) => ended.includes(id) || id === standing.current);
    await inventory.check([...new Set([...fresh, ...again])]);
  }

  /** The engine, loaded when it is needed. */
  lifecycles(): Promise<Lifecycles> {
    this.#lifecycles ??= import("./lifecycles.js").then(({ Lifecycles }) => new Lifecycles(this));
    this.#lifecycles.catch(() => {
      // Another try may go better.
      this.#lifecycles = undefined;
    });
    return this.#lifecycles;
  }

  /** Known credentials of a connector that may be in use: the one that was used last first. */
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
    // Before anything is begun the journal may know of no credential: then the one that was used last is taken for the one in use.
    const guess = target && (this.candidates(target)[0]?.id ?? target.credential?.id);
    const ends = standing?.phase === undefined ? (standing?.current ?? guess) : standing.current;
    return { ends, grace: this.graceText(name), cuts: false, sinks: [], refused: undefined };
  }

  async issue(name: string): Promise<void> {
    const target = this.target(name);
    if (!target) throw new Error("target-gone");
    await (await this.lifecycles()).issue(target);
  }

  /** The rotation of many targets that is under way, or was left. */
  job: Job | undefined;

  /** Plans to rotate these together: in the job that there is, as long as it is not done. */
  together(targets: readonly string[]): void {
    this.job = Job.with(this, targets);
    this.dispatchEvent(new Event("change"));
  }

  /** Forgets the job. */
  endJob(): void {
    this.job?.end();
    this.job = undefined;
    this.dispatchEvent(new Event("change"));
  }

  /** The time has changed, so everything has to be looked at again. */
  tick(): void {
    this.#changed();
    void this.#catchUp();
  }

  /** Forgets everything, as the sandbox did. */
  async clear(): Promise<void> {
    this.endJob();
    await (await this.lifecycles()).close();
    for (const { space } of [this.connections.c1, this.connections.commercelayer].filter((one) => one !== undefined))
      indexedDB.deleteDatabase(`keyturn-journal ${space}`);
    for (const store of this.#stores) await store.clear();
  }

  /** Lists everything. */
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

  /** Stops listing. */
  stop(): void {
    this.#running.abort();
    this.loading = false;
    this.#tell();
  }

  /** A row for each target. */
  get rows(): readonly CredentialRow[] {
    // Some of it is words.
    if (this.#spoken !== language()) this.#rows = undefined;
    this.#spoken = language();
    this.#rows ??= this.#made();
    return this.#rows;
  }

  /** What is shown beside a target's name where others have the same. */
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
    // Some are shown without the others, whose names they may have.
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
    const living = known.filter((one) => !one.gone && one.revokedAt === undefined && !one.facts?.deletedAt);
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

  /** Asks the journal where the rotations stand that were under way: the time goes on, and so do other tabs. */
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
      // Who opens the rotation is told why.
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
    // If that cannot be had, the list says why.
    if (!provisioning.email) provisioning.introduce(signal).catch(() => {});
    try {
      for await (const credential of provisioning.everyCredential(signal)) {
        const target = apiCredentialTarget(credential);
        const before = this.#targets.get(target.name)?.credential;
        // Of a line the youngest is in use, unless the journal says otherwise.
        if (before && before.created_at > credential.created_at) continue;
        this.#targets.set(target.name, target);
      }
      this.#changed();
    } catch (error) {
      if (!signal.aborted) this.missing = [...this.missing, { what: "Commerce Layer", error }];
    }
  }
}

/** When a credential was used last, or else when it was made. */
function usedLast({ facts }: Known): number {
  return facts?.lastUsedAt?.getTime() ?? facts?.createdAt?.getTime() ?? 0;
}

/** Which data an API credential is for, in words. */
function modeOf(credential: ApiCredentialFacts | undefined): string | undefined {
  const key = `mode.${credential?.mode}`;
  return isKey(key) ? t(key) : (credential?.mode ?? undefined);
}

function standingOf({ progress, phase, rollingBack, current, sequence }: LifecycleStatus): Standing {
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
    phase: shown,
    state,
    until: state === "waiting" ? progress.until : undefined,
    attention,
    current: current?.id,
    clientId: current?.clientId,
    createdAt: current?.createdAt,
    expiresAt: current?.expiresAt,
  };
}

function rotationOf(standing: Standing | undefined): Pick<CredentialRow, "rotation" | "attention"> {
  if (standing?.phase === undefined) return {};
  const { phase, until, attention } = standing;
  // What waited has waited long enough.
  const over = phase === "grace" && until !== undefined && until <= clock.now();
  return {
    rotation: { phase: (over ? "approval" : phase) as NonNullable<CredentialRow["rotation"]>["phase"], until },
    attention: attention ?? (over ? "approval" : undefined),
  };
}
