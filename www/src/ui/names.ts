/** Names that come from a tenant, side by side. */

import { html, nothing, type TemplateResult } from "lit";

// From a module that the elements use too, so that they need not be loaded for it.
export { distinctions } from "../../../pkg/src/elements/row.js";

/** Renders names, each in its own text direction. Empty names are left out. */
export function bdis(names: readonly string[]): TemplateResult {
  return html`${names.filter(Boolean).map((name, at) => html`${at > 0 ? " · " : nothing}<bdi>${name}</bdi>`)}`;
}
