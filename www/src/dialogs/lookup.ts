/** Looks up a credential by its id, which is the only way to learn of one that was not issued here. */

import { type ConductorOne, NotFoundError } from "keyturn/slim";
import { html, nothing, type TemplateResult } from "lit";
import { type Inventory, type Known, type Place, withoutSecret } from "../inventory.js";
import { rich, t } from "../texts/text.js";
import { line } from "../ui/dates.js";
import { Dialog } from "../ui/dialog.js";
import { icon } from "../ui/icons.js";
import { credentialStatus, statusChip } from "../ui/status.js";
import "../ui/failure.js";

type Step = "ask" | "found";

/** Returns the id in pasted text: an id, or a whole client id such as `clever-otter-12345@acme.conductor.one/ccc`. */
export function credentialId(text: string): string {
  return text.trim().split("@", 1)[0] ?? "";
}

export class LookUpDialog extends Dialog<Step> {
  static override properties = {
    ...Dialog.properties,
    problem: { state: true },
    error: { state: true },
    asking: { state: true },
  };

  #client!: ConductorOne;
  #inventory!: Inventory;
  #place!: Place;
  #found: Known | undefined;
  /** What is wrong with the input. */
  declare private problem: string;
  declare private error: unknown;
  declare private asking: boolean;

  /** Opens it for a connector. */
  show(client: ConductorOne, inventory: Inventory, place: Place): void {
    this.#client = client;
    this.#inventory = inventory;
    this.#place = place;
    this.forget();
    this.open("ask");
  }

  protected override forget(): void {
    this.#found = undefined;
    this.problem = "";
    this.error = undefined;
    this.asking = false;
  }

  protected override content(step: Step): TemplateResult {
    return step === "ask" ? this.#ask() : this.#facts(this.#found as Known);
  }

  #head(title: string): TemplateResult {
    const { app, connector } = this.#place;
    return html`<div class="head">
      <h2 id="title" tabindex="-1">${title}</h2>
      <p class="muted"><bdi>${app}</bdi> › <bdi>${connector}</bdi></p>
    </div>`;
  }

  #ask(): TemplateResult {
    const { problem, error, asking } = this;
    return html`${this.#head(t("lookUp.title"))}
      <form @submit=${this.#submit} novalidate>
        <div class="field">
          <label for="id">${t("lookUp.id")}</label>
          <input
            id="id"
            class="mono"
            data-first
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            aria-describedby="id-hint id-problem"
            aria-invalid=${problem !== ""}
            aria-required="true"
          />
          <p id="id-hint" class="small muted">
            ${rich("lookUp.hint")}
          </p>
          <p id="id-problem" class="error" role="alert">${problem ? html`${icon("warning")}<span>${problem}</span>` : nothing}</p>
        </div>
        ${error ? html`<keyturn-failure .error=${error} retriable @retry=${this.#submit}></keyturn-failure>` : nothing}
        <div class="foot">
          <button type="button" @click=${this.close}>${t("cancel")}</button>
          <button class="primary" aria-disabled=${asking}>
            ${asking ? html`${icon("sync", 16, "turning")} ${t("lookUp.asking")}` : html`${icon("search")} ${t("lookUp.do")}`}
          </button>
        </div>
      </form>`;
  }

  #facts(known: Known): TemplateResult {
    const { facts } = known;
    return html`${this.#head(t("lookUp.found"))}
      <dl class="facts">
        <dt>${t("clientId")}</dt>
        <dd><span class="mono" translate="no">${facts?.clientId || known.id}</span></dd>
        <dt>${t("status")}</dt>
        <dd>${statusChip(credentialStatus(known))}</dd>
        <dt>${t("lookUp.created")}</dt>
        <dd>${line(facts?.createdAt, t("lookUp.notSaid"))}</dd>
        <dt>${t("known.expires")}</dt>
        <dd>${line(facts?.expiresTime, t("known.noDate"))}</dd>
        <dt>${t("known.used")}</dt>
        <dd>${line(facts?.lastUsedAt, t("lookUp.never"))}</dd>
      </dl>
      <p class="muted">${t("lookUp.more")}</p>
      <div class="foot">
        <button type="button" @click=${this.#another}>${t("lookUp.another")}</button>
        <button type="button" class="primary" @click=${this.close}>${t("close")}</button>
      </div>`;
  }

  #another(): void {
    this.forget();
    this.step = "ask";
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.asking) return;
    const input = this.renderRoot.querySelector<HTMLInputElement>("#id");
    const id = credentialId(input?.value ?? "");
    this.error = undefined;
    this.problem = id === "" ? t("lookUp.missing") : "";
    if (this.problem) return input?.focus();
    const { appId, connectorId } = this.#place;
    this.asking = true;
    try {
      const answer = await this.#client.connector.getCredentials({ appId, connectorId, id });
      if (this.step === undefined) return;
      const facts = withoutSecret(answer.connectorServiceGetCredentialsResponse?.credential);
      this.#found = this.#inventory.add(this.#place, "looked-up", { ...facts, id: facts.id || id });
      this.step = "found";
    } catch (error) {
      if (this.step === undefined) return;
      if (error instanceof NotFoundError) {
        this.problem = t("lookUp.none", { id });
        input?.focus();
      } else {
        this.error = error;
      }
    } finally {
      this.asking = false;
    }
  };
}
customElements.define("keyturn-look-up", LookUpDialog);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-look-up": LookUpDialog;
  }
}
