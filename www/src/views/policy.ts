/** The form of a target's policy. The engine validates it; nothing is saved until it accepts. */

import type { LifecycleWindow } from "keyturn/lifecycle";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { type Draft, shown } from "../estate/drafts.js";
import { type Estate, GRACE, type Target } from "../estate/estate.js";
import type { PolicySettings } from "../estate/store.js";
import { type Key, locale, t } from "../texts/text.js";
import { icon, note } from "../ui/icons.js";
import { base } from "../ui/styles.js";

const GRACES: readonly number[] = [0, 3_600_000, 86_400_000, 604_800_000, 2_592_000_000];
const PROOFS = ["used", "quiet", "healthy"] as const;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1);

/** The engine's defaults for what a policy omits. */
const DEFAULTS = { rotateBefore: "14d", maxActive: 2, zone: "UTC" } as const;

/** Emits `saved` once a policy is saved. */
export class PolicyForm extends LitElement {
  static override properties = {
    estate: { attribute: false },
    target: { attribute: false },
    windows: { state: true },
    said: { state: true },
    error: { state: true },
  };
  static override styles = [
    base,
    css`
      form,
      fieldset {
        display: grid;
        gap: 0.9rem;
        margin: 0;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      fieldset {
        gap: 0.4rem;
      }
      legend {
        padding: 0 0 0.2rem;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(11rem, 100%), 1fr));
        gap: 0.9rem;
        align-items: start;
      }
      .window {
        padding: 0.7rem 0.8rem;
        border: 1px solid var(--line);
        border-radius: var(--radius-small);
        background: var(--sunken);
      }
      .days {
        display: flex;
        flex-wrap: wrap;
        gap: 0.2rem 0.9rem;
      }
      .times {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 0.6rem;
      }
      .times .field {
        flex: 1 1 6.5rem;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.6rem;
      }
    `,
  ];
  declare estate: Estate;
  declare target: Target;
  /** The windows being edited. */
  declare private windows: readonly LifecycleWindow[];
  declare private said: string;
  declare private error: unknown;
  #zones: readonly string[] | undefined;

