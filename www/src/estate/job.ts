/**
 * Rotations of many targets, a few at a time. The plan is stored in the browser, and the journal has the progress of
 * each target: so a job can be resumed after the tab was closed.
 */

import type { LifecycleStatus } from "keyturn/lifecycle";
import type { Standing } from "./store.js";

/** What a rotation of a target would change. */
export interface Prospect {
  /** The id of the credential that ends, if it is known. */
  readonly ends: string | undefined;
  /** How long it stays valid, in words. */
  readonly grace: string;
  /** Whether the control plane ends it as soon as a new one is issued. */
  readonly cuts: boolean;
  /** Where the new one is written; empty if a person stores it. */
  readonly sinks: readonly { readonly name: string; readonly holds: string | undefined }[];
  /** Why the rotation would be refused. */
  readonly refused: string | undefined;
}

/** The targets of a job, and how to rotate them. Emits `change`. */
export interface Works extends EventTarget {
  /** A key that separates the jobs of one tenant from those of others. */
  readonly space: string;
  /** Where jobs are stored. */
  readonly keeps: "localStorage" | "sessionStorage";
  /** Whether a person stores each secret and confirms each end. */
  readonly byHand: boolean;
  readonly loaded: boolean;
  readonly loading: boolean;
  load(): Promise<void>;
  /** The current job, which may be left from an earlier page. */
  readonly job: Job | undefined;
  /** Discards the job. */
  endJob(): void;
  target(name: string): { readonly label: string; readonly group: string } | undefined;
  /** Returns what to show beside a target's label if others have the same label. */
  distinction(name: string): string | undefined;
  standing(name: string): Pick<Standing, "phase" | "rotation" | "last"> | undefined;
  /** Returns what a rotation would change; `undefined` if one is under way, or if it is not known yet. */
  prospect(name: string): Prospect | undefined;
  /**
   * Advances a target's rotation as far as possible. Rejects unless the new credential gets stored, or waits for a
   * person to store it. Calls `begins` with the number of the rotation before it, as the journal has it, and does
   * nothing if that returns false.
   */
  issue(name: string, begins: (before: number) => boolean): Promise<void>;
}

/** The rules of a job. */
export interface Rules {
  /** How many targets are rotated first; the others wait until a person confirms that those went well. */
  readonly canary: number;
  /** The maximum number of rotations at a time whose secrets are not stored yet. */
  readonly cap: number;
  /** The number of failures after which nothing more is begun. */
  readonly failures: number;
}

export const RULES: Rules = { canary: 1, cap: 1, failures: 1 };

/** The state of a target of a job. */
export type Part = "waiting" | "working" | "store" | "stored" | "failed";

/** What is stored of a job. */
interface Kept {
  readonly targets: readonly string[];
  /** The targets that were begun, each with the number of the rotation before it, or 0. */
  readonly begun: Readonly<Record<string, number>>;
  readonly rules: Rules;
  readonly proven: boolean;
  readonly failed: Readonly<Record<string, string>>;
}

export type JobState = "planned" | "running" | "paused" | "canary" | "stopped" | "done";

/** A rotation of many targets. Emits `change`. */
export class Job extends EventTarget {
  readonly #works: Works;
  readonly #key: string;
  #kept: Kept;
  #running = false;
  /** The targets with a call under way. */
  readonly #working = new Set<string>();
  /** The targets whose call succeeded, even if their standing could not be read since. */
  readonly #issued = new Set<string>();
  #turning: Promise<void> | undefined;
  #closed = false;

