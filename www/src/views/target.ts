/** One target: facts, people and programs, policy, credentials over time, history, and findings with what to do. */

import { isIdle, stateOf } from "keyturn/elements/credentials";
import type { LifecycleEvent, LifecycleFinding, LifecycleStatus } from "keyturn/lifecycle";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { SERVICES } from "../connection/ways.js";
import { shown } from "../estate/drafts.js";
import type { Estate, Target } from "../estate/estate.js";
import "../regions/history.js";
import { rotateLink, targetLink } from "../route.js";
import { isKey, t } from "../texts/text.js";
import { wayBack } from "../ui/back.js";
import { line } from "../ui/dates.js";
import { describe, type Finding, SEVERITIES, sorted } from "../ui/findings.js";
import { chip, icon, note } from "../ui/icons.js";
import { lifeOf, lives, livesStyle } from "../ui/lives.js";
import { bdis } from "../ui/names.js";
import { credentialStatus, statusChip } from "../ui/status.js";
import { base } from "../ui/styles.js";
import { view } from "../ui/view.js";
import { Watch } from "../ui/watch.js";
import "../ui/failure.js";
import "./policy.js";

/** How many valid credentials a target may have without a finding, unless its policy says otherwise. */
const ACTIVE = 2;

export class TargetView extends LitElement {
  static override properties = {
    estate: { attribute: false },
    target: {},
    from: {},
    status: { state: true },
    history: { state: true },
    broken: { state: true },
    found: { state: true },
    saved: { state: true },
    error: { state: true },
  };
  static override styles = [
    base,
    view,
    livesStyle,
    css`
      nav a {
        display: inline-flex;
        align-items: center;
        min-height: 24px;
      }
      .title {
        align-items: start;
        row-gap: 0.75rem;
      }
      .title > div:first-child {
        display: block;
      }
      .columns {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
        gap: 1.25rem;
        align-items: start;
      }
      .column {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 1.25rem;
        min-width: 0;
      }
      .panel {
        container-type: inline-size;
        gap: 0.9rem;
      }
      .panel.wide {
        grid-column: 1 / -1;
      }
      .findings {
        display: grid;
        gap: 0.5rem;
      }
      form {
        display: grid;
        gap: 0.9rem;
      }
      textarea {
        width: 100%;
        min-height: 4.5rem;
        padding: 0.45rem 0.7rem;
        border: 1px solid var(--edge);
        border-radius: var(--radius-small);
        background: var(--surface);
        color: var(--ink);
        font: inherit;
        resize: vertical;
      }
      fieldset {
        display: grid;
        gap: 0.15rem;
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0 0 0.2rem;
      }
    `,
  ];
  declare estate: Estate;
  declare target: string;
  declare from: string;
  declare private status: LifecycleStatus | undefined;
  declare private history: readonly LifecycleEvent[];
  /** The engine's findings; `undefined` until it has looked. */
  declare private found: readonly LifecycleFinding[] | undefined;
  declare private broken: number | undefined;
  declare private saved: boolean;
  declare private error: unknown;