  constructor() {
    super();
    this.windows = [];
    this.said = "";
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("target") && changed.get("target")?.name !== this.target.name) {
      this.windows = this.#draft?.windows ?? this.#policy.windows ?? [];
      this.said = "";
      this.error = undefined;
    }
  }

  get #policy(): PolicySettings {
    return this.estate.settings(this.target.name).policy ?? {};
  }

  get #draft(): Draft | undefined {
    return this.estate.drafts.of("policy", this.target.name);
  }

  protected override render(): TemplateResult {
    const draft = this.#draft;
    const { rotateEvery, rotateBefore = DEFAULTS.rotateBefore, grace = GRACE, proofs = [] } = this.#policy;
    const { zone = DEFAULTS.zone, maxActive = DEFAULTS.maxActive } = this.#policy;
    const offered = this.target.plane === "c1" ? PROOFS : [];
    const chosenGrace = shown(draft, "grace", String(grace));
    const chosen: readonly string[] = draft ? (draft.fields.get("proof") ?? []) : proofs;
    return html`<form @submit=${this.#save} @input=${this.#edited}>
      <p class="small muted">${t("policy.about")}</p>
      <div class="pair">
        ${this.#days("every", t("policy.every"), t("policy.everyHint"), shown(draft, "every", daysOf(rotateEvery)))}
        ${this.#days("before", t("policy.before"), t("policy.beforeHint"), shown(draft, "before", daysOf(rotateBefore)))}
      </div>
      <div class="field">
        <label for="grace">${t("target.grace")}</label>
        <select id="grace" name="grace" aria-describedby="grace-hint">
          ${GRACES.map((one) => html`<option value=${one} .selected=${String(one) === chosenGrace}>${t(`grace.${one}` as Key)}</option>`)}
        </select>
        <p id="grace-hint" class="small muted">${t("target.graceHint")}</p>
      </div>
      <fieldset>
        <legend class="label">${t("policy.windows")}</legend>
        ${this.windows.length === 0 ? html`<p class="small muted">${t("policy.anyTime")}</p>` : nothing}
        ${this.windows.map((window, index) => this.#window(window, index))}
        <div><button type="button" id="add" @click=${this.#add}>${icon("plus")} ${t("policy.addWindow")}</button></div>
      </fieldset>
      <div class="pair">
        <div class="field">
          <label for="zone">${t("policy.zone")}</label>
          <input id="zone" name="zone" list="zones" autocomplete="off" spellcheck="false" .value=${shown(draft, "zone", zone)} />
          <datalist id="zones">${this.#allZones.map((one) => html`<option value=${one}></option>`)}</datalist>
        </div>
        <div class="field">
          <label for="active">${t("policy.active")}</label>
          <input id="active" name="active" type="number" min="2" max="1000" inputmode="numeric" aria-describedby="active-hint" .value=${shown(draft, "active", String(maxActive))} />
          <p id="active-hint" class="small muted">${t("policy.activeHint")}</p>
        </div>
      </div>
      ${
        offered.length > 0
          ? html`<fieldset>
              <legend class="label">${t("target.proofs")}</legend>
              ${offered.map(
                (proof) => html`<label class="choice">
                  <input type="checkbox" name="proof" value=${proof} .checked=${chosen.includes(proof)} />
                  <span>${t(`target.proof.${proof}`)}</span>
                </label>`,
              )}
            </fieldset>`
          : nothing
      }
      <div role="alert">${this.error ? note("bad", "warning", html`<p><strong>${t("policy.refused")}</strong> <span lang="en" dir="ltr">${(this.error as Error).message}</span></p>`) : nothing}</div>
      <div class="buttons">
        <button class="primary">${t("policy.save")}</button>
        ${draft ? html`<button type="button" @click=${this.#discard}>${t("target.discard")} <span class="unseen">(${t("target.policy")})</span></button>` : nothing}
        <span role="status" class="small muted">${draft ? t("target.unsaved") : this.said}</span>
      </div>
    </form>`;
  }

  #days(name: string, label: string, hint: string, value: string): TemplateResult {
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <input id=${name} name=${name} type="number" min="1" max="3650" inputmode="numeric" aria-describedby="${name}-hint" .value=${value} />
      <p id="${name}-hint" class="small muted">${hint}</p>
    </div>`;
  }

  #window({ days = DAYS, from = "", to = "" }: LifecycleWindow, index: number): TemplateResult {
    const word = new Intl.DateTimeFormat(locale(), { weekday: "short", timeZone: "UTC" });
    const change = (some: LifecycleWindow): void => {
      this.windows = this.windows.map((one, at) => (at === index ? { ...one, ...some } : one));
      this.#edited();
    };
    const time = (name: "from" | "to", value: string): TemplateResult => html`<div class="field">
      <label for="${name}${index}">${t(`policy.${name}`)}</label>
      <input id="${name}${index}" type="time" .value=${value === "24:00" ? "00:00" : value}
        @change=${(event: Event) => change({ [name]: (event.target as HTMLInputElement).value || undefined })} />
    </div>`;
    return html`<div class="window" role="group" aria-label=${t("policy.window", { n: index + 1 })}>
      <div class="days">
        ${DAYS.map(
          (day, at) => html`<label class="choice">
            <input type="checkbox" .checked=${days.includes(day)}
              @change=${(event: Event) => change({ days: DAYS.filter((one) => (one === day ? (event.target as HTMLInputElement).checked : days.includes(one))) })} />
            <span>${word.format(MONDAY + at * 86_400_000)}</span>
          </label>`,
        )}
      </div>
      <div class="times">
        ${time("from", from)} ${time("to", to)}
        <button type="button" class="quiet risky" @click=${() => this.#remove(index)}>
          ${icon("cross")} ${t("policy.removeWindow")} <span class="unseen">${index + 1}</span>
        </button>
      </div>
    </div>`;
  }

  get #allZones(): readonly string[] {
    this.#zones ??= [...new Set(["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];
    return this.#zones;
  }

  readonly #edited = (): void => {
    const form = this.renderRoot.querySelector("form") as HTMLFormElement;
    this.estate.drafts.keep("policy", this.target.name, form, this.windows);
    this.said = "";
    this.requestUpdate();
  };

  readonly #discard = (): void => {
    this.estate.drafts.drop("policy", this.target.name);
    this.windows = this.#policy.windows ?? [];
    this.error = undefined;
    // The focused button is about to be removed.
    this.renderRoot.querySelector<HTMLElement>("#every")?.focus();
  };

  readonly #add = (): void => {
    this.windows = [...this.windows, { days: [...DAYS], from: "22:00", to: "04:00" }];
    this.#edited();
  };

  #remove(index: number): void {
    this.windows = this.windows.filter((_, at) => at !== index);
    this.#edited();
    // The focused button has been removed.
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("#add")?.focus());
  }

  readonly #save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const { estate, target } = this;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    const days = (name: string): string => (text(name) === "" ? "never" : `${Number(text(name))}d`);
    const chosen = form.getAll("proof");
    const policy: PolicySettings = {
      rotateEvery: days("every"),
      rotateBefore: days("before"),
      grace: Number(text("grace")),
      windows: this.windows,
      zone: text("zone") || DEFAULTS.zone,
      maxActive: text("active") === "" ? DEFAULTS.maxActive : Number(text("active")),
      proofs: PROOFS.filter((proof) => chosen.includes(proof)),
    };
    this.said = "";
    this.error = undefined;
    try {
      (await estate.lifecycles()).check(target, policy);
      await estate.keep(target, { ...estate.settings(target.name), policy });
      estate.drafts.drop("policy", target.name);
      this.said = t("policy.saved");
      this.dispatchEvent(new Event("saved"));
    } catch (error) {
      this.error = error;
    }
  };
}
customElements.define("keyturn-policy", PolicyForm);

/** Returns the number of days of a duration such as `30d`, for a field; empty for any other. */
function daysOf(duration: string | undefined): string {
  return /^(\d+)d$/.exec(duration ?? "")?.[1] ?? "";
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-policy": PolicyForm;
  }
}
