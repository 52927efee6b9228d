/** The tenant's apps, to choose one from. */

import type { ConductorOne, operations, Page, shared } from "keyturn/slim";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { t } from "../texts/text.js";
import { FocusKeeper, focusHeading } from "../ui/focus.js";
import { bones, moreButton } from "../ui/lists.js";
import { Pages } from "../ui/pages.js";
import { base } from "../ui/styles.js";
import "../ui/failure.js";

type AppsPage = Page<operations.C1ApiAppV1AppsListResponse>;

/** Returns the address of an app within the page. */
export function appLink(appId: string): string {
  return `#/apps/${encodeURIComponent(appId)}`;
}

/** Emits `apps` with all apps loaded so far, whenever a page has been loaded. */
export class Apps extends LitElement {
  static override properties = { client: { attribute: false }, selected: {} };
  static override styles = [
    base,
    css`
      nav {
        padding-bottom: 0.5rem;
      }
      ul {
        padding: 0 0.6rem 0.4rem;
        display: grid;
        gap: 2px;
      }
      a {
        display: flex;
        align-items: center;
        min-height: 2.25rem;
        padding: 0.35rem 0.7rem;
        border-radius: var(--radius-small);
        color: inherit;
        font-size: 0.9375rem;
        text-decoration: none;
        overflow-wrap: anywhere;
      }
      a:hover {
        background: var(--hover);
      }
      a[aria-current] {
        background: var(--accent-soft);
        color: var(--accent);
        font-weight: 600;
      }
      .more {
        margin-top: 0.3rem;
      }
      @media (width < 56rem) {
        ul {
          max-height: 15rem;
          overflow-y: auto;
        }
      }
      @media (forced-colors: active) {
        a[aria-current] {
          outline: 2px solid Highlight;
          outline-offset: -2px;
        }
      }
    `,
  ];
  declare client: ConductorOne;
  declare selected: string;
  readonly #pages = new Pages<AppsPage, shared.App>(this, ({ listAppsResponse: body }) => ({
    items: body?.list ?? [],
    nextPageToken: body?.nextPageToken,
  }));

  constructor() {
    super();
    new FocusKeeper(this);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("client"))
      void this.#announce(this.#pages.start((signal) => this.client.apps.list({ pageSize: 25 }, { signal })));
  }

  protected override render(): TemplateResult {
    return html`<section class="card" aria-labelledby="heading">
      <header><h2 id="heading" tabindex="-1">${t("apps.title")}</h2></header>
      ${this.#content()}
    </section>`;
  }

  #content(): TemplateResult | typeof nothing {
    const { items, loading, error, more } = this.#pages;
    const list =
      items.length === 0
        ? nothing
        : html`<nav aria-labelledby="heading">
            <ul>
              ${items.map(
                ({ id, displayName }) =>
                  html`<li><a href=${appLink(id ?? "")} aria-current=${id === this.selected ? "page" : nothing}><bdi>${displayName || id}</bdi></a></li>`,
              )}
            </ul>
          </nav>`;
    if (error)
      return html`${list}<div class="inset"><keyturn-failure .error=${error} retriable @retry=${this.#again}></keyturn-failure></div>`;
    if (items.length > 0) return html`${list}${more ? moreButton(t("apps.more"), loading, this.#next) : nothing}`;
    if (loading) return bones(t("apps.loading"));
    return html`<p class="empty">${t("apps.none")}</p>`;
  }

  readonly #next = (): void => void this.#announce(this.#pages.next());

  readonly #again = (): void => {
    focusHeading(this);
    void this.#announce(this.#pages.next());
  };

  async #announce(coming: Promise<void>): Promise<void> {
    await coming;
    this.dispatchEvent(new CustomEvent("apps", { detail: this.#pages.items }));
  }
}
customElements.define("keyturn-apps", Apps);
