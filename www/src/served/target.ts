/** One target: facts, findings, credentials over time, sinks, the policy of `keyturn.json`, and history. */

import type { LifecycleComparison, LifecyclePlan, LifecycleStatus } from "keyturn/lifecycle";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import "../regions/history.js";
import { rotateLink } from "../route.js";
import { isKey, rich, t } from "../texts/text.js";
import { wayBack } from "../ui/back.js";
import { line } from "../ui/dates.js";
import { describe, SEVERITIES } from "../ui/findings.js";
import { chip, type IconName, icon, note, type Tone } from "../ui/icons.js";
import { lifeOf, lives, livesStyle } from "../ui/lives.js";
import { base } from "../ui/styles.js";
import { narrowing, view } from "../ui/view.js";
import { Watch } from "../ui/watch.js";
import { type Examined, inWords, type ServedEstate } from "./estate.js";
import { found } from "./found.js";
import { planeOf } from "./rows.js";

/** The look of each state that the control plane reports of a credential. */
const SEEN: Readonly<Record<LifecycleComparison["controlPlane"], readonly [Tone, IconName]>> = {
  alive: ["good", "check"],
  ended: ["plain", "barred"],
  gone: ["bad", "cross"],
  unknown: ["plain", "question"],
};

export class ServedTarget extends LitElement {
  static override properties = {
    estate: { attribute: false },
    target: {},
    from: {},
    examined: { state: true },
    adopting: { state: true },
    error: { state: true },
  };
  static override styles = [
    base,
    view,
    narrowing,
    found,
    livesStyle,
    css`
      .panel {
        container-type: inline-size;
      }
      nav a {
        display: inline-flex;
        align-items: center;
        min-height: 24px;
      }
      .columns {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
        gap: 1.25rem;
        align-items: start;
      }
      .column,
      .list {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
        min-width: 0;
      }
      .list {
        gap: 0.6rem;
      }
    `,
  ];
  declare estate: ServedEstate;
  declare target: string;
  declare from: string;
  /** What the server found; `undefined` until it has looked. */
  declare private examined: Examined | undefined;
  declare private adopting: boolean;
  declare private error: Error | undefined;
  /** The number of the journal's last event when the target was examined. */
  #sequence = -1;

  constructor() {
    super();
    this.target = this.from = "";
    this.adopting = false;
    new Watch(this, () => this.estate);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("target")) {
      this.examined = undefined;
      this.#sequence = -1;
    }
    const { sequence } = this.estate.status(this.target) ?? {};
    if (sequence === undefined || sequence === this.#sequence) return;
    this.#sequence = sequence;
    void this.#examine();
  }

