/**
 * The root element of the page: its session, and the current view. The server has the credentials, the sinks and the
 * journal.
 */

import "keyturn/elements/rotate";
import type { CredentialView } from "keyturn/elements";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { backLink, before, type Route, routeOf, targetLink } from "../route.js";
import { rich, t } from "../texts/text.js";
import { wayBack } from "../ui/back.js";
import { note } from "../ui/icons.js";
import { languageChoice } from "../ui/language.js";
import { base } from "../ui/styles.js";
import { navigation, panel } from "../ui/view.js";
import { Watch } from "../ui/watch.js";
import { inWords, ServedEstate } from "./estate.js";
import { openSession } from "./session.js";

/** The loaders of the views. The view of a rotation is an element of the package. */
const VIEWS: Readonly<Record<Route["view"], () => Promise<unknown>>> = {
  overview: () => import("./overview.js"),
  browse: () => import("./discover.js"),
  target: () => import("./target.js"),
  rotate: () => Promise.resolve(),
  jobs: () => import("../views/jobs.js"),
};

export class Served extends LitElement {
  static override properties = {
    phase: { state: true },
    estate: { state: true },
    route: { state: true },
    ready: { state: true },
  };
  static override styles = [
    base,
    panel,
    navigation,
    css`
      :host {
        display: block;
        max-width: 92rem;
        margin: auto;
      }
      header {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1.5rem;
        align-items: baseline;
        padding: 1.25rem 1.5rem 0;
      }
      header p {
        overflow-wrap: anywhere;
      }
      .brand {
        font-size: 1.35rem;
        font-weight: 650;
        letter-spacing: -0.02em;
      }
      .language {
        width: auto;
        min-height: 2rem;
        margin-inline-start: auto;
        padding-block: 0.2rem;
        font-size: 0.875rem;
      }
      .views {
        padding: 0.75rem 1.5rem 0;
      }
      main {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
        padding: 1.25rem 1.5rem 4rem;
      }
      main:focus {
        outline: none;
      }
      .panel {
        grid-template-columns: minmax(0, 1fr);
      }
      h1 {
        font-size: 1.5rem;
        letter-spacing: -0.02em;
      }
      keyturn-rotate::part(about) {
        display: none;
      }
      .ways {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1.25rem;
      }
      .ways a {
        display: inline-flex;
        align-items: center;
        min-height: 24px;
      }
      @media (width < 30rem) {
        header,
        .views,
        main {
          padding-inline: 0.75rem;
        }
      }
    `,
  ];

  declare private phase: "starting" | "closed" | "lost" | "open";
  declare private estate: ServedEstate | undefined;
  declare private route: Route;
  declare private ready: ReadonlySet<Route["view"]>;

  constructor() {
    super();
    this.phase = "starting";
    this.route = { view: "overview", look: {} };
    this.ready = new Set();
    new Watch(this, () => this.estate);
    new Watch(this, () => this.estate?.job);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#navigated);
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#navigated);
    this.estate?.close();
  }

  protected override render(): TemplateResult {
    const { about } = this.estate ?? {};
    return html`<header>
        <p class="brand" translate="no">Keyturn</p>
        ${about ? html`<p class="muted">${rich("served.about", { config: html`<bdi>${about.config}</bdi>`, journal: html`<bdi>${about.journal}</bdi>` })}</p>` : nothing}
        ${languageChoice()}
      </header>
      ${this.phase === "open" ? this.#views() : nothing}
      <main tabindex="-1">${this.#main()}</main>`;
  }

