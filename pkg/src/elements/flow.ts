/** Guides a person through a rotation. Its state is in the journal: this element shows it and asks for decisions. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { render } from "../lifecycle/formats.js";
import type { LifecycleEvent, LifecyclePlan, LifecycleStatus } from "../lifecycle/model.js";
import type { CredentialFacts } from "../lifecycle/ports.js";
import { Shown, save } from "./base.js";
import { DOCUMENTS, type DocumentName, documentOf, objectName } from "./flow-documents.js";
import { styles } from "./flow-styles.js";
import { failureIn, type HandDelivery, isLost } from "./hand.js";
import { type IconName, icon, note } from "./icons.js";
import type { TextKey } from "./texts.js";
import { theme } from "./theme.js";
import type { PairNaming, RotatingLifecycle } from "./types.js";

/** The screens. */
type Screen =
  | "loading"
  | "elsewhere"
  | "plan"
  | "issuing"
  | "issuing-elsewhere"
  | "checking"
  | "store"
  | "lost"
  | "unknown"
  | "grace"
  | "retire"
  | "waiting"
  | "stopped"
  | "done"
  | "back";

type Step = "plan" | "issue" | "check" | "store" | "grace" | "retire";

const STEPS: readonly Step[] = ["plan", "issue", "check", "store", "grace", "retire"];

/** The step of each screen. */
const STEP_OF: Readonly<Record<Screen, Step>> = {
  loading: "plan",
  elsewhere: "plan",
  plan: "plan",
  issuing: "issue",
  "issuing-elsewhere": "issue",
  unknown: "issue",
  checking: "check",
  store: "store",
  lost: "store",
  grace: "grace",
  retire: "retire",
  waiting: "check",
  stopped: "check",
  done: "retire",
  back: "retire",
};

/**
 * How often the claim to the new secret is renewed while it is shown, in milliseconds. 15 minutes after the last
 * renewal, others may consider it lost.
 */
const HOLD = 240_000;

/** How long to wait for the lock before assuming that another tab holds it, in milliseconds. */
const LOCK = 250;

/** How long after its deadline a call may still take effect, in milliseconds: the default of the policy. */
const MARGIN = 120_000;

/** A delay that every browser's timers support, in milliseconds. */
const LONGEST = 2_000_000_000;

/** The implementation of `<keyturn-rotate>`. */
export class Flow extends Shown {
  static override properties = {
    lifecycle: { attribute: false },
    target: {},
    label: {},
    about: {},
    sink: { attribute: false },
    candidates: { attribute: false },
    naming: { attribute: false },
    owner: {},
    consumers: { attribute: false },
    grace: {},
    caution: {},
    recalls: { type: Boolean },
    lock: {},
    clock: { attribute: false },
    texts: { attribute: false },
    screen: { state: true },
    agreed: { state: true },
    typed: { state: true },
    error: { state: true },
    announced: { state: true },
    busy: { state: true },
    format: { state: true },
  };
  static override styles = [theme, styles];

  declare lifecycle: RotatingLifecycle | undefined;
  declare target: string;
  declare label: string;
  declare about: string;
  declare sink: HandDelivery | undefined;
  declare candidates: readonly CredentialFacts[];
  declare naming: PairNaming;
  declare owner: string;
  declare consumers: readonly string[];
  declare grace: string;
  declare caution: string;
  declare recalls: boolean;
  declare lock: string;
  declare private screen: Screen;
  /** Whether the check box that the next step requires is ticked. */
  declare private agreed: boolean;
  declare private typed: string;
  declare private error: unknown;
  /** The result of the last action. */
  declare private announced: string;
  declare private busy: boolean;
  declare private format: DocumentName;
  #status: LifecycleStatus | undefined;
  #plan: LifecyclePlan | undefined;
  /** The journal's events of the current rotation, or of the last one. */
  #events: readonly LifecycleEvent[] = [];
  #chosen: string | undefined;
  /** Aborted when the element is removed or gets another target. */
  #here = new AbortController();
  #wake: ReturnType<typeof setTimeout> | undefined;
  #focused: Screen | undefined;
  /** The node that had the focus before an update, which may remove it. */
  #active: Element | null | undefined;
  /** The read of the state that is in progress, if any. */
  #looking: Promise<void> | undefined;
  /** The current facts of the old credential. */
  #old: CredentialFacts | undefined;

  constructor() {
    super();
    this.default({
      target: "",
      label: "",
      about: "",
      candidates: [],
      naming: { clientId: "BATON_CLIENT_ID", clientSecret: "BATON_CLIENT_SECRET" },
      owner: "",
      consumers: [],
      grace: "",
      caution: "",
      lock: "",
    });
    this.typed = this.announced = "";
    this.recalls = this.agreed = this.busy = false;
    this.screen = "loading";
    this.format = "env";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leave();
  }

  /** Whether a secret is being issued or not yet stored, so that the page should not be left. */
  get unstored(): boolean {
    return this.screen === "issuing" || (!this.recalls && this.sink?.waiting !== undefined);
  }

