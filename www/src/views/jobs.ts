/** Rotations of many targets: what they would change, what is happening, and how far they are. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { Job, Part, Rules, Works } from "../estate/job.js";
import { rotateLink } from "../route.js";
import { isKey, type Key, number, rich, t } from "../texts/text.js";
import { chip, type IconName, note, type Tone } from "../ui/icons.js";
import { bdis } from "../ui/names.js";
import { base } from "../ui/styles.js";
import { view } from "../ui/view.js";
import { Watch } from "../ui/watch.js";

const PARTS: Readonly<Record<Part, readonly [tone: Tone, icon: IconName]>> = {
  waiting: ["plain", "dash"],
  working: ["accent", "sync"],
  store: ["warn", "key"],
  stored: ["good", "check"],
  failed: ["bad", "warning"],
};

/** The values to choose from for each rule. */
const CHOICES: Readonly<Record<keyof Rules, readonly number[]>> = {
  canary: [1, 2, 3, 5, 10],
  cap: [1, 2, 5, 10],
  failures: [1, 2, 5, 10],
};

export class Jobs extends LitElement {
  static override properties = { estate: { attribute: false } };
  static override styles = [
    base,
    view,
    css`
      .panel {
        container-type: inline-size;
        gap: 0.9rem;
      }
      .rules {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr));
        gap: 1rem;
        align-items: start;
      }
      .diff {
        display: grid;
        gap: 0.1rem;
      }
      .diff li {
        display: flex;
        gap: 0.5rem;
        overflow-wrap: anywhere;
      }
      .diff .add {
        color: var(--good);
      }
      .diff .end {
        color: var(--bad);
      }
      .diff li::before {
        content: "=" / "";
        font: 700 1em var(--mono);
      }
      .diff .add::before {
        content: "+" / "";
      }
      .diff .end::before {
        content: "−" / "";
      }
      progress {
        width: 100%;
        height: 0.5rem;
        appearance: none;
        border: 0;
        border-radius: 99px;
        background: var(--plain-soft);
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--plain-soft);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      .panel > p > a {
        display: inline-flex;
        align-items: center;
        min-height: 24px;
      }
      td.actions a:not(.button) {
        display: inline-flex;
        align-items: center;
        min-height: 24px;
        margin-block: 0.45rem;
      }
      td.actions .button {
        min-height: 2rem;
      }
      @media (forced-colors: active) {
        progress {
          border: 1px solid CanvasText;
          forced-color-adjust: none;
        }
      }
    `,
  ];
  declare estate: Works;

  constructor() {
    super();
    new Watch(this, () => this.estate);
    new Watch(this, () => this.estate.job);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // A job from an earlier page names targets whose lists have not been loaded.
    if (this.estate.job && !this.estate.loaded && !this.estate.loading) void this.estate.load();
  }

  protected override updated(): void {
    const bar = this.renderRoot.querySelector("progress");
    if (bar) bar.value = this.estate.job?.count("stored") ?? 0;
  }

