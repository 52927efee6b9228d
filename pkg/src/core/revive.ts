/**
 * Completes what `JSON.parse` returned: dates, 64-bit integers, `Any` values and renamed fields, according to the
 * core's plan for the message. The numbers come from the core's pass over the text; nothing is parsed a second time.
 */

import * as StepKind from "../generated/step-kind.js";

/** How to treat one field of a message. Fields may come in any order; see `src/wire/decode.rs` for the slots. */
export interface Step {
  /** Wire name. */
  key: string;
  /** The name in JavaScript, if it differs. */
  name: string | undefined;
  kind: StepKind.StepKind;
  /** Offset of the field's slot in its message's block; 0 for none. */
  slot: number;
  /** The number of the children's message; -1 for none. */
  message: number;
  /** The children's plan, after its first use. */
  plan: Plan | undefined;
}

/** A message's plan: its steps, which are empty if the message needs nothing. */
export interface Plan {
  /** Dates that keep their names: they are most of the work, so they have their own loop. */
  dates: readonly Step[];
  /** All others. */
  steps: readonly Step[];
}

/** Looks up a plan by the message's number. */
export type Plans = (message: number) => Plan;

/**
 * One value to replace, by its path. `text` is the value in the response, `ms` the same as a date. Kinds: `d` for a
 * date, `n` for a number in text, `t` for digits that become text, `i` for digits that a number cannot represent, and
 * `u` for text that means that the field is absent.
 */
export type Patch = [path: (string | number)[], kind: "d" | "n" | "t" | "i" | "u", text: string, ms?: number];

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Applies the patches. This comes first, since their paths are wire names.
 *
 * A name may occur twice in an object. `JSON.parse` keeps the last value, so a patch for an earlier one may lead
 * nowhere, or to another value; it is applied only where it finds its own value. Later patches come first: of two for
 * one place, the later one is for the value that was kept.
 */
export function applyPatches(root: unknown, patches: readonly Patch[]): void {
  for (let at = patches.length - 1; at >= 0; at--) {
    const [path, kind, text, ms] = patches[at] as Patch;
    const last = path.pop() as string;
    let target = root;
    for (const step of path) target = own(target, step);
    const value = own(target, last);
    const isTheirs = kind === "t" || kind === "i" ? value === Number(text) : value === text;
    if (!isTheirs || (kind === "i" && Number.isSafeInteger(value))) continue;
    (target as Json)[last] =
      kind === "d" ? new Date(ms as number) : kind === "n" ? Number(text) : kind === "u" ? undefined : text;
  }
}

/** Returns an own field of an object or an element of an array; nothing inherited. */
function own(target: unknown, step: string | number): unknown {
  return typeof target === "object" && target !== null && Object.hasOwn(target, step)
    ? (target as Json)[step]
    : undefined;
}

/**
 * Revives one object in place.
 * @param base Index of the object's block in `slots`; negative or NaN where it has none.
 */
export function revive(object: Json, plan: Plan, plans: Plans, slots: Float64Array, base: number): void {
  const { dates, steps } = plan;
  if (base >= 0) {
    for (let i = 0; i < dates.length; i++) {
      const { key, slot } = dates[i] as Step;
      const at = slots[base + slot] as number;
      // Any value but NaN shows that the core has seen the date, so the field need not be looked up.
      if (!Number.isNaN(at)) object[key] = at === Infinity ? undefined : new Date(at);
    }
  }
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as Step;
    const { key, name, kind, slot } = step;
    const value = object[key];
    if (value === undefined) continue;
    if (value !== null) {
      const at = slot === 0 || !(base >= 0) ? Number.NaN : (slots[base + slot] as number);
      switch (kind) {
        case StepKind.date:
          if (typeof value === "string" && !Number.isNaN(at)) object[key] = at === Infinity ? undefined : new Date(at);
          break;
        case StepKind.integer:
          if (typeof value === "string" && !Number.isNaN(at)) object[key] = at;
          break;
        case StepKind.child:
          if (isObject(value)) revive(value, childPlan(step, plans), plans, slots, at);
          break;
        case StepKind.children:
          if (Array.isArray(value)) reviveAll(value, childPlan(step, plans), plans, slots, at);
          break;
        case StepKind.childMap:
          if (isObject(value)) {
            for (const k of Object.keys(value)) {
              const child = value[k];
              if (isObject(child)) revive(child, childPlan(step, plans), plans, slots, Number.NaN);
            }
          }
          break;
        case StepKind.any:
          if (isObject(value)) object[key] = any(value);
          break;
        case StepKind.anys:
          if (Array.isArray(value)) {
            for (let i = 0; i < value.length; i++) if (isObject(value[i])) value[i] = any(value[i] as Json);
          }
          break;
        case StepKind.anyMap:
          if (isObject(value)) {
            for (const k of Object.keys(value)) if (isObject(value[k])) value[k] = any(value[k] as Json);
          }
          break;
        case StepKind.rename:
          break;
      }
    }
    if (name !== undefined) {
      object[name] = object[key];
      delete object[key];
    }
  }
}

function childPlan(step: Step, plans: Plans): Plan {
  return (step.plan ??= plans(step.message));
}

/** Revives the elements of an array. Their blocks are consecutive: each begins with the index after its end. */
function reviveAll(list: unknown[], plan: Plan, plans: Plans, slots: Float64Array, first: number): void {
  let base = first;
  for (const item of list) {
    if (!isObject(item)) continue;
    revive(item, plan, plans, slots, base);
    base = base >= 0 ? (slots[base] as number) : Number.NaN;
  }
}

/**
 * Converts `{"@type": t, ...}` to `{atType, additionalProperties}`, the official SDK's shape; missing parts are left
 * out.
 */
export function any(value: Json): Json {
  const { "@type": atType, ...additionalProperties } = value;
  const any: Json = atType === undefined ? {} : { atType };
  for (const _ in additionalProperties) return { ...any, additionalProperties };
  return any;
}
