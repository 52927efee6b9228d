/** The targets of the server's `keyturn.json`, and what its journal and, once asked, the tenant report about each. */

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
import { before, Job, type Prospect, type Works } from "../estate/job.js";
import { lifetime } from "../ui/dates.js";
import { rowOf } from "./rows.js";
import { type About, aboutOf, type Session } from "./session.js";

/** How often the server is polled while the page is visible, in milliseconds. */
const POLL = 3_000;

/** The number of targets whose control plane is asked in one call: a batch small enough to show progress. */
const SOME = 20;

/** The targets of a server. Emits `change`. */
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
  /** Whether the latest request to the server failed. */
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
    this.job?.close();
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

  /** Returns nothing, since the names of targets are unique. */
  distinction(): undefined {
    return undefined;
  }

  standing(name: string): ReturnType<Works["standing"]> {
    const { phase, progress } = this.status(name) ?? {};
    if (!progress) return undefined;
    const last = progress.state === "idle" ? progress.last : undefined;
    return { phase: progress.state === "awaits-approval" ? "approval" : phase, rotation: progress.rotation, last };
  }

  /** Returns what the tenant last reported about a target's credentials. */
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

  /** Fetches the status of everything, and schedules the next poll. */
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

  /** The targets whose rotation can continue now. */
  get ready(): readonly string[] {
    const now = clock.now();
    const isReady = ({ progress }: LifecycleStatus): boolean =>
      progress.state === "ready" || (progress.state === "waiting" && progress.until <= now);
    return this.statuses.filter(isReady).map(({ target }) => target);
  }

  /** The targets that are due by their policies. */
  get due(): readonly string[] {
    const now = clock.now();
    return this.statuses.filter(({ due }) => due && due.at <= now).map(({ target }) => target);
  }

  /** Advances all rotations that can continue. Begins none. */
  async advance(): Promise<void> {
    try {
      await this.lifecycle.advance(this.ready, { begin: false });
    } finally {
      await this.load();
    }
  }

  async issue(name: string, begins: (before: number) => boolean): Promise<void> {
    const status = this.status(name);
    if (status && !begins(before(status))) return;
    const progress = await (status?.phase === undefined
      ? this.lifecycle.rotate(name)
      : this.lifecycle.advance(name)
    ).finally(() => this.#fresh());
    if (progress.state === "stopped") throw new Error(`${progress.reason}: ${progress.about}`);
    const reached = this.status(name)?.phase;
    if (reached === "unknown") throw new Error("outcome-unknown");
    if (reached !== undefined && reached !== "grace") throw new Error("not-delivered");
  }

  /** Loads after any load under way, whose answer may be older than this call. */
  async #fresh(): Promise<void> {
    await this.#looking;
    await this.load();
  }

  /** Plans to rotate targets together, in the open job if there is one. */
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
        // Beginning the rotation reports the error.
      }
      this.#changed();
    }
  }

  /**
   * Asks the control planes of the given targets, or of all, which credentials there are, and the sinks which they
   * hold. Changes nothing.
   */
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

  /** Collects everything about one target. Reads its control plane and its sinks. */
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

/** The result of {@link ServedEstate.examine}. */
export interface Examined {
  readonly findings: readonly LifecycleFinding[];
  readonly plan: LifecyclePlan | undefined;
  readonly history: readonly LifecycleEvent[];
  /** The number of the first event that is not as it was written. */
  readonly broken: number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Formats a duration of a policy for people: text such as `24h`, or milliseconds. Other text is returned as it is. */
export function inWords(duration: string | number): string {
  if (typeof duration === "number") return lifetime(duration / 1000);
  const [, count, unit = ""] = /^(\d+)(s|m|h|d|w)$/.exec(duration) ?? [];
  return count === undefined ? duration : lifetime(Number(count) * (UNITS[unit] ?? 0));
}
