/**
 * Connectors and API credentials of the tenant that are not rotated yet, and what to add to `keyturn.json` to rotate
 * them.
 */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { number, rich, t } from "../texts/text.js";
import { icon, note } from "../ui/icons.js";
import { base } from "../ui/styles.js";
import { narrowing, view } from "../ui/view.js";
import "../ui/copy.js";
import { type Candidate, type Discovered, discovered } from "./discovered.js";
import type { ServedEstate } from "./estate.js";

/** The maximum number of candidates shown; a search finds the others. */
const SHOWN = 100;

export class ServedDiscover extends LitElement {
  static override properties = {
    estate: { attribute: false },
    found: { state: true },
    missing: { state: true },
    state: { state: true },
    search: { state: true },
    chosen: { state: true },
  };
  static override styles = [
    base,
    view,
    narrowing,
    css`
      .panel {
        container-type: inline-size;
      }
      .candidates {
        display: grid;
        gap: 0.15rem;
      }
      .candidates .choice {
        align-items: baseline;
        overflow-wrap: anywhere;
      }
      pre {
        margin: 0;
        padding: 0.8rem 1rem;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
        background: var(--sunken);
        font: 0.8125rem/1.5 var(--mono);
      }
      input[type="search"] {
        max-width: 24rem;
      }
    `,
  ];
  declare estate: ServedEstate;
  declare private found: readonly Candidate[];
  declare private missing: readonly NonNullable<Discovered["missing"]>[];
  declare private state: "looking" | "done" | "failed" | "stopped";
  declare private search: string;
  declare private chosen: ReadonlySet<string>;
  #looking = new AbortController();

  constructor() {
    super();
    this.found = [];
    this.missing = [];
    this.state = "looking";
    this.search = "";
    this.chosen = new Set();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#look();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#looking.abort();
  }

  readonly #look = async (): Promise<void> => {
    this.#looking.abort();
    const { signal } = (this.#looking = new AbortController());
    this.found = [];
    this.missing = [];
    this.state = "looking";
    try {
      for await (const { candidate, missing } of discovered(this.estate.headers, signal)) {
        if (candidate) this.found = [...this.found, candidate];
        else this.missing = [...this.missing, missing];
      }
      this.state = "done";
    } catch {
      if (!signal.aborted) this.state = "failed";
    }
  };

  readonly #stop = (): void => {
    this.#looking.abort();
    this.state = "stopped";
  };

  protected override render(): TemplateResult {
    const { found, missing, state } = this;
    const isLooking = state === "looking";
    return html`<div class="title">
        <div>
          <h1 tabindex="-1">${t("served.discover")}</h1>
          <p class="muted">${rich("served.discover.about")}</p>
        </div>
        <div class="buttons">
          <span role="status" class="small muted">${t(isLooking ? "served.discover.looking" : "served.discover.found", { n: found.length })}</span>
          ${
            isLooking
              ? html`<button type="button" @click=${this.#stop}>${t("overview.stop")}</button>`
              : html`<button type="button" @click=${this.#look}>${icon("sync")} ${t("overview.refresh")}</button>`
          }
        </div>
      </div>
      ${state === "failed" ? note("bad", "warning", html`<p role="alert">${t("served.lost")}</p>`) : nothing}
      ${missing.map(({ what, message }) => note("plain", "info", html`<p><strong translate="no">${what}</strong> <span lang="en" dir="ltr">${message}</span></p>`))}
      ${found.length > 0 ? this.#list() : nothing} ${this.chosen.size > 0 ? this.#snippet() : nothing}`;
  }

  #list(): TemplateResult {
    const words = this.search.toLocaleLowerCase().split(/\s+/);
    const fits = ({ target, label }: Candidate): boolean => {
      const text = `${target} ${label}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    };
    const all = this.found.filter(fits);
    return html`<section class="panel" aria-labelledby="list">
      <h2 id="list">${t("served.discover.list")}</h2>
      <div class="field">
        <label for="search">${t("served.discover.search")}</label>
        <input id="search" type="search" autocomplete="off" .value=${this.search} @input=${(event: Event) => (this.search = (event.target as HTMLInputElement).value)} />
      </div>
      <div class="candidates">
        ${all.slice(0, SHOWN).map(
          ({ target, label, entry }) => html`<label class="choice">
            <input type="checkbox" .checked=${this.chosen.has(target)} @change=${(event: Event) => this.#choose(target, (event.target as HTMLInputElement).checked)} />
            <span><bdi>${label}</bdi> <span class="small muted" translate="no">${entry.kind}</span></span>
          </label>`,
        )}
      </div>
      ${all.length > SHOWN ? html`<p class="small muted">${t("served.discover.more", { n: all.length - SHOWN, shown: number(SHOWN) })}</p>` : nothing}
    </section>`;
  }

  #choose(target: string, isChosen: boolean): void {
    const others = [...this.chosen].filter((one) => one !== target);
    this.chosen = new Set(isChosen ? [...others, target] : others);
  }

  /** Renders entries to paste: the configuration is a file that people review, so this page does not write it. */
  #snippet(): TemplateResult {
    const text = this.#entries;
    return html`<section class="panel" aria-labelledby="snippet">
      <h2 id="snippet">${t("served.discover.snippet")}</h2>
      <p>${rich("served.discover.paste")}</p>
      <pre tabindex="0" translate="no" aria-labelledby="snippet">${text}</pre>
      <div><keyturn-copy name=${t("served.discover.entries")} .text=${() => text}></keyturn-copy></div>
    </section>`;
  }

  /** The chosen entries as members of the object `targets`, indented as they are there. */
  get #entries(): string {
    const chosen = this.found.filter(({ target }) => this.chosen.has(target));
    const whole = JSON.stringify(Object.fromEntries(chosen.map(({ target, entry }) => [target, entry])), undefined, 2);
    return whole
      .split("\n")
      .slice(1, -1)
      .map((line) => `  ${line}`)
      .join("\n");
  }
}
customElements.define("keyturn-served-discover", ServedDiscover);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-served-discover": ServedDiscover;
  }
}
