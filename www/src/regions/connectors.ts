/** The connectors of one app, and what can be done with their credentials. */

import type { ConductorOne, operations, Page, shared } from "keyturn/slim";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { connectorTarget, type Estate } from "../estate/estate.js";
import { type Inventory, isUsable, type Place } from "../inventory.js";
import { rich, t } from "../texts/text.js";
import { FocusKeeper, focusHeading } from "../ui/focus.js";
import { chip, icon } from "../ui/icons.js";
import { bones, moreButton } from "../ui/lists.js";
import { bdis, distinctions } from "../ui/names.js";
import { Pages } from "../ui/pages.js";
import { statusChip, syncStatus } from "../ui/status.js";
import { base } from "../ui/styles.js";
import { Watch } from "../ui/watch.js";
import "../ui/failure.js";

type ConnectorsPage = Page<operations.C1ApiAppV1ConnectorServiceListResponse>;

/** Emits `rotate` and `look-up` with a {@link Place}. */
export class Connectors extends LitElement {
  static override properties = {
    client: { attribute: false },
    inventory: { attribute: false },
    estate: { attribute: false },
    app: { attribute: false },
  };
  static override styles = [
    base,
    css`
      .under.trouble {
        color: var(--bad);
        margin-top: 0.25rem;
        max-width: 26rem;
      }
      @container (width >= 54rem) {
        td.actions {
          width: 36%;
        }
      }
      .known {
        display: grid;
        gap: 0.3rem;
        justify-items: start;
      }
    `,
  ];
  declare client: ConductorOne;
  declare inventory: Inventory;
  declare estate: Estate;
  declare app: shared.App | undefined;
  readonly #pages = new Pages<ConnectorsPage, shared.Connector>(this, ({ connectorServiceListResponse: body }) => ({
    items: (body?.list ?? []).flatMap(({ connector }) => connector ?? []),
    nextPageToken: body?.nextPageToken,
  }));

  constructor() {
    super();
    new FocusKeeper(this);
    new Watch(this, () => this.inventory);
    new Watch(this, () => this.estate);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const appId = this.app?.id;
    if (
      appId &&
      (changed.has("client") || changed.get("app")?.id !== appId) &&
      (changed.has("app") || changed.has("client"))
    ) {
      void this.#pages.start((signal) => this.client.connector.list({ appId, pageSize: 25 }, { signal }));
    }
  }

  protected override render(): TemplateResult {
    return html`<section class="card" aria-labelledby="heading">
      <header>
        <h2 id="heading" tabindex="-1">${rich("connectors.title", { app: html`<bdi>${this.app?.displayName || this.app?.id}</bdi>` })}</h2>
        ${this.app?.description ? html`<p class="muted small" dir="auto" translate="no">${this.app.description}</p>` : nothing}
      </header>
      ${this.#content()}
    </section>`;
  }

  #content(): TemplateResult {
    const { items, loading, error, more } = this.#pages;
    const table = items.length === 0 ? nothing : this.#table(items);
    if (error)
      return html`${table}<div class="inset"><keyturn-failure .error=${error} retriable @retry=${this.#again}></keyturn-failure></div>`;
    if (items.length > 0)
      return html`${table}${more ? moreButton(t("connectors.more"), loading, this.#next) : nothing}`;
    if (loading) return bones(t("connectors.loading"));
    return html`<p class="empty">${t("connectors.none")}</p>`;
  }

  #table(connectors: readonly shared.Connector[]): TemplateResult {
    const distinct = distinctions(
      connectors.map(({ id = "", displayName }) => ({ target: id, name: displayName || id, group: "" })),
    );
    return html`<table role="table" aria-labelledby="heading">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">${t("connectors.connector")}</th>
          <th role="columnheader" scope="col">${t("connectors.sync")}</th>
          <th role="columnheader" scope="col">${t("connectors.known")}</th>
          <th role="columnheader" scope="col"><span class="unseen">${t("actions")}</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${connectors.map((connector) => this.#row(connector, distinct.get(connector.id ?? "") ?? ""))}
      </tbody>
    </table>`;
  }

  /** @param distinction What tells it apart from others of the same name. */
  #row(connector: shared.Connector, distinction: string): TemplateResult {
    const place: Place = {
      appId: connector.appId || this.app?.id || "",
      connectorId: connector.id ?? "",
      app: this.app?.displayName || this.app?.id || "",
      connector: connector.displayName || connector.id || "",
    };
    const usable = this.inventory.of(place).filter(isUsable).length;
    const standing = this.estate.standing(this.estate.meet(connectorTarget(place)).name);
    const unsettled = standing?.phase === "unknown";
    const under = standing?.phase !== undefined;
    const name = bdis([place.connector, distinction]);
    const trouble = connector.status?.lastError || connector.syncDisabledReason;
    return html`<tr role="row">
      <th role="rowheader" scope="row"><bdi>${place.connector}</bdi>${distinction ? html`<span class="under"><bdi>${distinction}</bdi></span>` : nothing}</th>
      <td role="cell" data-label=${t("connectors.sync")}>
        <div>${statusChip(syncStatus(connector))} ${trouble ? html`<span class="under" dir="auto" translate="no">${trouble}</span>` : nothing}</div>
      </td>
      <td role="cell" data-label=${t("connectors.credentials")}>
        <div class="known">
          ${usable > 0 ? html`<span>${t("connectors.valid", { n: usable })}</span>` : html`<span class="muted">${t("connectors.noneValid")}</span>`}
          ${unsettled ? chip("warn", "warning", t("connectors.unknown")) : under ? chip("accent", "sync", t("connectors.rotating")) : nothing}
        </div>
      </td>
      <td role="cell" class="actions">
        <div>
          <button type="button" class="quiet" @click=${() => this.#emit("look-up", place)}>
            ${icon("search")} ${t("connectors.lookUp")} <span class="unseen">${rich("connectors.lookUp.of", { name })}</span>
          </button>
          <button type="button" @click=${() => this.#emit("rotate", place)}>
            ${icon("key")} ${t(usable > 0 || under ? "connectors.rotate" : "connectors.create")} <span class="unseen">${rich("connectors.of", { name })}</span>
          </button>
        </div>
      </td>
    </tr>`;
  }

  readonly #next = (): void => void this.#pages.next();

  readonly #again = (): void => {
    focusHeading(this);
    void this.#pages.next();
  };

  #emit(type: "rotate" | "look-up", place: Place): void {
    this.dispatchEvent(new CustomEvent(type, { detail: place }));
  }
}
customElements.define("keyturn-connectors", Connectors);
