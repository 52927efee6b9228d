/** The choice among ways to log in. Input is passed on and not kept. */

import { ConfigurationError, type DeviceCode } from "keyturn/slim";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { type Connections, connectSandbox, type Sandbox } from "../connection/connection.js";
import { type Field, SERVICES, type Service, type Way, ways } from "../connection/ways.js";
import { locale, t } from "../texts/text.js";
import { underlying } from "../ui/failure.js";
import { icon, note } from "../ui/icons.js";
import { base } from "../ui/styles.js";
import "../ui/failure.js";
import "./approval.js";

/**
 * Emits `connected` with the {@link Connections} that have been made, and `back` if there is something to go back to.
 */
export class Connect extends LitElement {
  static override properties = {
    sandbox: { attribute: false },
    services: { attribute: false },
    service: { state: true },
    way: { state: true },
    error: { state: true },
    problems: { state: true },
    connecting: { state: true },
    code: { state: true },
    filled: { state: true },
  };
  static override styles = [
    base,
    css`
      .card {
        max-width: 34rem;
        margin: 3rem auto;
        padding: 1.6rem 1.75rem 1.75rem;
        display: grid;
        gap: 1.25rem;
      }
      h1 {
        font-size: 1.375rem;
      }
      form,
      fieldset {
        display: grid;
        gap: 1.1rem;
        margin: 0;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      fieldset {
        gap: 0.35rem;
      }
      legend {
        padding: 0;
        margin-bottom: 0.3rem;
      }
      .about {
        margin-block: -0.35rem 0.3rem;
        margin-inline-start: 1.75rem;
      }
      .sandbox {
        display: flex;
        flex-wrap: wrap;
        gap: 0.75rem 1rem;
        align-items: center;
        justify-content: space-between;
        padding-bottom: 1.25rem;
        border-bottom: 1px solid var(--line);
      }
      .sandbox p {
        flex: 1 1 14rem;
      }
      .services {
        display: flex;
        flex-wrap: wrap;
        gap: 0.35rem 1.5rem;
      }
      .fill,
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem 0.75rem;
        align-items: center;
      }
      @media (width < 30rem) {
        .card {
          margin-block: 1.25rem;
          padding: 1.2rem 1.1rem;
        }
      }
    `,
  ];
  /** How to log in to the sandbox behind this page, if there is one. */
  declare sandbox: Sandbox | undefined;
  /** The services to connect to. If these are not all, the others are connected, and one can go back to them. */
  declare services: readonly Service[];
  declare private service: Service;
  declare private way: Way;
  declare private error: unknown;
  /** The error messages, by field. */
  declare private problems: Record<string, string>;
  declare private connecting: boolean;
  /** The code that a person has to approve before the log-in continues. */
  declare private code: DeviceCode | undefined;
  /** Whether the fields have been filled with the sandbox's values. */
  declare private filled: boolean;
  #attempt: AbortController | undefined;

  constructor() {
    super();
    this.services = Object.keys(SERVICES) as Service[];
    this.service = "c1";
    this.way = ways.c1[0] as Way;
    this.problems = {};
    this.connecting = false;
    this.code = undefined;
    this.filled = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#cancel();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const [first] = this.services;
    if (changed.has("services") && first && !this.services.includes(this.service))
      this.#choose(ways[first][0] as Way, first);
  }

