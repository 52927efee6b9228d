/**
 * The root element of the console: its connections, and the current view. Views are loaded when they are first shown.
 */

import coreFile from "keyturn/core.wasm";
import type { CredentialView } from "keyturn/elements";
import { load } from "keyturn/slim";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { type Connections, connectSandbox, findSandbox, type Sandbox } from "./connection/connection.js";
import { SERVICES, type Service } from "./connection/ways.js";
import type { Estate } from "./estate/estate.js";
import { type Route, routeOf } from "./route.js";
import { elementTexts } from "./texts/languages.js";
import { t } from "./texts/text.js";
import { base } from "./ui/styles.js";
import { navigation } from "./ui/view.js";
import { Watch } from "./ui/watch.js";
import "./regions/banner.js";
import "./regions/connect.js";
import "./ui/failure.js";

type Phase = "starting" | "failed" | "asking" | "connected";

/** The loaders of the views. */
const VIEWS = {
  overview: () => import("./views/overview.js"),
  browse: () => import("./views/browse.js"),
  target: () => import("./views/target.js"),
  rotate: () => import("./views/rotate.js"),
  jobs: () => import("./views/jobs.js"),
} satisfies Record<Route["view"], () => Promise<unknown>>;

export class Console extends LitElement {
  static override properties = {
    phase: { state: true },
    connections: { state: true },
    estate: { state: true },
    route: { state: true },
    hash: { state: true },
    ready: { state: true },
    drawer: { state: true },
    error: { state: true },
  };
  static override styles = [
    base,
    navigation,
    css`
      .page {
        max-width: 92rem;
        margin: auto;
      }
      .divided {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 25rem;
        align-items: start;
      }
      @media (width < 72rem) {
        .divided {
          grid-template-columns: minmax(0, 1fr);
        }
      }
      main {
        padding: 1.5rem 1.5rem 4rem;
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
      }
      main:focus {
        outline: none;
      }
      .title {
        display: grid;
        gap: 0.3rem;
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
      .wait {
        display: grid;
        gap: 1rem;
        padding: 1.5rem 0;
      }
      .views {
        max-width: 92rem;
        margin: auto;
        padding: 0.75rem 1.5rem 0;
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
      @media (width < 30rem) {
        main {
          padding: 1rem 0.75rem 3rem;
        }
        .views {
          padding-inline: 0.75rem;
        }
        .views ul {
          gap: 0.1rem;
        }
        .views :is(a, button) {
          padding-inline: 0.5rem;
        }
        .title {
          padding-inline: 0.25rem;
        }
      }
    `,
  ];

  declare private phase: Phase;
  declare private connections: Connections;
  declare private estate: Estate | undefined;
  declare private route: Route;
  /** The fragment of the address. */
  declare private hash: string;
  /** The views that have been loaded. */
  declare private ready: ReadonlySet<Route["view"]>;
  declare private drawer: boolean;
  declare private error: unknown;
  /** How to log in to the sandbox behind this page, which is no secret to anybody who can open the page. */
  #sandbox: Sandbox | undefined;
  /** Whether another view has been navigated to, which gets the focus once it is loaded. */
  #come = false;

