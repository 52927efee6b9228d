/** The credentials that this console knows of. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Inventory, Known, Source } from "../inventory.js";
import { isKey, rich, t } from "../texts/text.js";
import { moment, relative } from "../ui/dates.js";
import { titleOf } from "../ui/failure.js";
import { focusHeading } from "../ui/focus.js";
import { icon, note } from "../ui/icons.js";
import { credentialStatus, statusChip } from "../ui/status.js";
import { base } from "../ui/styles.js";
import { Watch } from "../ui/watch.js";

/** How often relative times such as "5 minutes ago" are updated, in milliseconds. */
const TICK = 30_000;

function sourceName(source: Source): string {
  const key = `known.source.${source}`;
  return isKey(key) ? t(key) : source;
}

/** Emits `revoke` with the {@link Known} credential, and `examples`. */
export class KnownCredentials extends LitElement {
  static override properties = { inventory: { attribute: false }, examples: {}, said: {} };
  static override styles = [
    base,
    css`
      header p {
        flex: 1 1 20rem;
      }
      .said:not(:empty) {
        margin: 0 1.25rem 1rem;
      }
      @container (width >= 54rem) {
        td.actions {
          width: 27%;
        }
      }
      td button {
        padding-inline: 0.5rem;
      }
    `,
  ];
  declare inventory: Inventory;
  /** Whether there are examples to look up: `none`, `offered` or `loading`. */
  declare examples: "none" | "offered" | "loading";
  /** A message about what has just been done. */
  declare said: string;

  #clock: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.examples = "none";
    this.said = "";
    new Watch(this, () => this.inventory);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#clock = setInterval(() => this.requestUpdate(), TICK);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#clock);
  }

  protected override render(): TemplateResult {
    const all = this.inventory.all;
    return html`<section class="card" aria-labelledby="heading">
      <header>
        <h2 id="heading" tabindex="-1">${t("known.title")}</h2>
        ${all.length > 0 ? html`<p class="muted small">${t("known.about")}</p>` : nothing}
      </header>
      <div role="status" class="said">${this.said ? note("good", "check", html`<p>${this.said}</p>`) : nothing}</div>
      ${all.length > 0 ? this.#table(all) : this.#empty()}
    </section>`;
  }

  /** Moves the focus to the heading when the focused element has been removed. */
  focusHeading(): void {
    focusHeading(this);
  }

  #empty(): TemplateResult {
    const loading = this.examples === "loading";
    return html`<div class="empty">
      <p>
        ${rich("known.none")}
      </p>
      ${
        this.examples === "none"
          ? nothing
          : html`<button type="button" ?disabled=${loading} @click=${this.#askForExamples}>
            ${icon(loading ? "sync" : "search", 16, loading ? "turning" : "")} ${t("overview.examples")}
          </button>`
      }
    </div>`;
  }

  #table(all: readonly Known[]): TemplateResult {
    return html`<table role="table" aria-labelledby="heading">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">${t("known.credential")}</th>
          <th role="columnheader" scope="col">${t("status")}</th>
          <th role="columnheader" scope="col">${t("known.expires")}</th>
          <th role="columnheader" scope="col">${t("known.used")}</th>
          <th role="columnheader" scope="col">${t("known.from")}</th>
          <th role="columnheader" scope="col"><span class="unseen">${t("actions")}</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${all.map((known) => this.#row(known))}
      </tbody>
    </table>`;
  }

  #row(known: Known): TemplateResult {
    const { id, app, connector, facts, source, since, checking, error } = known;
    const which = html`<span translate="no">${id}</span>`;
    const ended = known.gone || known.revokedAt !== undefined || facts?.deletedAt;
    return html`<tr role="row" aria-busy=${Boolean(checking)}>
      <th role="rowheader" scope="row">
        <span class="mono" translate="no">${id}</span>
        <span class="under"><bdi>${app}</bdi> › <bdi>${connector}</bdi></span>
        ${facts?.createdAt ? html`<span class="under">${t("known.created", { relative: relative(facts.createdAt) })}</span>` : nothing}
      </th>
      <td role="cell" data-label=${t("status")}>
        <div>${statusChip(credentialStatus(known))} ${error ? html`<span class="under">${titleOf(error)}</span>` : nothing}</div>
      </td>
      <td role="cell" data-label=${t("known.expires")}><div>${facts ? moment(facts.expiresTime, t("known.noDate")) : "—"}</div></td>
      <td role="cell" data-label=${t("known.used")}><div>${facts ? moment(facts.lastUsedAt, t("known.never")) : "—"}</div></td>
      <td role="cell" data-label=${t("known.from")}>
        <div class="source">${sourceName(source)}<time class="under" datetime=${new Date(since).toISOString()}>${relative(since)}</time></div>
      </td>
      <td role="cell" class="actions">
        <div>
          <button type="button" class="quiet" aria-disabled=${Boolean(checking)} @click=${() => checking || this.inventory.check([known])}>
            ${icon("sync", 16, checking ? "turning" : "")} ${t("known.check")} <span class="unseen">${rich("known.check.of", { id: which })}</span>
          </button>
          ${
            ended
              ? html`<button type="button" class="quiet" @click=${() => this.#remove(known)}>
                ${icon("cross")} ${t("known.remove")} <span class="unseen">${rich("known.remove.of", { id: which })}</span>
              </button>`
              : html`<button type="button" class="quiet risky" @click=${() => this.#emit(known)}>
                ${icon("barred")} ${t("known.revoke")} <span class="unseen">${which}</span>
              </button>`
          }
        </div>
      </td>
    </tr>`;
  }

  #emit(known: Known): void {
    this.dispatchEvent(new CustomEvent("revoke", { detail: known }));
  }

  #askForExamples(): void {
    this.dispatchEvent(new Event("examples"));
    this.focusHeading();
  }

  #remove(known: Known): void {
    this.inventory.forget(known);
    this.focusHeading();
  }
}
customElements.define("keyturn-known", KnownCredentials);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-known": KnownCredentials;
  }
}
