/** The sandbox's panel: its requests as they arrive, faults to switch on, its clock, and a reset. */

import type { SandboxRequest } from "keyturn/sandbox";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { clock, setClock } from "../clock.js";
import type { Estate } from "../estate/estate.js";
import { type Key, t } from "../texts/text.js";
import { exact } from "../ui/dates.js";
import { icon } from "../ui/icons.js";
import { base } from "../ui/styles.js";

const HOUR = 3_600_000;

/** How often the sandbox is polled, in milliseconds. */
const OFTEN = 1_000;

/** The maximum number of requests shown. */
const SHOWN = 60;

const ROTATE = "connector.rotateCredential";

/** The faults that can be switched on. */
const FAULTS = {
  lost: { operation: ROTATE, action: "drop-answer" },
  refused: { operation: ROTATE, action: { status: 403 } },
  broken: { operation: ROTATE, action: { status: 503 } },
  limited: { operation: "*", times: "always", action: { status: 429, headers: { "retry-after": "2" } } },
  slow: { operation: ROTATE, times: "always", action: { delayMs: 3_000 } },
} as const;

type FaultName = keyof typeof FAULTS;

const NAMES = Object.keys(FAULTS) as FaultName[];

/** A rule of the sandbox for a fault. */
interface Rule {
  readonly operation: string;
  readonly action: unknown;
}

/** Returns whether a rule is the one that a switch sets. */
function isSame({ operation, action }: Rule, name: FaultName): boolean {
  const fault = FAULTS[name];
  const text = (one: unknown): string => JSON.stringify(Object.entries(Object(one)).sort());
  return operation === fault.operation && text(action) === text(fault.action);
}

/** Behaviour that C1 does not document, and the possible values. */
const SWITCHES = {
  oldAfterRotate: ["drawer.old", ["keep", "revoke", "expire"]],
  systemLog: ["drawer.log", ["full", "sparse", "off"]],
} as const satisfies Record<string, readonly [Key, readonly string[]]>;

