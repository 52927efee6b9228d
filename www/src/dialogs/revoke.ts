/** Revokes a credential, once its id has been typed: a revocation cannot be undone. */

import { type ConductorOne, NotFoundError } from "keyturn/slim";
import { html, nothing, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { type Inventory, isUsable, type Known } from "../inventory.js";
import { rich, t } from "../texts/text.js";
import { DAY, relative } from "../ui/dates.js";
import { Dialog } from "../ui/dialog.js";
import { icon, note } from "../ui/icons.js";
import { typedField, typedStyles } from "../ui/typed.js";
import "../ui/failure.js";

type Step = "confirm";

/** Emits `revoked` with the {@link Known} credential. */
export class RevokeDialog extends Dialog<Step> {
  static override properties = {
    ...Dialog.properties,
    typed: { state: true },
    error: { state: true },
    revoking: { state: true },
  };
  static override styles = [Dialog.styles, typedStyles];

  #client!: ConductorOne;
  #inventory!: Inventory;
  #known!: Known;
  declare private typed: string;
  declare private error: unknown;
  declare private revoking: boolean;

  /** Opens it for a credential. */
  show(client: ConductorOne, inventory: Inventory, known: Known): void {
    this.#client = client;
    this.#inventory = inventory;
    this.#known = known;
    this.forget();
    this.open("confirm");
  }

  protected override closable(): boolean {
    return !this.revoking;
  }

  protected override forget(): void {
    this.typed = "";
    this.error = undefined;
    this.revoking = false;
  }

  protected override content(): TemplateResult {
    const { id, app, connector } = this.#known;
    const { typed, error, revoking } = this;
    return html`<div class="head">
        <h2 id="title" tabindex="-1">${rich("revoke.title", { id: html`<span translate="no">${id}</span>` })}</h2>
        <p class="muted"><bdi>${app}</bdi> › <bdi>${connector}</bdi></p>
      </div>
      <ul class="points">
        <li>
          ${icon("barred", 18)}
          <div>${rich("revoke.tokens")}</div>
        </li>
        <li>
          ${icon("clock", 18)}
          <div>${rich("revoke.living")}</div>
        </li>
      </ul>
      ${this.#warning()}
      <form @submit=${this.#submit}>
        ${typedField(id, typed, this.#take)}
        ${error ? html`<keyturn-failure .error=${error} retriable @retry=${this.#submit}></keyturn-failure>` : nothing}
        <div class="foot">
          <button type="button" aria-disabled=${revoking} @click=${this.close}>${t("cancel")}</button>
          <button class="danger" ?disabled=${typed.trim() !== id} aria-disabled=${revoking}>
            ${revoking ? html`${icon("sync", 16, "turning")} ${t("revoke.revoking")}` : html`${icon("barred")} ${t("revoke.do")}`}
          </button>
        </div>
      </form>`;
  }

  /** Renders the reasons against revoking the credential. */
  #warning(): TemplateResult | typeof nothing {
    const used = this.#known.facts?.lastUsedAt;
    const recent = used instanceof Date && clock.now() - used.getTime() < DAY;
    const others = this.#inventory.of(this.#known).filter((known) => known.id !== this.#known.id && isUsable(known));
    if (!recent && others.length > 0) return nothing;
    return note(
      "warn",
      "warning",
      html`${recent ? html`<p>${rich("revoke.used", { relative: relative(used) })}</p>` : nothing}
        ${others.length === 0 ? html`<p>${rich("revoke.last")}</p>` : nothing}`,
    );
  }

  readonly #take = (typed: string): void => {
    this.typed = typed;
  };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const known = this.#known;
    const { appId, connectorId, id } = known;
    if (this.typed.trim() !== id || this.revoking) return;
    this.error = undefined;
    this.revoking = true;
    try {
      await this.#client.connector.revokeCredential({ appId, connectorId, id });
    } catch (error) {
      // A credential that no longer exists is as good as revoked.
      if (!(error instanceof NotFoundError)) {
        this.error = error;
        this.revoking = false;
        return;
      }
    }
    this.revoking = false;
    this.#inventory.revoked(known);
    this.dispatchEvent(new CustomEvent("revoked", { detail: known }));
    this.close();
  };
}
customElements.define("keyturn-revoke", RevokeDialog);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-revoke": RevokeDialog;
  }
}
