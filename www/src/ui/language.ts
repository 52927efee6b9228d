/** The choice of the language. Each language is shown by its own name. */

import { html, type TemplateResult } from "lit";
import { choose, type LanguageName, language, OFFERED } from "../texts/languages.js";
import { t } from "../texts/text.js";

/** Renders the choice. Its label is for those who cannot see that it lists languages. */
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
    // The texts could not be loaded, so the language stays as it was.
    select.value = language();
  }
}
