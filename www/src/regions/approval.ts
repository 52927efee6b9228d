/** A log-in that waits for approval elsewhere: its code, and where to enter it. */

import type { DeviceCode } from "keyturn/slim";
import { css, html, LitElement, type TemplateResult } from "lit";
import { rich, t } from "../texts/text.js";
import { clock } from "../ui/dates.js";
import { icon } from "../ui/icons.js";
import { base } from "../ui/styles.js";
import "../ui/copy.js";

/** Emits `cancel`. It takes the focus when it appears. */
export class Approval extends LitElement {
  static override properties = { code: { attribute: false } };
  static override styles = [
    base,
    css`
      section {
        display: grid;
        gap: 1.1rem;
      }
      h2 {
        font-size: 1.0625rem;
      }
      .code {
        display: flex;
        flex-wrap: wrap;
        gap: 0.6rem 1rem;
        align-items: center;
        padding: 0.8rem 1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
        background: var(--sunken);
      }
      .code .mono {
        font-size: 1.5rem;
        font-weight: 600;
        letter-spacing: 0.06em;
      }
      .where {
        display: grid;
        gap: 0.35rem;
        justify-items: start;
      }
      .where a {
        display: inline-flex;
        align-items: center;
        min-height: 2.25rem;
        padding: 0.35rem 0.85rem;
        border: 1px solid var(--accent);
        border-radius: var(--radius-small);
        background: var(--accent);
        color: var(--on-accent);
        font-size: 0.875rem;
        font-weight: 550;
        text-decoration: none;
      }
      .where a:hover {
        background: var(--accent-strong);
      }
      .wait {
        display: flex;
        gap: 0.6rem;
        align-items: center;
      }
      button {
        justify-self: start;
      }
    `,
  ];
  declare code: DeviceCode;

  protected override render(): TemplateResult {
    const { userCode, verificationUri, verificationUriComplete, expiresAt } = this.code;
    return html`<section aria-labelledby="title">
      <h2 id="title" tabindex="-1" aria-describedby="code">${t("approval.title")}</h2>
      <p>${t("approval.about")}</p>
      <div class="code">
        <span id="code" class="mono" translate="no">${userCode}</span>
        <keyturn-copy name=${t("approval.code")} .text=${() => userCode}></keyturn-copy>
      </div>
      <div class="where">
        <a href=${verificationUriComplete ?? verificationUri} target="_blank" rel="noopener noreferrer"
          >${t("approval.open")} <span class="unseen">${t("approval.newTab")}</span></a
        >
        <p class="small muted mono" translate="no" dir="ltr">${verificationUri || verificationUriComplete}</p>
      </div>
      <p role="status" class="wait muted">${icon("sync", 16, "turning")}<span>${rich("approval.waiting", { time: html`<time datetime=${expiresAt.toISOString()}>${clock(expiresAt.getTime())}</time>` })}</span></p>
      <button type="button" @click=${() => this.dispatchEvent(new Event("cancel"))}>${t("cancel")}</button>
    </section>`;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("h2")?.focus();
  }
}
customElements.define("keyturn-approval", Approval);