  protected override render(): TemplateResult {
    const { job } = this.estate;
    if (!job)
      return html`<h1 tabindex="-1">${t("jobs.title")}</h1>
        <div class="panel"><p><strong>${t("jobs.none")}</strong> ${t("jobs.noneMore")}</p><p><a href="#/">${t("nav.overview")}</a></p></div>`;
    const { state } = job;
    return html`<div>
        <h1 id="heading" tabindex="-1">${t("jobs.title")}</h1>
        <p class="muted">${rich(this.estate.byHand ? "jobs.about" : "jobs.about.served")}</p>
      </div>
      <section class="panel" aria-label=${t("jobs.rules")}>
        ${note(state === "stopped" ? "bad" : state === "canary" ? "warn" : state === "done" ? "good" : "plain", state === "done" ? "check" : "info", html`<p role="status">${t(`jobs.state.${state}`)} ${this.#next(job)}</p>`)}
        ${state === "planned" ? nothing : html`<progress aria-label=${t("nav.jobsAt", { done: job.count("stored"), all: job.targets.length })} max=${job.targets.length}></progress>`}
        <div class="rules">
          ${this.#rule(job, "canary")} ${this.#rule(job, "cap")} ${this.#rule(job, "failures")}
        </div>
        <div class="buttons">
          ${this.#buttons(job)}
          <button type="button" class="quiet risky" @click=${this.#end}>${t("jobs.end")}</button>
        </div>
      </section>
      <section class="panel" aria-labelledby="diff">
        <h2 id="diff">${t("jobs.diff")}</h2>
        <table role="table" aria-labelledby="diff">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">${t("jobs.target")}</th>
              <th role="columnheader" scope="col">${t("jobs.change")}</th>
              <th role="columnheader" scope="col">${t("jobs.state")}</th>
              <th role="columnheader" scope="col"><span class="unseen">${t("jobs.open")}</span></th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            ${job.targets.map((name) => this.#row(job, name))}
          </tbody>
        </table>
      </section>`;
  }

  /** Returns what a person has to do for the job to continue. */
  #next(job: Job): string | typeof nothing {
    const [state, store] = [job.state, job.count("store")];
    return store > 0 && ["running", "paused", "stopped"].includes(state) ? t("jobs.next", { n: store }) : nothing;
  }

  #buttons(job: Job): TemplateResult | typeof nothing {
    switch (job.state) {
      case "planned":
        return html`<button type="button" class="primary" @click=${() => job.start()}>${t("jobs.start", { n: Math.min(job.rules.canary, job.targets.length) })}</button>`;
      case "running":
        return html`<button type="button" class="primary" @click=${() => job.pause()}>${t("jobs.pause")}</button>`;
      case "paused":
        return html`<button type="button" class="primary" @click=${() => job.start()}>${t("jobs.resume")}</button>`;
      case "canary":
        return html`<button type="button" class="primary" @click=${() => job.prove()}>${t("jobs.prove")}</button>`;
      case "stopped":
        return html`<button type="button" class="primary" @click=${() => job.again()}>${t("jobs.again")}</button>`;
      case "done":
        return nothing;
    }
  }

  #rule(job: Job, name: keyof Rules): TemplateResult {
    const choose = (event: Event): void => job.rule({ [name]: Number((event.target as HTMLSelectElement).value) });
    return html`<div class="field">
      <label for=${name}>${t(`jobs.${name}`)}</label>
      <select id=${name} aria-describedby="${name}-hint" @change=${choose}>
        ${CHOICES[name].map((one) => html`<option value=${one} .selected=${one === job.rules[name]}>${number(one)}</option>`)}
      </select>
      <p id="${name}-hint" class="small muted">${t(this.#hint(name))}</p>
    </div>`;
  }

  #hint(name: keyof Rules): Key {
    return name === "cap" && !this.estate.byHand ? "jobs.capHint.served" : `jobs.${name}Hint`;
  }

  #row(job: Job, name: string): TemplateResult {
    const target = this.estate.target(name);
    const part = job.part(name);
    const label = target?.label ?? name;
    const distinction = this.estate.distinction(name);
    const group = target?.group ?? "";
    const failed = job.failed[name];
    const trouble = `trouble.${failed}`;
    const why =
      part !== "failed"
        ? nothing
        : failed === undefined
          ? t("event.rolled-back")
          : isKey(trouble)
            ? t(trouble)
            : html`<span lang="en" dir="ltr">${failed}</span>`;
    return html`<tr role="row">
      <th role="rowheader" scope="row"><bdi>${label}</bdi><span class="under">${bdis([group, distinction === group ? "" : (distinction ?? "")])}</span></th>
      <td role="cell" data-label=${t("jobs.change")}>${this.#diff(name)}</td>
      <td role="cell" data-label=${t("jobs.state")}>
        <div>${chip(...PARTS[part], t(`jobs.part.${part}`))} ${why === nothing ? nothing : html`<span class="under">${why}</span>`}</div>
      </td>
      <td role="cell" class="actions">
        <div>
          ${
            part === "waiting"
              ? nothing
              : html`<a class=${part === "store" ? "button" : ""} href=${rotateLink(name, "#/jobs")}>${t(part === "store" ? "jobs.store" : "jobs.open")} <span class="unseen">${bdis([label, distinction ?? ""])}</span></a>`
          }
        </div>
      </td>
    </tr>`;
  }

  #diff(name: string): TemplateResult {
    const prospect = this.estate.prospect(name);
    if (!prospect) {
      const under = this.estate.standing(name)?.phase !== undefined;
      return html`<p class="small muted">${t(under ? "jobs.diff.under" : "loading")}</p>`;
    }
    const { ends, grace, cuts, sinks, refused } = prospect;
    if (refused !== undefined) {
      const key = `jobs.refused.${refused}`;
      return isKey(key)
        ? html`<p class="small">${rich(key)}</p>`
        : html`<p class="small" lang="en" dir="ltr">${refused}</p>`;
    }
    const end = cuts ? "jobs.diff.cuts" : this.estate.byHand ? "jobs.diff.end" : "jobs.diff.ends";
    return html`<ul class="diff">
      <li class="add">${t("jobs.diff.add")}</li>
      ${sinks.map(
        ({ name: sink, holds }) =>
          html`<li class="add"><span>${rich("jobs.diff.sink", { sink: html`<bdi translate="no">${sink}</bdi>` })} ${holds === undefined ? nothing : html`<span class="muted">${rich("jobs.diff.holds", { id: html`<span class="mono" translate="no">${holds}</span>` })}</span>`}</span></li>`,
      )}
      ${
        ends
          ? html`<li class="end"><span>${rich(end, { id: html`<span class="mono" translate="no">${ends}</span>`, grace })}</span></li>`
          : html`<li class="muted">${t("jobs.diff.none")}</li>`
      }
    </ul>`;
  }

  readonly #end = (): void => {
    this.estate.endJob();
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("h1")?.focus());
  };
}
customElements.define("keyturn-jobs", Jobs);
