// The elements in Vue's templates, as Vue's compiler looks them up: `$props` and `$emit` of a global component.
import type { CredentialRow } from "keyturn/elements";
import type {} from "keyturn/types/elements/vue";
import type { GlobalComponents } from "vue";

type Of<Name extends keyof GlobalComponents> = GlobalComponents[Name] extends new () => infer One ? One : never;
declare const table: Of<"keyturn-credentials">;
declare const counters: Of<"keyturn-counters">;
declare const flow: Of<"keyturn-rotate">;
const rows: readonly CredentialRow[] = [];

export const props: (typeof table)["$props"] = { rows, selectable: true, class: "wide", view: { filter: "expired" } };
export const counted: (typeof counters)["$props"] = { rows, filter: "idle", compact: true };
export const rotate: (typeof flow)["$props"] = { target: "crm", about: "GitHub" };
table.$emit("keyturn-select", new CustomEvent<ReadonlySet<string>>("keyturn-select"));
counters.$emit("keyturn-filter", new CustomEvent<"idle">("keyturn-filter"));

// @ts-expect-error a row has a target
export const wrongRows: (typeof table)["$props"] = { rows: [{ name: "a" }] };
// @ts-expect-error no such filter
export const wrongFilter: (typeof table)["$props"] = { view: { filter: "old" } };
// @ts-expect-error read only
export const wrongState: (typeof flow)["$props"] = { unstored: true };
// @ts-expect-error no such event
table.$emit("keyturn-close", new CustomEvent("keyturn-close"));
// @ts-expect-error no such element
export type Nothing = Of<"keyturn-nothing">;
