/** The whole page: all targets, or the rotation of one. The server has the credentials, the sinks and the journal. */

import "keyturn/elements/counters";
import "keyturn/elements/credentials";
import "keyturn/elements/rotate";
import "keyturn/elements/timeline";
import {
  type CredentialFilter,
  type CredentialRow,
  type CredentialView,
  matchesFilter,
} from "keyturn/elements/credentials";
import type { LifecycleFinding, LifecycleStatus } from "keyturn/lifecycle";
import { type LifecycleCalls, remoteLifecycle } from "keyturn/lifecycle/remote";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { rich, t } from "../texts/text.js";
import { SEVERITIES, told } from "../ui/findings.js";
import { languageChoice } from "../ui/language.js";
import { base } from "../ui/styles.js";
import { rowOf } from "./rows.js";
import { openSession, type Session } from "./session.js";

/** How often the server is asked where things stand, while the page is seen. */
const POLL = 3_000;

/** How many findings are shown before the rest is only counted. */
const FINDINGS = 8;

type Phase = "starting" | "closed" | "open" | "lost";

export class Served extends LitElement {
  static override properties = {
    phase: { state: true },
    statuses: { state: true },
    findings: { state: true },
    target: { state: true },
    view: { state: true },
    error: { state: true },
  };
  static override styles = [
    base,
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
      .language {
        width: auto;
        min-height: 2rem;
        margin-inline-start: auto;
        padding-block: 0.2rem;
        font-size: 0.875rem;
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
      h2 {
        font-size: 1.0625rem;
      }
      /* They stand above everything. */
      keyturn-credentials::part(filters) {
        display: none;
      }
      keyturn-credentials::part(bar) {
        padding-block-start: 0;
      }
      h1 {
        font-size: 1.35rem;
        letter-spacing: -0.02em;
      }
      .panel {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem;
        padding: 1rem 1.25rem 1.25rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      .findings ul {
        display: grid;
        gap: 0.4rem;
      }
      .findings li {
        display: grid;
        grid-template-columns: 5.5rem minmax(0, 1fr);
        gap: 0.75rem;
      }
      .findings .bad {
        color: var(--bad);
        font-weight: 600;
      }
      .findings .warn {
        color: var(--warn);
        font-weight: 600;
      }
      .findings .plain {
        color: var(--muted);
      }
      .back {
        display: inline-flex;
        align-items: center;
        min-height: 24px;
      }
      @media (width < 30rem) {
        header,
        main {
          padding-inline: 0.75rem;
        }
        .findings li {
          grid-template-columns: minmax(0, 1fr);
          gap: 0;
        }
      }
    `,
  ];

  declare private phase: Phase;
  declare private statuses: readonly LifecycleStatus[];
  declare private findings: readonly LifecycleFinding[];
  /** The target whose rotation is shown. */
  declare private target: string | undefined;
  declare private view: CredentialView;
  declare private error: unknown;
  #session: Session | undefined;
  #lifecycle: LifecycleCalls | undefined;
  /** How far the server's clock is ahead of this one. */
  #ahead = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #clock = { now: (): number => Date.now() + this.#ahead };

  constructor() {
    super();
    this.phase = "starting";
    this.statuses = [];
    this.findings = [];
    this.view = {};
    this.target = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#navigated);
    document.addEventListener("visibilitychange", this.#seen);
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#navigated);
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#timer);
  }

  protected override render(): TemplateResult {
    const { about } = this.#session ?? {};
    return html`<header>
        <h1 translate="no">Keyturn</h1>
        ${about ? html`<p class="muted">${rich("served.about", { config: html`<bdi>${about.config}</bdi>`, journal: html`<bdi>${about.journal}</bdi>` })}</p>` : nothing}
        ${languageChoice()}
      </header>
      <main tabindex="-1">${this.#main()}</main>`;
  }

  #main(): TemplateResult {
    switch (this.phase) {
      case "starting":
        return html`<p role="status" class="muted">${t("connecting")}</p>`;
      case "closed":
        return html`<div class="panel">
          <h2>${t("served.closed")}</h2>
          <p>${rich("served.closed.do")}</p>
        </div>`;
      case "lost":
        return html`<div class="panel" role="alert">
          <h2>${t("served.lost")}</h2>
          <p>${rich("served.lost.do")}</p>
        </div>`;
      case "open":
        return this.target === undefined ? this.#overview() : this.#rotation(this.target);
    }
  }

  #overview(): TemplateResult {
    const rows = this.statuses.map(rowOf);
    const { filter = "all" } = this.view;
    const left = rows.filter((row) => matchesFilter(row, filter, this.#clock.now()));
    const link = (row: CredentialRow): string => `#/${encodeURIComponent(row.target)}`;
    return html`<keyturn-counters
        .rows=${rows}
        .filter=${this.view.filter ?? "all"}
        .clock=${this.#clock}
        @keyturn-filter=${({ detail: filter }: CustomEvent<CredentialFilter>) => {
          this.view = { ...this.view, filter };
        }}
      ></keyturn-counters>
      ${this.#found()}
      <section class="panel" aria-labelledby="timeline">
        <h2 id="timeline">${t("overview.timeline")}</h2>
        <keyturn-timeline .rows=${left} .clock=${this.#clock} .link=${link}></keyturn-timeline>
      </section>
      <section class="panel" aria-labelledby="targets">
        <h2 id="targets">${t("overview.targets")}</h2>
        <keyturn-credentials
          label=${t("overview.targets")}
          .rows=${rows}
          .clock=${this.#clock}
          .link=${link}
          .view=${this.view}
          @keyturn-view=${(event: CustomEvent<CredentialView>) => {
            this.view = event.detail;
          }}
        ></keyturn-credentials>
      </section>`;
  }

  #found(): TemplateResult | typeof nothing {
    const { findings } = this;
    if (findings.length === 0) return nothing;
    const more = findings.length - FINDINGS;
    return html`<section class="panel findings" aria-labelledby="findings">
      <h2 id="findings">${t("served.findings")}</h2>
      <ul>
        ${findings
          .slice(0, FINDINGS)
          .map(
            (finding) =>
              html`<li><span class=${SEVERITIES[finding.severity]}>${t(`severity.${finding.severity}`)}</span><span><a href="#/${encodeURIComponent(finding.target)}"><bdi>${finding.target}</bdi></a>: ${told(finding, this.#clock.now())}</span></li>`,
          )}
      </ul>
      ${more > 0 ? html`<p class="muted">${rich("served.more", { n: more })}</p>` : nothing}
    </section>`;
  }

  #rotation(target: string): TemplateResult {
    const status = this.statuses.find((one) => one.target === target);
    if (!status)
      return html`<a class="back" href="#/">${t("target.back")}</a>
        <div class="panel"><h2>${t("target.missing")}</h2></div>`;
    return html`<a class="back" href="#/">${t("target.back")}</a>
      <div class="panel">
        <keyturn-rotate
          .lifecycle=${this.#lifecycle}
          .clock=${this.#clock}
          .consumers=${status.consumers}
          target=${target}
          label=${target}
          about=${status.provider}
          owner=${status.owner ?? ""}
          grace=${status.policy.grace ?? ""}
          lock=${this.#session?.about.journal ?? ""}
          @keyturn-progress=${() => void this.#look()}
          @keyturn-close=${() => {
            location.hash = "#/";
          }}
        ></keyturn-rotate>
      </div>`;
  }

  async #start(): Promise<void> {
    try {
      this.#session = await openSession();
    } catch {
      this.phase = "lost";
      return;
    }
    if (!this.#session) {
      this.phase = "closed";
      return;
    }
    this.#ahead = this.#session.about.now - Date.now();
    this.#lifecycle = remoteLifecycle({ url: "/_keyturn/lifecycle", headers: this.#session.headers });
    this.#navigated();
    await this.#look();
  }

  /** Asks where everything stands, and does so again after a while. */
  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const lifecycle = this.#lifecycle;
    if (!lifecycle) return;
    try {
      this.statuses = await lifecycle.status();
      this.findings = await lifecycle.findings(undefined, { observe: false });
      this.phase = "open";
    } catch {
      this.phase = "lost";
    }
    if (document.visibilityState === "visible") this.#timer = setTimeout(() => void this.#look(), POLL);
  }

  readonly #seen = (): void => {
    if (document.visibilityState === "visible") void this.#look();
  };

  readonly #navigated = (): void => {
    const [, name = ""] = location.hash.split("/");
    let target: string | undefined;
    try {
      target = name === "" ? undefined : decodeURIComponent(name);
    } catch {
      target = name;
    }
    if (target === this.target) return;
    this.target = target;
    void this.updateComplete.then(() => this.renderRoot.querySelector("main")?.focus());
  };
}
