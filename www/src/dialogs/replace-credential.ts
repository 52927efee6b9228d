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
import { Dialog } from "../ui/dialog.js";
import { type IconName, icon, note } from "../ui/icons.js";
import "../ui/failure.js";
import "../ui/value.js";

type Step = "planning" | "plan" | "running" | "store" | "ready" | "done" | "failed";

/** What is to be seen of the steps, in order, and what each is about. */
const SHOWN: readonly (readonly [step: ReplacementStepName, words: string])[] = [
  ["inspect", "Look at the old credential"],
  ["create", "Create one like it"],
  ["dependents", "Do the same for what depends on it"],
  ["verify", "See that the new one works"],
  ["publish", "You store the new pair"],
  ["delete", "Delete the old credential"],
];

/** Kinds whose client id is known to others. */
const PUBLIC: Readonly<Record<string, string>> = {
  sales_channel: "Storefronts carry the client ID of a sales channel. Each has to get the new one.",
  webapp: "People have to allow the new client ID again, and those who are logged in have to log in anew.",
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
          <p class="wait" role="status">${icon("sync", 22, "turning")}<span>Looking at what a replacement would do</span></p>
          ${this.#foot(html`<button type="button" @click=${this.close}>Cancel</button>`)}`;
      case "plan":
        return this.#showPlan();
      case "running":
        return html`${this.#head()} ${this.#progress()} ${this.#foot(html`<button type="button" @click=${this.#stop}>Stop</button>`)}`;
      case "store":
        return this.#store();
      case "ready":
        return this.#ready(this.#result as Replacement);
      case "done":
        return this.#done(this.#result as Replacement);
      case "failed":
        return html`${this.#head("The replacement did not get to its end")}
          <keyturn-failure .error=${this.#error} retriable @retry=${this.#again}></keyturn-failure>
          ${
            this.#has("create")
              ? html`<p class="muted">Nothing is lost: both credentials are there, and trying again goes on where this stopped.</p>`
              : nothing
          }
          ${this.#foot(html`<button type="button" @click=${this.close}>Close</button>`)}`;
    }
  }

  #head(title = `Replace ${this.#credential.name}`): TemplateResult {
    const { kind, organization, mode } = this.#credential;
    return html`<div class="head">
      <h2 id="title" tabindex="-1">${title}</h2>
      <p class="muted">${kindName(kind)} of ${organization?.name ?? "an organization"}${mode ? `, ${mode} data` : ""}</p>
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
              html`<strong>A replacement has been begun.</strong>
              <p>Credential <span class="mono" translate="no">${found.id}</span> is there already: this goes on with it, and makes no other.</p>`,
            )
          : nothing
      }
      <ul class="points">
        <li>
          ${icon("plus", 18)}
          <div>
            <strong>${found ? "The new credential is taken up:" : "A new credential is created like this one:"}</strong> the same kind,
            organization, role, mode and lifetime, but another client ID${confidential ? " and another secret" : ""}.
          </div>
        </li>
        <li>
          ${icon("check", 18)}
          <div>
            <strong>What depends on it is copied${known ? "." : ", and the new one is tried."}</strong> Application memberships get twins.
            ${known ? "Only people log in with this kind, so the new one is not tried." : "If it cannot log in, it is removed again."}
          </div>
        </li>
        <li>
          ${icon("eye", 18)}
          <div><strong>You store the new ${confidential ? "pair" : "client ID"}</strong> where it is read, and say so.</div>
        </li>
        <li>
          ${icon("clock", 18)}
          <div><strong>The old one goes on working.</strong> At the end you choose whether it is deleted.</div>
        </li>
      </ul>
      ${
        known
          ? html`${note("warn", "warning", html`<p>${known}</p>`)}
            <label class="choice">
              <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
              <span>I know who has to get the new client ID</span>
            </label>`
          : nothing
      }
      ${this.#foot(html`<button type="button" @click=${this.close}>Cancel</button>
        <button type="button" class="primary" ?disabled=${known !== undefined && !this.agreed} @click=${this.#begin}>
          ${icon("sync")} ${found ? "Go on with the replacement" : "Create the new credential"}
        </button>`)}`;
  }

  /** The steps so far, and the one that runs. */
  #progress(): TemplateResult {
    const shown = SHOWN.filter(([step]) => step !== "delete" || this.#deleting);
    const current = shown.findIndex(([step]) => !this.#has(step));
    return html`<ol class="progress" role="list" aria-label="Steps">
        ${shown.map(([step, words], at) => {
          const state = this.#has(step) ? "done" : at === current ? "doing" : "waiting";
          const turning: [IconName, string] = this.step === "store" ? ["clock", ""] : ["sync", "turning"];
          const [name, kind]: [IconName, string] =
            state === "done" ? ["check", ""] : state === "doing" ? turning : ["dash", ""];
          const told = {
            done: "done",
            doing: this.step === "store" ? "waiting for you" : "running",
            waiting: "to come",
          }[state];
          return html`<li class=${state}>${icon(name, 18, kind)}<span>${words}<span class="unseen">, ${told}</span></span></li>`;
        })}
      </ol>
      <p role="status" class="unseen">${shown[current]?.[1] ?? ""}</p>`;
  }

  #store(): TemplateResult {
    const { confidential } = this.#credential;
    const what = confidential ? "the client ID and the secret" : "the client ID";
    return html`${this.#head("Store the new credential")} ${this.#progress()}
      <p>Copy ${what} to where ${confidential ? "the program reads them" : "the storefront reads it"}. The old credential still works.</p>
      <keyturn-value label="Client ID" .text=${this.#clientId}></keyturn-value>
      ${confidential ? html`<keyturn-value label="Client secret" secret .text=${this.#clientSecret}></keyturn-value>` : nothing}
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>I stored ${what}</span>
      </label>
      ${this.#foot(html`<button type="button" @click=${this.close}>Stop here</button>
        <button type="button" class="primary" ?disabled=${!this.agreed} @click=${this.#confirm}>Go on</button>`)}`;
  }

  #ready({ credential, old: { because = "" } }: Replacement): TemplateResult {
    const { id } = this.#credential;
    return html`${this.#head("Both credentials work")}
      ${
        because.includes("423")
          ? note(
              "warn",
              "warning",
              html`<p><strong>The old credential was kept:</strong> something at Commerce Layer still depends on it.</p>`,
            )
          : note(
              "good",
              "check",
              html`<p>The new credential is stored. The old one goes on working until it is deleted.</p>`,
            )
      }
      <dl class="facts">
        <dt>New</dt>
        <dd><span class="mono" translate="no">${credential?.id}</span></dd>
        <dt>Old</dt>
        <dd><span class="mono" translate="no">${id}</span></dd>
      </dl>
      <p>
        Let everything use the new one first. Then delete the old one, now or later: open its replacement again. Tokens that it already got may go on
        working until they expire.
      </p>
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>Everything that used the old credential uses the new one now</span>
      </label>
      ${this.#foot(html`<button type="button" @click=${this.close}>Keep the old one</button>
        <button type="button" class="danger" ?disabled=${!this.agreed} @click=${this.#delete}>${icon("barred")} Delete the old one</button>`)}`;
  }

  #done({ credential, old }: Replacement): TemplateResult {
    return html`${this.#head("The credential is replaced")}
      ${note(
        "good",
        "check",
        html`<p>${old.state === "gone" ? "The old credential was gone already." : "The old credential is deleted: it gets no new tokens."}</p>`,
      )}
      <dl class="facts">
        <dt>New</dt>
        <dd><span class="mono" translate="no">${credential?.id}</span></dd>
        <dt>Old</dt>
        <dd><span class="mono" translate="no">${old.id}</span></dd>
      </dl>
      ${this.#foot(html`<button type="button" class="primary" @click=${this.close}>Close</button>`)}`;
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
    const made = this.#result?.credential?.id;
    if (step === "done") return `${name} is replaced by ${made}; ${id} is gone.`;
    if (step === "ready")
      return `${made} works in the place of ${name}. ${id} is kept: open its replacement again to delete it.`;
    return this.#has("create")
      ? `The replacement of ${name} was left half way. Open it again to go on: it makes no other credential.`
      : "";
  }
}
customElements.define("keyturn-replace-credential", ReplaceCredentialDialog);

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-replace-credential": ReplaceCredentialDialog;
  }
}
