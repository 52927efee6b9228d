/**
 * The replacement of an API credential: the plan, the new pair, and, if somebody wants that, the end of the old one. What
 * has been done stands on the server, so a replacement that was left half way goes on when this is opened again.
 */

import type {
  CredentialPair,
  CredentialSink,
  Replacement,
  ReplacementStep,
  ReplacementStepName,
} from "keyturn/commercelayer/slim";
import { css, html, nothing, type TemplateResult } from "lit";
import { type ApiCredentialFacts, kindName, type Provisioning } from "../connection/commercelayer.js";
import { modeName } from "../regions/api-credentials.js";
import { type Key, rich, t } from "../texts/text.js";
import { Dialog } from "../ui/dialog.js";
import { type IconName, icon, note } from "../ui/icons.js";
import "../ui/failure.js";
import "../ui/value.js";

type Step = "planning" | "plan" | "running" | "store" | "ready" | "done" | "failed";

/** What is to be seen of the steps, in order. */
const SHOWN = [
  "inspect",
  "create",
  "dependents",
  "verify",
  "publish",
  "delete",
] as const satisfies readonly ReplacementStepName[];

/** Kinds whose client id is known to others, and what that means for them. */
const PUBLIC: Readonly<Record<string, Key>> = {
  sales_channel: "replace.public.sales_channel",
  webapp: "replace.public.webapp",
};

/** Emits `changed` with words that say what has been done. */
export class ReplaceCredentialDialog extends Dialog<Step> {
  static override properties = { ...Dialog.properties, agreed: { state: true }, log: { state: true } };
  static override styles = [
    Dialog.styles,
    css`
      .progress {
        display: grid;
        gap: 0.55rem;
        padding: 0;
        list-style: none;
      }
      .progress li {
        display: grid;
        grid-template-columns: 1.25rem minmax(0, 1fr);
        gap: 0.65rem;
        align-items: start;
      }
      .progress svg {
        margin-top: 0.15em;
        color: var(--muted);
      }
      .progress .done svg {
        color: var(--good);
      }
      .progress .doing svg {
        color: var(--accent);
      }
      .progress .waiting {
        color: var(--muted);
      }
      .wait {
        display: flex;
        align-items: center;
        gap: 0.7rem;
        min-height: 3rem;
      }
    `,
  ];

  #provisioning!: Provisioning;
  #credential!: ApiCredentialFacts;
  /** Ends what runs. */
  #running = new AbortController();
  /** In a private field, and only from when it is handed out to the closing of the dialog. */
  #pair: CredentialPair | undefined;
  /** Somebody has said that it is stored. */
  #stored = false;
  #goOn: (() => void) | undefined;
  /** The old one is to go. */
  #deleting = false;
  #result: Replacement | undefined;
  #error: unknown;
  /** What has been done, in the order in which it was. */
  declare private log: readonly ReplacementStep[];
  /** The box is ticked that the way on needs. */
  declare private agreed: boolean;

  constructor() {
    super();
    this.log = [];
    this.agreed = false;
  }

  /** Opens it for a credential. */
  show(provisioning: Provisioning, credential: ApiCredentialFacts): void {
    this.#provisioning = provisioning;
    this.#credential = credential;
    this.forget();
    this.open("planning");
    void this.#plan();
  }

  /** Drops the pair, whatever is on the screen: the page is being left. */
  wipe(): void {
    this.#stop();
  }

  protected override closable(step: Step): boolean {
    return step !== "running";
  }

  protected override forget(): void {
    this.#running.abort();
    this.#running = new AbortController();
    this.#pair = this.#goOn = this.#result = this.#error = undefined;
    this.#stored = this.#deleting = this.agreed = false;
    this.log = [];
  }

  /** Says what has become of it, when it is closed before its end. */
  override close(): void {
    const { step } = this;
    if (step === undefined || !this.closable(step)) return;
    const words = this.#words(step);
    super.close();
    if (words) this.dispatchEvent(new CustomEvent("changed", { detail: words }));
  }

  protected override content(step: Step): TemplateResult {
    switch (step) {
      case "planning":
        return html`${this.#head()}
          <p class="wait" role="status">${icon("sync", 22, "turning")}<span>${t("replace.planning")}</span></p>
          ${this.#foot(html`<button type="button" @click=${this.close}>${t("cancel")}</button>`)}`;
      case "plan":
        return this.#showPlan();
      case "running":
        return html`${this.#head()} ${this.#progress()} ${this.#foot(html`<button type="button" @click=${this.#stop}>${t("replace.stop")}</button>`)}`;
      case "store":
        return this.#store();
      case "ready":
        return this.#ready(this.#result as Replacement);
      case "done":
        return this.#done(this.#result as Replacement);
      case "failed":
        return html`${this.#head(t("replace.failed"))}
          <keyturn-failure .error=${this.#error} retriable @retry=${this.#again}></keyturn-failure>
          ${this.#has("create") ? html`<p class="muted">${t("replace.failed.both")}</p>` : nothing}
          ${this.#foot(html`<button type="button" @click=${this.close}>${t("close")}</button>`)}`;
    }
  }

  #head(title: unknown = rich("replace.title", { name: html`<bdi>${this.#credential.name}</bdi>` })): TemplateResult {
    const { kind, organization, mode } = this.#credential;
    const values = {
      kind: kindName(kind),
      organization: organization ? html`<bdi>${organization.name}</bdi>` : t("api.anOrganization"),
      mode: modeName(mode),
    };
    return html`<div class="head">
      <h2 id="title" tabindex="-1">${title}</h2>
      <p class="muted">${rich(mode ? "api.kindOfMode" : "api.kindOf", values)}</p>
    </div>`;
  }

