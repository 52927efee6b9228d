/** What lists have in common. */

import { html, type TemplateResult } from "lit";
import { t } from "../texts/text.js";
import { icon } from "./icons.js";

/** Stands where a list will be. */
export function bones(words: string): TemplateResult {
  return html`<p role="status" class="unseen">${words}</p>
    <div class="bones" aria-hidden="true"><i></i><i></i><i></i></div>`;
}

/** Asks for the next page. It stays while that comes, so that the focus does. */
export function moreButton(words: string, loading: boolean, next: () => void): TemplateResult {
  return html`<div class="more">
    <button type="button" aria-disabled=${loading} @click=${() => loading || next()}>
      ${loading ? html`${icon("sync", 16, "turning")} ${t("list.more")}` : words}
    </button>
  </div>`;
}
