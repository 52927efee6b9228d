/** The targets of the server's `keyturn.json`, and what its journal, and the tenant where it was asked, say of each. */

import type { CredentialRow } from "keyturn/elements";
import type {
  LifecycleEvent,
  LifecycleFinding,
  LifecyclePlan,
  LifecycleReconciliation,
  LifecycleStatus,
} from "keyturn/lifecycle";
import { type LifecycleCalls, remoteLifecycle } from "keyturn/lifecycle/remote";
import { clock, setClock } from "../clock.js";
import { Job, type Prospect, type Works } from "../estate/job.js";
import { lifetime } from "../ui/dates.js";
import { rowOf } from "./rows.js";
import { type About, aboutOf, type Session } from "./session.js";

/** How often the server is asked where things stand, while the page is seen, in milliseconds. */
const POLL = 3_000;

/** Targets whose control plane is asked in one call, so that it is seen how far it is. */
const SOME = 20;

/** Emits `change`. */
export class ServedEstate extends EventTarget implements Works {
  readonly #session: Session;
  readonly lifecycle: LifecycleCalls;
  readonly byHand = false;
  readonly keeps = "sessionStorage";
  about: About;
  statuses: readonly LifecycleStatus[] = [];
  findings: readonly LifecycleFinding[] = [];
  loaded = false;
  loading = false;
  /** The server did not answer when it was asked last. */
  lost = false;
  /** How many targets have been compared with their tenant, while that is under way. */
  comparing: number | undefined;
  job: Job | undefined;
  readonly #compared = new Map<string, LifecycleReconciliation>();
  readonly #plans = new Map<string, LifecyclePlan>();
  #rows: readonly CredentialRow[] | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | undefined;

