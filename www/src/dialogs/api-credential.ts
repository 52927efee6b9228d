/** One API credential: its facts, its secret on request, renaming, and deletion. */

import "keyturn/elements/secret";
import { ApiError } from "keyturn/commercelayer/slim";
import { css, html, nothing, type TemplateResult } from "lit";
import { type ApiCredentialFacts, kindName, type Provisioning } from "../connection/commercelayer.js";
import { modeChip } from "../regions/api-credentials.js";
import { rich, t } from "../texts/text.js";
import { duration, line } from "../ui/dates.js";
import { Dialog } from "../ui/dialog.js";
import { pointedOut } from "../ui/failure.js";
import { icon, note } from "../ui/icons.js";
import { typedField, typedStyles } from "../ui/typed.js";
import "../ui/failure.js";

type Step = "facts" | "rename" | "delete";

/** Emits `changed` with a message that says what has been done. */
export class ApiCredentialDialog extends Dialog<Step> {
  static override properties = {
    ...Dialog.properties,
    credential: { state: true },
    held: { state: true },
    busy: { state: true },
    error: { state: true },
    problem: { state: true },
    typed: { state: true },
  };
  static override styles = [
    Dialog.styles,
    typedStyles,
    css`
      .ask {
        display: grid;
        gap: 0.5rem;
        justify-items: start;
      }
      .foot .apart {
        margin-inline-end: auto;
      }
    `,
  ];

  #provisioning!: Provisioning;
  declare private credential: ApiCredentialFacts;
  /** Whether its secret has been fetched. */
  declare private held: boolean;
  declare private busy: boolean;
  declare private error: unknown;
  /** What is wrong with the new name. */
  declare private problem: string;
  declare private typed: string;
  /** The secret: in a private field, and only from when it is requested until the dialog is closed. */
  #secret: string | undefined;

  /** Opens it for a credential. */
  show(provisioning: Provisioning, credential: ApiCredentialFacts): void {
    this.#provisioning = provisioning;
    this.credential = credential;
    this.forget();
    this.open("facts");
  }

  /** Wipes the secret, whatever is on the screen: the page is being left. */
  wipe(): void {
    this.busy = false;
    this.close();
  }

  protected override closable(step: Step): boolean {
    return !this.busy || step === "facts";
  }

  protected override forget(): void {
    this.#secret = undefined;
    this.held = this.busy = false;
    this.error = undefined;
    this.problem = this.typed = "";
  }

  protected override content(step: Step): TemplateResult {
    switch (step) {
      case "facts":
        return this.#facts();
      case "rename":
        return this.#rename();
      case "delete":
        return this.#delete();
    }
  }