/** Emits `close`, `time` when the clock has been moved, and `reset`. */
export class Drawer extends LitElement {
  static override properties = {
    estate: { attribute: false },
    seen: { state: true },
    faults: { state: true },
    switches: { state: true },
    said: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        position: sticky;
        top: 0;
        max-height: 100vh;
        overflow: auto;
        padding-block: 1.5rem;
        padding-inline: 0 1.5rem;
      }
      @media (width < 72rem) {
        :host {
          position: static;
          max-height: none;
          padding-block: 0 3rem;
          padding-inline: 1.5rem;
        }
      }
      @media (width < 30rem) {
        :host {
          padding-inline: 0.75rem;
        }
      }
      section {
        display: grid;
        gap: 1rem;
        padding: 1rem 1.1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      header,
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
      }
      header h2 {
        margin-inline-end: auto;
        font-size: 1.0625rem;
      }
      h3 {
        font-size: 0.875rem;
      }
      .part {
        display: grid;
        gap: 0.45rem;
        padding-top: 0.8rem;
        border-top: 1px solid var(--line);
      }
      .now {
        flex-basis: 100%;
      }
      .part .row h3 {
        margin-inline-end: auto;
      }
      button {
        min-height: 2rem;
        font-size: 0.8125rem;
      }
      select {
        min-height: 2rem;
        font-size: 0.875rem;
      }
      .requests {
        max-height: 24rem;
        overflow: auto;
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
      }
      .requests li {
        display: grid;
        grid-template-columns: 2.1rem minmax(0, 1fr) auto;
        gap: 0.1rem 0.5rem;
        align-items: center;
        padding: 0.3rem 0.5rem;
        font-size: 0.75rem;
      }
      .requests li + li {
        border-top: 1px solid var(--line);
      }
      .requests .what {
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .requests .path {
        display: block;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .requests .bad {
        color: var(--bad);
      }
      .requests button {
        min-height: 24px;
        min-width: 24px;
        padding: 0;
        border-color: transparent;
      }
    `,
  ];
  declare estate: Estate;
  declare private seen: readonly SandboxRequest[];
  declare private faults: ReadonlySet<FaultName>;
  declare private switches: Readonly<Record<string, string>>;
  /** A message about what has just been done. */
  declare private said: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Incremented when switching a fault begins and when it ends: a poll in between may be outdated. */
  #turns = 0;

  constructor() {
    super();
    this.seen = [];
    this.faults = new Set();
    this.switches = {};
    this.said = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#timer = setInterval(() => void this.#look(), OFTEN);
    void this.#look();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector("h2")?.focus();
  }

  protected override render(): TemplateResult {
    return html`<section aria-labelledby="title">
      <header>
        <h2 id="title" tabindex="-1">${t("drawer.title")}</h2>
        <button type="button" aria-label=${t("drawer.close")} @click=${() => this.dispatchEvent(new Event("close"))}>${icon("cross")}</button>
      </header>
      <div class="row">
        <span class="now"><span class="label">${t("drawer.clock")}</span> <time datetime=${new Date(clock.now()).toISOString()}>${exact(clock.now())}</time></span>
        ${(
          [
            ["drawer.hour", HOUR],
            ["drawer.day", 24 * HOUR],
            ["drawer.month", 720 * HOUR],
          ] as const
        ).map(([key, by]) => html`<button type="button" @click=${() => this.#forward(by)}>${t(key)}</button>`)}
      </div>
      <div class="part" role="group" aria-labelledby="faults">
        <h3 id="faults">${t("drawer.faults")}</h3>
        ${NAMES.map(
          (name) => html`<label class="choice">
            <input type="checkbox" role="switch" .checked=${this.faults.has(name)} @change=${() => this.#fault(name)} />
            <span>${t(`drawer.fault.${name}`)}</span>
          </label>`,
        )}
      </div>
      <div class="part" role="group" aria-labelledby="behaviour">
        <h3 id="behaviour">${t("drawer.behaviour")}</h3>
        ${Object.entries(SWITCHES).map(
          ([name, [key, values]]) => html`<div class="field">
            <label for=${name}>${t(key)}</label>
            <select id=${name} @change=${(event: Event) => this.#switch(name, (event.target as HTMLSelectElement).value)}>
              ${values.map((value) => html`<option value=${value} .selected=${value === this.switches[name]}>${t(`${key}.${value}` as Key)}</option>`)}
            </select>
          </div>`,
        )}
      </div>
      <div class="part">
        <div class="row">
          <h3 id="requests">${t("drawer.requests")}</h3>
          <button type="button" @click=${this.#clear}>${t("drawer.clear")}</button>
        </div>
        <p class="small muted">${t("drawer.requestsAbout")} <span role="status">${this.said}</span></p>
        ${
          this.seen.length === 0
            ? html`<p class="small muted">${t("drawer.none")}</p>`
            : html`<ul class="requests" tabindex="0" aria-labelledby="requests">${this.seen.map((one) => this.#request(one))}</ul>`
        }
      </div>
      <div class="part">
        <div><button type="button" class="quiet risky" @click=${this.#reset}>${icon("warning")} ${t("drawer.reset")}</button></div>
        <p class="small muted">${t("drawer.resetAbout")}</p>
      </div>
    </section>`;
  }

  #request(one: SandboxRequest): TemplateResult {
    const { method, path, operation, status, answered, fault } = one;
    const bad = !answered || status === null || status >= 400;
    return html`<li>
      <strong class=${bad ? "bad" : ""} translate="no">${answered && status !== null ? status : "—"}</strong>
      <span class="what">
        <span class="mono" translate="no" title=${operation ?? ""}>${operation?.split(".").slice(-2).join(".") ?? path}</span>
        <span class="muted path" translate="no" dir="ltr" title=${path}>${method} ${path}</span>
        ${answered && !fault ? nothing : html`<span class="bad">${answered ? nothing : t("drawer.unanswered")} <span translate="no">${fault ?? nothing}</span></span>`}
      </span>
      <button type="button" aria-label=${t("drawer.curl.of", { request: `${method} ${path}` })} title=${t("drawer.curl")} @click=${() => this.#curl(one)}>${icon("copy", 14)}</button>
    </li>`;
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const init =
      body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`/_sandbox/${path}`, { method, cache: "no-store", ...init });
    return (await response.json()) as T;
  }

  async #look(): Promise<void> {
    const turns = this.#turns;
    try {
      const [seen, faults, switches] = await Promise.all([
        this.#ask<SandboxRequest[]>("GET", "requests"),
        this.#ask<Rule[]>("GET", "faults"),
        this.#ask<Record<string, string>>("GET", "switches"),
      ]);
      // What has not changed is not rendered again.
      const latest = seen.slice(-SHOWN).reverse();
      if (JSON.stringify(latest) !== JSON.stringify(this.seen)) this.seen = latest;
      // A fault that was used up is off again. The answer does not count while a fault is being switched.
      if (turns === this.#turns) this.faults = new Set(NAMES.filter((name) => faults.some((one) => isSame(one, name))));
      if (JSON.stringify(switches) !== JSON.stringify(this.switches)) this.switches = switches;
    } catch {
      // The server is gone, which the page reports elsewhere.
    }
  }

  async #forward(by: number): Promise<void> {
    const { now } = await this.#ask<{ now: number }>("POST", "clock", { advance: by });
    setClock(now);
    this.requestUpdate();
    this.dispatchEvent(new Event("time"));
  }

  async #fault(name: FaultName): Promise<void> {
    const on = !this.faults.has(name);
    this.faults = new Set(on ? [...this.faults, name] : [...this.faults].filter((one) => one !== name));
    this.#turns++;
    if (on) await this.#ask("POST", "faults", FAULTS[name]);
    else {
      // Rules cannot be deleted one by one: the others are set again, including those that a program has set.
      const rules = await this.#ask<Rule[]>("GET", "faults");
      await this.#ask("DELETE", "faults");
      for (const rule of rules) if (!isSame(rule, name)) await this.#ask("POST", "faults", rule);
    }
    this.#turns++;
  }

  async #switch(name: string, value: string): Promise<void> {
    this.switches = await this.#ask("POST", "switches", { [name]: value });
  }

  readonly #clear = async (): Promise<void> => {
    await this.#ask("DELETE", "requests");
    this.seen = [];
  };

  readonly #reset = async (): Promise<void> => {
    await this.estate.clear();
    await this.#ask("POST", "reset", {});
    await this.#ask("DELETE", "faults");
    this.dispatchEvent(new Event("reset"));
  };

  async #curl({ method, path }: SandboxRequest): Promise<void> {
    // Quote what the shell would interpret.
    const url = `'${location.origin}${path.replaceAll("'", "%27")}'`;
    const text = `curl --request ${method} ${url} --header "Authorization: Bearer $TOKEN" --header 'Accept: application/json'`;
    this.said = "";
    await this.updateComplete;
    try {
      await navigator.clipboard.writeText(text);
      this.said = t("drawer.copied");
    } catch {
      this.said = text;
    }
  }
}
customElements.define("keyturn-drawer", Drawer);