  #views(): TemplateResult {
    const { view } = this.route;
    const link = (name: Route["view"], href: string, word: string): TemplateResult =>
      html`<li><a href=${href} aria-current=${view === name ? "page" : nothing}>${word}</a></li>`;
    const { job } = this.estate ?? {};
    const jobs = job ? t("nav.jobsAt", { done: job.count("stored"), all: job.targets.length }) : t("nav.jobs");
    return html`<nav class="views" aria-label=${t("nav.label")}>
      <ul>
        ${link("overview", "#/", t("nav.overview"))} ${link("jobs", "#/jobs", jobs)} ${link("browse", "#/apps", t("served.nav.discover"))}
      </ul>
    </nav>`;
  }

  #main(): TemplateResult {
    switch (this.phase) {
      case "starting":
        return html`<p role="status" class="muted">${t("connecting")}</p>`;
      case "closed":
        return html`<div class="panel">
          <h1>${t("served.closed")}</h1>
          <p>${rich("served.closed.do")}</p>
        </div>`;
      case "lost":
        return this.#lost();
      case "open":
        return html`${this.estate?.lost ? this.#lost() : nothing}${this.estate?.loaded ? this.#view() : nothing}`;
    }
  }

  #lost(): TemplateResult {
    return note(
      "bad",
      "warning",
      html`<p role="alert"><strong>${t("served.lost")}</strong> ${rich("served.lost.do")}</p>`,
    );
  }

  #view(): TemplateResult {
    const { route, estate } = this;
    if (!estate || !this.ready.has(route.view)) return html`<p role="status" class="muted">${t("loading")}</p>`;
    switch (route.view) {
      case "overview":
        return html`<keyturn-served-overview
          .estate=${estate}
          .look=${route.look}
          @look=${({ detail: look }: CustomEvent<CredentialView>) => {
            // Each render passes the route's `look` to the view, so it has to follow.
            this.route = { view: "overview", look };
          }}
          @together=${({ detail }: CustomEvent<readonly string[]>) => {
            estate.together(detail);
            location.hash = "#/jobs";
          }}
        ></keyturn-served-overview>`;
      case "browse":
        return html`<keyturn-served-discover .estate=${estate}></keyturn-served-discover>`;
      case "target":
        return html`<keyturn-served-target .estate=${estate} target=${route.target} from=${route.from}></keyturn-served-target>`;
      case "rotate":
        return this.#rotation(estate, route);
      case "jobs":
        return html`<keyturn-jobs .estate=${estate}></keyturn-jobs>`;
    }
  }

  #rotation(estate: ServedEstate, { target, from }: Route & { readonly view: "target" | "rotate" }): TemplateResult {
    const status = estate.status(target);
    return html`<nav class="ways" aria-label=${t("target.backLabel")}>
        ${wayBack(from)}
        ${status ? html`<a href=${targetLink(target, before(from))}>${t("target.facts")}</a>` : nothing}
      </nav>
      ${status ? html`<h1 tabindex="-1"><bdi>${target}</bdi></h1>` : nothing}
      <div class="panel">
        ${
          status
            ? html`<keyturn-rotate
                .lifecycle=${estate.lifecycle}
                .clock=${clock}
                .consumers=${status.consumers}
                target=${target}
                label=${target}
                owner=${status.owner ?? ""}
                grace=${inWords(status.policy.grace ?? "")}
                lock=${estate.about.journal}
                @keyturn-progress=${() => void estate.load()}
                @keyturn-close=${() => {
                  location.hash = backLink(from);
                }}
              ></keyturn-rotate>`
            : html`<h1 tabindex="-1">${t("target.missing")}</h1><p class="muted">${rich("served.missing")}</p>`
        }
      </div>`;
  }

  async #start(): Promise<void> {
    try {
      const session = await openSession();
      if (!session) {
        this.phase = "closed";
        return;
      }
      this.estate = new ServedEstate(session);
      this.route = routeOf(location.hash);
      await Promise.all([this.estate.load(), this.#load()]);
      this.phase = "open";
    } catch {
      this.phase = "lost";
    }
  }

  async #load(): Promise<void> {
    const { view } = this.route;
    await VIEWS[view]();
    this.ready = new Set([...this.ready, view]);
  }

  readonly #navigated = async (): Promise<void> => {
    const old = this.route;
    this.route = routeOf(location.hash);
    if (!this.estate) return;
    const where = ({ view, ...rest }: Route): string => `${view} ${"target" in rest ? rest.target : ""}`;
    try {
      await this.#load();
    } catch {
      this.phase = "lost";
    }
    await this.updateComplete;
    if (where(old) !== where(this.route)) this.renderRoot.querySelector<HTMLElement>("main")?.focus();
  };
}
