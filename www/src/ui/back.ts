/** The back link of a target, which names where it leads. */

import { html, type TemplateResult } from "lit";
import { backLink, before, routeOf } from "../route.js";
import { t } from "../texts/text.js";

/** Renders a link to where the user came from, skipping the target's own page. */
export function wayBack(from: string): TemplateResult {
  const href = backLink(before(from));
  const { view } = routeOf(href);
  const word = view === "jobs" ? "target.backToJobs" : view === "browse" ? "target.backToBrowse" : "target.back";
  return html`<a href=${href}>${t(word)}</a>`;
}
