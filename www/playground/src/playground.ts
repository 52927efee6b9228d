/** The page: programs of the documents in an editor, run against a sandbox tenant in the same page. */

import programs from "playground:programs";
import type { SandboxRequest } from "keyturn/sandbox";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { base } from "../../src/ui/styles.js";
import { type Editor, openEditor } from "./editor.js";
import { FAULTS } from "./faults.js";
import { led, ProgramError } from "./imports.js";
import { fragmentOf, programOf } from "./link.js";
import type { Failure, FromProgram } from "./messages.js";
import { styles } from "./styles.js";
import { Theatre } from "./theatre.js";

const HOUR = 3_600_000;

const STEPS = [
  ["1 hour", HOUR],
  ["1 day", 24 * HOUR],
  ["30 days", 720 * HOUR],
] as const;

/** The maximum number of requests shown. */
const SHOWN = 100;

/** The address, as programs print it, at which a person approves a log-in. */
const APPROVAL = /\/device\?user_code=([\w-]+)/;

/** Stands for the program that came with a link, in place of the index of one of the documents' programs. */
const LINKED = -1;

type Line =
  | { readonly kind: "log" | "warn" | "error" | "note"; readonly text: string; readonly approval?: string | undefined }
  | { readonly kind: "failure"; readonly failure: Failure };

class Playground extends LitElement {
  static override properties = {
    chosen: { state: true },
    linked: { state: true },
    lines: { state: true },
    running: { state: true },
    status: { state: true },
    seen: { state: true },
    own: { state: true },
    files: { state: true },
    faults: { state: true },
    now: { state: true },
    ready: { state: true },
  };
  static override styles = [base, styles];
  /** The index of the program that is shown, or {@link LINKED}. */
  declare private chosen: number;
  declare private linked: string | undefined;
  declare private lines: readonly Line[];
  declare private running: boolean;
  declare private status: string;
  declare private seen: readonly SandboxRequest[];
  /** The requests to sandboxes that the program created itself. */
  declare private own: readonly SandboxRequest[];
  declare private files: ReadonlyMap<string, string>;
  declare private faults: readonly string[];
  declare private now: number | undefined;
  declare private ready: boolean;
  #editor: Editor | undefined;
  #theatre: Theatre | undefined;
  /** The edited programs, by index, so that switching to another loses nothing. */
  readonly #edited = new Map<number, string>();
  /** Whether requests are being fetched, and whether to fetch them once more. */
  #looking = false;
  #again = false;
  /** The number of the latest run, by which messages of earlier runs are ignored. */
  #run = 0;

  constructor() {
    super();
    this.chosen = 0;
    this.linked = undefined;
    this.lines = [];
    this.running = false;
    this.status = "";
    this.seen = [];
    this.own = [];
    this.files = new Map();
    this.faults = [];
    this.now = undefined;
    this.ready = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("message", this.#stage);
    addEventListener("hashchange", this.#open);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("message", this.#stage);
    removeEventListener("hashchange", this.#open);
  }

  protected override firstUpdated(): void {
    this.#editor = openEditor({
      parent: this.renderRoot.querySelector(".editor") as HTMLElement,
      root: this.renderRoot as ShadowRoot,
      label: "Program",
      description: "leave",
      onRun: () => void this.#start(),
    });
    this.#show(0);
    void this.#open();
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("lines")) return;
    const output = this.renderRoot.querySelector(".output");
    output?.scrollTo(0, output.scrollHeight);
  }

  protected override render(): TemplateResult {
    return html`<main class="page">
      <header class="top">
        <h1>Keyturn playground</h1>
        <p class="small muted">
          Programs run in this page, against a sandbox tenant in it: nothing is sent anywhere, and no credential is real.
        </p>
      </header>
      <div class="columns">
        <div class="main">
          <section class="panel" aria-label="Program">${this.#toolbar()}
            <div class="editor"></div>
            <p class="foot small muted" id="leave">Ctrl or ⌘ with Enter runs the program. Tab indents; press Escape, then Tab, to leave the editor.</p>
          </section>
          <section class="panel" aria-labelledby="output">
            <div class="bar"><h2 id="output">Output</h2><span class="small muted" role="status">${this.status}</span></div>
            <div class="output" role="log" tabindex="0" aria-labelledby="output">${this.lines.map((line) => this.#line(line))}</div>
          </section>
          ${this.files.size === 0 ? nothing : this.#filed()}
        </div>
        <div class="side">${this.#tenant()} ${this.#requests("requests", "Requests", this.seen)}
          ${this.own.length === 0 ? nothing : this.#requests("own", "Requests to the program’s own sandbox", this.own)}
        </div>
      </div>
      <footer class="small muted"><a href="notices.txt">Licences of what this page contains</a></footer>
      <iframe src="stage.html" title="Where programs run" aria-hidden="true" tabindex="-1"></iframe>
    </main>`;
  }

