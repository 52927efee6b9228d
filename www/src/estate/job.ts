/**
 * Rotations of many targets, some at a time. What is to be done is kept in the browser, and how far each target has come is what the
 * journal says: so a job goes on after the tab was closed, once somebody says so.
 */

import type { Standing } from "./store.js";

/** What a rotation of a target would change. */
export interface Prospect {
  /** The credential that ends, if one is known. */
  readonly ends: string | undefined;
  /** How long it lives on, in words. */
  readonly grace: string;
  /** The control plane ends it as soon as there is a new one. */
  readonly cuts: boolean;
  /** Where the new one is written; empty if a person stores it. */
  readonly sinks: readonly { readonly name: string; readonly holds: string | undefined }[];
  /** Why it would be refused. */
  readonly refused: string | undefined;
}

/** The targets that a job is about, and what rotates them. Emits `change`. */
export interface Works extends EventTarget {
  /** What sets the jobs of one tenant apart from those of others. */
  readonly space: string;
  /** Where jobs are kept. */
  readonly keeps: "localStorage" | "sessionStorage";
  /** A person stores each secret, and confirms each end. */
  readonly byHand: boolean;
  readonly loaded: boolean;
  readonly loading: boolean;
  load(): Promise<void>;
  /** The rotation of many targets that is under way, or was left. */
  readonly job: Job | undefined;
  /** Forgets the job. */
  endJob(): void;
  target(name: string): { readonly label: string; readonly group: string } | undefined;
  /** What is shown beside a target's label where others have the same. */
  distinction(name: string): string | undefined;
  standing(name: string): Pick<Standing, "phase"> | undefined;
  /** What would change; `undefined` if a rotation is under way, or it is not known yet. */
  prospect(name: string): Prospect | undefined;
  /** Takes a target's rotation as far as it goes now. It rejects if that is not until the new credential is stored, or waits for somebody to. */
  issue(name: string): Promise<void>;
}

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
  readonly #works: Works;
  readonly #key: string;
  #kept: Kept;
  #running = false;
  /** Those that a call is under way for. */
  readonly #working = new Set<string>();
  #turning: Promise<void> | undefined;

  private constructor(works: Works, key: string, kept: Kept) {
    super();
    this.#works = works;
    this.#key = key;
    this.#kept = kept;
    works.addEventListener("change", this.#changed);
  }

  /** The job that was left, if there is one. */
  static found(works: Works): Job | undefined {
    const key = keyOf(works);
    try {
      const kept = JSON.parse(globalThis[works.keeps].getItem(key) ?? "null") as Kept | null;
      return kept ? new Job(works, key, kept) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The one that there is, with these as well; or a new one if there is none, or it is done. Nothing is begun by this. */
  static with(works: Works, targets: readonly string[]): Job {
    const { job } = works;
    if (job?.isOpen) {
      // What runs would begin the new ones at once, and nobody has seen what that changes.
      job.pause();
      job.#keep({ targets: [...new Set([...job.targets, ...targets])] });
      return job;
    }
    job?.end();
    return Job.#of(works, targets);
  }

  static #of(works: Works, targets: readonly string[]): Job {
    const kept = { targets, begun: [], rules: RULES, proven: false, failed: {} };
    const job = new Job(works, keyOf(works), kept);
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
    const phase = this.#works.standing(name)?.phase;
    if (phase === "issued" && this.#works.byHand) return "store";
    if (this.#working.has(name)) return "working";
    return phase === undefined || phase === "grace" || phase === "approval" ? "stored" : "working";
  }

  count(part: Part): number {
    return this.targets.filter((name) => this.part(name) === part).length;
  }

  /** Whether targets can still be added. */
  get isOpen(): boolean {
    return this.state !== "done";
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
    this.#works.removeEventListener("change", this.#changed);
    try {
      globalThis[this.#works.keeps].removeItem(this.#key);
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
    const running = new Set<Promise<void>>();
    for (;;) {
      const next = this.#next();
      if (next === undefined) {
        if (running.size === 0) return;
        await Promise.race(running);
        continue;
      }
      if (!this.#kept.begun.includes(next)) this.#keep({ begun: [...this.#kept.begun, next] });
      const one = this.#rotate(next).finally(() => running.delete(one));
      running.add(one);
    }
  }

  /** The next one that there is room for. */
  #next(): string | undefined {
    if (!this.#running || this.state !== "running") return undefined;
    const { targets, begun, rules, proven } = this.#kept;
    // What was begun before the tab was closed goes on first, where nobody has to do anything for it.
    const left = this.#works.byHand ? undefined : begun.find((name) => this.#isLeft(name));
    if (left !== undefined) return left;
    const open = this.count("working") + this.count("store");
    if (open >= rules.cap || (!proven && begun.length >= rules.canary)) return undefined;
    return targets.find((name) => this.part(name) === "waiting");
  }

  #isLeft(name: string): boolean {
    return this.part(name) === "working" && !this.#working.has(name);
  }

  async #rotate(name: string): Promise<void> {
    this.#working.add(name);
    this.dispatchEvent(new Event("change"));
    try {
      if (!this.#works.target(name)) throw new Error("target-gone");
      await this.#works.issue(name);
    } catch (error) {
      this.#keep({ failed: { ...this.failed, [name]: error instanceof Error ? error.message : String(error) } });
    } finally {
      this.#working.delete(name);
      this.dispatchEvent(new Event("change"));
    }
  }

  #keep(some: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...some };
    try {
      globalThis[this.#works.keeps].setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // Then it is known until the page is left.
    }
    this.dispatchEvent(new Event("change"));
  }
}

function keyOf({ space }: Works): string {
  return `keyturn-job ${space}`;
}
