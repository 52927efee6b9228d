/** Findings of a lifecycle in sentences. */

import type { LifecycleFinding } from "keyturn/lifecycle";
import { html, type TemplateResult } from "lit";
import { isKey, rich } from "../texts/text.js";

/** A finding in a sentence. A newer server may know kinds of findings that this page does not. */
export function sentence({ code, number, about, credential, message }: LifecycleFinding): unknown {
  const key = `found.${code}`;
  const name = (value: string | undefined): TemplateResult => html`<bdi translate="no">${value ?? ""}</bdi>`;
  if (!isKey(key)) return html`<span lang="en" dir="ltr">${message}</span>`;
  return rich(key, { n: number ?? 0, about: name(about), credential: name(credential) });
}