  constructor() {
    super();
    this.phase = "starting";
    this.connections = {};
    this.hash = location.hash;
    this.route = routeOf(this.hash);
    this.ready = new Set();
    this.drawer = false;
    new Watch(this, () => this.estate);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#navigated);
    addEventListener("beforeunload", this.#leaving);
    addEventListener("pagehide", this.#left);
    addEventListener("pageshow", this.#returned);
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
    return html`<nav aria-label=${t("console.here")}><button type="button" class="primary skip" @click=${this.#focusMain}>${t("console.skip")}</button></nav>
      <keyturn-banner .connections=${this.connections} @disconnect=${this.#disconnect}></keyturn-banner>
      ${this.phase === "connected" ? this.#views() : nothing}
      <div class="page ${this.drawer ? "divided" : ""}">
        <main tabindex="-1">${this.#main()}</main>
        ${this.drawer ? html`<keyturn-drawer .estate=${this.estate} @close=${this.#shut} @time=${this.#time} @reset=${this.#reset}></keyturn-drawer>` : nothing}
      </div>`;
  }

  protected override updated(): void {
    if (!this.#come || this.phase !== "connected" || !this.ready.has(this.route.view)) return;
    this.#come = false;
    this.#focusMain();
  }

  #views(): TemplateResult {
    const { view } = this.route;
    const link = (name: Route["view"], href: string, word: string): TemplateResult =>
      html`<li><a href=${href} aria-current=${view === name ? "page" : nothing}>${word}</a></li>`;
    return html`<nav class="views" aria-label=${t("nav.label")}>
      <ul>
        ${link("overview", "#/", t("nav.overview"))} ${link("browse", "#/apps", t("nav.browse"))} ${link("jobs", "#/jobs", this.#tray)}
        ${
          this.connections.c1?.sandbox
            ? html`<li><button type="button" id="sandbox" aria-expanded=${this.drawer} @click=${this.#toggleDrawer}>${t("nav.sandbox")}</button></li>`
            : nothing
        }
      </ul>
    </nav>`;
  }

  /** The label of the link to the jobs, with their progress. */
  get #tray(): string {
    const { job } = this.estate ?? {};
    if (!job) return t("nav.jobs");
    const done = job.count("stored");
    const store = job.count("store");
    const words = t("nav.jobsAt", { done, all: job.targets.length });
    return store > 0 ? `${words}, ${t("nav.toStore", { n: store })}` : words;
  }

  #main(): TemplateResult {
    switch (this.phase) {
      case "starting":
        return html`<div class="wait">
          <h1>${t("console.title")}</h1>
          <p role="status" class="muted">${t("connecting")}</p>
        </div>`;
      case "failed":
        return html`<div class="wait">
          <h1>${t("console.title")}</h1>
          <keyturn-failure .error=${this.error} retriable @retry=${this.#again}></keyturn-failure>
          <div><button type="button" @click=${this.#ask}>${t("console.otherWay")}</button></div>
        </div>`;
      case "asking":
        return html`<keyturn-connect
          .sandbox=${this.#sandbox}
          .services=${this.#missing}
          @connected=${(event: CustomEvent<Connections>) => {
            void this.#connected(event.detail).then(() => this.#focusMain());
          }}
          @back=${this.#back}
        ></keyturn-connect>`;
      case "connected":
        return this.#view();
    }
  }

  /** The services that are not connected. */
  get #missing(): readonly Service[] {
    return (Object.keys(SERVICES) as Service[]).filter((service) => !this.connections[service]);
  }

  #view(): TemplateResult {
    const { route, estate, connections } = this;
    if (this.error)
      return html`<keyturn-failure .error=${this.error} retriable @retry=${() => void this.#show()}></keyturn-failure>`;
    if (!estate || !this.ready.has(route.view)) return html`<p role="status" class="wait muted">${t("loading")}</p>`;
    switch (route.view) {
      case "overview":
        return html`<keyturn-overview .estate=${estate} .look=${route.look} @look=${this.#looked} @together=${this.#together}></keyturn-overview>${this.#offers()}`;
      case "browse":
        return html`<div class="title">
            <h1>${t("console.title")}</h1>
            <p class="muted">
              ${t(connections.c1?.sandbox || connections.commercelayer?.sandbox ? "console.about.sandbox" : "console.about")}
            </p>
          </div>
          <keyturn-browse .connections=${connections} .estate=${estate} chosen=${this.hash}></keyturn-browse>${this.#offers()}`;
      case "target":
        return html`<keyturn-target .estate=${estate} target=${route.target} from=${route.from}></keyturn-target>`;
      case "rotate":
        return html`<keyturn-rotate-view .estate=${estate} target=${route.target} from=${route.from}></keyturn-rotate-view>`;
      case "jobs":
        return html`<keyturn-jobs .estate=${estate}></keyturn-jobs>`;
    }
  }

  /** Renders offers to connect the other services. */
  #offers(): TemplateResult[] {
    return this.#missing.map(
      (service) => html`<div class="card offer">
        <p class="muted">${t("console.missing", { service: SERVICES[service] })}</p>
        <button type="button" @click=${this.#ask}>${t("console.connect", { service: SERVICES[service] })}</button>
      </div>`,
    );
  }

  readonly #start = async (): Promise<void> => {
    this.phase = "starting";
    try {
      const [sandbox] = await Promise.all([findSandbox(), load(new URL(coreFile, import.meta.url))]);
      this.#sandbox = sandbox;
      if (sandbox) {
        // Load what is shown next while the log-in is under way. Whatever needs a module that fails to load reports the
        // error.
        void Promise.allSettled([import("./estate/estate.js"), this.#load()]);
        await this.#connected(await connectSandbox(sandbox));
      } else this.phase = "asking";
    } catch (error) {
      this.error = error;
      this.phase = "failed";
    }
  };

  async #connected(made: Connections): Promise<void> {
    const { Estate } = await import("./estate/estate.js");
    this.estate?.close();
    this.error = undefined;
    this.connections = { ...this.connections, ...made };
    this.estate = new Estate(this.connections);
    this.phase = "connected";
    await this.#show();
  }

  /** Loads the view that the address names, and the texts of its elements. */
  #load(view = this.route.view): Promise<unknown> {
    return Promise.all([VIEWS[view](), elementTexts()]);
  }

  async #show(): Promise<void> {
    const { view } = this.route;
    try {
      await this.#load(view);
      this.error = undefined;
      this.ready = new Set([...this.ready, view]);
    } catch (error) {
      this.error = error;
    }
    await this.updateComplete;
  }

  #disconnect(): void {
    this.#close();
    this.connections = {};
    this.estate = undefined;
    this.drawer = false;
    this.phase = "asking";
    this.#focusMain();
  }

  #close(): void {
    const { c1, commercelayer } = this.connections;
    this.estate?.close();
    for (const connection of [c1, commercelayer]) {
      connection?.client.close();
      connection?.store.close();
    }
  }

  #again(): void {
    this.error = undefined;
    this.#focusMain();
    void this.#start();
  }

  #ask(): void {
    this.error = undefined;
    this.phase = "asking";
    this.#focusMain();
  }

  #back(): void {
    this.phase = "connected";
    this.#focusMain();
  }

  /**
   * Moves the focus to the main content. The skip control is a button that calls this: a link would change the address,
   * which names the view.
   */
  #focusMain(): void {
    this.renderRoot.querySelector<HTMLElement>("main")?.focus();
  }

  /**
   * The view has already put this into the address. Each render passes the route's `look` to the view, so it has to
   * follow.
   */
  readonly #looked = ({ detail: look }: CustomEvent<CredentialView>): void => {
    this.route = { view: "overview", look };
  };

  readonly #together = ({ detail }: CustomEvent<readonly string[]>): void => {
    this.estate?.together(detail);
    location.hash = "#/jobs";
  };

