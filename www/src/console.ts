/** The whole: who is connected, which app is chosen, which dialog is open. */

import { type ClientOptions, load, type shared } from "keyturn/slim";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import coreFile from "keyturn/core.wasm";
import { connect, type Connection, findSandbox } from "./connection/connection.js";
import { sandboxExamples } from "./connection/examples.js";
import type { Known, Place } from "./inventory.js";
import { appLink } from "./regions/apps.js";
import { base } from "./ui/styles.js";
import "./dialogs/lookup.js";
import "./dialogs/revoke.js";
import "./dialogs/rotate.js";
import "./regions/banner.js";
import "./regions/connect.js";
import "./regions/connectors.js";
import "./regions/credentials.js";
import "./ui/failure.js";

type Phase = "starting" | "failed" | "asking" | "connected";

export class Console extends LitElement {
  static override properties = {
    phase: { state: true },
    connection: { state: true },
    apps: { state: true },
    chosen: { state: true },
    examples: { state: true },
    said: { state: true },
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
        .title {
          padding-inline: 0.25rem;
        }
      }
    `,
  ];

  private declare phase: Phase;
  private declare connection: Connection | undefined;
  private declare apps: readonly shared.App[];
  /** What the address says, which is the link of an app. */
  private declare chosen: string;
  private declare examples: "none" | "offered" | "loading";
  private declare said: string;
  #error: unknown;
  /** How to log in to the sandbox behind this page; it is no secret to anybody who can open the page. */
  #sandbox: ClientOptions | undefined;

  constructor() {
    super();
    this.phase = "starting";
    this.apps = [];
    this.chosen = "";
    this.examples = "none";
    this.said = "";
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
    return html`<nav aria-label="On this page"><button type="button" class="primary skip" @click=${this.#focusMain}>Skip to the content</button></nav>
      <keyturn-banner .connection=${this.connection} @disconnect=${this.#disconnect}></keyturn-banner>
      <main tabindex="-1">${this.#main()}</main>
      ${this.connection
        ? html`<div @lost-focus=${this.#lostFocus}>
            <keyturn-rotate @rotated=${this.#rotated}></keyturn-rotate>
            <keyturn-look-up></keyturn-look-up>
            <keyturn-revoke @revoked=${this.#revoked}></keyturn-revoke>
          </div>`
        : nothing}`;
  }

  #main(): TemplateResult {
    switch (this.phase) {
      case "starting":
        return html`<div class="wait">
          <h1>Connector credentials</h1>
          <p role="status" class="muted">Connecting…</p>
        </div>`;
      case "failed":
        return html`<div class="wait">
          <h1>Connector credentials</h1>
          <keyturn-failure .error=${this.#error} retriable @retry=${this.#again}></keyturn-failure>
          <div><button type="button" @click=${this.#ask}>Connect in another way</button></div>
        </div>`;
      case "asking":
        return html`<keyturn-connect .sandbox=${this.#sandbox} @connected=${(event: CustomEvent<Connection>) => {
          this.#connected(event.detail);
          this.#focusMain();
        }}></keyturn-connect>`;
      case "connected":
        return this.#tenant(this.connection as Connection);
    }
  }

  #tenant({ client, inventory, sandbox }: Connection): TemplateResult {
    const app = this.apps.find(({ id }) => appLink(id ?? "") === this.chosen) ?? this.apps[0];
    return html`<div class="title">
        <h1>Connector credentials</h1>
        <p class="muted">
          ${sandbox
            ? "This tenant is made up and lives as long as the server does: create, rotate and revoke as you like."
            : "The client IDs and secrets that connectors log in to C1 with."}
        </p>
      </div>
      <div class="columns">
        <keyturn-apps .client=${client} selected=${app?.id ?? ""} @apps=${(event: CustomEvent<shared.App[]>) => (this.apps = event.detail)}></keyturn-apps>
        <div class="work">
          ${app
            ? html`<keyturn-connectors
                .client=${client}
                .inventory=${inventory}
                .app=${app}
                @rotate=${(event: CustomEvent<Place>) => this.#dialog("keyturn-rotate").show(client, inventory, event.detail)}
                @look-up=${(event: CustomEvent<Place>) => this.#dialog("keyturn-look-up").show(client, inventory, event.detail)}
              ></keyturn-connectors>`
            : nothing}
          <keyturn-credentials
            .inventory=${inventory}
            examples=${this.examples}
            said=${this.said}
            @examples=${this.#lookUpExamples}
            @revoke=${(event: CustomEvent<Known>) => this.#dialog("keyturn-revoke").show(client, inventory, event.detail)}
          ></keyturn-credentials>
        </div>
      </div>`;
  }

  #dialog<Name extends "keyturn-rotate" | "keyturn-look-up" | "keyturn-revoke">(name: Name): HTMLElementTagNameMap[Name] {
    return this.renderRoot.querySelector(name) as HTMLElementTagNameMap[Name];
  }

  readonly #start = async (): Promise<void> => {
    this.phase = "starting";
    try {
      await load(new URL(coreFile, import.meta.url));
      this.#sandbox = await findSandbox();
      if (this.#sandbox) this.#connected(await connect(this.#sandbox, true));
      else this.phase = "asking";
    } catch (error) {
      this.#error = error;
      this.phase = "failed";
    }
  };

  #connected(connection: Connection): void {
    this.connection = connection;
    this.examples = connection.sandbox ? "offered" : "none";
    this.phase = "connected";
  }

  #disconnect(): void {
    this.connection?.client.close();
    this.connection = undefined;
    this.apps = [];
    this.said = "";
    this.phase = "asking";
    this.#focusMain();
  }

  async #lookUpExamples(): Promise<void> {
    const { inventory } = this.connection as Connection;
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

  #lostFocus(): void {
    this.renderRoot.querySelector("keyturn-credentials")?.focusHeading();
  }

  #again(): void {
    this.#focusMain();
    void this.#start();
  }

  #ask(): void {
    this.phase = "asking";
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
    if (this.connection && this.#dialog("keyturn-rotate")?.busy) event.preventDefault();
  };

  readonly #left = (): void => {
    if (this.connection) this.#dialog("keyturn-rotate")?.wipe();
    this.connection?.client.close();
  };

  /** A page that comes back from the browser's memory has lost its log-in: begin anew. */
  readonly #returned = (event: PageTransitionEvent): void => {
    if (event.persisted) location.reload();
  };
}
customElements.define("keyturn-console", Console);
