// The elements in a page without a framework.
import type { CredentialRow } from "keyturn/elements";
import "keyturn/elements";

const table = document.createElement("keyturn-credentials");
const rows: readonly CredentialRow[] = [];
table.rows = rows;
table.addEventListener("keyturn-open", ({ detail }) => detail.target.length);
table.addEventListener("click", ({ clientX }) => clientX);
document.querySelector("keyturn-timeline")?.addEventListener("keyturn-open", ({ detail }) => detail.name);
document.querySelector("keyturn-counters")?.addEventListener("keyturn-filter", ({ detail }) => detail === "all");
document.querySelector("keyturn-rotate")?.addEventListener("keyturn-progress", ({ detail }) => detail.phase);

// @ts-expect-error a row has a target
table.rows = [{ name: "a" }];
// @ts-expect-error the event of a selection has a set of targets
table.addEventListener("keyturn-select", ({ detail }) => detail.target);
// @ts-expect-error read only
document.createElement("keyturn-rotate").unstored = true;
