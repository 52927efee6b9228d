/** The calls of a lifecycle that go over HTTP, and their arguments. Both sides use this table. */

import type { Lifecycle } from "../lifecycle/lifecycle.js";

/**
 * The calls that can be made remotely. Each has the arguments and results of the same call on a {@link Lifecycle},
 * except its `signal`.
 */
export type RemoteCall =
  | "status"
  | "plan"
  | "findings"
  | "due"
  | "reconcile"
  | "history"
  | "verify"
  | "rotate"
  | "advance"
  | "rollback"
  | "approve"
  | "retire"
  | "settle"
  | "resume"
  | "adopt"
  | "import"
  | "forget";

/** A lifecycle, as far as it can be called remotely. */
export type LifecycleCalls = Pick<Lifecycle, RemoteCall | "events">;

/** The kind of an argument. */
type Argument =
  /** A target's name. */
  | "name"
  /** Any text. */
  | "text"
  /** Names of targets, or none for all. */
  | "names"
  /** One target's name, names, or none for all. */
  | "name or names"
  /** Client ids that were found: see `LifecycleImport`. */
  | "entries"
  /** An object with some of these fields. */
  | readonly string[];

/** A call in {@link CALLS}. */
export interface CallSpec {
  /** Whether it may change anything, at a control plane, in a sink or in the journal. */
  readonly writes: boolean;
  readonly takes: readonly Argument[];
}

/** The specifications of all calls. */
export const CALLS: Readonly<Record<RemoteCall, CallSpec>> = {
  status: { writes: false, takes: ["names"] },
  plan: { writes: false, takes: ["names"] },
  findings: { writes: false, takes: ["names", ["observe"]] },
  due: { writes: false, takes: ["names"] },
  reconcile: { writes: false, takes: ["names"] },
  history: { writes: false, takes: ["name"] },
  verify: { writes: false, takes: [] },
  rotate: { writes: true, takes: ["name", ["leaveUnknown"]] },
  advance: { writes: true, takes: ["name or names", ["begin"]] },
  rollback: { writes: true, takes: ["name"] },
  approve: { writes: true, takes: ["name"] },
  retire: { writes: true, takes: ["name"] },
  settle: { writes: true, takes: ["name", ["found"]] },
  resume: { writes: true, takes: ["name", ["reissue", "restored", "provisioned"]] },
  adopt: { writes: true, takes: ["name", "text"] },
  import: { writes: true, takes: ["entries"] },
  forget: { writes: true, takes: ["name"] },
};

/** Returns the problem with the arguments of a call; `undefined` if they are valid. */
export function problemOf({ takes }: CallSpec, given: readonly unknown[]): string | undefined {
  if (given.length > takes.length) return `expected ${takes.length} arguments, but got ${given.length}`;
  for (const [index, argument] of takes.entries()) {
    const value = given[index] ?? undefined;
    if (!fits(argument, value)) return `argument ${index + 1} is not ${described(argument)}`;
  }
  return undefined;
}

function fits(argument: Argument, value: unknown): boolean {
  switch (argument) {
    case "name":
    case "text":
      return typeof value === "string";
    case "names":
      return value === undefined || isTexts(value);
    case "name or names":
      return value === undefined || typeof value === "string" || isTexts(value);
    case "entries":
      return Array.isArray(value) && value.every(isEntry);
    default:
      return value === undefined || (isObject(value) && Object.keys(value).every((field) => argument.includes(field)));
  }
}

function described(argument: Argument): string {
  switch (argument) {
    case "name":
      return "a target's name";
    case "text":
      return "a string";
    case "names":
      return "an array of target names";
    case "name or names":
      return "a target's name, or an array of them";
    case "entries":
      return "an array of entries with the strings target, clientId and source";
    default:
      return `an object with only the fields ${argument.join(", ")}`;
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEntry(value: unknown): boolean {
  const fields = ["target", "clientId", "source"];
  return (
    isObject(value) &&
    Object.keys(value).every((field) => fields.includes(field)) &&
    fields.every((field) => typeof value[field] === "string")
  );
}
