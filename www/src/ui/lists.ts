/** Parts that all lists share. */

import { html, type TemplateResult } from "lit";
import { t } from "../texts/text.js";
import { icon } from "./icons.js";

/** Renders a placeholder for a list that is being loaded. */
export function bones(words: string): TemplateResult {
  return html`<p role="status" class="unseen">${words}</p>
    <div class="bones" aria-hidden="true"><i></i><i></i><i></i></div>`;
}

/** Renders a button that loads the next page. It stays while the page loads, so that it keeps the focus. */
export function moreButton(words: string, loading: boolean, next: () => void): TemplateResult {
  return html`<div class="more">
    <button type="button" aria-disabled=${loading} @click=${() => loading || next()}>
      ${loading ? html`${icon("sync", 16, "turning")} ${t("list.more")}` : words}
    </button>
  </div>`;
}