  #toolbar(): TemplateResult {
    const groups = [...new Set(programs.map(({ group }) => group))];
    const option = (at: number, title: string): TemplateResult =>
      html`<option value=${at} .selected=${at === this.chosen}>${title}</option>`;
    return html`<div class="bar">
      <div class="choose">
        <label for="program">Program</label>
        <select id="program" @change=${this.#choose}>
          ${this.linked === undefined ? nothing : option(LINKED, "From the link")}
          ${groups.map(
            (group) => html`<optgroup label=${group}>
              ${programs.map((one, at) => (one.group === group ? option(at, one.title) : nothing))}
            </optgroup>`,
          )}
        </select>
      </div>
      <button type="button" class="primary" ?disabled=${!this.ready} @click=${() => void this.#start()}>Run</button>
      <button type="button" ?disabled=${!this.running} @click=${this.#stop}>Stop</button>
      <button type="button" @click=${this.#restore}>Restore</button>
      <button type="button" @click=${this.#share}>Copy link</button>
    </div>`;
  }

  #line(line: Line): TemplateResult {
    if (line.kind !== "failure") {
      const { approval } = line;
      return html`<div class=${line.kind === "note" ? "muted" : line.kind}>${line.text}${
        approval === undefined
          ? nothing
          : html` <button type="button" @click=${() => void this.#approve(approval)}>Allow the login ${approval}</button>`
      }</div>`;
    }
    const { name, message, code, hint, outcome, line: at } = line.failure;
    const fact = (title: string, value: string | undefined): unknown =>
      value === undefined ? nothing : html`<dt>${title}</dt><dd>${value}</dd>`;
    return html`<div class="failure">
      <p><strong class="bad">${name}</strong> ${message}</p>
      <dl>${fact("code", code)}${fact("outcome", outcome)}${fact("hint", hint)}</dl>
      ${at === undefined ? nothing : html`<button type="button" @click=${() => this.#editor?.goTo(at)}>Go to line ${at}</button>`}
    </div>`;
  }

  #tenant(): TemplateResult {
    return html`<section class="panel" aria-labelledby="tenant">
      <div class="bar"><h2 id="tenant">Sandbox tenant</h2><button type="button" ?disabled=${!this.ready} @click=${() => void this.#reset()}>Reset</button></div>
      <div class="inside">
        <p class="small">Its clock shows ${
          this.now === undefined
            ? "nothing yet"
            : html`<time datetime=${new Date(this.now).toISOString()}>${new Date(this.now).toLocaleString()}</time>`
        }. So does that of programs.</p>
        <div class="row" role="group" aria-label="Move the clock forward">
          ${STEPS.map(([name, by]) => html`<button type="button" ?disabled=${!this.ready} @click=${() => void this.#forward(by)}>+ ${name}</button>`)}
        </div>
        <div role="group" aria-labelledby="faults">
          <h3 id="faults" class="label">Faults</h3>
          ${Object.entries(FAULTS).map(
            ([name, { label }]) => html`<label class="choice small">
              <input type="checkbox" role="switch" ?disabled=${!this.ready} .checked=${this.faults.includes(name)} @change=${() => void this.#fault(name)} />
              <span>${label}</span>
            </label>`,
          )}
        </div>
      </div>
    </section>`;
  }

  #requests(id: string, title: string, seen: readonly SandboxRequest[]): TemplateResult {
    const item = ({ method, path, operation, status, answered, fault }: SandboxRequest): TemplateResult => {
      const bad = !answered || status === null || status >= 400;
      return html`<li>
        <strong class=${bad ? "bad" : ""}>${answered && status !== null ? status : "—"}</strong>
        <span>${operation === null ? path : operation.split(".").slice(-2).join(".")}
          ${answered && fault === null ? nothing : html`<span class="bad path">${[...(answered ? [] : ["no answer"]), ...(fault === null ? [] : [`fault: ${fault}`])].join(", ")}</span>`}
          <span class="muted path">${method} ${path}</span>
        </span>
      </li>`;
    };
    return html`<section class="panel" aria-labelledby=${id}>
      <div class="bar"><h2 id=${id}>${title}</h2></div>
      ${
        seen.length === 0
          ? html`<p class="inside small muted">What programs send appears here as it comes: what was asked and answered, without secrets.</p>`
          : html`<ul class="requests" tabindex="0" aria-labelledby=${id}>${seen.slice(-SHOWN).reverse().map(item)}</ul>`
      }
    </section>`;
  }

  #filed(): TemplateResult {
    return html`<section class="panel" aria-labelledby="files">
      <div class="bar"><h2 id="files">Files of the program</h2></div>
      ${[...this.files].map(
        ([path, text]) =>
          html`<div class="inside"><h3 class="label">${path}</h3><pre class="file" tabindex="0" aria-label=${path}>${text}</pre></div>`,
      )}
    </section>`;
  }

  readonly #stage = ({ data, source }: MessageEvent): void => {
    const frame = this.renderRoot.querySelector("iframe")?.contentWindow;
    if (data !== "keyturn-stage" || !frame || source !== frame || this.#theatre) return;
    const theatre = new Theatre(frame, () => void this.#look());
    this.#theatre = theatre;
    void theatre.ready.then(async () => {
      await this.#look();
      this.ready = true;
    });
  };

  /** Opens the program in the fragment of the address. */
  readonly #open = async (): Promise<void> => {
    const program = await programOf(location.hash);
    if (program === undefined) return;
    this.linked = program;
    this.#edited.delete(LINKED);
    this.#show(LINKED);
  };

  #show(at: number): void {
    this.chosen = at;
    if (this.#editor) this.#editor.text = this.#edited.get(at) ?? this.#original(at);
  }

  #original(at: number): string {
    return (at === LINKED ? this.linked : programs[at]?.code) ?? "";
  }

  #choose(event: Event): void {
    if (this.#editor) this.#edited.set(this.chosen, this.#editor.text);
    this.#show(Number((event.target as HTMLSelectElement).value));
  }

  #restore(): void {
    this.#edited.delete(this.chosen);
    this.#show(this.chosen);
  }

  async #start(): Promise<void> {
    if (!this.#editor || !this.#theatre || !this.ready) return;
    const run = ++this.#run;
    this.lines = [];
    this.own = [];
    this.files = new Map();
    let code: string;
    try {
      code = led(this.#editor.text);
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
      const { name, message, line } = error;
      this.#stop();
      this.#add({ kind: "failure", failure: { name, message, line } });
      this.status = "Not run";
      return;
    }
    this.running = true;
    this.status = "Running";
    await this.#theatre.run(code, (message) => {
      if (run === this.#run) this.#receive(message);
    });
  }

  #receive(message: FromProgram): void {
    switch (message.kind) {
      case "print": {
        const approval = APPROVAL.exec(message.text)?.[1];
        this.#add({ kind: message.level, text: message.text, approval });
        break;
      }
      case "failure":
        this.#add({ kind: "failure", failure: message.failure });
        this.status = "Ended with an error";
        break;
      case "file": {
        const files = new Map(this.files);
        if (message.text === undefined) files.delete(message.path);
        else files.set(message.path, message.text);
        this.files = files;
        break;
      }
      case "own":
        this.own = message.requests;
        break;
      case "end":
        if (this.lines.length === 0) this.#add({ kind: "note", text: "The program printed nothing." });
        this.running = false;
        this.status = message.status === 0 ? "Done" : "Ended with an error";
    }
  }

  #add(line: Line): void {
    this.lines = [...this.lines, line];
  }

  readonly #stop = (): void => {
    this.#theatre?.stop();
    if (!this.running) return;
    this.#run++;
    this.running = false;
    this.status = "Stopped";
  };

  async #approve(userCode: string): Promise<void> {
    await this.#theatre?.control("POST", "device", { userCode, approve: true });
  }

  /** Fetches the sandbox's requests and its time. Calls made meanwhile lead to one more fetch afterwards. */
  async #look(): Promise<void> {
    if (this.#looking || !this.#theatre) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    do {
      this.#again = false;
      const [seen, { now }] = await Promise.all([
        this.#theatre.control<SandboxRequest[]>("GET", "requests"),
        this.#theatre.control<{ now: number }>("GET", "clock"),
      ]);
      this.seen = seen;
      this.now = now;
    } while (this.#again);
    this.#looking = false;
  }

  async #forward(by: number): Promise<void> {
    const answer = await this.#theatre?.control<{ now: number }>("POST", "clock", { advance: by });
    if (answer) this.#clock(answer.now);
  }

  #clock(now: number): void {
    this.now = now;
    this.#theatre?.moveClock(now - Date.now());
  }

  async #fault(name: string): Promise<void> {
    this.faults = this.faults.includes(name) ? this.faults.filter((one) => one !== name) : [...this.faults, name];
    const rules = this.faults;
    await this.#theatre?.control("DELETE", "faults");
    for (const one of rules) await this.#theatre?.control("POST", "faults", FAULTS[one]?.rule);
  }

  async #reset(): Promise<void> {
    this.#stop();
    this.faults = [];
    for (const what of ["faults", "requests"]) await this.#theatre?.control("DELETE", what);
    await this.#theatre?.control("POST", "reset", {});
    const clock = await this.#theatre?.control<{ now: number }>("POST", "clock", { set: Date.now() });
    if (clock) this.#clock(clock.now);
    this.lines = [];
    this.own = [];
    this.files = new Map();
    await this.#look();
    this.status = "The sandbox is as it was at first";
  }

  readonly #share = async (): Promise<void> => {
    const fragment = await fragmentOf(this.#editor?.text ?? "");
    history.replaceState(null, "", fragment);
    try {
      await navigator.clipboard.writeText(location.href);
      this.status = "The link is copied; it is the address of this page now";
    } catch {
      this.status = "The link is the address of this page now";
    }
  };
}
customElements.define("keyturn-playground", Playground);
