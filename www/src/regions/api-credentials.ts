/** Commerce Layer's API credentials, and what can be done with them. */

import type { ApiCredential, ListResponse, Organization } from "keyturn/commercelayer/slim";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import {
  type ApiCredentialFacts,
  KINDS,
  kindName,
  type Narrowing,
  type Provisioning,
} from "../connection/commercelayer.js";
import { isKey, rich, t } from "../texts/text.js";
import { duration, moment } from "../ui/dates.js";
import { FocusKeeper, focusHeading } from "../ui/focus.js";
import { chip, icon, note } from "../ui/icons.js";
import { bones, moreButton } from "../ui/lists.js";
import { bdis, distinctions } from "../ui/names.js";
import { Pages } from "../ui/pages.js";
import { base } from "../ui/styles.js";
import "../ui/failure.js";

/** How long typing must pause before the filter is applied, in milliseconds. */
const TYPED = 300;

const ALL: Narrowing = { text: "", kind: "", mode: "", organization: "" };

/** A page of a list, as {@link Pages} expects it. */
interface CredentialsPage {
  readonly list: ListResponse<ApiCredential>;
  next(): Promise<CredentialsPage | null>;
}

function pageOf(list: ListResponse<ApiCredential>): CredentialsPage {
  const next = async (): Promise<CredentialsPage | null> => {
    const following = await list.nextPage();
    return following && pageOf(following);
  };
  return { list, next };
}

