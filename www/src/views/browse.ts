/** The control planes as they are: apps and their connectors, known credentials, and API credentials. */

import type { shared } from "keyturn/slim";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ApiCredentialFacts, Provisioning } from "../connection/commercelayer.js";
import type { Connection, Connections } from "../connection/connection.js";
import { sandboxExamples } from "../connection/examples.js";
import { apiCredentialTarget, connectorTarget, type Estate, type Target } from "../estate/estate.js";
import type { Known, Place } from "../inventory.js";
import { appLink } from "../regions/apps.js";
import { rotateLink } from "../route.js";
import { t } from "../texts/text.js";
import { base } from "../ui/styles.js";
import "../dialogs/api-credential.js";
import "../dialogs/create-credential.js";
import "../dialogs/lookup.js";
import "../dialogs/revoke.js";
import "../regions/api-credentials.js";
import "../regions/connectors.js";
import "../regions/known.js";

/** The dialogs that hold a secret while they are open. */
const HOLDERS = ["keyturn-api-credential", "keyturn-create-credential"] as const;

type DialogName = (typeof HOLDERS)[number] | "keyturn-look-up" | "keyturn-revoke";

/** The view of the control planes. It opens rotations through the address. */
export class Browse extends LitElement {
  static override properties = {
    connections: { attribute: false },
    estate: { attribute: false },
    chosen: {},
    apps: { state: true },
    examples: { state: true },
    said: { state: true },
    announced: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 1.5rem;
      }
      .service {
        display: grid;
        gap: 0.75rem;
        min-width: 0;
      }
      .service > header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0.25rem 0.9rem;
      }
      .service h2 {
        font-size: 1.1875rem;
      }
      .columns {
        display: grid;
        grid-template-columns: 15.5rem minmax(0, 1fr);
        gap: 1.25rem;
        align-items: start;
      }
      .work {
        display: grid;
        gap: 1.25rem;
        min-width: 0;
      }
      @media (width < 56rem) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      @media (width < 30rem) {
        .service > header {
          padding-inline: 0.25rem;
        }
      }
    `,
  ];
  declare connections: Connections;
  declare estate: Estate;
  /** The fragment of the address, which is the link of an app. */
  declare chosen: string;
  declare private apps: readonly shared.App[];
  declare private examples: "none" | "offered" | "loading";
  /** Messages about what has just been done at C1, and at Commerce Layer. */
  declare private said: string;
  declare private announced: string;

  constructor() {
    super();
    this.connections = {};
    this.apps = [];
    this.chosen = this.said = this.announced = "";
    this.examples = "none";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.examples = this.connections.c1?.sandbox ? "offered" : "none";
  }

  /** Wipes all secrets: the page is being left. */
  wipe(): void {
    for (const name of HOLDERS) this.#dialog(name)?.wipe();
  }

  protected override render(): TemplateResult {
    const { c1, commercelayer } = this.connections;
    return html`${c1 ? this.#tenant(c1) : nothing} ${commercelayer ? this.#organizations(commercelayer) : nothing}
      ${
        c1
          ? html`<div @lost-focus=${() => this.renderRoot.querySelector("keyturn-known")?.focusHeading()}>
            <keyturn-look-up></keyturn-look-up>
            <keyturn-revoke @revoked=${this.#revoked}></keyturn-revoke>
          </div>`
          : nothing
      }
      ${
        commercelayer
          ? html`<div @lost-focus=${() => this.#apiCredentials?.focusHeading()}>
            <keyturn-api-credential @changed=${this.#changed}></keyturn-api-credential>
            <keyturn-create-credential @changed=${this.#changed}></keyturn-create-credential>
          </div>`
          : nothing
      }`;
  }

  #tenant({ client, inventory }: Connection): TemplateResult {
    const app = this.apps.find(({ id }) => appLink(id ?? "") === this.chosen) ?? this.apps[0];
    return html`<section class="service" aria-labelledby="c1">
      <header>
        <h2 id="c1" translate="no">C1</h2>
        <p class="muted small">${t("browse.c1.about")}</p>
      </header>
      <div class="columns">
        <keyturn-apps .client=${client} selected=${app?.id ?? ""} @apps=${(event: CustomEvent<shared.App[]>) => (this.apps = event.detail)}></keyturn-apps>
        <div class="work">
          ${
            app
              ? html`<keyturn-connectors
                .client=${client}
                .inventory=${inventory}
                .estate=${this.estate}
                .app=${app}
                @rotate=${({ detail }: CustomEvent<Place>) => this.#rotate(connectorTarget(detail))}
                @look-up=${(event: CustomEvent<Place>) => this.#dialog("keyturn-look-up").show(client, inventory, event.detail)}
              ></keyturn-connectors>`
              : nothing
          }
          <keyturn-known
            .inventory=${inventory}
            examples=${this.examples}
            said=${this.said}
            @examples=${this.#lookUpExamples}
            @revoke=${(event: CustomEvent<Known>) => this.#dialog("keyturn-revoke").show(client, inventory, event.detail)}
          ></keyturn-known>
        </div>
      </div>
    </section>`;
  }

  #organizations(provisioning: Provisioning): TemplateResult {
    return html`<section class="service" aria-labelledby="commercelayer">
      <header>
        <h2 id="commercelayer" translate="no">Commerce Layer</h2>
        <p class="muted small">${t("browse.commercelayer.about")}</p>
      </header>
      <keyturn-api-credentials
        .provisioning=${provisioning}
        said=${this.announced}
        @create=${() => this.#dialog("keyturn-create-credential").show(provisioning)}
        @details=${({ detail }: CustomEvent<ApiCredentialFacts>) => this.#dialog("keyturn-api-credential").show(provisioning, detail)}
        @replace=${({ detail }: CustomEvent<ApiCredentialFacts>) => this.#rotate(apiCredentialTarget(detail))}
      ></keyturn-api-credentials>
    </section>`;
  }

  #rotate(target: Target): void {
    location.hash = rotateLink(this.estate.meet(target).name, this.chosen || "#/apps");
  }

  get #apiCredentials(): HTMLElementTagNameMap["keyturn-api-credentials"] | null {
    return this.renderRoot.querySelector("keyturn-api-credentials");
  }

  #dialog<Name extends DialogName>(name: Name): HTMLElementTagNameMap[Name] {
    return this.renderRoot.querySelector(name) as HTMLElementTagNameMap[Name];
  }

  async #lookUpExamples(): Promise<void> {
    const { inventory } = this.connections.c1 as Connection;
    this.examples = "loading";
    try {
      const examples = await sandboxExamples();
      this.examples = examples.length > 0 ? "offered" : "none";
      await inventory.check(inventory.remember(examples, "example"));
    } catch {
      this.examples = "offered";
    }
  }

  #revoked({ detail: { id } }: CustomEvent<Known>): void {
    this.said = t("browse.revoked", { id });
  }

  #changed({ detail: words }: CustomEvent<string>): void {
    this.announced = words;
    this.#apiCredentials?.refresh();
  }
}
customElements.define("keyturn-browse", Browse);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-browse": Browse;
  }
}
