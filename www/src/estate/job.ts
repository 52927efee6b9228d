/**
 * Rotations of many targets, one after the other. What is to be done is kept in the browser, and how far each target has come is what the
 * journal says: so a job goes on after the tab was closed, once somebody says so.
 */

import type { LifecycleProgress } from "keyturn/lifecycle";
import type { Estate, Target } from "./estate.js";

/** What a job goes by. */
export interface Rules {
  /** So many first; the others wait until somebody says that those went well. */
  readonly canary: number;
  /** So many secrets at a time that are not stored yet. */
  readonly cap: number;
  /** After so many failures nothing more is begun. */
  readonly failures: number;
}

export const RULES: Rules = { canary: 1, cap: 1, failures: 1 };

/** Where a target of a job stands. */
export type Part = "waiting" | "working" | "store" | "stored" | "failed";

/** What is kept of a job. */
interface Kept {
  readonly targets: readonly string[];
  readonly begun: readonly string[];
  readonly rules: Rules;
  readonly proven: boolean;
  readonly failed: Readonly<Record<string, string>>;
}

export type JobState = "planned" | "running" | "paused" | "canary" | "stopped" | "done";

/** Emits `change`. */
export class Job extends EventTarget {
  readonly #estate: Estate;
  readonly #key: string;
  #kept: Kept;
  #running = false;
  /** Those that a call is under way for. */
  readonly #working = new Set<string>();
  #turning: Promise<void> | undefined;

  private constructor(estate: Estate, key: string, kept: Kept) {
    super();
    this.#estate = estate;
    this.#key = key;
    this.#kept = kept;
    estate.addEventListener("change", this.#changed);
  }

  /** The job that was left, if there is one. */
  static found(estate: Estate): Job | undefined {
    const key = keyOf(estate);
    try {
      const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
      return kept ? new Job(estate, key, kept) : undefined;
    } catch {
      return undefined;
    }
  }

  /** A new one. Nothing is begun yet. */
  static of(estate: Estate, targets: readonly string[]): Job {
    const kept = { targets, begun: [], rules: RULES, proven: false, failed: {} };
    const job = new Job(estate, keyOf(estate), kept);
    job.#keep({});
    return job;
  }

  get targets(): readonly string[] {
    return this.#kept.targets;
  }

  get rules(): Rules {
    return this.#kept.rules;
  }

  get failed(): Readonly<Record<string, string>> {
    return this.#kept.failed;
  }

  part(name: string): Part {
    if (this.#kept.failed[name] !== undefined) return "failed";
    if (!this.#kept.begun.includes(name)) return "waiting";
    const phase = this.#estate.standing(name)?.phase;
    if (phase === "issued") return "store";
    if (this.#working.has(name)) return "working";
    return phase === undefined || phase === "grace" || phase === "approval" ? "stored" : "working";
  }

  count(part: Part): number {
    return this.targets.filter((name) => this.part(name) === part).length;
  }

  get state(): JobState {
    const { targets, begun, rules, proven } = this.#kept;
    if (targets.every((name) => ["stored", "failed"].includes(this.part(name)))) return "done";
    if (this.count("failed") >= rules.failures) return "stopped";
    if (begun.length === 0 && !this.#running) return "planned";
    const canary =
      begun.length >= rules.canary && begun.every((name) => ["stored", "failed"].includes(this.part(name)));
    if (!proven && canary && targets.length > rules.canary) return "canary";
    return this.#running ? "running" : "paused";
  }

  /** Goes by other rules from now on. */
  rule(some: Partial<Rules>): void {
    this.#keep({ rules: { ...this.rules, ...some } });
  }

  /** Begins, or goes on. */
  start(): void {
    this.#running = true;
    this.dispatchEvent(new Event("change"));
    void this.#turn();
  }

  /** Begins nothing more. What is under way goes on. */
  pause(): void {
    this.#running = false;
    this.dispatchEvent(new Event("change"));
  }

  /** Says that the first ones went well. */
  prove(): void {
    this.#keep({ proven: true });
    this.start();
  }

  /** Tries those again that failed. */
  again(): void {
    const { begun, failed } = this.#kept;
    this.#keep({ failed: {}, begun: begun.filter((name) => failed[name] === undefined) });
    this.start();
  }

  /** Forgets the job. Rotations that are under way stay so. */
  end(): void {
    this.#running = false;
    this.#estate.removeEventListener("change", this.#changed);
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // It was never kept.
    }
  }

  readonly #changed = (): void => {
    this.dispatchEvent(new Event("change"));
    void this.#turn();
  };

  /** Begins as many as there is room for. */
  #turn(): Promise<void> {
    this.#turning ??= this.#begin().finally(() => {
      this.#turning = undefined;
    });
    return this.#turning;
  }

  async #begin(): Promise<void> {
    while (this.#running && this.state === "running") {
      const { targets, begun, rules, proven } = this.#kept;
      const open = this.count("working") + this.count("store");
      const next = targets.find((name) => this.part(name) === "waiting");
      if (next === undefined || open >= rules.cap || (!proven && begun.length >= rules.canary)) return;
      this.#keep({ begun: [...begun, next] });
      await this.#rotate(next);
    }
  }

  async #rotate(name: string): Promise<void> {
    const target = this.#estate.target(name);
    this.#working.add(name);
    this.dispatchEvent(new Event("change"));
    try {
      if (!target) throw new Error("target-gone");
      await this.#issue(target);
    } catch (error) {
      this.#keep({ failed: { ...this.failed, [name]: error instanceof Error ? error.message : String(error) } });
    } finally {
      this.#working.delete(name);
      this.dispatchEvent(new Event("change"));
    }
  }

  async #issue(target: Target): Promise<void> {
    const lifecycles = await this.#estate.lifecycles();
    const { lifecycle, sink } = lifecycles.of(target);
    await lifecycles.hold(target);
    const status = await lifecycles.status(target);
    const [candidate] = this.#estate.candidates(target);
    if (!status.current && status.phase === undefined) {
      const id = candidate?.id ?? target.credential?.id;
      if (id !== undefined) await lifecycle.adopt(target.name, id);
    }
    const turn = new AbortController();
    const unwatch = sink.watch(() => turn.abort());
    let progress: LifecycleProgress | undefined;
    try {
      const { signal } = turn;
      progress =
        status.phase === undefined
          ? await lifecycle.rotate(target.name, { signal })
          : await lifecycle.advance(target.name, { signal });
    } catch (error) {
      // It ends as the secret is there, for somebody to store.
      if (sink.waiting === undefined) throw error;
    } finally {
      unwatch();
      await lifecycles.status(target);
    }
    if (progress?.state === "stopped") throw new Error(`${progress.reason}: ${progress.about}`);
    const phase = this.#estate.standing(target.name)?.phase;
    if (phase === "unknown") throw new Error("outcome-unknown");
    if (sink.waiting === undefined && (phase === "planned" || phase === "issuing")) throw new Error("not-issued");
  }

  #keep(some: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...some };
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // Then it is known until the page is left.
    }
    this.dispatchEvent(new Event("change"));
  }
}

function keyOf({ connections: { c1, commercelayer } }: Estate): string {
  return `keyturn-job ${c1?.space ?? ""} ${commercelayer?.space ?? ""}`;
}
