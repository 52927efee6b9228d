/** Names that a tenant gave, beside each other. */

import { html, nothing, type TemplateResult } from "lit";

// Without the elements, which show rows by the same.
export { distinctions } from "../../../pkg/src/elements/row.js";

/** Each in its own direction of writing. Those that are empty are left out. */
export function bdis(names: readonly string[]): TemplateResult {
  return html`${names.filter(Boolean).map((name, at) => html`${at > 0 ? " · " : nothing}<bdi>${name}</bdi>`)}`;
}
