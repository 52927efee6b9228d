/** The way back from a target, which says where it leads. */

import { html, type TemplateResult } from "lit";
import { backLink, before, routeOf } from "../route.js";
import { t } from "../texts/text.js";

/** A link to where somebody came from, be it by the target's page. */
export function wayBack(from: string): TemplateResult {
  const href = backLink(before(from));
  const { view } = routeOf(href);
  const word = view === "jobs" ? "target.backToJobs" : view === "browse" ? "target.backToBrowse" : "target.back";
  return html`<a href=${href}>${t(word)}</a>`;
}
