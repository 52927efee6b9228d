/** Form input that has not been saved. It outlives the view that has the form, but not the page. */

import type { LifecycleWindow } from "keyturn/lifecycle";

/** The forms of a target's page. */
export type FormName = "people" | "policy";

/** The values of one form's fields, and the windows of a policy, which are not fields. */
export interface Draft {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly windows: readonly LifecycleWindow[] | undefined;
}

/** The drafts of all targets. */
export class Drafts {
  readonly #all = new Map<string, Draft>();

  /** Whether closing the page would lose any input. */
  get some(): boolean {
    return this.#all.size > 0;
  }

  of(form: FormName, target: string): Draft | undefined {
    return this.#all.get(`${form} ${target}`);
  }

  keep(form: FormName, target: string, element: HTMLFormElement, windows?: readonly LifecycleWindow[]): void {
    const data = new FormData(element);
    const fields = new Map([...data.keys()].map((name) => [name, data.getAll(name).map(String)]));
    this.#all.set(`${form} ${target}`, { fields, windows });
  }

  drop(form: FormName, target: string): void {
    this.#all.delete(`${form} ${target}`);
  }
}

/** Returns what a field shows: the draft, or else what is saved. */
export function shown(draft: Draft | undefined, name: string, saved: string): string {
  return draft ? (draft.fields.get(name)?.[0] ?? "") : saved;
}