  constructor() {
    super();
    this.target = this.from = "";
    this.history = [];
    this.saved = false;
    new Watch(this, () => this.estate);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("estate") && !changed.has("target")) return;
    // Discard what belongs to the previous target.
    this.status = this.found = this.broken = undefined;
    this.history = [];
    this.saved = false;
    void this.#open();
  }

  readonly #open = async (): Promise<void> => {
    this.error = undefined;
    try {
      await this.estate.opened;
      if (!this.estate.target(this.target)) await this.estate.load();
      const target = this.estate.target(this.target);
      if (!target) return this.requestUpdate();
      const lifecycles = await this.estate.lifecycles();
      const { lifecycle } = lifecycles.of(target);
      const found = await lifecycle.findings([target.name]);
      // Without a standing, the journal has nothing about the target.
      if (this.estate.standing(target.name)) {
        this.status = await lifecycles.status(target);
        this.history = await lifecycle.history(target.name);
        const verified = await lifecycle.verify();
        this.broken = verified.find((one) => one.target === target.name)?.broken?.sequence;
      }
      this.found = found;
    } catch (error) {
      this.error = error;
    }
  };

  protected override render(): TemplateResult {
    const { loading, remembered } = this.estate;
    const target = remembered ? this.estate.target(this.target) : undefined;
    const back = html`<nav aria-label=${t("target.backLabel")}>${wayBack(this.from)}</nav>`;
    if (!target)
      return html`${back}<div class="panel">
          <h1 tabindex="-1">${loading || !remembered ? t("overview.loading") : t("target.missing")}</h1>
          ${loading || !remembered ? nothing : html`<p class="muted">${t("target.missingMore")}</p>`}
        </div>`;
    const standing = this.estate.standing(target.name);
    const here = targetLink(target.name, this.from);
    return html`${back}
      <div class="title">
        <div>
          <h1 tabindex="-1"><bdi>${target.label}</bdi></h1>
          <p class="muted">${bdis(this.estate.about(target))} · <span translate="no">${SERVICES[target.plane]}</span></p>
        </div>
        <a class="button" href=${rotateLink(target.name, here)}>${icon("key")} ${t(standing?.phase ? "target.goOn" : "target.rotate")}</a>
      </div>
      ${this.error ? html`<keyturn-failure .error=${this.error} retriable @retry=${this.#open}></keyturn-failure>` : nothing}
      ${this.#findings(target)}
      <div class="columns">
        <div class="column">${this.#facts(target)} ${this.#credentials(target)} ${this.#people(target)}</div>
        <div class="column">${this.#policy(target)}</div>
      </div>
      ${this.#past()}`;
  }

  get #row() {
    return this.estate.rows.find(({ target }) => target === this.target);
  }

  #findings(target: Target): TemplateResult {
    const found = this.#all(target);
    return html`<section class="panel" aria-labelledby="findings">
      <h2 id="findings">${t("target.findings")}</h2>
      <div class="findings" aria-busy=${this.found === undefined && !this.error}>
        ${
          found.length === 0 && this.found === undefined
            ? html`<p role="status" class="muted">${this.error ? "—" : t("loading")}</p>`
            : found.length === 0
              ? note("good", "check", html`<p>${t("target.noFindings")}</p>`)
              : found.map((finding) => {
                  const tone = SEVERITIES[finding.severity];
                  return note(
                    tone,
                    tone === "plain" ? "info" : "warning",
                    html`<p>${describe(finding, clock.now())}</p>`,
                  );
                })
        }
      </div>
    </section>`;
  }

  /**
   * Returns the engine's findings, and those that only this page can make: the journal does not know a credential that
   * was looked up.
   */
  #all(target: Target): readonly Finding[] {
    const row = this.#row;
    const now = clock.now();
    const all: Finding[] = [...(this.found ?? [])];
    const codes = new Set<string>(all.map(({ code }) => code));
    const add = (finding: Finding): void => {
      if (!codes.has(finding.code)) all.push(finding);
    };
    if (row?.attention !== undefined) add({ code: "attention", severity: "high", about: row.attention });
    const state = row ? stateOf(row, now) : "none";
    if (state === "expired") add({ code: "expired", severity: "critical" });
    if (state === "expiring") add({ code: "expiring", severity: "medium", since: row?.expiresAt ?? now });
    if (row && isIdle(row, now) && !codes.has("never-used")) add({ code: "idle", severity: "low" });
    const living = this.estate.candidates(target);
    if (living.length > (this.estate.settings(target.name).policy?.maxActive ?? ACTIVE))
      add({ code: "too-many-active", severity: "medium", number: living.length });
    // The policy cannot say when a credential is due that the journal does not know.
    const { phase, current } = this.estate.standing(target.name) ?? {};
    if (living.length > 0 && this.found && phase === undefined && current === undefined)
      add({ code: "not-adopted", severity: "low" });
    if (!this.estate.settings(target.name).owner) add({ code: "owner-missing", severity: "low" });
    return sorted(all);
  }

  #facts(target: Target): TemplateResult {
    const row = this.#row;
    const date = (at: number | undefined): Date | undefined => (at === undefined ? undefined : new Date(at));
    return html`<section class="panel" aria-labelledby="facts">
      <h2 id="facts">${t("target.facts")}</h2>
      <dl class="facts">
        <dt>${t("target.plane")}</dt>
        <dd translate="no">${SERVICES[target.plane]}</dd>
        <dt>${t("target.group")}</dt>
        <dd><bdi>${target.group}</bdi></dd>
        <dt>${t("target.credential")}</dt>
        <dd>${row?.credential === undefined ? t("target.none") : html`<span class="mono" translate="no">${row.credential}</span>`}</dd>
        <dt>${t("target.clientId")}</dt>
        <dd><span class="mono" translate="no">${row?.clientId ?? "—"}</span></dd>
        <dt>${t("target.created")}</dt>
        <dd>${line(date(row?.createdAt), "—")}</dd>
        <dt>${t("target.expires")}</dt>
        <dd>${line(date(row?.expiresAt), "—")}</dd>
        <dt>${t("target.used")}</dt>
        <dd>${line(date(row?.lastUsedAt), "—")}</dd>
        <dt>${t("target.due")}</dt>
        <dd>${line(date(this.status?.due?.at), t("target.notDue"))}</dd>
      </dl>
    </section>`;
  }

  #people(target: Target): TemplateResult {
    const { owner = "", consumers = [], notes = "" } = this.estate.settings(target.name);
    const draft = this.estate.drafts.of("people", target.name);
    return html`<section class="panel" aria-labelledby="people">
      <h2 id="people">${t("target.people")}</h2>
      <form @submit=${(event: Event) => this.#save(event, target)} @input=${(event: Event) => this.#typed(event, target)}>
        <div class="field">
          <label for="owner">${t("target.owner")}</label>
          <input id="owner" name="owner" autocomplete="off" .value=${shown(draft, "owner", owner)} />
        </div>
        <div class="field">
          <label for="consumers">${t("target.consumers")}</label>
          <textarea id="consumers" name="consumers" aria-describedby="consumers-hint" spellcheck="false" .value=${shown(draft, "consumers", consumers.join("\n"))}></textarea>
          <p id="consumers-hint" class="small muted">${t("target.consumersHint")}</p>
        </div>
        <div class="field">
          <label for="notes">${t("target.notes")}</label>
          <textarea id="notes" name="notes" aria-describedby="notes-hint" .value=${shown(draft, "notes", notes)}></textarea>
          <p id="notes-hint" class="small muted">${t("target.notesHint")}</p>
        </div>
        <div class="buttons">
          <button class="primary">${t("target.save")}</button>
          ${draft ? html`<button type="button" @click=${() => this.#discard(target)}>${t("target.discard")} <span class="unseen">(${t("target.people")})</span></button>` : nothing}
          <span role="status" class="small muted">${draft ? t("target.unsaved") : this.saved ? t("target.saved") : nothing}</span>
        </div>
      </form>
    </section>`;
  }

  #policy(target: Target): TemplateResult {
    return html`<section class="panel" aria-labelledby="policy">
      <h2 id="policy">${t("target.policy")}</h2>
      <keyturn-policy .estate=${this.estate} .target=${target} @saved=${this.#open}></keyturn-policy>
    </section>`;
  }

  #credentials(target: Target): TemplateResult {
    const known = target.place ? (this.estate.connections.c1?.inventory.of(target.place) ?? []) : [];
    const roles = new Map(this.status?.credentials.map(({ id, role }) => [id, role]));
    const others = (this.status?.credentials ?? []).filter(({ id }) => !known.some((one) => one.id === id));
    const all = [
      ...known.map(({ id, facts, revokedAt }) => ({
        id,
        createdAt: facts?.createdAt?.getTime(),
        expiresAt: facts?.expiresTime?.getTime(),
        lastUsedAt: facts?.lastUsedAt?.getTime(),
        endedAt: revokedAt ?? facts?.deletedAt?.getTime(),
      })),
      ...others.map(lifeOf),
    ];
    return html`<section class="panel" aria-labelledby="credentials">
      <h2 id="credentials">${t("target.credentials")}</h2>
      ${all.length === 0 ? html`<p class="muted">${t("target.none")}</p>` : nothing}
      ${lives(all, this.status, this.history)}
      <ul class="findings">
        ${known.map(
          (one) => html`<li>
            <span class="mono" translate="no">${one.id}</span> ${statusChip(credentialStatus(one))}
            ${roles.has(one.id) ? chip("plain", "info", roleName(roles.get(one.id))) : nothing}
            <p class="small muted">${t("target.created")}: ${line(one.facts?.createdAt, "—")} · ${t("target.used")}: ${line(one.facts?.lastUsedAt, "—")}</p>
          </li>`,
        )}
        ${others.map(
          (one) => html`<li>
            <span class="mono" translate="no">${one.id}</span> ${chip("plain", "info", roleName(one.role))}
            <p class="small muted">${t("target.created")}: ${line(one.createdAt === undefined ? undefined : new Date(one.createdAt), "—")}</p>
          </li>`,
        )}
      </ul>
    </section>`;
  }

  #past(): TemplateResult {
    const { history, broken } = this;
    return html`<section class="panel wide" aria-label=${t("target.history")}>
      <keyturn-history .events=${history} .broken=${broken} about=${t("target.historyAbout")}></keyturn-history>
    </section>`;
  }

  #typed(event: Event, target: Target): void {
    this.estate.drafts.keep("people", target.name, event.currentTarget as HTMLFormElement);
    this.saved = false;
    this.requestUpdate();
  }

  #discard(target: Target): void {
    this.estate.drafts.drop("people", target.name);
    this.requestUpdate();
    // The focused button is about to be removed.
    this.renderRoot.querySelector<HTMLElement>("#owner")?.focus();
  }

  async #save(event: Event, target: Target): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    this.saved = false;
    await this.estate.keep(target, {
      ...this.estate.settings(target.name),
      owner: text("owner"),
      consumers: text("consumers")
        .split("\n")
        .map((one) => one.trim())
        .filter(Boolean),
      notes: text("notes"),
    });
    this.estate.drafts.drop("people", target.name);
    this.saved = true;
    await this.#open();
  }
}
customElements.define("keyturn-target", TargetView);

/** Returns the name of a credential's role. */
function roleName(role: string | undefined): string {
  const key = `role.${role}`;
  return isKey(key) ? t(key) : (role ?? "");
}
