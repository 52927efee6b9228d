/** All targets of `keyturn.json`: what needs a person, counters that are filters, the timeline, ages, and one table. */

import type { LifecycleCredential, LifecycleFinding, LifecycleStatus } from "keyturn/lifecycle";
import { css, html, nothing, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { rotateLink, targetLink } from "../route.js";
import { isKey, rich, t } from "../texts/text.js";
import { line } from "../ui/dates.js";
import { describe, SEVERITIES } from "../ui/findings.js";
import { icon, note } from "../ui/icons.js";
import { Watch } from "../ui/watch.js";
import { TargetsView } from "../views/targets.js";
import type { ServedEstate } from "./estate.js";
import { found } from "./found.js";

/** How many findings are shown before the rest is only counted. */
const FINDINGS = 8;

/** How many targets of a finding are named. */
const TARGETS = 3;

export class ServedOverview extends TargetsView {
  static override properties = { estate: { attribute: false }, busy: { state: true }, said: { state: true } };
  static override styles = [
    ...TargetsView.styles,
    found,
    css`
      .panel {
        container-type: inline-size;
      }
      .pictures {
        align-items: start;
      }
      .doubts li + li {
        margin-top: 0.6rem;
      }
    `,
  ];
  declare estate: ServedEstate;
  declare private busy: boolean;
  declare private said: string;

  constructor() {
    super();
    this.busy = false;
    this.said = "";
    new Watch(this, () => this.estate);
  }

  protected override get joins(): boolean {
    return this.estate.job?.isOpen === true;
  }

  protected override render(): TemplateResult {
    const { estate } = this;
    const { rows, ready, due, comparing } = estate;
    return html`<div class="title">
        <div>
          <h1 tabindex="-1">${t("overview.title")}</h1>
          <p class="muted">${t("served.overview")}</p>
        </div>
        <div class="buttons">
          ${due.length > 0 ? html`<button type="button" class="primary" aria-disabled=${this.busy} @click=${this.#due}>${icon("key")} ${t("served.due", { n: due.length })}</button>` : nothing}
          ${ready.length > 0 ? html`<button type="button" aria-disabled=${this.busy} @click=${this.#advance}>${icon("sync")} ${t("served.advance", { n: ready.length })}</button>` : nothing}
          <button type="button" aria-disabled=${comparing !== undefined} @click=${this.#compare}>${icon("search")} ${t("served.compare")}</button>
        </div>
      </div>
      <p role="status" class="small muted" ?hidden=${comparing === undefined && this.said === ""}>
        ${comparing === undefined ? this.said : t("served.comparing", { n: comparing, all: rows.length })}
      </p>
      ${estate.about.changed ? note("warn", "warning", html`<p>${rich("served.changed")}</p>`) : nothing}
      ${this.targets(rows, html`${this.#found()} ${this.#doubts()}`)}`;
  }

  #found(): TemplateResult | typeof nothing {
    const groups = grouped(this.estate.findings);
    if (groups.length === 0) return nothing;
    const more = groups.slice(FINDINGS).reduce((sum, { length }) => sum + length, 0);
    return html`<section class="panel" aria-labelledby="findings">
      <h2 id="findings">${t("served.findings")}</h2>
      <ul class="found">${groups.slice(0, FINDINGS).map(findingsOf)}</ul>
      ${more > 0 ? html`<p class="muted">${rich("served.more", { n: more })}</p>` : nothing}
    </section>`;
  }

  /** Renders the credentials whose state is uncertain: perhaps issued, or alive without a consumer. */
  #doubts(): TemplateResult | typeof nothing {
    const doubts = this.estate.statuses.flatMap(doubtsOf);
    if (doubts.length === 0) return nothing;
    return html`<section class="panel" aria-labelledby="doubts">
      <h2 id="doubts">${t("served.doubts")}</h2>
      <ul class="doubts">
        ${doubts.map(
          ({ target, what }) => html`<li><a href=${rotateLink(target, "#/")}><bdi>${target}</bdi></a>: ${what}</li>`,
        )}
      </ul>
    </section>`;
  }

  /** Plans a job of the due targets that may begin now, by the windows of their policies and the caps. */
  readonly #due = (): Promise<void> =>
    this.#do(async () => {
      const { begin } = await this.estate.lifecycle.due();
      if (begin.length > 0) this.together(begin);
      else this.said = t("served.due.none");
    });

  readonly #advance = (): Promise<void> => this.#do(() => this.estate.advance());

  readonly #compare = (): Promise<void> => this.#do(() => this.estate.compare());

  async #do(work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.said = "";
    try {
      await work();
    } catch (error) {
      this.said = (error as Error).message;
    } finally {
      this.busy = false;
    }
  }
}
customElements.define("keyturn-served-overview", ServedOverview);

/** Groups findings that differ only in their target, in the order of the first of each group. */
function grouped(findings: readonly LifecycleFinding[]): readonly (readonly LifecycleFinding[])[] {
  const groups = new Map<string, LifecycleFinding[]>();
  for (const finding of findings) {
    const { code, severity, number = "", about = "", credential = "" } = finding;
    const key = JSON.stringify([code, severity, number, about, credential]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

function findingsOf(group: readonly LifecycleFinding[]): TemplateResult | typeof nothing {
  const [first] = group;
  if (!first) return nothing;
  const more = group.length - TARGETS;
  const links = group
    .slice(0, TARGETS)
    .map(({ target }, at) => html`${at > 0 ? ", " : nothing}<a href=${targetLink(target)}><bdi>${target}</bdi></a>`);
  return html`<li>
    <span class=${SEVERITIES[first.severity]}>${t(`severity.${first.severity}`)}</span>
    <span>${links} ${more > 0 ? html`<span class="muted">${t("served.others", { n: more })}</span> ` : nothing}<br />${describe(first, clock.now())}</span>
  </li>`;
}

interface Doubt {
  readonly target: string;
  readonly what: unknown;
}

function doubtsOf({ target, doubt, credentials }: LifecycleStatus): readonly Doubt[] {
  const loose = credentials.filter(({ role }) => role === "leftover" || role === "orphan");
  const windows: readonly Doubt[] = doubt
    ? [
        {
          target,
          what: rich("served.doubt", {
            from: line(new Date(doubt.since), "—"),
            to: line(new Date(doubt.until), "—"),
            marker: html`<span class="mono" translate="no">${doubt.marker}</span>`,
          }),
        },
      ]
    : [];
  return [...windows, ...loose.map((one) => ({ target, what: looseOf(one) }))];
}

function looseOf({ id, role }: LifecycleCredential): unknown {
  const key = `served.loose.${role}`;
  return isKey(key) ? rich(key, { id: html`<span class="mono" translate="no">${id}</span>` }) : id;
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-served-overview": ServedOverview;
  }
}