  readonly #toggleDrawer = async (): Promise<void> => {
    if (this.drawer) return this.#shut();
    await import("./regions/drawer.js");
    this.drawer = true;
  };

  readonly #shut = (): void => {
    this.drawer = false;
    this.renderRoot.querySelector<HTMLElement>("#sandbox")?.focus();
  };

  readonly #time = (): void => {
    this.estate?.tick();
    this.renderRoot.querySelector("keyturn-rotate-view")?.refresh();
  };

  /** Reloads the page: the sandbox has been reset, and so has what is stored about it. */
  readonly #reset = (): void => location.reload();

  readonly #navigated = (): void => {
    this.hash = location.hash;
    const before = this.route;
    this.route = routeOf(this.hash);
    if (this.phase !== "connected") return;
    this.#come = before.view !== this.route.view;
    void this.#show();
  };

  readonly #leaving = (event: Event): void => {
    const busy = this.renderRoot.querySelector("keyturn-rotate-view")?.busy;
    if (busy || this.estate?.drafts.some) event.preventDefault();
  };

  readonly #left = (): void => {
    this.renderRoot.querySelector("keyturn-rotate-view")?.wipe();
    this.renderRoot.querySelector("keyturn-browse")?.wipe();
    this.#close();
  };

  /** Reloads a page that the browser has restored from its back/forward cache: its log-in is gone. */
  readonly #returned = (event: PageTransitionEvent): void => {
    if (event.persisted) location.reload();
  };
}
