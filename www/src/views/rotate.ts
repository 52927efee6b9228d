/** One rotation in a view of its own. The address names it, so that a reload leads back to it. */

import "keyturn/elements/rotate";
import type { LifecycleStatus } from "keyturn/lifecycle";
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { clock } from "../clock.js";
import { SERVICES } from "../connection/ways.js";
import type { Estate, Target } from "../estate/estate.js";
import type { Lifecycles, Worked } from "../estate/lifecycles.js";
import { backLink, before, targetLink } from "../route.js";
import { isKey, t } from "../texts/text.js";
import { wayBack } from "../ui/back.js";
import { bdis } from "../ui/names.js";
import { base } from "../ui/styles.js";
import { Watch } from "../ui/watch.js";
import "../ui/failure.js";

/** The names that the programs reading the pair use for it. */
const NAMING = {
  c1: { clientId: "BATON_CLIENT_ID", clientSecret: "BATON_CLIENT_SECRET" },
  commercelayer: { clientId: "CL_CLIENT_ID", clientSecret: "CL_CLIENT_SECRET" },
};

/** The names for a public client, which has no secret. */
const PUBLIC = { clientId: NAMING.commercelayer.clientId };

export class RotateView extends LitElement {
  static override properties = {
    estate: { attribute: false },
    target: {},
    from: {},
    worked: { state: true },
    error: { state: true },
  };
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: 1rem;
      }
      h1 {
        font-size: 1.5rem;
        letter-spacing: -0.02em;
      }
      keyturn-rotate::part(about) {
        display: none;
      }
      .panel {
        padding: 1.5rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        box-shadow: var(--shadow);
      }
      nav {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1.25rem;
      }
      nav a {
        display: inline-flex;
        align-items: center;
        min-height: 24px;
      }
      @media (width < 30rem) {
        .panel {
          padding: 1rem 0.85rem;
        }
      }
    `,
  ];
  declare estate: Estate;
  declare target: string;
  declare from: string;
  declare private worked: (Worked & { readonly lock: string }) | undefined;
  declare private error: unknown;
  #lifecycles: Lifecycles | undefined;

  constructor() {
    super();
    this.target = this.from = "";
    new Watch(this, () => this.estate);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    const found = this.estate.target(this.target);
    // Keep the secret in this tab for when the user comes back.
    if (found && this.estate.standing(found.name)?.phase === "issued") this.#lifecycles?.hold(found).catch(() => {});
  }

  /** Refreshes the rotation after the clock has been changed. */
  refresh(): void {
    void this.renderRoot.querySelector("keyturn-rotate")?.refresh();
  }

  /** Whether a secret is being issued or not yet stored, so that the page should not be left. */
  get busy(): boolean {
    return this.renderRoot.querySelector("keyturn-rotate")?.unstored ?? false;
  }

  /** Wipes the secret: the page is being left. */
  wipe(): void {
    this.worked?.sink.wipe();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("estate") || changed.has("target")) void this.#open();
  }

  protected override render(): TemplateResult {
    const found = this.estate.target(this.target);
    return html`<nav aria-label=${t("target.backLabel")}>
        ${wayBack(this.from)}
        ${found ? html`<a href=${targetLink(found.name, before(this.from))}>${t("target.facts")}</a>` : nothing}
      </nav>
      ${
        found
          ? html`<div>
            <h1 tabindex="-1"><bdi>${found.label}</bdi></h1>
            <p class="muted">${bdis(this.estate.about(found))} · <span translate="no">${SERVICES[found.plane]}</span></p>
          </div>`
          : nothing
      }
      <div class="panel">${this.error ? html`<keyturn-failure .error=${this.error} retriable @retry=${this.#open}></keyturn-failure>` : found ? this.#flow(found) : this.#missing()}</div>`;
  }

  #missing(): TemplateResult {
    if (this.estate.loading) return html`<p role="status" class="muted">${t("overview.loading")}</p>`;
    return html`<h1 tabindex="-1">${t("target.missing")}</h1><p class="muted">${t("target.missingMore")}</p>`;
  }

  #flow(target: Target): TemplateResult {
    const { estate, worked } = this;
    if (!worked) return html`<p role="status" class="muted">${t("rotate.loading")}</p>`;
    const { owner = "", consumers = [] } = estate.settings(target.name);
    const candidates = estate.candidates(target).map(({ id, facts }) => ({
      id,
      clientId: facts?.clientId ?? "",
      lastUsedAt: facts?.lastUsedAt?.getTime(),
    }));
    const line = target.credential ? [{ id: target.credential.id, clientId: target.credential.client_id }] : candidates;
    return html`<keyturn-rotate
      .lifecycle=${worked.lifecycle}
      .sink=${worked.sink}
      .candidates=${line}
      .consumers=${consumers}
      .naming=${target.credential?.confidential === false ? PUBLIC : NAMING[target.plane]}
      .clock=${clock}
      ?recalls=${worked.provider.recalls}
      target=${target.name}
      label=${target.label}
      about=${target.group}
      owner=${owner}
      grace=${estate.graceText(target.name)}
      caution=${this.#caution(target)}
      lock=${worked.lock}
      @keyturn-progress=${(event: CustomEvent<LifecycleStatus>) => void estate.stands(target, event.detail)}
      @keyturn-close=${() => (location.hash = backLink(this.from))}
    ></keyturn-rotate>`;
  }

  /** Returns a warning for kinds whose client id others have: they must be told the new one. */
  #caution({ credential }: Target): string {
    const key = `kind.caution.${credential?.kind}`;
    return isKey(key) ? t(key) : "";
  }

  readonly #open = async (): Promise<void> => {
    this.error = undefined;
    try {
      await this.estate.opened;
      if (!this.estate.target(this.target)) await this.estate.load();
      const found = this.estate.target(this.target);
      if (!found) return this.requestUpdate();
      this.#lifecycles = await this.estate.lifecycles();
      const lock = this.#lifecycles.lock(found);
      this.#lifecycles.release(found);
      this.worked = { ...this.#lifecycles.of(found), lock };
    } catch (error) {
      this.error = error;
    }
  };
}
customElements.define("keyturn-rotate-view", RotateView);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-rotate-view": RotateView;
  }
}