  /** Reads the state of the rotation, and continues it. */
  refresh(): Promise<void> {
    return this.#look(this.#here.signal);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has("lifecycle") || changed.has("target")) this.#begin();
    this.#active = this.shadowRoot?.activeElement;
  }

  protected override updated(): void {
    const { screen } = this;
    if (screen === "loading") return;
    if (screen === this.#focused) {
      if (this.#active && !this.#active.isConnected) this.#title?.focus();
      return;
    }
    const first = this.#focused === undefined;
    this.#focused = screen;
    if (first || this.#mayFocus()) this.#title?.focus();
  }

  get #title(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>("#title");
  }

  /**
   * Whether the focus is in this element, around it, or nowhere. Otherwise a screen that changes with time would take
   * the focus from somebody who works elsewhere on the page.
   */
  #mayFocus(): boolean {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at === null || at === document.body || isWithin(at, this) || isWithin(this, at);
  }

  #leave(): void {
    this.#here.abort();
    clearTimeout(this.#wake);
    this.sink?.wipe();
  }

  #begin(): void {
    this.#leave();
    const { lifecycle, target } = this;
    this.#here = new AbortController();
    this.#status = this.#plan = this.#old = this.#chosen = this.#looking = undefined;
    this.#events = [];
    this.#focused = undefined;
    this.agreed = this.busy = false;
    this.typed = this.announced = "";
    this.error = undefined;
    this.screen = "loading";
    // An element that is updated outside the document begins once it is connected.
    if (lifecycle && target && this.isConnected) void this.#open(this.#here.signal);
  }

  /** Lets only one tab at a time continue a rotation: the others could not show the secret. */
  async #open(signal: AbortSignal): Promise<void> {
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    if (!locks) return this.#look(signal);
    const late = setTimeout(() => {
      if (!signal.aborted) this.screen = "elsewhere";
    }, LOCK);
    try {
      await locks.request(`keyturn:${this.lock}:${this.target}`, { signal }, async () => {
        clearTimeout(late);
        if (signal.aborted) return;
        await this.#look(signal);
        // Hold the lock as long as the element is shown.
        await new Promise((gone) => signal.addEventListener("abort", gone, { once: true }));
      });
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    } finally {
      clearTimeout(late);
    }
  }

  /** Reads the state of the rotation, and continues it until a person is needed. */
  async #look(signal: AbortSignal): Promise<void> {
    // A running action shows its own result.
    if (this.busy) return;
    if (this.#looking) return this.#looking;
    const looking = this.#run((lifecycle) => this.#continue(lifecycle, signal), signal);
    this.#looking = looking;
    await looking;
    if (this.#looking === looking) this.#looking = undefined;
  }

  async #continue(lifecycle: RotatingLifecycle, signal: AbortSignal): Promise<void> {
    await this.#read(lifecycle);
    const status = this.#status as LifecycleStatus;
    if (status.phase === undefined) this.#plan ??= (await lifecycle.plan([this.target], { signal }))[0];
    else if (!this.#isLost(status)) await lifecycle.advance(this.target, { signal: this.#turn(signal) });
  }

  /** Whether nobody has the new secret. Only a person can decide to issue another one. */
  #isLost(status: LifecycleStatus): boolean {
    return !!this.sink && !this.recalls && isLost(status, this.#events, this.sink, this.clock.now());
  }

  /** Returns a signal that ends a call once the secret arrives, since a person takes some time to store it. */
  #turn(signal: AbortSignal): AbortSignal {
    const turn = new AbortController();
    const end = (): void => turn.abort();
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    const unwatch = this.sink?.watch(end);
    turn.signal.addEventListener("abort", () => unwatch?.(), { once: true });
    return turn.signal;
  }

  /**
   * Runs a person's action, and shows its result. It first waits for a read of the state that is in progress, so that
   * no click or key press is lost. A second action in the meantime is ignored.
   */
  async #act(work: (lifecycle: RotatingLifecycle) => Promise<unknown>): Promise<void> {
    if (this.busy) return;
    const { signal } = this.#here;
    this.busy = true;
    await this.#looking;
    if (signal.aborted) return;
    await this.#run(work, signal);
    if (!signal.aborted) this.busy = false;
  }

  async #run(work: (lifecycle: RotatingLifecycle) => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { lifecycle } = this;
    if (!lifecycle) return;
    clearTimeout(this.#wake);
    this.error = undefined;
    try {
      await work(lifecycle);
    } catch (error) {
      // If a pair is waiting, the call was aborted because the secret arrived.
      if (!signal.aborted && this.sink?.waiting === undefined) this.error = error;
    }
    try {
      if (!signal.aborted) await this.#read(lifecycle);
    } catch (error) {
      this.error ??= error;
    }
    if (signal.aborted) return;
    await this.#lookAtOld(lifecycle, signal);
    if (signal.aborted) return;
    if (this.#status) {
      this.#show(this.#screenOf(this.#status));
      this.#sleep();
      this.tell("keyturn-progress", this.#status);
    } else {
      this.#failed(this.error);
    }
  }

  /** Shows a screen. Another screen discards what a person has typed or confirmed. */
  #show(screen: Screen): void {
    if (screen !== this.screen) {
      this.agreed = false;
      this.typed = "";
    }
    this.screen = screen;
  }

  #failed(error: unknown): void {
    this.error = error;
    this.#show("stopped");
  }

  async #read(lifecycle: RotatingLifecycle): Promise<void> {
    const [status] = await lifecycle.status([this.target]);
    const events = await lifecycle.history(this.target);
    const begun = events.map(({ event }) => event).lastIndexOf("planned");
    this.#status = status;
    this.#events = begun < 0 ? [] : events.slice(begun);
  }

  async #lookAtOld(lifecycle: RotatingLifecycle, signal: AbortSignal): Promise<void> {
    if (this.#status?.phase !== "grace" || this.#old) return;
    try {
      this.#old = this.candidates.find(({ id }) => id === this.#status?.current?.id);
      this.#old ??= (await lifecycle.plan([this.target], { signal }))[0]?.old;
    } catch {
      // Unknown facts are not shown.
    }
  }

  #screenOf(status: LifecycleStatus): Screen {
    const { progress, phase } = status;
    if (this.sink?.waiting !== undefined) return "store";
    if (phase === undefined) {
      // The result of an action is shown once, to the person who performed it.
      if (progress.state !== "idle") return progress.state === "stopped" ? "stopped" : "waiting";
      if (this.#events.length === 0 || this.screen === "loading" || this.screen === "elsewhere") return "plan";
      return progress.last === "rolled-back" ? "back" : "done";
    }
    if (phase === "unknown") return "unknown";
    if (progress.state === "stopped") return "stopped";
    if (progress.state === "awaits-approval") return "retire";
    if (this.#isLost(status)) return "lost";
    if (phase === "issuing") return "issuing-elsewhere";
    if (failureIn(this.#events)) return "waiting";
    return phase === "grace" ? "grace" : "waiting";
  }

  /** Schedules the next read of the state, or the next renewal of the claim to the secret. */
  #sleep(): void {
    clearTimeout(this.#wake);
    const { signal } = this.#here;
    const progress = this.#status?.progress;
    if (this.screen === "store") {
      this.#wake = setTimeout(() => void this.#hold(signal), HOLD);
      return;
    }
    if (progress?.state !== "waiting" || this.screen === "lost") return;
    const remaining = Math.max(500, progress.until - this.clock.now());
    this.#wake = setTimeout(() => void this.#look(signal), Math.min(remaining, LONGEST));
  }

  /** Records in the journal that somebody still has the secret. The screen does not change. */
  async #hold(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.busy) return;
    try {
      await this.lifecycle?.advance(this.target, { signal: this.#turn(signal) });
    } catch {
      // The call was aborted because the secret was handed over again.
    }
    if (!signal.aborted) this.#sleep();
  }

  protected override render(): TemplateResult {
    return html`<div class="flow">
      <div>
        ${this.#steps()}
      </div>
      <section class="screen" aria-labelledby="title" aria-busy=${this.busy}>
        ${this.#content()}
        ${this.error && this.screen !== "stopped" ? this.#trouble() : nothing}
      </section>
    </div>`;
  }

  #steps(): TemplateResult {
    const at = STEPS.indexOf(this.#step);
    const over = this.screen === "done";
    return html`<ol class="steps" part="steps" aria-label=${this.say("rotate.steps")}>
        ${STEPS.map((step, index) => {
          const [kind, name]: [string, IconName] =
            over || index < at ? ["done", "check"] : index === at ? ["now", "clock"] : ["open", "dash"];
          const state: TextKey =
            kind === "done" ? "rotate.step.done" : kind === "now" ? "rotate.current" : "rotate.open";
          return html`<li class=${kind} aria-current=${kind === "now" ? "step" : nothing}>
            ${icon(name, 16)}<span>${this.say(`rotate.step.${step}`)}<span class="unseen">, ${this.say(state)}</span></span>
          </li>`;
        })}
      </ol>
      ${this.#ladder()}`;
  }

  get #step(): Step {
    const { screen } = this;
    if (screen !== "stopped" && screen !== "waiting") return STEP_OF[screen];
    const { phase } = this.#status ?? {};
    // What is stored is not to be stored again, whatever failed since.
    if (phase === "issued" && this.#events.some(({ event }) => event === "delivered")) return "grace";
    const phases: Partial<Record<string, Step>> = {
      planned: "issue",
      issuing: "issue",
      unknown: "issue",
      grace: "retire",
    };
    return phases[phase ?? ""] ?? "check";
  }

  /** Renders the proofs of the new credential. */
  #ladder(): TemplateResult | typeof nothing {
    const since = this.#events.map(({ event }) => event).lastIndexOf("issued");
    if (since < 0 || this.screen === "plan") return nothing;
    const rungs = this.#events.slice(since).flatMap((event): (readonly [string, boolean])[] => {
      const sink = String(event.sink ?? "");
      switch (event.event) {
        case "verified":
          // A public client gets tokens only for its users.
          if (this.caution && event.proof === "token") return [];
          return [[this.say(`rotate.proof.${event.proof as "parsed"}`), true]];
        case "delivered":
          return [
            [
              sink === this.sink?.name ? this.say("rotate.proof.stored") : this.say("rotate.proof.delivered", { sink }),
              true,
            ],
          ];
        case "read-back":
          return [[this.say("rotate.proof.readBack", { sink }), true]];
        case "observed":
          return [
            [this.say(event.overlap === true ? "rotate.proof.overlap" : "rotate.proof.cut"), event.overlap === true],
          ];
        default:
          return [];
      }
    });
    if (rungs.length === 0) return nothing;
    return html`<ul class="proofs" part="proofs" aria-label=${this.say("rotate.proofs")}>
      ${rungs.map(([words, good]) => html`<li class=${good ? "" : "bad"}>${icon(good ? "check" : "warning", 14)}<span>${words}</span></li>`)}
    </ul>`;
  }

  #head(title: string): TemplateResult {
    return html`<h2 id="title" tabindex="-1">${title}</h2>
      <p class="about" part="about"><bdi>${this.label || this.target}</bdi>${this.about ? html` · <bdi>${this.about}</bdi>` : nothing}</p>`;
  }

  #wait(key: TextKey): TemplateResult {
    return html`<p class="wait" role="status">${icon("sync", 22, "turning")}<span>${this.say(key)}</span></p>`;
  }

  #trouble(): TemplateResult {
    const error = this.error as { message?: string; hint?: string; code?: string } | undefined;
    return html`<div role="alert">
      ${note(
        "bad",
        "warning",
        html`<strong>${this.say("rotate.failed.title")}</strong>
          <p lang="en" dir="ltr">${error?.message ?? String(this.error)}</p>
          ${error?.hint ? html`<p lang="en" dir="ltr">${error.hint}</p>` : nothing}`,
      )}
    </div>`;
  }

  #content(): TemplateResult {
    switch (this.screen) {
      case "loading":
        return this.#wait("rotate.loading");
      case "elsewhere":
        return html`${this.#head(this.say("rotate.elsewhere.title"))}
          ${note("warn", "warning", html`<p>${this.say("rotate.elsewhere")}</p>`)}${this.#buttons(this.#closing())}`;
      case "plan":
        return this.#showPlan();
      case "issuing":
        return html`${this.#head(this.say("rotate.issuing.title"))}${this.#wait("rotate.issuing")}`;
      case "issuing-elsewhere":
        return this.#issuingElsewhere();
      case "checking":
        return html`${this.#head(this.say("rotate.checking.title"))}${this.#wait("rotate.checking")}`;
      case "store":
        return this.#store();
      case "lost":
        return this.#lost();
      case "unknown":
        return this.#unknown();
      case "grace":
        return this.#inGrace();
      case "retire":
        return this.#retire();
      case "waiting":
        return this.#waiting();
      case "stopped":
        return this.#stopped();
      case "done":
        return this.#done();
      case "back":
        return html`${this.#head(this.say("rotate.back.title"))} ${note("plain", "info", html`<p>${this.say("rotate.back")}</p>`)}
          ${this.#pair()} ${this.#buttons(this.#closing(true))}`;
    }
  }

  #buttons(content: unknown): TemplateResult {
    return html`<div class="buttons">${content}</div>`;
  }

  #closing(primary = false): TemplateResult {
    return html`<button type="button" class=${primary ? "primary" : ""} @click=${() => this.tell("keyturn-close")}>${this.say("rotate.close")}</button>`;
  }

  #undoing(): TemplateResult | typeof nothing {
    if (this.#status?.cannotRollBack !== undefined || this.#status?.rollingBack) return nothing;
    return html`<button type="button" class="quiet apart" aria-disabled=${this.busy} @click=${this.#undo}>${this.say("rotate.undo")}</button>`;
  }

  #showPlan(): TemplateResult {
    const current = this.#status?.current;
    const { candidates } = this;
    const { blocked, cuts, old, refusal } = this.#plan ?? {};
    const replaces = current !== undefined || old !== undefined || candidates.length > 0;
    // If there are candidates, a person chooses among them.
    const replaced = current?.id ?? (candidates.length === 0 ? old?.id : undefined);
    const action = this.say(replaces ? "rotate.plan.rotate" : "rotate.plan.create");
    return html`${this.#head(action)}
      ${
        cuts
          ? note(
              "warn",
              "warning",
              html`<strong>${this.say("rotate.plan.cuts.title")}</strong><p>${this.say("rotate.plan.cuts")}</p>`,
            )
          : nothing
      }
      ${this.#planned(replaces)}
      ${replaced ? html`<dl><dt>${this.say("rotate.plan.old")}</dt><dd class="mono" translate="no">${replaced}</dd></dl>` : this.#which()}
      ${this.#people()}
      ${blocked ? note("warn", "warning", html`<p>${this.say("rotate.plan.blocked")} ${this.say(`rotate.plan.blocked.${blocked}`)}</p>`) : nothing}
      ${refusal && !this.error ? note("warn", "warning", html`<p>${this.say("rotate.plan.blocked")}</p><p lang="en" dir="ltr">${refusal}</p>`) : nothing}
      ${this.#consent()}
      ${this.#buttons(html`<button type="button" class="primary" aria-disabled=${this.busy} ?disabled=${blocked !== undefined || (this.caution !== "" && !this.agreed)} @click=${this.#issue}>
          ${action}
        </button>
        <button type="button" @click=${() => this.tell("keyturn-close")}>${this.say("rotate.cancel")}</button>`)}`;
  }

  /** Lists what a rotation will do. `replaces` says whether there is an old credential that ends with it. */
  #planned(replaces: boolean): TemplateResult {
    const isPublic = this.naming.clientSecret === undefined;
    const sinks = this.words.list(this.#plan?.sinks.map(({ name }) => name) ?? []);
    const status = this.#status;
    return html`<ul class="points">
      <li>${icon("plus", 18)}<div><strong>${this.say("rotate.plan.issue")}</strong> ${this.say(isPublic ? "rotate.plan.issueMoreId" : "rotate.plan.issueMore")}</div></li>
      ${
        this.caution
          ? nothing
          : html`<li>${icon("check", 18)}<div><strong>${this.say("rotate.plan.check")}</strong> ${this.say("rotate.plan.checkMore")}</div></li>`
      }
      ${
        this.sink
          ? html`<li>${icon("eye", 18)}<div><strong>${this.say(isPublic ? "rotate.plan.onceId" : "rotate.plan.once")}</strong> ${this.say(isPublic ? "rotate.plan.onceMoreId" : "rotate.plan.onceMore")}</div></li>`
          : html`<li>${icon("save", 18)}<div><strong>${this.say("rotate.plan.deliver", { sinks })}</strong></div></li>`
      }
      ${
        replaces
          ? html`<li>${icon("clock", 18)}<div><strong>${this.say("rotate.plan.keep", { grace: this.grace })}</strong> ${this.say(status?.policy?.approval === false ? "rotate.plan.keepMoreAlone" : "rotate.plan.keepMore")}
              ${status?.overlap === true ? this.say("rotate.plan.keeps") : nothing}</div></li>`
          : html`<li>${icon("info", 18)}<div><strong>${this.say("rotate.plan.none")}</strong> ${this.say("rotate.plan.noneMore")}</div></li>`
      }
    </ul>`;
  }

  /** Says whom the rotation concerns. */
  #people(): TemplateResult {
    const { consumers, owner } = this;
    return html`<dl>
      <dt>${this.say("rotate.plan.owner")}</dt>
      <dd><bdi>${owner || "—"}</bdi></dd>
      <dt>${this.say("rotate.plan.consumers")}</dt>
      <dd>${consumers.length > 0 ? html`<bdi>${this.words.list(consumers)}</bdi>` : this.say("rotate.plan.noConsumers")}</dd>
    </dl>`;
  }

  /** Shows what a person must confirm before the rotation begins, if there is anything. */
  #consent(): TemplateResult | typeof nothing {
    if (!this.caution) return nothing;
    return html`${note("warn", "warning", html`<p>${this.caution}</p>`)}
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>${this.say("rotate.plan.agree")}</span>
      </label>`;
  }

  /** Asks which of the known credentials is in use, if the journal does not say yet. */
  #which(): TemplateResult | typeof nothing {
    const { candidates } = this;
    if (candidates.length === 0) return nothing;
    const now = this.clock.now();
    const chosen = this.#chosen ?? candidates[0]?.id;
    const choose = (id: string): void => {
      this.#chosen = id;
      this.requestUpdate();
    };
    // Not every control plane reports when a credential was used.
    const uses = new Set(candidates.filter((one) => "lastUsedAt" in one).map(({ id }) => id));
    return html`<fieldset>
      <legend>${this.say("rotate.plan.which")}</legend>
      <p class="small muted">${this.say("rotate.plan.whichMore")}</p>
      ${candidates.map(
        ({ id, lastUsedAt }) => html`<label class="choice">
          <input type="radio" name="old" .checked=${chosen === id} @change=${() => choose(id)} />
          <span><span class="mono" translate="no">${id}</span>
            ${uses.has(id) ? html`<span class="muted small">${this.say("column.used")}: ${lastUsedAt === undefined ? this.say("table.never") : html`<time datetime=${new Date(lastUsedAt).toISOString()}>${this.words.relative(lastUsedAt, now)}</time>`}</span>` : nothing}</span>
        </label>`,
      )}
      <label class="choice">
        <input type="radio" name="old" .checked=${chosen === ""} @change=${() => choose("")} />
        <span>${this.say("rotate.plan.unknown")} <span class="muted small">${this.say("rotate.plan.unknownMore")}</span></span>
      </label>
    </fieldset>`;
  }

  #issuingElsewhere(): TemplateResult {
    const progress = this.#status?.progress;
    const until = progress?.state === "waiting" ? this.words.exact(progress.until) : "—";
    return html`${this.#head(this.say("rotate.issuingElsewhere.title"))}
      ${note("warn", "clock", html`<p role="status">${this.say("rotate.issuingElsewhere", { until })}</p>`)}
      ${this.#buttons(html`${this.#again("rotate.again")}${this.#closing()}`)}`;
  }

  #store(): TemplateResult {
    const { sink } = this;
    const made = this.#status?.credentials.find(({ clientId }) => clientId === sink?.waiting);
    // A public client has no secret.
    const only = this.naming.clientSecret === undefined || sink?.reveal()?.clientSecret === "";
    return html`${this.#head(this.say("rotate.store.title"))}
      <p>${this.say(only ? "rotate.store.onlyId" : "rotate.store")} ${made?.expiresAt === undefined ? nothing : this.say("rotate.store.expires", { date: this.words.exact(made.expiresAt) })}</p>
      <keyturn-secret label=${this.say("secret.clientId")} name=${this.say("secret.clientId.in")} .texts=${this.texts} .text=${() => sink?.reveal()?.clientId ?? ""}></keyturn-secret>
      ${
        only
          ? nothing
          : html`<keyturn-secret label=${this.say("secret.clientSecret")} name=${this.say("secret.clientSecret.in")} .texts=${this.texts} secret .text=${() => sink?.reveal()?.clientSecret ?? ""}></keyturn-secret>`
      }
      <div class="save">
        <div class="field">
          <label for="format">${this.say("rotate.store.format")}</label>
          <select id="format" @change=${(event: Event) => (this.format = (event.target as HTMLSelectElement).value as DocumentName)}>
            ${(Object.keys(DOCUMENTS) as DocumentName[]).map(
              (name) =>
                html`<option value=${name} .selected=${name === this.format}>${this.say(`rotate.format.${name}`)}</option>`,
            )}
          </select>
        </div>
        <button type="button" @click=${() => this.#save("file")}>${icon("save")} ${this.say("rotate.store.save")}</button>
        <button type="button" @click=${() => this.#save("clipboard")}>${icon("copy")} ${this.say("rotate.store.copyAll")}</button>
      </div>
      <p role="status" class="small muted">${this.announced}</p>
      <label class="choice">
        <input type="checkbox" .checked=${this.agreed} @change=${this.#agree} />
        <span>${this.say(only ? "rotate.store.agreeId" : "rotate.store.agree")}</span>
      </label>
      ${this.#buttons(html`<button type="button" class="primary" ?disabled=${!this.agreed} aria-disabled=${this.busy} @click=${this.#stored}>${this.say("rotate.store.next")}</button>
        ${this.#undoing()}`)}`;
  }

  #lost(): TemplateResult {
    const id = this.#status?.credentials.find(({ role }) => role === "new")?.id ?? "";
    return html`${this.#head(this.say("rotate.lost.title"))}
      ${note("warn", "warning", html`<p>${this.say("rotate.lost", { id })}</p>`)}
      <p>${this.say("rotate.lost.more", { id })}</p>
      ${this.#buttons(html`<button type="button" class="primary" aria-disabled=${this.busy} @click=${this.#reissue}>${this.say("rotate.lost.again")}</button>
        ${this.#closing()} ${this.#undoing()}`)}`;
  }

  #unknown(): TemplateResult {
    const doubt = this.#status?.doubt;
    const now = this.clock.now();
    const progress = this.#status?.progress;
    // A person's decision is accepted only after the records have been searched once.
    const earliest = (doubt?.until ?? 0) + MARGIN;
    const early = now < earliest;
    const span = {
      from: this.words.exact(doubt?.since ?? now),
      until: this.words.exact(doubt?.until ?? now),
      target: this.label,
    };
    return html`${this.#head(this.say("rotate.unknown.title"))}
      ${note("warn", "warning", html`<p>${this.say("rotate.unknown", span)}</p>`)}
      ${progress?.state === "waiting" ? html`<p role="status">${this.say("rotate.unknown.searching", { at: this.words.exact(progress.until) })}</p>` : nothing}
      <h3>${this.say("rotate.unknown.look")}</h3>
      <ol class="todo">
        <li>${this.say("rotate.unknown.1", span)} ${this.say("rotate.unknown.marker", { marker: doubt?.marker ?? "" })}</li>
        <li>${this.say("rotate.unknown.2")}</li>
        <li>${this.say("rotate.unknown.3")}</li>
      </ol>
      <div class="field">
        <label for="ids">${this.say("rotate.unknown.ids")}</label>
        <input id="ids" class="mono" autocomplete="off" autocapitalize="off" spellcheck="false" .value=${this.typed} @input=${this.#type} />
      </div>
      ${early ? html`<p class="small muted">${this.say("rotate.unknown.early", { at: this.words.exact(earliest) })}</p>` : nothing}
      ${this.#buttons(html`<button type="button" class="primary" ?disabled=${early || this.typed.trim() === ""} @click=${() => this.#settle(this.typed.trim().split(/[\s,]+/))}>${this.say("rotate.unknown.found")}</button>
        <button type="button" ?disabled=${early || this.typed.trim() !== ""} @click=${() => this.#settle("none")}>${this.say("rotate.unknown.none")}</button>
        ${progress?.state === "stopped" ? nothing : this.#again("rotate.unknown.search")}
        ${this.#closing()}`)}`;
  }

  #pair(): TemplateResult {
    const made = this.#status?.credentials.find(({ role }) => role === "new");
    const old = this.#status?.current;
    const one = (key: TextKey, id: string | undefined): unknown =>
      id === undefined ? nothing : html`<dt>${this.say(key)}</dt><dd class="mono" translate="no">${id}</dd>`;
    if (!made) return html`<dl>${one("rotate.plan.old", old?.id)}</dl>`;
    return html`<dl>${one("rotate.new", made.id)}${one("rotate.old", old?.id)}</dl>`;
  }

  #inGrace(): TemplateResult {
    const progress = this.#status?.progress;
    const until = progress?.state === "waiting" ? progress.until : this.clock.now();
    const cut = this.#events.some(({ event, overlap }) => event === "observed" && overlap === false);
    return html`${this.#head(cut ? this.say("rotate.store.title") : this.say("rotate.grace.title"))}
      ${
        cut
          ? note(
              "warn",
              "warning",
              html`<strong>${this.say("rotate.grace.cut.title")}</strong><p>${this.say("rotate.grace.cut")}</p>`,
            )
          : note("good", "check", html`<p>${this.say("rotate.grace")}</p>`)
      }
      ${this.#pair()}
      <p role="status">${this.say("rotate.grace.until", { date: this.words.exact(until), relative: this.words.relative(until, this.clock.now()) })}</p>
      <p class="muted">${this.say("rotate.grace.safe")}</p>
      ${this.#buttons(html`${this.#closing(true)}${this.#undoing()}`)}`;
  }

  #retire(): TemplateResult {
    const id = this.#status?.current?.id ?? "";
    const used = this.#old?.lastUsedAt;
    return html`${this.#head(this.say("rotate.retire.title", { id }))}
      ${note(
        "warn",
        "warning",
        html`<p>${this.say("rotate.retire")}</p>
          ${used === undefined ? nothing : html`<p>${this.say("rotate.retire.used", { relative: this.words.relative(used, this.clock.now()) })}</p>`}`,
      )}
      ${this.#pair()}
      <form @submit=${this.#end}>
        <div class="field">
          <label for="typed">${this.say("rotate.retire.type", { id })}</label>
          <input id="typed" class="mono" autocomplete="off" autocapitalize="off" spellcheck="false" .value=${this.typed} @input=${this.#type} />
        </div>
        ${this.#buttons(html`<button class="danger" ?disabled=${this.typed.trim() !== id || id === ""} aria-disabled=${this.busy}>${icon("barred")} ${this.say("rotate.retire.do")}</button>
          ${this.#closing()} ${this.#undoing()}`)}
      </form>`;
  }

  #waiting(): TemplateResult {
    const failure = failureIn(this.#events);
    const progress = this.#status?.progress;
    const until = progress?.state === "waiting" ? progress.until : this.clock.now();
    return html`${this.#head(this.say("rotate.waiting.title"))}
      ${note("warn", "clock", html`<p role="status">${String(failure?.code).endsWith("in_use") ? this.say("rotate.waiting.inUse") : nothing} ${this.say("rotate.waiting", { code: String(failure?.code ?? "—"), relative: this.words.relative(until, this.clock.now()) })}</p>`)}
      ${this.#buttons(html`${this.#again("rotate.now")}${this.#closing()}${this.#undoing()}`)}`;
  }

  #stopped(): TemplateResult {
    const progress = this.#status?.progress;
    if (progress?.state !== "stopped")
      return html`${this.#head(this.say("rotate.failed.title"))} ${this.#trouble()}
        ${this.#buttons(html`${this.#again("rotate.again")}${this.#closing()}`)}`;
    const { reason, about, hint } = progress;
    const key = `rotate.stop.${reason}`;
    const issued = this.#status?.credentials.some(({ role }) => role === "new");
    return html`${this.#head(this.say(reason === "refused" ? "rotate.stopped.refused" : "rotate.stopped.title"))}
      ${note(
        "bad",
        "warning",
        html`<p translate="no"><code>${reason}</code>${about ? html` · <span class="mono">${about}</span>` : nothing}</p>
          <p>${this.words.has(key) ? this.say(key) : hint}</p>`,
      )}
      ${this.error ? this.#trouble() : nothing}
      ${this.#status?.rollingBack ? this.#pair() : nothing}
      ${this.#buttons(html`${
        reason === "restore-by-hand"
          ? html`<button type="button" class="primary" aria-disabled=${this.busy} @click=${() => this.#resume({ restored: true })}>${this.say("rotate.restored")}</button>`
          : reason === "sink-added"
            ? html`<button type="button" class="primary" aria-disabled=${this.busy} @click=${() => this.#resume({ provisioned: true })}>${this.say("rotate.provisioned")}</button>`
            : html`<button type="button" class="primary" aria-disabled=${this.busy} @click=${() => this.#resume({})}>${this.say("rotate.resume")}</button>`
      }
        ${issued && !this.#status?.rollingBack ? html`<button type="button" aria-disabled=${this.busy} @click=${this.#reissue}>${this.say("rotate.reissue")}</button>` : nothing}
        ${this.#closing()}${this.#undoing()}`)}`;
  }

  #done(): TemplateResult {
    const id = this.#status?.current?.id;
    // Only a rotation that has an old credential records `observed`.
    const first = !this.#events.some(({ event }) => event === "observed");
    return html`${this.#head(this.say(first ? "rotate.done.first" : "rotate.done.title"))}
      ${note("good", "check", html`<p>${this.say(first ? "rotate.done.firstMore" : "rotate.done")}</p>`)}
      <dl><dt>${this.say("rotate.plan.old")}</dt><dd class="mono" translate="no">${id ?? "—"}</dd></dl>
      ${this.#buttons(this.#closing(true))}`;
  }

  #again(key: TextKey): TemplateResult {
    return html`<button type="button" aria-disabled=${this.busy} @click=${this.#lookAgain}>${this.say(key)}</button>`;
  }

  readonly #lookAgain = (): void => {
    const { signal } = this.#here;
    void this.#act((lifecycle) => this.#continue(lifecycle, signal));
  };

  readonly #agree = (event: Event): void => {
    this.agreed = (event.target as HTMLInputElement).checked;
  };

  readonly #type = (event: Event): void => {
    this.typed = (event.target as HTMLInputElement).value;
  };

  readonly #issue = (): void => {
    if (this.busy || (this.caution !== "" && !this.agreed)) return;
    const { signal } = this.#here;
    const chosen = this.#status?.current ? "" : (this.#chosen ?? this.candidates[0]?.id ?? "");
    this.#show("issuing");
    void this.#act(async (lifecycle) => {
      if (chosen !== "") await lifecycle.adopt(this.target, chosen, { signal });
      await lifecycle.rotate(this.target, { signal: this.#turn(signal), leaveUnknown: chosen === "" });
    });
  };

  readonly #stored = (): void => {
    if (this.busy || !this.agreed) return;
    const { signal } = this.#here;
    this.sink?.confirm();
    this.#show("checking");
    void this.#act((lifecycle) => lifecycle.advance(this.target, { signal }));
  };

  readonly #reissue = (): void => {
    if (this.busy) return;
    const { signal } = this.#here;
    this.#show("issuing");
    void this.#act(async (lifecycle) => {
      await lifecycle.resume(this.target, { reissue: true });
      await lifecycle.advance(this.target, { signal: this.#turn(signal) });
    });
  };

  readonly #undo = (): void => {
    if (this.busy) return;
    const { signal } = this.#here;
    this.sink?.wipe();
    void this.#act((lifecycle) => lifecycle.rollback(this.target, { signal }));
  };

  #settle(found: readonly string[] | "none"): void {
    const { signal } = this.#here;
    void this.#act(async (lifecycle) => {
      await lifecycle.settle(this.target, { found, signal });
      this.#show("issuing");
      await lifecycle.advance(this.target, { signal: this.#turn(signal) });
    });
  }

  #resume(how: { restored?: boolean; provisioned?: boolean }): void {
    const { signal } = this.#here;
    void this.#act(async (lifecycle) => {
      await lifecycle.resume(this.target, how);
      await lifecycle.advance(this.target, { signal: this.#turn(signal) });
    });
  }

  readonly #end = (event: Event): void => {
    event.preventDefault();
    if (this.busy || this.typed.trim() !== this.#status?.current?.id) return;
    const { signal } = this.#here;
    void this.#act((lifecycle) => lifecycle.retire(this.target, { signal }));
  };

  /** Saves the pair as a document. */
  async #save(to: "file" | "clipboard"): Promise<void> {
    const pair = this.sink?.reveal();
    if (!pair) return;
    const { clientId, clientSecret } = this.naming;
    const values: Record<string, string> = { [clientId]: pair.clientId };
    if (clientSecret !== undefined && pair.clientSecret !== "") values[clientSecret] = pair.clientSecret;
    const name = objectName(this.label || this.target);
    try {
      const text = render(documentOf(this.format, name, values));
      if (to === "file") save(DOCUMENTS[this.format].file, "text/plain", text);
      else await navigator.clipboard.writeText(text);
      this.announced = this.say(to === "file" ? "rotate.store.saved" : "secret.copied");
    } catch (error) {
      this.announced = this.say("rotate.format.refused", { why: error instanceof Error ? error.message : "" });
    }
  }
}

/** Returns whether a node is another node or is inside it, across shadow roots. */
function isWithin(node: Node, other: Node): boolean {
  for (let at: Node | null = node; at; at = at.parentNode ?? (at as Partial<ShadowRoot>).host ?? null)
    if (at === other) return true;
  return false;
}
