/** The whole: who is connected to what, which app is chosen, which dialog is open. */

import coreFile from "keyturn/core.wasm";
import { load, type shared } from "keyturn/slim";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { ApiCredentialFacts, Provisioning } from "./connection/commercelayer.js";
import {
  type Connection,
  type Connections,
  connectSandbox,
  findSandbox,
  type Sandbox,
} from "./connection/connection.js";
import { sandboxExamples } from "./connection/examples.js";
import { SERVICES, type Service } from "./connection/ways.js";
import type { Known, Place } from "./inventory.js";
import { appLink } from "./regions/apps.js";
import { base } from "./ui/styles.js";
import "./dialogs/api-credential.js";
import "./dialogs/create-credential.js";
import "./dialogs/lookup.js";
import "./dialogs/replace-credential.js";
import "./dialogs/revoke.js";
import "./dialogs/rotate.js";
import "./regions/api-credentials.js";
import "./regions/banner.js";
import "./regions/connect.js";
import "./regions/connectors.js";
import "./regions/credentials.js";
import "./ui/failure.js";

/** Those that hold a secret while they are open. */
const HOLDERS = [
  "keyturn-rotate",
  "keyturn-api-credential",
  "keyturn-create-credential",
  "keyturn-replace-credential",
] as const;

type DialogName = (typeof HOLDERS)[number] | "keyturn-look-up" | "keyturn-revoke";

type Phase = "starting" | "failed" | "asking" | "connected";

export class Console extends LitElement {
  static override properties = {
    phase: { state: true },
    connections: { state: true },
    apps: { state: true },
    chosen: { state: true },
    examples: { state: true },
    said: { state: true },
    told: { state: true },
  };
  static override styles = [
    base,
    css`
      main {
        max-width: 84rem;
        margin: auto;
        padding: 1.75rem 1.5rem 3rem;
        display: grid;
        gap: 1.5rem;
      }
      main:focus {
        outline: none;
      }
      .title {
        display: grid;
        gap: 0.3rem;
      }
      .service {
        display: grid;
        gap: 0.75rem;
        min-width: 0;
      }
      .service + .service {
        margin-top: 0.75rem;
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
      .offer {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 1rem;
        padding: 0.9rem 1.25rem;
      }
      .offer p {
        flex: 1 1 16rem;
      }
      h1 {
        font-size: 1.5rem;
        letter-spacing: -0.02em;
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
      .wait {
        display: grid;
        gap: 1rem;
        padding: 1.5rem 0;
      }
      .skip {
        position: absolute;
        inset-inline-start: 1rem;
        top: -4rem;
        z-index: 1;
      }
      .skip:focus {
        top: 0.6rem;
      }
      @media (width < 56rem) {
        .columns {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      @media (width < 30rem) {
        main {
          padding: 1.25rem 0.75rem 2rem;
        }
        .title,
        .service > header {
          padding-inline: 0.25rem;
        }
      }
    `,
  ];

  declare private phase: Phase;
  declare private connections: Connections;
  declare private apps: readonly shared.App[];
  /** What the address says, which is the link of an app. */
  declare private chosen: string;
  declare private examples: "none" | "offered" | "loading";
  /** What has just been done at C1, and at Commerce Layer. */
  declare private said: string;
  declare private told: string;
  #error: unknown;
  /** How to log in to the sandbox behind this page; it is no secret to anybody who can open the page. */
  #sandbox: Sandbox | undefined;