/** Emits `create`, and `details` and `replace` with an {@link ApiCredentialFacts}. */
export class ApiCredentials extends LitElement {
  static override properties = {
    provisioning: { attribute: false },
    said: {},
    narrowing: { state: true },
    organizations: { state: true },
  };
  static override styles = [
    base,
    css`
      header p {
        flex: 1 1 16rem;
      }
      header button {
        align-self: center;
      }
      .filters {
        display: grid;
        grid-template-columns: minmax(12rem, 2fr) repeat(auto-fit, minmax(9rem, 1fr));
        gap: 0.6rem 0.75rem;
        padding: 0 1.25rem 1rem;
      }
      .said:not(:empty) {
        margin: 0 1.25rem 1rem;
      }
      .client {
        min-width: 8rem;
        max-width: 15rem;
        line-height: 1.45;
        word-break: break-all;
      }
      .kind {
        display: grid;
        gap: 0.35rem;
        justify-items: start;
      }
      .organization {
        min-width: 7rem;
      }
      td button {
        padding-inline: 0.5rem;
      }
      tbody th {
        min-width: 8.5rem;
      }
      @container (width >= 54rem) {
        td.actions {
          width: 19%;
        }
      }
      @container (width >= 70rem) {
        .client {
          min-width: 10.5rem;
        }
        .organization {
          min-width: 9rem;
        }
      }
      @container (width < 54rem) {
        .kind {
          display: flex;
          flex-wrap: wrap;
          align-items: center;
        }
      }
      @container (width < 30rem) {
        .filters {
          grid-template-columns: 1fr 1fr;
          padding-inline: 1rem;
        }
        .filters .field:first-child {
          grid-column: 1 / -1;
        }
      }
    `,
  ];
  declare provisioning: Provisioning;
  /** A message about what has just been done. */
  declare said: string;
  declare private narrowing: Narrowing;
  /** The organizations to choose from; empty until they are loaded, or if that fails. */
  declare private organizations: readonly Organization[];
  #typing: ReturnType<typeof setTimeout> | undefined;
  #left = new AbortController();
  readonly #pages = new Pages<CredentialsPage, ApiCredentialFacts>(this, ({ list }) => ({
    items: list,
    nextPageToken: list.hasNextPage() ? "next" : undefined,
  }));
  /** The number of all credentials that match; `undefined` until a page has been loaded. */
  #count: number | undefined;

  constructor() {
    super();
    new FocusKeeper(this);
    this.said = "";
    this.narrowing = ALL;
    this.organizations = [];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#typing);
    this.#left.abort();
  }

  /** Loads the list again from its beginning. The current items stay until the first page arrives. */
  refresh(): void {
    const first = async (signal: AbortSignal): Promise<CredentialsPage> => {
      const list = await this.provisioning.list(this.narrowing, signal);
      this.#count = list.recordCount;
      return pageOf(list);
    };
    void this.#pages.start(first, true);
  }

  /** Moves the focus to the heading when the focused element has been removed. */
  focusHeading(): void {
    focusHeading(this);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("provisioning")) this.#learn();
    if (changed.has("provisioning") || changed.has("narrowing")) this.refresh();
  }

  protected override render(): TemplateResult {
    const { items, loading, error } = this.#pages;
    const told = this.#count !== undefined && Number.isFinite(this.#count);
    const known = told && (items.length > 0 || !(loading || error));
    return html`<section class="card" aria-labelledby="heading">
      <header>
        <h2 id="heading" tabindex="-1">${t("api.title")}</h2>
        <p class="muted small">
          ${known ? t(this.#narrowed ? "api.fit" : "api.count", { n: this.#count ?? 0 }) : nothing} ${t("api.about")}
        </p>
        <button type="button" class="primary" @click=${() => this.dispatchEvent(new Event("create"))}>${icon("plus")} ${t("api.create")}</button>
      </header>
      ${this.#filters()}
      <div role="status" class="said">${this.said ? note("good", "check", html`<p>${this.said}</p>`) : nothing}</div>
      ${this.#content()}
    </section>`;
  }

  /** Fetches who is logged in, and the organizations. If that fails, the list does too, and says why. */
  #learn(): void {
    this.#left.abort();
    this.#left = new AbortController();
    const { signal } = this.#left;
    if (!this.provisioning.email) this.provisioning.introduce(signal).catch(() => {});
    this.provisioning.organizations(signal).then(
      (organizations) => signal.aborted || (this.organizations = organizations),
      () => {},
    );
  }

  get #narrowed(): boolean {
    return Object.values(this.narrowing).some((value) => value !== "");
  }

  #filters(): TemplateResult {
    const { narrowing, organizations } = this;
    const select = (
      name: "kind" | "mode" | "organization",
      label: string,
      choices: readonly (readonly [string, string])[],
    ): TemplateResult =>
      html`<div class="field">
        <label for=${name}>${label}</label>
        <select id=${name} @change=${(event: Event) => this.#narrow({ [name]: (event.target as HTMLSelectElement).value })}>
          <option value="" .selected=${narrowing[name] === ""}>${t("api.all")}</option>
          ${choices.map(([value, word]) => html`<option value=${value} translate=${name === "organization" ? "no" : nothing} .selected=${narrowing[name] === value}>${word}</option>`)}
        </select>
      </div>`;
    return html`<div class="filters" role="search" aria-label=${t("api.title")}>
      <div class="field">
        <label for="text">${t("api.text")}</label>
        <input id="text" type="search" autocomplete="off" spellcheck="false" .value=${narrowing.text} @input=${this.#type} />
      </div>
      ${select(
        "kind",
        t("api.kind"),
        KINDS.map((kind) => [kind, kindName(kind)]),
      )}
      ${select("mode", t("api.mode"), [
        ["live", t("mode.live")],
        ["test", t("mode.test")],
      ])}
      ${select(
        "organization",
        t("api.organization"),
        organizations.map(({ id, name }) => [id, name]),
      )}
    </div>`;
  }

  #content(): TemplateResult {
    const { items, loading, error, more } = this.#pages;
    const table = items.length === 0 ? nothing : this.#table(items);
    if (error)
      return html`${table}<div class="inset"><keyturn-failure .error=${error} retriable @retry=${this.#again}></keyturn-failure></div>`;
    if (items.length > 0) return html`${table}${more ? moreButton(t("api.more"), loading, this.#next) : nothing}`;
    if (loading) return bones(t("api.loading"));
    if (!this.#narrowed) {
      return html`<div class="empty"><p>${rich("api.none")}</p></div>`;
    }
    return html`<div class="empty">
      <p role="status">${rich("api.noneFits")}</p>
      <button type="button" @click=${this.#widen}>${t("api.showAll")}</button>
    </div>`;
  }

  #table(credentials: readonly ApiCredentialFacts[]): TemplateResult {
    const heads = [
      "api.credential",
      "api.kind",
      "api.organization",
      "clientId",
      "api.lifetime",
      "api.created",
    ] as const;
    // The labels of buttons have name and mode, which several credentials may share.
    const distinct = distinctions(
      credentials.map(({ id, name, mode, organization }) => ({
        target: id,
        name: `${name}, ${mode}`,
        group: organization?.name ?? "",
      })),
    );
    return html`<table role="table" aria-labelledby="heading" aria-busy=${this.#pages.loading}>
      <thead role="rowgroup">
        <tr role="row">
          ${heads.map((head) => html`<th role="columnheader" scope="col">${t(head)}</th>`)}
          <th role="columnheader" scope="col"><span class="unseen">${t("actions")}</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${repeat(
          credentials,
          ({ id }) => id,
          (credential) => this.#row(credential, distinct.get(credential.id) ?? ""),
        )}
      </tbody>
    </table>`;
  }

  #row(credential: ApiCredentialFacts, distinction: string): TemplateResult {
    const {
      id,
      name,
      kind,
      mode,
      organization,
      role,
      client_id: clientId,
      expires_in: expires,
      created_at: created,
    } = credential;
    const which = rich("api.which", { name: bdis([name, distinction]), mode: modeName(mode) });
    return html`<tr role="row">
      <th role="rowheader" scope="row"><bdi>${name}</bdi><span class="under mono" translate="no">${id}</span></th>
      <td role="cell" data-label=${t("api.kind")}>
        <div class="kind"><span>${kindName(kind)}</span>${modeChip(mode)}</div>
      </td>
      <td role="cell" data-label=${t("api.organization")}>
        <div class="organization"><bdi>${organization?.name ?? "—"}</bdi><span class="under">${role ? rich("api.hasRole", { name: html`<bdi>${role.name}</bdi>` }) : t("api.noRole")}</span></div>
      </td>
      <td role="cell" data-label=${t("clientId")}><div class="mono client" translate="no">${clientId}</div></td>
      <td role="cell" data-label=${t("api.lifetime")}><div>${expires ? duration(expires) : "—"}</div></td>
      <td role="cell" data-label=${t("api.created")}><div>${moment(new Date(created), "—")}</div></td>
      <td role="cell" class="actions">
        <div>
          <button type="button" class="quiet" @click=${() => this.#emit("details", credential)}>
            ${icon("eye")} ${t("api.details")} <span class="unseen">${rich("api.details.of", { which })}</span>
          </button>
          <button type="button" @click=${() => this.#emit("replace", credential)}>
            ${icon("sync")} ${t("api.replace")} <span class="unseen">${which}</span>
          </button>
        </div>
      </td>
    </tr>`;
  }

  #narrow(some: Partial<Narrowing>): void {
    this.narrowing = { ...this.narrowing, ...some };
  }

  readonly #type = (event: Event): void => {
    const text = (event.target as HTMLInputElement).value;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#narrow({ text }), TYPED);
  };

  readonly #widen = (): void => {
    this.narrowing = ALL;
    focusHeading(this);
  };

  readonly #next = (): void => void this.#pages.next();

  readonly #again = (): void => {
    focusHeading(this);
    if (this.organizations.length === 0) this.#learn();
    void this.#pages.next();
  };

  #emit(type: "details" | "replace", credential: ApiCredentialFacts): void {
    this.dispatchEvent(new CustomEvent(type, { detail: credential }));
  }
}
customElements.define("keyturn-api-credentials", ApiCredentials);

/** Renders the mode of a credential: which data it is for. */
export function modeChip(mode: string | null | undefined): TemplateResult | typeof nothing {
  if (!mode) return nothing;
  if (mode === "live") return chip("accent", "shield", t("mode.live"));
  return chip("plain", "dash", mode === "test" ? t("mode.test") : mode);
}

/** Returns the name of a mode within a sentence. */
function modeName(mode: string | null | undefined): string {
  const key = `mode.${mode ?? "none"}.in`;
  return isKey(key) ? t(key) : (mode ?? "");
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-api-credentials": ApiCredentials;
  }
}