  constructor(session: Session) {
    super();
    this.#session = session;
    this.about = session.about;
    setClock(session.about.now);
    this.lifecycle = remoteLifecycle({ url: "/_keyturn/lifecycle", headers: session.headers });
    this.job = Job.found(this);
    void this.#plan(this.job?.targets ?? []);
    document.addEventListener("visibilitychange", this.#seen);
  }

  get space(): string {
    return this.about.journal;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#session.headers;
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#timer);
  }

  /** A row for each target. */
  get rows(): readonly CredentialRow[] {
    this.#rows ??= this.statuses.map((status) => rowOf(status, this.#compared.get(status.target)));
    return this.#rows;
  }

  status(name: string): LifecycleStatus | undefined {
    return this.statuses.find(({ target }) => target === name);
  }

  target(name: string): { label: string; group: string } | undefined {
    const status = this.status(name);
    return status && { label: name, group: status.group ?? status.provider };
  }

  /** Names of targets are unique. */
  distinction(): undefined {
    return undefined;
  }

  standing(name: string): { phase: string | undefined } | undefined {
    const status = this.status(name);
    return status && { phase: status.progress.state === "awaits-approval" ? "approval" : status.phase };
  }

  /** What the tenant said of a target's credentials when it was asked last. */
  compared(name: string): LifecycleReconciliation | undefined {
    return this.#compared.get(name);
  }

  plan(name: string): LifecyclePlan | undefined {
    return this.#plans.get(name);
  }

  prospect(name: string): Prospect | undefined {
    const [status, plan] = [this.status(name), this.#plans.get(name)];
    if (!status || !plan || status.phase !== undefined) return undefined;
    return {
      ends: status.current?.id ?? plan.old?.id,
      grace: inWords(status.policy.grace ?? ""),
      cuts: plan.cuts,
      sinks: plan.sinks.map(({ name: sink, holds }) => ({ name: sink, holds })),
      refused: plan.refusal ?? (plan.blocked === "rotation_active" ? undefined : plan.blocked),
    };
  }

  /** Asks where everything stands, and does so again after a while. */
  load(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    this.loading = true;
    try {
      const [about, statuses, findings] = await Promise.all([
        aboutOf(this.headers),
        this.lifecycle.status(),
        this.lifecycle.findings(undefined, { observe: false }),
      ]);
      if (!about) throw new Error("the session has ended");
      Object.assign(this, { about, statuses, findings, loaded: true, lost: false });
      setClock(about.now);
    } catch {
      this.lost = true;
    }
    this.loading = false;
    this.#changed();
    if (document.visibilityState === "visible") this.#timer = setTimeout(() => void this.load(), POLL);
  }

  /** Targets whose rotation can go on now. */
  get ready(): readonly string[] {
    const now = clock.now();
    const isReady = ({ progress }: LifecycleStatus): boolean =>
      progress.state === "ready" || (progress.state === "waiting" && progress.until <= now);
    return this.statuses.filter(isReady).map(({ target }) => target);
  }

  /** Targets that their policies ask to rotate. */
  get due(): readonly string[] {
    const now = clock.now();
    return this.statuses.filter(({ due }) => due && due.at <= now).map(({ target }) => target);
  }

  /** Goes on with everything that can. Begins nothing. */
  async advance(): Promise<void> {
    try {
      await this.lifecycle.advance(this.ready, { begin: false });
    } finally {
      await this.load();
    }
  }

  async issue(name: string): Promise<void> {
    const { phase } = this.status(name) ?? {};
    const progress = await (phase === undefined ? this.lifecycle.rotate(name) : this.lifecycle.advance(name)).finally(
      () => this.#fresh(),
    );
    if (progress.state === "stopped") throw new Error(`${progress.reason}: ${progress.about}`);
    const reached = this.status(name)?.phase;
    if (reached === "unknown") throw new Error("outcome-unknown");
    if (reached !== undefined && reached !== "grace") throw new Error("not-delivered");
  }

  /** What is known afterwards was asked for afterwards. */
  async #fresh(): Promise<void> {
    await this.#looking;
    await this.load();
  }

  /** Plans to rotate these together: in the job that there is, as long as it is not done. */
  together(targets: readonly string[]): void {
    this.job = Job.with(this, targets);
    void this.#plan(targets);
    this.#changed();
  }

  endJob(): void {
    this.job?.end();
    this.job = undefined;
    this.#changed();
  }

  async #plan(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += SOME) {
      try {
        for (const plan of await this.lifecycle.plan(names.slice(at, at + SOME))) this.#plans.set(plan.target, plan);
      } catch {
        // Whoever begins is told why it cannot be.
      }
      this.#changed();
    }
  }

  /** Asks the control planes of all targets, or of these, what they have, and the sinks what they hold. Changes nothing. */
  async compare(names: readonly string[] = this.statuses.map(({ target }) => target)): Promise<void> {
    if (this.comparing !== undefined) return;
    try {
      for (let at = 0; at < names.length; at += SOME) {
        this.comparing = at;
        this.#changed();
        const some = names.slice(at, at + SOME);
        for (const one of await this.lifecycle.reconcile(some)) this.#compared.set(one.target, one);
      }
    } finally {
      this.comparing = undefined;
      this.#changed();
    }
  }

  /** All that there is to say of one target: its control plane and its sinks are read. */
  async examine(name: string): Promise<Examined> {
    const [findings, [plan], history, verified] = await Promise.all([
      this.lifecycle.findings([name]),
      this.lifecycle.plan([name]),
      this.lifecycle.history(name),
      this.lifecycle.verify(),
      this.compare([name]),
    ]);
    const broken = verified.find(({ target }) => target === name)?.broken?.sequence;
    return { findings, plan, history, broken };
  }

  readonly #seen = (): void => {
    if (document.visibilityState === "visible") void this.load();
  };

  #changed(): void {
    this.#rows = undefined;
    this.dispatchEvent(new Event("change"));
  }
}

/** What {@link ServedEstate.examine} found. */
export interface Examined {
  readonly findings: readonly LifecycleFinding[];
  readonly plan: LifecyclePlan | undefined;
  readonly history: readonly LifecycleEvent[];
  /** The first event that is not what was written. */
  readonly broken: number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** A duration of a policy, such as `24h`, for people. What is none is shown as it is. */
export function inWords(duration: string | number): string {
  if (typeof duration === "number") return lifetime(duration / 1000);
  const [, count, unit = ""] = /^(\d+)(s|m|h|d|w)$/.exec(duration) ?? [];
  return count === undefined ? duration : lifetime(Number(count) * (UNITS[unit] ?? 0));
}