  #foot(buttons: TemplateResult): TemplateResult {
    return html`<div class="foot">${buttons}</div>`;
  }

  #showPlan(): TemplateResult {
    const { kind, confidential } = this.#credential;
    const found = this.#result?.credential;
    const known = PUBLIC[kind];
    return html`${this.#head()}
      ${
        found
          ? note(
              "accent",
              "info",
              html`<strong>${t("replace.begun.title")}</strong>
              <p>${rich("replace.begun", { id: html`<span class="mono" translate="no">${found.id}</span>` })}</p>`,
            )
          : nothing
      }
      <ul class="points">
        <li>
          ${icon("plus", 18)}
          <div>${rich(found ? (confidential ? "replace.plan.taken" : "replace.plan.takenPublic") : confidential ? "replace.plan.new" : "replace.plan.newPublic")}</div>
        </li>
        <li>
          ${icon("check", 18)}
          <div>${rich(known ? "replace.plan.notTried" : "replace.plan.tried")}</div>
        </li>
        <li>
          ${icon("eye", 18)}
          <div>${rich(confidential ? "replace.plan.store" : "replace.plan.storeId")}</div>
        </li>
        <li>
          ${icon("clock", 18)}
          <div>${rich("replace.plan.old")}</div>
        </li>
      </ul>
      ${
        known
          ? html`${note("warn", "warning", html`<p>${t(known)}</p>`)}
            <label class="choice">
              <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
              <span>${t("replace.plan.agree")}</span>
            </label>`
          : nothing
      }
      ${this.#foot(html`<button type="button" @click=${this.close}>${t("cancel")}</button>
        <button type="button" class="primary" ?disabled=${known !== undefined && !this.agreed} @click=${this.#begin}>
          ${icon("sync")} ${t(found ? "replace.plan.goOn" : "replace.plan.create")}
        </button>`)}`;
  }

  /** The steps so far, and the one that runs. */
  #progress(): TemplateResult {
    const shown = SHOWN.filter((step) => step !== "delete" || this.#deleting);
    const current = shown.findIndex((step) => !this.#has(step));
    const running = shown[current];
    return html`<ol class="progress" role="list" aria-label=${t("replace.steps")}>
        ${shown.map((step, at) => {
          const state = this.#has(step) ? "done" : at === current ? "doing" : "waiting";
          const turning: [IconName, string] = this.step === "store" ? ["clock", ""] : ["sync", "turning"];
          const [name, kind]: [IconName, string] =
            state === "done" ? ["check", ""] : state === "doing" ? turning : ["dash", ""];
          const told = t(
            state === "done"
              ? "replace.done"
              : state === "waiting"
                ? "replace.open"
                : this.step === "store"
                  ? "replace.you"
                  : "replace.running",
          );
          return html`<li class=${state}>${icon(name, 18, kind)}<span>${t(`replace.step.${step}`)}<span class="unseen">, ${told}</span></span></li>`;
        })}
      </ol>
      <p role="status" class="unseen">${running ? t(`replace.step.${running}`) : ""}</p>`;
  }

  #store(): TemplateResult {
    const { confidential } = this.#credential;
    return html`${this.#head(t("replace.store"))} ${this.#progress()}
      <p>${t(confidential ? "replace.store.both" : "replace.store.id")}</p>
      <keyturn-value label=${t("clientId")} name=${t("clientId.in")} .text=${this.#clientId}></keyturn-value>
      ${confidential ? html`<keyturn-value label=${t("clientSecret")} name=${t("clientSecret.in")} secret .text=${this.#clientSecret}></keyturn-value>` : nothing}
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>${t(confidential ? "replace.store.agree" : "replace.store.agreeId")}</span>
      </label>
      ${this.#foot(html`<button type="button" @click=${this.close}>${t("replace.store.stop")}</button>
        <button type="button" class="primary" ?disabled=${!this.agreed} @click=${this.#confirm}>${t("replace.store.next")}</button>`)}`;
  }

  #ready({ credential, old: { because = "" } }: Replacement): TemplateResult {
    const { id } = this.#credential;
    return html`${this.#head(t("replace.ready"))}
      ${
        because.includes("423")
          ? note("warn", "warning", html`<p>${rich("replace.ready.kept")}</p>`)
          : note("good", "check", html`<p>${t("replace.ready.stored")}</p>`)
      }
      <dl class="facts">
        <dt>${t("replace.new")}</dt>
        <dd><span class="mono" translate="no">${credential?.id}</span></dd>
        <dt>${t("replace.old")}</dt>
        <dd><span class="mono" translate="no">${id}</span></dd>
      </dl>
      <p>${t("replace.ready.more")}</p>
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>${t("replace.ready.agree")}</span>
      </label>
      ${this.#foot(html`<button type="button" @click=${this.close}>${t("replace.ready.keep")}</button>
        <button type="button" class="danger" ?disabled=${!this.agreed} @click=${this.#delete}>${icon("barred")} ${t("replace.ready.delete")}</button>`)}`;
  }

  #done({ credential, old }: Replacement): TemplateResult {
    return html`${this.#head(t("replace.over"))}
      ${note("good", "check", html`<p>${t(old.state === "gone" ? "replace.over.gone" : "replace.over.deleted")}</p>`)}
      <dl class="facts">
        <dt>${t("replace.new")}</dt>
        <dd><span class="mono" translate="no">${credential?.id}</span></dd>
        <dt>${t("replace.old")}</dt>
        <dd><span class="mono" translate="no">${old.id}</span></dd>
      </dl>
      ${this.#foot(html`<button type="button" class="primary" @click=${this.close}>${t("close")}</button>`)}`;
  }

  readonly #clientId = (): string => this.#pair?.clientId ?? "";
  readonly #clientSecret = (): string => this.#pair?.clientSecret ?? "";

  #has(step: ReplacementStepName): boolean {
    return this.log.some((one) => one.step === step && one.state !== "planned");
  }

  #agree(event: Event): void {
    this.agreed = (event.target as HTMLInputElement).checked;
  }

  readonly #plan = async (): Promise<void> => {
    const { signal } = this.#running;
    this.step = "planning";
    try {
      const settle = (): void => {};
      const options = { sink: this.#sink, dryRun: true, publicKinds: true, mayDelete: true, settle, signal };
      const result = await this.#provisioning.client.api_credentials.replace(this.#credential.id, options);
      if (signal.aborted) return;
      this.#result = result;
      this.step = "plan";
    } catch (error) {
      this.#failed(error, signal);
    }
  };

  readonly #begin = (): void => void this.#run();

  readonly #again = (): void => void (this.#result ? this.#run() : this.#plan());

  readonly #delete = (): void => {
    this.#deleting = true;
    void this.#run();
  };

  readonly #confirm = (): void => {
    this.#stored = true;
    this.agreed = false;
    this.step = "running";
    this.#goOn?.();
  };

  /** Ends what runs between two requests; what has been done stands. */
  readonly #stop = (): void => {
    this.#running.abort();
    if (this.step === "running") this.step = "failed";
    this.close();
  };

  async #run(): Promise<void> {
    const { signal } = this.#running;
    this.log = [];
    this.agreed = false;
    this.step = "running";
    const onStep = (step: ReplacementStep): void => {
      if (!signal.aborted) this.log = [...this.log, step];
    };
    // That everything uses the new one was said before this began.
    const end = this.#deleting ? { mayDelete: true, settle: () => {} } : {};
    try {
      const options = { sink: this.#sink, publicKinds: true, signal, onStep, ...end };
      const result = await this.#provisioning.client.api_credentials.replace(this.#credential.id, options);
      if (signal.aborted) return;
      this.#result = result;
      this.#deleting = false;
      this.step = result.old.state === "kept" ? "ready" : "done";
    } catch (error) {
      this.#failed(error, signal);
    }
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#error = error;
    this.step = "failed";
  }

  /** A person with something to copy, who says when it is stored. */
  readonly #sink: CredentialSink = {
    put: (pair) => {
      const { signal } = this.#running;
      this.#pair = pair;
      this.#stored = false;
      this.step = "store";
      return new Promise<void>((resolve, reject) => {
        this.#goOn = resolve;
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    },
    get: () => (this.#stored ? this.#pair : undefined),
  };

  /** What to say of it when it is closed; nothing if nothing has been done. */
  #words(step: Step): string {
    const { name, id } = this.#credential;
    const values = { name, id, made: this.#result?.credential?.id ?? "" };
    if (step === "done") return t("replace.said.done", values);
    if (step === "ready") return t("replace.said.ready", values);
    return this.#has("create") ? t("replace.said.left", values) : "";
  }
}
customElements.define("keyturn-replace-credential", ReplaceCredentialDialog);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-replace-credential": ReplaceCredentialDialog;
  }
}