  private constructor(works: Works, key: string, kept: Kept) {
    super();
    this.#works = works;
    this.#key = key;
    this.#kept = kept;
    works.addEventListener("change", this.#changed);
  }

  /** Returns the job that an earlier page left, if there is one. */
  static found(works: Works): Job | undefined {
    const kept = keptOf(works);
    return kept && new Job(works, keyOf(works), kept);
  }

  /** Returns the job after another tab has changed, created or removed it. */
  static followed(works: Works): Job | undefined {
    const { job } = works;
    const kept = keptOf(works);
    if (!job || !kept) {
      job?.close();
      return Job.found(works);
    }
    // It runs in one tab at a time: where somebody has acted last.
    job.#running = false;
    job.#kept = kept;
    job.#changed();
    return job;
  }

  /** Adds targets to the open job, or creates a new one if there is none or it is done. Begins no rotation. */
  static with(works: Works, targets: readonly string[]): Job {
    const { job } = works;
    if (job?.isOpen) {
      // A running job would begin the new ones at once, before anybody has seen what they change.
      job.pause();
      job.#keep({ targets: [...new Set([...job.targets, ...targets])] });
      return job;
    }
    job?.end();
    return Job.#of(works, targets);
  }

  static #of(works: Works, targets: readonly string[]): Job {
    const kept = { targets, begun: {}, rules: RULES, proven: false, failed: {} };
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
    const { begun, failed } = this.#kept;
    const { phase, rotation = 0, last } = this.#works.standing(name) ?? {};
    const working = this.#working.has(name);
    // A tab may be closed after it has begun a target and before the journal has anything of that.
    const made = this.#issued.has(name) || rotation > (begun[name] ?? rotation);
    // What has failed here may have been finished elsewhere since, or undone.
    const over = made && !working && (phase === undefined || phase === "grace" || phase === "approval");
    const undone = phase === undefined && last === "rolled-back";
    if (over && !undone) return "stored";
    if (over || failed[name] !== undefined) return "failed";
    if (made && phase === "issued" && this.#works.byHand) return "store";
    return made || working ? "working" : "waiting";
  }

  count(part: Part): number {
    return this.targets.filter((name) => this.part(name) === part).length;
  }

  /** Whether targets can still be added. */
  get isOpen(): boolean {
    return this.state !== "done";
  }

  get state(): JobState {
    const { targets, rules, proven } = this.#kept;
    if (targets.every((name) => ["stored", "failed"].includes(this.part(name)))) return "done";
    if (this.count("failed") >= rules.failures) return "stopped";
    const begun = this.#begun;
    if (begun.length === 0 && !this.#running) return "planned";
    const canary =
      begun.length >= rules.canary && begun.every((name) => ["stored", "failed"].includes(this.part(name)));
    if (!proven && canary && targets.length > rules.canary) return "canary";
    return this.#running ? "running" : "paused";
  }

  get #begun(): readonly string[] {
    return this.targets.filter((name) => this.part(name) !== "waiting");
  }

  /** Changes rules from now on. */
  rule(some: Partial<Rules>): void {
    this.#keep({ rules: { ...this.rules, ...some } });
  }

  /** Starts or resumes the job. */
  start(): void {
    this.#running = true;
    this.dispatchEvent(new Event("change"));
    void this.#turn();
  }

  /** Pauses the job: no further rotation begins. Those under way continue. */
  pause(): void {
    this.#running = false;
    this.dispatchEvent(new Event("change"));
  }

  /** Confirms that the first rotations went well, and resumes the job. */
  prove(): void {
    this.#keep({ proven: true });
    this.start();
  }

  /** Retries the failed targets. */
  again(): void {
    const begun = { ...this.#kept.begun };
    for (const name of this.targets.filter((one) => this.part(one) === "failed")) {
      delete begun[name];
      this.#issued.delete(name);
    }
    this.#keep({ failed: {}, begun });
    this.start();
  }

  /** Discards the job. Rotations that are under way stay so. */
  end(): void {
    this.close();
    try {
      globalThis[this.#works.keeps].removeItem(this.#key);
    } catch {
      // Storage is unavailable, so the job was never stored.
    }
  }

  /** Begins and records nothing more: the page is being left, or another job takes its place. */
  close(): void {
    this.#running = false;
    this.#closed = true;
    this.#works.removeEventListener("change", this.#changed);
  }

  readonly #changed = (): void => {
    this.dispatchEvent(new Event("change"));
    void this.#turn();
  };

  /** Begins as many rotations as the rules allow. */
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
      const one = this.#rotate(next).finally(() => running.delete(one));
      running.add(one);
    }
  }

  /** Returns the next target that the rules allow to begin. */
  #next(): string | undefined {
    if (!this.#running || this.state !== "running") return undefined;
    const { targets, rules, proven } = this.#kept;
    const begun = this.#begun;
    // Rotations begun before the tab was closed continue first, unless they need a person.
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
      await this.#works.issue(name, (before) => this.#begins(name, before));
      this.#issued.add(name);
    } catch (error) {
      // Calls of a page that is being left fail.
      if (this.#closed) return;
      // Another tab runs the same job.
      if ((error as Error).message === "elsewhere" && this.#reread().begun[name] !== undefined) this.#running = false;
      else this.#keep({ failed: { ...this.failed, [name]: error instanceof Error ? error.message : String(error) } });
    } finally {
      this.#working.delete(name);
      this.dispatchEvent(new Event("change"));
    }
  }

  /** Records that a target is begun. Returns false if another tab has already rotated it for the same job. */
  #begins(name: string, before: number): boolean {
    if (this.#closed) return false;
    const { begun } = this.#reread();
    if (before > (begun[name] ?? before)) return false;
    this.#keep({ begun: { ...begun, [name]: before } });
    return true;
  }

  /** Reads what other tabs have stored of the job. */
  #reread(): Kept {
    this.#kept = keptOf(this.#works) ?? this.#kept;
    return this.#kept;
  }

  #keep(some: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...some };
    try {
      globalThis[this.#works.keeps].setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // Storage is unavailable: the job lasts until the page is closed.
    }
    this.dispatchEvent(new Event("change"));
  }
}

/** Returns the number of the rotation before the one that is under way, or of the last one if none is. */
export function before({ phase, progress }: Pick<LifecycleStatus, "phase" | "progress">): number {
  return phase === undefined ? progress.rotation : progress.rotation - 1;
}

/** Returns what is stored of the job. */
function keptOf(works: Works): Kept | undefined {
  try {
    return (JSON.parse(globalThis[works.keeps].getItem(keyOf(works)) ?? "null") as Kept | null) ?? undefined;
  } catch {
    return undefined;
  }
}

function keyOf({ space }: Works): string {
  return `keyturn-job ${space}`;
}
