/** The overview of the console: all targets of the tenants that it is connected to. */

import type { CredentialRow } from "keyturn/elements";
import { css, html, nothing, type TemplateResult } from "lit";
import { sandboxExamples } from "../connection/examples.js";
import type { Estate } from "../estate/estate.js";
import { t } from "../texts/text.js";
import { FocusKeeper } from "../ui/focus.js";
import { icon, note } from "../ui/icons.js";
import { Watch } from "../ui/watch.js";
import { TargetsView } from "./targets.js";
import "../ui/failure.js";

export class Overview extends TargetsView {
  static override properties = { estate: { attribute: false }, looking: { state: true } };
  static override styles = [
    ...TargetsView.styles,
    css`
      .progress {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
      }
      .progress [role="status"]:not(:empty) {
        margin-inline-end: 0.6rem;
      }
    `,
  ];
  declare estate: Estate;
  declare private looking: boolean;

  constructor() {
    super();
    new FocusKeeper(this);
    this.looking = false;
    new Watch(this, () => this.estate);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.estate.loaded && !this.estate.loading) void this.estate.load();
  }

  protected override get isFilling(): boolean {
    return !this.estate.loaded;
  }

  protected override get joins(): boolean {
    return this.estate.job?.isOpen === true;
  }

  protected override render(): TemplateResult {
    const { estate } = this;
    const { rows, loading, missing, lasting } = estate;
    return html`<div class="title">
        <div>
          <h1 id="heading" tabindex="-1">${t("overview.title")}</h1>
          <p class="muted">${t("overview.about")}</p>
        </div>
        <div class="progress">
          <span role="status" class="small muted"
            >${loading ? html`${t("overview.loading")}: ${t("overview.loadingMore", { n: rows.length })}` : nothing}</span
          >
          ${
            loading
              ? html`<button type="button" @click=${() => estate.stop()}>${t("overview.stop")}</button>`
              : html`<button type="button" @click=${() => void estate.refresh()}>${icon("sync")} ${t("overview.refresh")}</button>`
          }
        </div>
      </div>
      ${lasting ? nothing : note("warn", "warning", html`<p>${t("overview.memory")}</p>`)}
      ${
        missing.length > 0
          ? html`<details><summary>${t("overview.partial", { n: missing.length })}</summary>
              ${missing.map(({ what, error }) => html`<p class="label" translate="no" dir="auto">${what}</p><keyturn-failure .error=${error}></keyturn-failure>`)}
            </details>`
          : nothing
      }
      ${this.#examples(rows)} ${this.targets(rows)}`;
  }

  /** Renders a note while no credential is known. A real tenant cannot list its credentials; a sandbox can. */
  #examples(rows: readonly CredentialRow[]): TemplateResult | typeof nothing {
    const { c1 } = this.estate.connections;
    if (!c1 || rows.some(({ credential, plane }) => plane === "C1" && credential !== undefined)) return nothing;
    return note(
      "plain",
      "info",
      html`<p>${t("overview.unknown")}</p>
        ${
          c1.sandbox
            ? html`<div><button type="button" aria-disabled=${this.looking} @click=${this.#lookUp}>${icon(this.looking ? "sync" : "search", 16, this.looking ? "turning" : "")} ${t("overview.examples")}</button></div>`
            : nothing
        }`,
    );
  }

  async #lookUp(): Promise<void> {
    const inventory = this.estate.connections.c1?.inventory;
    if (!inventory || this.looking) return;
    this.looking = true;
    try {
      await inventory.check(inventory.remember(await sandboxExamples(), "example"));
    } finally {
      this.looking = false;
    }
  }
}
customElements.define("keyturn-overview", Overview);