  readonly #examine = async (): Promise<void> => {
    const { target } = this;
    this.error = undefined;
    try {
      const examined = await this.estate.examine(target);
      if (target === this.target) this.examined = examined;
    } catch (error) {
      this.error = error as Error;
    }
  };

  protected override render(): TemplateResult {
    const status = this.estate.status(this.target);
    const back = html`<nav aria-label=${t("target.backLabel")}>${wayBack(this.from)}</nav>`;
    if (!status)
      return html`${back}
        <div class="panel"><h1 tabindex="-1">${t("target.missing")}</h1><p class="muted">${rich("served.missing")}</p></div>`;
    return html`${back}
      <div class="title">
        <div>
          <h1 tabindex="-1"><bdi>${status.target}</bdi></h1>
          <p class="muted"><span translate="no">${status.provider} · ${planeOf(status.provider)}</span></p>
        </div>
        <a class="button" href=${rotateLink(status.target, this.from)}>${icon("key")} ${t(status.phase ? "target.goOn" : "target.rotate")}</a>
      </div>
      ${this.error ? note("bad", "warning", html`<p role="alert">${this.error.message}</p><p><button type="button" @click=${this.#examine}>${t("retry")}</button></p>`) : nothing}
      ${this.#findings()}
      <div class="columns">
        <div class="column">${this.#facts(status)} ${this.#credentials(status)}</div>
        <div class="column">${this.#sinks()} ${this.#policy(status)}</div>
      </div>
      <section class="panel" aria-label=${t("target.history")}>
        <keyturn-history
          .events=${this.examined?.history ?? []}
          .broken=${this.examined?.broken}
          about=${t("served.historyAbout")}
        ></keyturn-history>
      </section>`;
  }

  #findings(): TemplateResult {
    const { findings } = this.examined ?? {};
    return html`<section class="panel" aria-labelledby="findings">
      <h2 id="findings">${t("target.findings")}</h2>
      <div aria-busy=${findings === undefined && !this.error}>
        ${
          findings === undefined
            ? html`<p role="status" class="muted">${t("served.examining")}</p>`
            : findings.length === 0
              ? note("good", "check", html`<p>${t("target.noFindings")}</p>`)
              : html`<ul class="found">
                  ${findings.map((finding) => html`<li><span class=${SEVERITIES[finding.severity]}>${t(`severity.${finding.severity}`)}</span><span>${describe(finding, clock.now())}</span></li>`)}
                </ul>`
        }
      </div>
    </section>`;
  }

  #facts(status: LifecycleStatus): TemplateResult {
    const { current, due, owner, consumers, group, progress } = status;
    const row = this.estate.rows.find(({ target }) => target === status.target);
    const date = (at: number | undefined): Date | undefined => (at === undefined ? undefined : new Date(at));
    const fact = (word: string, value: unknown): TemplateResult => html`<dt>${word}</dt><dd>${value}</dd>`;
    const text = (value: string | undefined): unknown => (value ? html`<bdi>${value}</bdi>` : "—");
    return html`<section class="panel" aria-labelledby="facts">
      <h2 id="facts">${t("target.facts")}</h2>
      ${
        progress.state === "stopped"
          ? note(
              "bad",
              "warning",
              html`<p><strong>${rich("served.stopped", { about: html`<span class="mono" translate="no">${progress.reason}: ${progress.about}</span>` })}</strong> ${t("finding.attention.do")}</p>`,
            )
          : nothing
      }
      <dl class="facts">
        ${fact(t("target.credential"), current ? html`<span class="mono" translate="no">${current.id}</span>` : t("target.none"))}
        ${fact(t("target.clientId"), html`<span class="mono" translate="no">${current?.clientId ?? "—"}</span>`)}
        ${fact(t("target.created"), line(date(row?.createdAt), "—"))}
        ${fact(t("target.expires"), line(date(row?.expiresAt), "—"))}
        ${fact(t("target.used"), row?.tellsUse === false ? t("served.used.unknown") : line(date(row?.lastUsedAt), "—"))}
        ${fact(t("target.due"), line(date(due?.at), t("target.notDue")))}
        ${fact(t("target.owner"), text(owner))}
        ${fact(t("target.consumers"), text(consumers.join(", ")))}
        ${group ? fact(t("target.group"), text(group)) : nothing}
      </dl>
      ${current === undefined && status.phase === undefined ? this.#adopt(status) : nothing}
    </section>`;
  }

  /** Renders a form to name the credential in use, which the journal does not know. */
  #adopt({ target }: LifecycleStatus): TemplateResult {
    return html`<form class="list" @submit=${(event: Event) => this.#adopted(event, target)}>
      <div class="field">
        <label for="adopt">${t("served.adopt")}</label>
        <input id="adopt" name="adopt" required autocomplete="off" spellcheck="false" aria-describedby="adopt-hint" />
        <p id="adopt-hint" class="small muted">${t("served.adoptHint")}</p>
      </div>
      <div><button aria-disabled=${this.adopting}>${t("served.adoptDo")}</button></div>
    </form>`;
  }

  async #adopted(event: Event, target: string): Promise<void> {
    event.preventDefault();
    const id = String(new FormData(event.currentTarget as HTMLFormElement).get("adopt") ?? "").trim();
    if (id === "" || this.adopting) return;
    this.adopting = true;
    this.error = undefined;
    try {
      await this.estate.lifecycle.adopt(target, id);
      await this.estate.load();
    } catch (error) {
      this.error = error as Error;
    } finally {
      this.adopting = false;
    }
  }

  #credentials(status: LifecycleStatus): TemplateResult {
    const { target, credentials } = status;
    const compared = this.estate.compared(target);
    const seen = new Map(compared?.credentials.map((one) => [one.id, one]));
    const strangers = (compared?.credentials ?? []).filter(({ role }) => role === undefined);
    const all = [...credentials, ...strangers];
    const date = (at: number | undefined): Date | undefined => (at === undefined ? undefined : new Date(at));
    const known = credentials.map((one) => {
      const { expiresAt = one.expiresAt, lastUsedAt } = seen.get(one.id) ?? {};
      return { ...lifeOf(one), expiresAt, lastUsedAt };
    });
    return html`<section class="panel" aria-labelledby="credentials">
      <h2 id="credentials">${t("target.credentials")}</h2>
      ${all.length === 0 ? html`<p class="muted">${t("target.none")}</p>` : nothing}
      ${lives(known, status, this.examined?.history ?? [])}
      <ul class="list">
        ${all.map((one) => {
          const { controlPlane = "unknown", lastUsedAt, expiresAt } = seen.get(one.id) ?? {};
          const createdAt = "since" in one ? (one.createdAt ?? one.since) : undefined;
          const role = `role.${one.role}`;
          return html`<li>
            <span class="mono" translate="no">${one.id}</span>
            ${chip("plain", "info", isKey(role) ? t(role) : t("served.stranger"))}
            ${chip(...SEEN[controlPlane], t(`served.seen.${controlPlane}`))}
            <p class="small muted">${t("target.created")}: ${line(date(createdAt), "—")} · ${t("target.used")}: ${line(date(lastUsedAt), "—")} · ${t("target.expires")}: ${line(date(expiresAt), "—")}</p>
          </li>`;
        })}
      </ul>
    </section>`;
  }

  #sinks(): TemplateResult {
    const { plan } = this.examined ?? {};
    return html`<section class="panel" aria-labelledby="sinks">
      <h2 id="sinks">${t("served.sinks")}</h2>
      ${
        plan === undefined
          ? html`<p class="muted">${t("served.examining")}</p>`
          : html`<ul class="list">${plan.sinks.map(sinkOf)}</ul>
              ${plan.cuts ? note("warn", "warning", html`<p>${t("served.cuts")}</p>`) : nothing}`
      }
    </section>`;
  }

  #policy({ policy }: LifecycleStatus): TemplateResult {
    const { rotateEvery, rotateBefore, grace, windows = [], zone = "", maxActive, proofs = [], approval } = policy;
    const span = (value: string | number | undefined): unknown =>
      value === undefined ? "—" : value === "never" ? t("served.never") : html`<time>${inWords(value)}</time>`;
    const whens = windows.map(({ days = [], from = "00:00", to = "24:00" }) =>
      `${days.join(" ")} ${from}–${to} ${zone}`.trim(),
    );
    const fact = (word: string, value: unknown): TemplateResult => html`<dt>${word}</dt><dd>${value}</dd>`;
    return html`<section class="panel" aria-labelledby="policy">
      <h2 id="policy">${t("target.policy")}</h2>
      <p class="small muted">${rich("served.policy")}</p>
      <dl class="facts">
        ${fact(t("served.policy.every"), span(rotateEvery))}
        ${fact(t("served.policy.before"), span(rotateBefore))}
        ${fact(t("target.grace"), span(grace))}
        ${fact(t("policy.windows"), whens.length > 0 ? html`<span translate="no">${whens.join(", ")}</span>` : t("policy.anyTime"))}
        ${fact(t("served.policy.proofs"), html`<span translate="no">${proofs.join(", ") || "—"}</span>`)}
        ${fact(t("served.policy.approval"), t(approval ? "served.policy.approval.yes" : "served.policy.approval.no"))}
        ${fact(t("policy.active"), maxActive ?? "—")}
      </dl>
    </section>`;
  }
}
customElements.define("keyturn-served-target", ServedTarget);

function sinkOf({ name, holds, known, compares, error }: LifecyclePlan["sinks"][number]): TemplateResult {
  const id = html`<span class="mono" translate="no">${holds}</span>`;
  const state = error
    ? chip("bad", "warning", t("served.sink.unreadable"))
    : holds === undefined
      ? chip("plain", "dash", t(compares ? "served.sink.empty" : "served.sink.blind"))
      : known === false
        ? chip("bad", "warning", t("served.sink.differs"))
        : chip("good", "check", t("served.sink.known"));
  return html`<li>
    <bdi translate="no">${name}</bdi> ${state}
    ${error ? html`<p class="small muted" translate="no">${error}</p>` : holds === undefined ? nothing : html`<p class="small muted">${rich("jobs.diff.holds", { id })}</p>`}
  </li>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-served-target": ServedTarget;
  }
}