  #head(title: unknown): TemplateResult {
    const { organization, kind } = this.credential;
    return html`<div class="head">
      <h2 id="title" tabindex="-1">${title}</h2>
      <p class="muted">${rich("api.kindOf", { kind: kindName(kind), organization: organization ? html`<bdi>${organization.name}</bdi>` : t("api.anOrganization") })}</p>
    </div>`;
  }

  #facts(): TemplateResult {
    const { id, name, mode, role, expires_in: expires, redirect_uri: redirect, created_at: created } = this.credential;
    return html`${this.#head(html`<bdi>${name}</bdi>`)}
      <dl class="facts">
        <dt>${t("api.id")}</dt>
        <dd><span class="mono" translate="no">${id}</span></dd>
        <dt>${t("api.mode")}</dt>
        <dd>${mode ? modeChip(mode) : "—"}</dd>
        <dt>${t("api.role")}</dt>
        <dd>${role ? html`<bdi>${role.name}</bdi>` : t("api.none.role")}</dd>
        <dt>${t("api.lifetime")}</dt>
        <dd>${expires ? duration(expires) : "—"}</dd>
        ${redirect ? html`<dt>${t("api.redirect")}</dt><dd class="mono" translate="no">${redirect}</dd>` : nothing}
        <dt>${t("api.created")}</dt>
        <dd>${line(new Date(created), "—")}</dd>
      </dl>
      <keyturn-secret label=${t("clientId")} name=${t("clientId.in")} .text=${this.#clientId}></keyturn-secret>
      ${this.#secretPart()}
      ${this.error ? html`<keyturn-failure .error=${this.error} retriable @retry=${this.#ask}></keyturn-failure>` : nothing}
      <div class="foot">
        <button type="button" class="quiet risky apart" @click=${() => this.#turn("delete")}>${icon("barred")} ${t("api.delete")}</button>
        <button type="button" @click=${() => this.#turn("rename")}>${t("api.rename")}</button>
        <button type="button" class="primary" @click=${this.close}>${t("close")}</button>
      </div>`;
  }

  #secretPart(): TemplateResult {
    if (!this.credential.confidential) {
      return html`<p class="small muted">${t("api.public")}</p>`;
    }
    if (this.held)
      return html`<keyturn-secret id="held" label=${t("clientSecret")} name=${t("clientSecret.in")} secret shown .text=${this.#clientSecret}></keyturn-secret>`;
    return html`<div class="ask">
      <button type="button" aria-disabled=${this.busy} @click=${this.#ask}>
        ${this.busy ? html`${icon("sync", 16, "turning")} ${t("api.secret.fetching")}` : html`${icon("eye")} ${t("api.secret.show")}`}
      </button>
      <p class="small muted">${t("api.secret.about")}</p>
    </div>`;
  }

  #rename(): TemplateResult {
    const { problem, error, busy } = this;
    return html`${this.#head(rich("api.rename.title", { name: html`<bdi>${this.credential.name}</bdi>` }))}
      <form @submit=${this.#submitName} novalidate>
        <div class="field">
          <label for="name">${t("api.rename.name")}</label>
          <input
            id="name"
            data-first
            autocomplete="off"
            .value=${this.credential.name}
            aria-describedby="name-problem"
            aria-invalid=${problem !== ""}
            aria-required="true"
          />
          <p id="name-problem" class="error" role="alert">${problem ? html`${icon("warning")}<span>${problem}</span>` : nothing}</p>
        </div>
        ${error ? html`<keyturn-failure .error=${error} retriable @retry=${this.#submitName}></keyturn-failure>` : nothing}
        <div class="foot">
          <button type="button" aria-disabled=${busy} @click=${this.#back}>${t("cancel")}</button>
          <button class="primary" aria-disabled=${busy}>${busy ? html`${icon("sync", 16, "turning")} ${t("api.renaming")}` : t("api.rename")}</button>
        </div>
      </form>`;
  }

  #delete(): TemplateResult {
    const { id, name } = this.credential;
    const { typed, error, busy } = this;
    return html`${this.#head(rich("api.delete.title", { name: html`<bdi>${name}</bdi>` }))}
      <ul class="points">
        <li>
          ${icon("barred", 18)}
          <div>${rich("api.delete.tokens")}</div>
        </li>
        <li>
          ${icon("clock", 18)}
          <div>${rich("api.delete.living")}</div>
        </li>
      </ul>
      ${note("plain", "info", html`<p>${t("api.delete.instead")}</p>`)}
      <form @submit=${this.#submitDelete}>
        ${typedField(id, typed, (text) => (this.typed = text))}
        ${error ? html`<keyturn-failure .error=${error} retriable @retry=${this.#submitDelete}></keyturn-failure>` : nothing}
        <div class="foot">
          <button type="button" aria-disabled=${busy} @click=${this.#back}>${t("cancel")}</button>
          <button class="danger" ?disabled=${typed.trim() !== id} aria-disabled=${busy}>
            ${busy ? html`${icon("sync", 16, "turning")} ${t("api.deleting")}` : html`${icon("barred")} ${t("api.delete.do")}`}
          </button>
        </div>
      </form>`;
  }

  readonly #clientId = (): string => this.credential.client_id;
  readonly #clientSecret = (): string => this.#secret ?? "";

  /** Goes to another step, and wipes the secret. */
  #turn(step: Step): void {
    this.forget();
    this.step = step;
  }

  readonly #back = (): void => {
    if (!this.busy) this.#turn("facts");
  };

  readonly #ask = async (): Promise<void> => {
    if (this.busy) return;
    const { credential } = this;
    this.error = undefined;
    this.busy = true;
    try {
      const secret = await this.#provisioning.secret(credential.id);
      if (this.step !== "facts" || this.credential !== credential || !this.busy) return;
      this.#secret = secret;
      this.held = true;
    } catch (error) {
      if (this.step === "facts") this.error = error;
    } finally {
      this.busy = false;
    }
    await this.updateComplete;
    const value = this.renderRoot.querySelector<HTMLElementTagNameMap["keyturn-secret"]>("#held");
    await value?.updateComplete;
    value?.shadowRoot?.querySelector("button")?.focus();
  };

  readonly #submitName = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const input = this.renderRoot.querySelector<HTMLInputElement>("#name");
    const { id, name: before } = this.credential;
    const name = input?.value.trim() ?? "";
    this.error = undefined;
    this.problem = "";
    this.busy = true;
    try {
      await this.#provisioning.client.api_credentials.update({ id, name }, { fields: ["name"] });
      this.credential = { ...this.credential, name };
    } catch (error) {
      const [first] = pointedOut(error).filter(({ pointer }) => pointer === "/data/attributes/name");
      if (first) this.problem = first.message;
      else this.error = error;
      return;
    } finally {
      this.busy = false;
      if (this.problem) input?.focus();
    }
    this.#tell(t("api.renamed", { before, name }));
    this.step = "facts";
  };

  readonly #submitDelete = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { id, name } = this.credential;
    if (this.typed.trim() !== id || this.busy) return;
    this.error = undefined;
    this.busy = true;
    try {
      await this.#provisioning.client.api_credentials.delete(id);
    } catch (error) {
      // A credential that no longer exists is as good as deleted.
      if (!ApiError.isApiError(error) || error.status !== 404) {
        this.error = error;
        return;
      }
    } finally {
      this.busy = false;
    }
    this.#tell(t("api.deleted", { name, id }));
    this.close();
  };

  #tell(words: string): void {
    this.dispatchEvent(new CustomEvent("changed", { detail: words }));
  }
}
customElements.define("keyturn-api-credential", ApiCredentialDialog);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-api-credential": ApiCredentialDialog;
  }
}
