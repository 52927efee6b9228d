/** Rotation: what will happen, the new secret once, and what to do when its answer never came. */

import { type ConductorOne, KeyturnError } from "keyturn/slim";
import { css, html, nothing, type TemplateResult } from "lit";
import { type Inventory, isUsable, type Known, type Place, withoutSecret } from "../inventory.js";
import { clock, line, span } from "../ui/dates.js";
import { Dialog } from "../ui/dialog.js";
import { icon, note } from "../ui/icons.js";
import "../ui/failure.js";
import "../ui/value.js";

/** How long to wait for the answer, in milliseconds. */
const PATIENCE = 30_000;

type Step = "plan" | "issuing" | "secret" | "unknown" | "failed";

/** Emits `rotated` with the {@link Known} credential. */
export class RotateDialog extends Dialog<Step> {
  static override properties = { ...Dialog.properties, agreed: { state: true } };
  static override styles = [
    Dialog.styles,
    css`
      .advice {
        display: grid;
        gap: 0.5rem;
      }
      .wait {
        display: flex;
        align-items: center;
        gap: 0.7rem;
        min-height: 4rem;
      }
    `,
  ];

  #client!: ConductorOne;
  #inventory!: Inventory;
  #place!: Place;
  /** In a private field, and only from the answer to the closing of the dialog: nothing else can read it. */
  #secret: string | undefined;
  #credential: Known | undefined;
  /** Credentials that worked before and do not any more. */
  #cut: readonly Known[] = [];
  #error: unknown;
  /** The box is ticked that the way on needs. */
  declare private agreed: boolean;

  constructor() {
    super();
    this.agreed = false;
  }

  /** Opens it for a connector. */
  show(client: ConductorOne, inventory: Inventory, place: Place): void {
    this.#client = client;
    this.#inventory = inventory;
    this.#place = place;
    this.agreed = false;
    this.open(inventory.unsettled(place) ? "unknown" : "plan");
  }

  /** A secret is on its way or not yet stored: the page should not be left. */
  get busy(): boolean {
    return this.step === "issuing" || this.step === "secret";
  }

  /** Drops the secret, whatever is on the screen: the page is being left. */
  wipe(): void {
    this.agreed = true;
    if (this.step !== "issuing") this.close();
  }

  protected override closable(step: Step): boolean {
    return step !== "issuing" && (step !== "secret" || this.agreed);
  }

  protected override forget(): void {
    this.#secret = this.#credential = this.#error = undefined;
    this.#cut = [];
    this.agreed = false;
  }

  protected override content(step: Step): TemplateResult {
    switch (step) {
      case "plan":
        return this.#plan();
      case "issuing":
        return this.#issuing();
      case "secret":
        return this.#reveal();
      case "unknown":
        return this.#unknown();
      case "failed":
        return this.#failed();
    }
  }

