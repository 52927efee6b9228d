/** The choice of the language, each of them called as those say who speak it. */

import { html, type TemplateResult } from "lit";
import { choose, type LanguageName, language, OFFERED } from "../texts/languages.js";
import { t } from "../texts/text.js";

/** A field to choose with. Its name is for those who do not see that it is a language. */
export function languageChoice(): TemplateResult {
  const spoken = language();
  return html`<select class="language" aria-label=${t("language")} @change=${chosen}>
    ${OFFERED.map(({ language: one, name }) => html`<option value=${one} lang=${one} translate="no" .selected=${one === spoken}>${name}</option>`)}
  </select>`;
}

async function chosen(event: Event): Promise<void> {
  const select = event.target as HTMLSelectElement;
  try {
    await choose(select.value as LanguageName);
  } catch {
    // Its texts could not be loaded: what was spoken is spoken still.
    select.value = language();
  }
}
