/** Asks for an id to be typed, to confirm what cannot be undone. */

import { css, html, type TemplateResult } from "lit";
import { rich } from "../texts/text.js";

/** The style of the id that has to be typed. */
export const typedStyles = css`
  .typed {
    user-select: all;
    padding: 0.05rem 0.3rem;
    border-radius: 4px;
    background: var(--plain-soft);
  }
`;

/** Renders the field; `take` receives its value. */
export function typedField(id: string, typed: string, take: (typed: string) => void): TemplateResult {
  return html`<div class="field">
    <label for="typed">${rich("typed.confirm", { id: html`<code class="typed" translate="no">${id}</code>` })}</label>
    <input
      id="typed"
      class="mono"
      data-first
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      .value=${typed}
      @input=${(event: Event) => take((event.target as HTMLInputElement).value)}
    />
  </div>`;
}