  #head(title: string): TemplateResult {
    const { app, connector } = this.#place;
    return html`<div class="head">
      <h2 id="title" tabindex="-1">${title}</h2>
      <p class="muted">${app} › ${connector}</p>
    </div>`;
  }

  get #others(): readonly Known[] {
    return this.#inventory.of(this.#place).filter((known) => isUsable(known) && known.id !== this.#credential?.id);
  }

  get #action(): string {
    return this.#others.length > 0 ? "Rotate credential" : "Create credential";
  }

  #plan(): TemplateResult {
    const others = this.#others.length;
    const stays =
      others === 0
        ? html`If the connector has a credential that this console does not know of, that one goes on working until it is revoked.`
        : html`${others === 1 ? "The one known here goes" : `The ${others} known here go`} on working until you revoke
          ${others === 1 ? "it" : "them"}: move the connector over first, then revoke.`;
    return html`${this.#head(this.#action)}
      <ul class="points">
        <li>
          ${icon("plus", 18)}
          <div><strong>C1 issues an additional credential:</strong> a new client ID and a new secret. ${stays}</div>
        </li>
        <li>
          ${icon("eye", 18)}
          <div><strong>The secret is shown once,</strong> here, and nowhere again. Have the place ready where it will be stored.</div>
        </li>
        <li>
          ${icon("info", 18)}
          <div class="muted">C1 decides when it expires. Neither a lifetime nor allowed networks nor a scope can be set for it.</div>
        </li>
      </ul>
      <div class="foot">
        <button type="button" @click=${this.close}>Cancel</button>
        <button type="button" class="primary" @click=${this.#issue}>${icon("key")} ${this.#action}</button>
      </div>`;
  }

  #issuing(): TemplateResult {
    return html`${this.#head("Waiting for C1")}
      <p class="wait" role="status">
        ${icon("sync", 22, "turning")}
        <span>A credential is being issued. Keep this page open: the secret comes with the answer, and only with it.</span>
      </p>`;
  }

  #reveal(): TemplateResult {
    const { facts } = this.#credential as Known;
    const cut = this.#cut;
    return html`${this.#head("Store the new credential")}
      <p>Copy both values to where the connector reads them. The secret cannot be shown again once this is closed.</p>
      ${
        cut.length > 0
          ? note(
              "warn",
              "warning",
              html`<strong>This tenant does not keep the old credential.</strong>
              <p>${cut.map(({ id }) => id).join(", ")} stopped working with this rotation: bring the new one to the connector now.</p>`,
            )
          : nothing
      }
      <keyturn-value label="Client ID" .text=${this.#clientId}></keyturn-value>
      <keyturn-value label="Client secret" secret .text=${this.#clientSecret}>
        <p class="small muted">It begins with <code>secret-token:</code> and that is a part of it. ${this.#expiry(facts?.expiresTime)}</p>
      </keyturn-value>
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>I stored the client ID and the secret</span>
      </label>
      <div class="foot">
        <button type="button" class="primary" ?disabled=${!this.agreed} @click=${this.close}>Close</button>
      </div>`;
  }

  #expiry(date: Date | null | undefined): TemplateResult {
    return date ? html`It expires ${line(date, "")}.` : html`C1 names no date when it expires.`;
  }

  #unknown(): TemplateResult {
    const { from, to } = this.#inventory.unsettled(this.#place) ?? { from: 0, to: 0 };
    return html`${this.#head("It is unknown whether a credential was issued")}
      ${note(
        "warn",
        "warning",
        html`<p>
          The request went out at ${clock(from)} and its answer never came, or could not be read. C1 may have issued a credential whose
          secret nobody has. This page did not send it again: that could issue another one.
        </p>`,
      )}
      <div class="advice">
        <p class="label">What to do</p>
        <ol class="steps">
          <li>
            In C1’s system log, look for a rotation of this connector’s credential ${span(from, to)}, by this machine’s clock.
          </li>
          <li>If there is one, revoke that credential: look it up here by its id, or revoke it in C1. Its secret is lost.</li>
          <li>Then rotate again. In the meantime the credential that the connector uses should go on working: see that it does.</li>
        </ol>
      </div>
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>I looked, and revoked what I found. Rotating again issues one more credential.</span>
      </label>
      <div class="foot">
        <button type="button" @click=${this.close}>Close</button>
        <button type="button" class="primary" ?disabled=${!this.agreed} @click=${this.#settle}>Go on to rotate</button>
      </div>`;
  }

  #failed(): TemplateResult {
    return html`${this.#head("No credential was issued")}
      <keyturn-failure .error=${this.#error} retriable @retry=${this.#issue}></keyturn-failure>
      <div class="foot"><button type="button" @click=${this.close}>Close</button></div>`;
  }

  readonly #clientId = (): string => this.#credential?.facts?.clientId ?? "";
  readonly #clientSecret = (): string => this.#secret ?? "";

  #agree(event: Event): void {
    this.agreed = (event.target as HTMLInputElement).checked;
  }

  #settle(): void {
    this.#inventory.settle(this.#place);
    this.agreed = false;
    this.step = "plan";
  }

  async #issue(): Promise<void> {
    const { appId, connectorId } = this.#place;
    const others = this.#others;
    const from = Date.now();
    this.step = "issuing";
    try {
      const answer = await this.#client.connector.rotateCredential({ appId, connectorId }, { timeoutMs: PATIENCE });
      const credential = answer.connectorServiceRotateCredentialResponse?.credential;
      if (!credential?.id || !credential.clientSecret) {
        // It is there, whatever is missing of it.
        this.#inventory.unsettle(this.#place, from, Date.now());
        this.step = "unknown";
        return;
      }
      this.#secret = credential.clientSecret;
      this.#credential = this.#inventory.add(this.#place, "rotated", withoutSecret(credential));
      this.step = "secret";
      this.dispatchEvent(new CustomEvent("rotated", { detail: this.#credential }));
    } catch (error) {
      if (KeyturnError.is(error) && error.outcome === "unknown") {
        this.#inventory.unsettle(this.#place, from, Date.now());
        this.step = "unknown";
      } else {
        this.#error = error;
        this.step = "failed";
      }
      return;
    }
    // Whether the others go on working is for the tenant to say, and C1 does not document it: look.
    await this.#inventory.check(others);
    if (this.#secret === undefined) return;
    this.#cut = others.filter((known) => !isUsable(known));
    this.requestUpdate();
  }
}
customElements.define("keyturn-rotate", RotateDialog);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-rotate": RotateDialog;
  }
}