  constructor() {
    super();
    this.phase = "starting";
    this.apps = [];
    this.chosen = "";
    this.examples = "none";
    this.connections = {};
    this.said = this.told = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#navigated);
    addEventListener("beforeunload", this.#leaving);
    addEventListener("pagehide", this.#left);
    addEventListener("pageshow", this.#returned);
    this.#navigated();
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#navigated);
    removeEventListener("beforeunload", this.#leaving);
    removeEventListener("pagehide", this.#left);
    removeEventListener("pageshow", this.#returned);
  }

  protected override render(): TemplateResult {
    const { c1, commercelayer } = this.connections;
    return html`<nav aria-label="On this page"><button type="button" class="primary skip" @click=${this.#focusMain}>Skip to the content</button></nav>
      <keyturn-banner .connections=${this.connections} @disconnect=${this.#disconnect}></keyturn-banner>
      <main tabindex="-1">${this.#main()}</main>
      ${
        c1
          ? html`<div @lost-focus=${() => this.renderRoot.querySelector("keyturn-credentials")?.focusHeading()}>
            <keyturn-rotate @rotated=${this.#rotated}></keyturn-rotate>
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
            <keyturn-replace-credential @changed=${this.#changed}></keyturn-replace-credential>
          </div>`
          : nothing
      }`;
  }

  #main(): TemplateResult {
    switch (this.phase) {
      case "starting":
        return html`<div class="wait">
          <h1>Credentials</h1>
          <p role="status" class="muted">Connecting…</p>
        </div>`;
      case "failed":
        return html`<div class="wait">
          <h1>Credentials</h1>
          <keyturn-failure .error=${this.#error} retriable @retry=${this.#again}></keyturn-failure>
          <div><button type="button" @click=${this.#ask}>Connect in another way</button></div>
        </div>`;
      case "asking":
        return html`<keyturn-connect
          .sandbox=${this.#sandbox}
          .services=${this.#missing}
          @connected=${(event: CustomEvent<Connections>) => {
            this.#connected(event.detail);
            this.#focusMain();
          }}
          @back=${this.#back}
        ></keyturn-connect>`;
      case "connected":
        return this.#services(this.connections);
    }
  }

  /** What is not connected. */
  get #missing(): readonly Service[] {
    return (Object.keys(SERVICES) as Service[]).filter((service) => !this.connections[service]);
  }

  #services({ c1, commercelayer }: Connections): TemplateResult {
    const sandbox = c1?.sandbox || commercelayer?.sandbox;
    return html`<div class="title">
        <h1>Credentials</h1>
        <p class="muted">
          ${
            sandbox
              ? "What is here is made up and lives as long as the server does: create, rotate, replace and revoke as you like."
              : "What programs log in with: made, shown, replaced and ended here."
          }
        </p>
      </div>
      ${c1 ? this.#tenant(c1) : nothing} ${commercelayer ? this.#organizations(commercelayer) : nothing}
      ${this.#missing.map(
        (service) => html`<div class="card offer">
          <p class="muted">${SERVICES[service]} is not connected.</p>
          <button type="button" @click=${this.#ask}>Connect ${SERVICES[service]}</button>
        </div>`,
      )}`;
  }

  #tenant({ client, inventory }: Connection): TemplateResult {
    const app = this.apps.find(({ id }) => appLink(id ?? "") === this.chosen) ?? this.apps[0];
    return html`<section class="service" aria-labelledby="c1">
      <header>
        <h2 id="c1">C1</h2>
        <p class="muted small">The client IDs and secrets that connectors log in to C1 with.</p>
      </header>
      <div class="columns">
        <keyturn-apps .client=${client} selected=${app?.id ?? ""} @apps=${(event: CustomEvent<shared.App[]>) => (this.apps = event.detail)}></keyturn-apps>
        <div class="work">
          ${
            app
              ? html`<keyturn-connectors
                .client=${client}
                .inventory=${inventory}
                .app=${app}
                @rotate=${(event: CustomEvent<Place>) => this.#dialog("keyturn-rotate").show(client, inventory, event.detail)}
                @look-up=${(event: CustomEvent<Place>) => this.#dialog("keyturn-look-up").show(client, inventory, event.detail)}
              ></keyturn-connectors>`
              : nothing
          }
          <keyturn-credentials
            .inventory=${inventory}
            examples=${this.examples}
            said=${this.said}
            @examples=${this.#lookUpExamples}
            @revoke=${(event: CustomEvent<Known>) => this.#dialog("keyturn-revoke").show(client, inventory, event.detail)}
          ></keyturn-credentials>
        </div>
      </div>
    </section>`;
  }

  #organizations(provisioning: Provisioning): TemplateResult {
    return html`<section class="service" aria-labelledby="commercelayer">
      <header>
        <h2 id="commercelayer">Commerce Layer</h2>
        <p class="muted small">What integrations, storefronts and web apps log in to your organizations with.</p>
      </header>
      <keyturn-api-credentials
        .provisioning=${provisioning}
        said=${this.told}
        @create=${() => this.#dialog("keyturn-create-credential").show(provisioning)}
        @details=${({ detail }: CustomEvent<ApiCredentialFacts>) => this.#dialog("keyturn-api-credential").show(provisioning, detail)}
        @replace=${({ detail }: CustomEvent<ApiCredentialFacts>) => this.#dialog("keyturn-replace-credential").show(provisioning, detail)}
      ></keyturn-api-credentials>
    </section>`;
  }

  get #apiCredentials(): HTMLElementTagNameMap["keyturn-api-credentials"] | null {
    return this.renderRoot.querySelector("keyturn-api-credentials");
  }

  #dialog<Name extends DialogName>(name: Name): HTMLElementTagNameMap[Name] {
    return this.renderRoot.querySelector(name) as HTMLElementTagNameMap[Name];
  }

  readonly #start = async (): Promise<void> => {
    this.phase = "starting";
    try {
      await load(new URL(coreFile, import.meta.url));
      this.#sandbox = await findSandbox();
      if (this.#sandbox) this.#connected(await connectSandbox(this.#sandbox));
      else this.phase = "asking";
    } catch (error) {
      this.#error = error;
      this.phase = "failed";
    }
  };

  #connected(made: Connections): void {
    this.connections = { ...this.connections, ...made };
    if (made.c1) this.examples = made.c1.sandbox ? "offered" : "none";
    this.phase = "connected";
  }

  #disconnect(): void {
    this.#close();
    this.connections = {};
    this.apps = [];
    this.said = this.told = "";
    this.phase = "asking";
    this.#focusMain();
  }

  #close(): void {
    const { c1, commercelayer } = this.connections;
    c1?.client.close();
    commercelayer?.client.close();
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

  #rotated({ detail: { id, connector } }: CustomEvent<Known>): void {
    this.said = `${id} was issued for ${connector}. Once the connector has been seen to use it, revoke the one that it replaces.`;
  }

  #revoked({ detail: { id } }: CustomEvent<Known>): void {
    this.said = `${id} is revoked: it gets no new tokens. Tokens that it already got go on working until they expire, usually within the hour.`;
  }

  #changed({ detail: words }: CustomEvent<string>): void {
    this.told = words;
    this.#apiCredentials?.refresh();
  }

  #again(): void {
    this.#focusMain();
    void this.#start();
  }

  #ask(): void {
    this.phase = "asking";
    this.#focusMain();
  }

  #back(): void {
    this.phase = "connected";
    this.#focusMain();
  }

  /** Also for the button that skips to it; a link would not do, since the address of the page names the app. */
  #focusMain(): void {
    this.renderRoot.querySelector<HTMLElement>("main")?.focus();
  }

  readonly #navigated = (): void => {
    this.chosen = location.hash;
  };

  readonly #leaving = (event: Event): void => {
    if (this.#dialog("keyturn-rotate")?.busy) event.preventDefault();
  };

  readonly #left = (): void => {
    for (const name of HOLDERS) this.#dialog(name)?.wipe();
    this.#close();
  };

  /** A page that comes back from the browser's memory has lost its log-in: begin anew. */
  readonly #returned = (event: PageTransitionEvent): void => {
    if (event.persisted) location.reload();
  };
}
customElements.define("keyturn-console", Console);
