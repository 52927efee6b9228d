/** The banner: who is connected to what. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Connections } from "../connection/connection.js";
import { SERVICES } from "../connection/ways.js";
import { type Key, t } from "../texts/text.js";
import { chip } from "../ui/icons.js";
import { languageChoice } from "../ui/language.js";
import { base } from "../ui/styles.js";
import { Watch } from "../ui/watch.js";

/** Emits `disconnect`. */
export class Banner extends LitElement {
  static override properties = { connections: { attribute: false } };
  static override styles = [
    base,
    css`
      header {
        background: var(--surface);
        border-bottom: 1px solid var(--line);
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem 1.1rem;
        max-width: 92rem;
        margin: auto;
        padding: 0.7rem 1.5rem;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 0.65rem;
        font-size: 1.0625rem;
        font-weight: 650;
        letter-spacing: -0.015em;
        margin-inline-end: auto;
      }
      .brand img {
        display: block;
        border-radius: 7px;
      }
      .brand .chip {
        margin-inline-start: 0.35rem;
        letter-spacing: 0;
      }
      .language {
        width: auto;
        min-height: 2rem;
        padding-block: 0.2rem;
        font-size: 0.875rem;
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem 1.1rem;
        min-width: 0;
      }
      dl div {
        min-width: 0;
        max-width: 17rem;
      }
      dt {
        color: var(--muted);
        font-size: 0.75rem;
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      dd {
        font-size: 0.8125rem;
        line-height: 1.45;
        overflow-wrap: anywhere;
      }
      dd.mono {
        font-size: 0.78125rem;
      }
      @media (width < 72rem) {
        dl {
          order: 1;
          flex-basis: 100%;
        }
      }
      @media (width < 30rem) {
        .bar {
          padding-inline: 1rem;
          column-gap: 0.75rem;
        }
        dl {
          display: grid;
          gap: 0.15rem;
        }
        dl div {
          display: grid;
          grid-template-columns: 6rem minmax(0, 1fr);
          column-gap: 0.5rem;
          align-items: baseline;
          max-width: none;
        }
      }
    `,
  ];
  declare connections: Connections;

  constructor() {
    super();
    this.connections = {};
    new Watch(this, () => this.connections.commercelayer);
  }

  protected override render(): TemplateResult {
    return html`<header>
      <div class="bar">
        <div class="brand">
          <img src="icon.svg" width="30" height="30" alt="" />
          <span translate="no">Keyturn</span>
          ${this.#badge()}
        </div>
        ${languageChoice()} ${this.#identity()}
      </div>
    </header>`;
  }

  #badge(): TemplateResult | typeof nothing {
    const { c1, commercelayer } = this.connections;
    if (!c1 && !commercelayer) return nothing;
    return (c1?.sandbox ?? true) && (commercelayer?.sandbox ?? true)
      ? chip("accent", "shield", t("banner.sandbox"))
      : chip("warn", "key", t("banner.live"));
  }

  #identity(): TemplateResult | typeof nothing {
    const { c1, commercelayer } = this.connections;
    if (!c1 && !commercelayer) return nothing;
    const { tenantId, principleId, userId, roles } = c1?.identity ?? {};
    const facts: [Key | "", string | null | undefined, boolean][] = [
      ["banner.tenant", tenantId, true],
      ["banner.principal", principleId || userId, true],
      ["banner.role", roles?.map(readable).join(", "), false],
      ["", commercelayer?.email, false],
    ];
    return html`<dl>
        ${facts.map(([name, value, mono]) => (value ? html`<div>${name === "" ? html`<dt translate="no">${SERVICES.commercelayer}</dt>` : html`<dt>${t(name)}</dt>`}<dd class=${mono ? "mono" : ""} translate="no"><bdi>${value}</bdi></dd></div>` : nothing))}
      </dl>
      <button type="button" @click=${() => this.dispatchEvent(new Event("disconnect"))}>${t("banner.disconnect")}</button>`;
  }
}
customElements.define("keyturn-banner", Banner);

/** Formats a role such as `super-administrator` for people. */
function readable(role: string): string {
  const words = role.replaceAll(/[-_]/g, " ").toLowerCase();
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