  protected override render(): TemplateResult {
    const { way, sandbox, services, service, error, connecting, code } = this;
    const whole = services.length > 1;
    return html`<section class="card" aria-labelledby="heading">
      <h1 id="heading" tabindex="-1">${t("connect.title", { services: either(services) })}</h1>
      ${
        sandbox && whole
          ? html`<div class="sandbox" ?hidden=${code}>
            <p class="muted">${t("connect.sandbox")}</p>
            <button type="button" @click=${() => this.#connect((signal) => connectSandbox(sandbox, signal))}>${icon("shield")} ${t("connect.useSandbox")}</button>
          </div>`
          : nothing
      }
      ${code ? html`<keyturn-approval .code=${code} @cancel=${this.#cancel}></keyturn-approval>` : nothing}
      <form @submit=${this.#submit} ?hidden=${code} novalidate autocomplete="off">
        ${
          whole
            ? html`<fieldset>
              <legend class="label">${t("connect.to")}</legend>
              <div class="services">
                ${services.map(
                  (one) => html`<label class="choice">
                    <input type="radio" name="service" .checked=${one === service} @change=${() => this.#choose(ways[one][0] as Way, one)} />
                    <span translate="no">${SERVICES[one]}</span>
                  </label>`,
                )}
              </div>
            </fieldset>`
            : nothing
        }
        <fieldset>
          <legend class="label">${t("connect.with")}</legend>
          ${ways[service].map(
            (one) => html`<label class="choice">
                <input type="radio" name="way" aria-describedby=${one.id} .checked=${one === way} @change=${() => this.#choose(one)} />
                <span>${t(one.label)}</span>
              </label>
              <p id=${one.id} class="about small muted">${t(one.about)}</p>`,
          )}
        </fieldset>
        ${
          sandbox && way.sandbox
            ? html`<div class="fill">
              <button type="button" @click=${this.#fill}>${icon("shield")} ${t(way.sandbox.label)}</button>
              <span role="status" class="small muted">${this.filled ? t("connect.filled") : ""}</span>
            </div>`
            : nothing
        }
        ${keyed(
          way.id,
          way.fields.map((field) => this.#field(field)),
        )}
        ${note("plain", "info", html`<p>${t("connect.memory")}</p>`)}
        ${error ? html`<keyturn-failure .error=${error}></keyturn-failure>` : nothing}
        <div class="buttons">
          <button class="primary" aria-disabled=${connecting}>${connecting ? html`${icon("sync", 16, "turning")} ${t("connect.connecting")}` : t("connect.connect")}</button>
          ${whole ? nothing : html`<button type="button" @click=${() => this.dispatchEvent(new Event("back"))}>${t("connect.back")}</button>`}
        </div>
      </form>
    </section>`;
  }

  #field({ name, label, hint, secret, value = "" }: Field): TemplateResult {
    const problem = this.problems[name] ?? "";
    return html`<div class="field">
      <label for=${name}>${t(label)}</label>
      <input
        id=${name}
        name=${name}
        class="mono"
        type=${secret ? "password" : "text"}
        value=${value}
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        aria-describedby="${name}-hint ${name}-problem"
        aria-invalid=${problem !== ""}
      />
      <p id="${name}-hint" class="small muted">${t(hint)}</p>
      <p id="${name}-problem" class="error" role="alert">${problem ? html`${icon("warning")}<span>${problem}</span>` : nothing}</p>
    </div>`;
  }

  #choose(way: Way, service = this.service): void {
    this.service = service;
    this.way = way;
    this.problems = {};
    this.error = undefined;
    this.filled = false;
  }

  readonly #fill = async (): Promise<void> => {
    const { way } = this;
    this.filled = false;
    try {
      const values = (await way.sandbox?.values()) ?? {};
      if (way !== this.way) return;
      this.problems = {};
      this.error = undefined;
      for (const [name, value] of Object.entries(values)) {
        const input = this.renderRoot.querySelector<HTMLInputElement>(`#${name}`);
        if (input) input.value = value;
      }
      this.filled = true;
    } catch (error) {
      this.error = error;
    }
  };

  readonly #cancel = (): void => this.#attempt?.abort();

  readonly #show = (code: DeviceCode): void => {
    if (!this.connecting) throw new Error("the log-in has ended, and nobody looks for a code");
    this.code = code;
  };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]));
    const { way } = this;
    this.problems = Object.fromEntries(
      way.fields.flatMap(({ name, label, optional }) =>
        values[name] || optional ? [] : [[name, t("connect.field.missing", { label: t(label) })]],
      ),
    );
    if (Object.keys(this.problems).length === 0)
      await this.#connect((signal) => way.connect(values, this.#show, signal));
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  };

  async #connect(connecting: (signal: AbortSignal) => Promise<Connections>): Promise<void> {
    if (this.connecting) return;
    this.connecting = true;
    this.error = undefined;
    this.problems = {};
    const { signal } = (this.#attempt = new AbortController());
    try {
      const detail = await connecting(signal);
      this.dispatchEvent(new CustomEvent("connected", { detail }));
    } catch (error) {
      if (signal.aborted) return;
      const wrong = underlying(error);
      const option = wrong instanceof ConfigurationError ? wrong.option : "";
      if (this.way.fields.some(({ name }) => name === option)) {
        this.problems = { [option]: (wrong as Error).message.replace(`${option}: `, "") };
      } else {
        this.error = error;
      }
    } finally {
      this.connecting = false;
      await this.#return();
    }
  }

  /** Returns from the code to the form, and moves the focus there. */
  async #return(): Promise<void> {
    if (!this.code) return;
    this.code = undefined;
    await this.updateComplete;
    if (this.isConnected) this.renderRoot.querySelector<HTMLElement>("form .primary")?.focus();
  }
}
customElements.define("keyturn-connect", Connect);

/** Formats services as alternatives: "C1 or Commerce Layer". */
function either(services: readonly Service[]): string {
  const names = services.map((one) => SERVICES[one]);
  return new Intl.ListFormat(locale(), { type: "disjunction" }).format(names);
}
