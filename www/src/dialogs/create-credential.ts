/** Creates an API credential: a form, and then the result. */

import "keyturn/elements/secret";
import type { ApiCredentialCreate, Organization, Role } from "keyturn/commercelayer/slim";
import { css, html, nothing, type TemplateResult } from "lit";
import { type ApiCredentialFacts, KINDS, kindName, LIFETIME, type Provisioning } from "../connection/commercelayer.js";
import { rich, t } from "../texts/text.js";
import { lifetime } from "../ui/dates.js";
import { Dialog } from "../ui/dialog.js";
import { pointedOut } from "../ui/failure.js";
import { icon, note } from "../ui/icons.js";
import "../ui/failure.js";

type Step = "form" | "made";

/** The fields, by their names in the API. */
type FieldName = "name" | "kind" | "organization" | "role" | "mode" | "expires_in" | "redirect_uri";

const FIELDS: readonly FieldName[] = ["name", "kind", "organization", "role", "mode", "expires_in", "redirect_uri"];

/** Returns the field that a JSON pointer into the request belongs to. */
function fieldAt(pointer: string): FieldName | undefined {
  return FIELDS.find((name) => new RegExp(`^/data/(attributes|relationships)/${name}(/|$)`).test(pointer));
}

/** Emits `changed` with a message that says what has been done. */
export class CreateCredentialDialog extends Dialog<Step> {
  static override properties = {
    ...Dialog.properties,
    kind: { state: true },
    organizations: { state: true },
    organization: { state: true },
    roles: { state: true },
    problems: { state: true },
    error: { state: true },
    creating: { state: true },
  };
  static override styles = [
    Dialog.styles,
    css`
      fieldset {
        display: grid;
        gap: 0.35rem;
        margin: 0;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      legend {
        padding: 0;
        margin-bottom: 0.3rem;
      }
      .about {
        margin-block: -0.35rem 0.15rem;
        margin-inline-start: 1.75rem;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.35rem 1.5rem;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr));
        gap: 1.1rem;
        align-items: start;
      }
    `,
  ];

  #provisioning!: Provisioning;
  declare private kind: string;
  declare private organizations: readonly Organization[] | undefined;
  declare private organization: string;
  /** The roles of the chosen organization; `undefined` until they are loaded. */
  declare private roles: readonly Role[] | undefined;
  /** The error messages, by field. */
  declare private problems: Partial<Record<FieldName, string>>;
  declare private error: unknown;
  declare private creating: boolean;
  #made: ApiCredentialFacts | undefined;
  /** The secret: in a private field, and only from the response until the dialog is closed. */
  #secret: string | undefined;
  #asking = new AbortController();

  /** Opens it. */
  show(provisioning: Provisioning): void {
    this.#provisioning = provisioning;
    this.forget();
    this.open("form");
    void this.#loadOrganizations();
  }

  /** Wipes the secret, whatever is on the screen: the page is being left. */
  wipe(): void {
    this.creating = false;
    this.close();
  }

  protected override closable(): boolean {
    return !this.creating;
  }

  protected override forget(): void {
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#secret = this.#made = undefined;
    this.kind = "integration";
    this.organizations = this.roles = undefined;
    this.organization = "";
    this.problems = {};
    this.error = undefined;
    this.creating = false;
  }

  protected override content(step: Step): TemplateResult {
    return step === "form" ? this.#form() : this.#reveal(this.#made as ApiCredentialFacts);
  }

  #form(): TemplateResult {
    const { kind, error, creating } = this;
    const usual = LIFETIME.usual(kind);
    return html`<div class="head">
        <h2 id="title" tabindex="-1">${t("api.create")}</h2>
        <p class="muted">${t("create.about")}</p>
      </div>
      <form @submit=${this.#submit} novalidate autocomplete="off">
        ${this.#field(
          "name",
          t("create.name"),
          html`<input
            id="name"
            name="name"
            data-first
            autocomplete="off"
            aria-required="true"
            aria-describedby="name-problem"
            aria-invalid=${this.#isWrong("name")}
          />`,
        )}
        <fieldset aria-describedby="kind-problem">
          <legend class="label">${t("api.kind")}</legend>
          ${KINDS.map(
            (one) => html`<label class="choice">
                <input
                  type="radio"
                  name="kind"
                  value=${one}
                  aria-describedby=${one}
                  .checked=${one === kind}
                  @change=${() => this.#choose(one)}
                />
                <span>${kindName(one)}</span>
              </label>
              <p id=${one} class="about small muted">${t(`kind.${one}.about`)}</p>`,
          )}
          ${this.#problem("kind")}
        </fieldset>
        <div class="pair">${this.#organizationField()}${kind === "integration" ? this.#roleField() : nothing}</div>
        <fieldset aria-describedby="mode-problem">
          <legend class="label">${t("api.mode")}</legend>
          <div class="row">
            <label class="choice"><input type="radio" name="mode" value="test" checked /><span>${t("create.test")}</span></label>
            <label class="choice"><input type="radio" name="mode" value="live" /><span>${t("create.live")}</span></label>
          </div>
          ${this.#problem("mode")}
        </fieldset>
        ${this.#field(
          "expires_in",
          t("create.lifetime"),
          html`<input
            id="expires_in"
            name="expires_in"
            inputmode="numeric"
            placeholder=${usual}
            aria-describedby="expires_in-hint expires_in-problem"
            aria-invalid=${this.#isWrong("expires_in")}
          />`,
          t("create.lifetime.hint", {
            // As it is typed, without digit separators.
            least: String(LIFETIME.least),
            leastWords: lifetime(LIFETIME.least),
            most: String(LIFETIME.most),
            mostWords: lifetime(LIFETIME.most),
            usual: lifetime(usual),
          }),
        )}
        ${
          kind === "webapp"
            ? this.#field(
                "redirect_uri",
                t("api.redirect"),
                html`<input
                id="redirect_uri"
                name="redirect_uri"
                type="url"
                class="mono"
                autocapitalize="off"
                spellcheck="false"
                aria-describedby="redirect_uri-hint redirect_uri-problem"
                aria-invalid=${this.#isWrong("redirect_uri")}
              />`,
                t("create.redirect.hint"),
              )
            : nothing
        }
        ${error ? html`<keyturn-failure .error=${error}></keyturn-failure>` : nothing}
        ${unknownOutcome(error) ? note("warn", "warning", html`<p>${t("create.unknown")}</p>`) : nothing}
        <div class="foot">
          <button type="button" aria-disabled=${creating} @click=${this.close}>${t("cancel")}</button>
          <button class="primary" aria-disabled=${creating}>
            ${creating ? html`${icon("sync", 16, "turning")} ${t("create.creating")}` : html`${icon("plus")} ${t("api.create")}`}
          </button>
        </div>
      </form>`;
  }

  #field(name: FieldName, label: string, input: TemplateResult, hint = ""): TemplateResult {
    return html`<div class="field">
      <label for=${name}>${label}</label>
      ${input} ${hint ? html`<p id="${name}-hint" class="small muted">${hint}</p>` : nothing} ${this.#problem(name)}
    </div>`;
  }

  #problem(name: FieldName): TemplateResult {
    const problem = this.problems[name];
    return html`<p id="${name}-problem" class="error" role="alert">${problem ? html`${icon("warning")}<span>${problem}</span>` : nothing}</p>`;
  }

  #isWrong(name: FieldName): "true" | "false" {
    return this.problems[name] ? "true" : "false";
  }

  #organizationField(): TemplateResult {
    const { organizations, organization } = this;
    return this.#field(
      "organization",
      t("api.organization"),
      html`<select
        id="organization"
        name="organization"
        aria-required="true"
        aria-describedby="organization-problem"
        aria-invalid=${this.#isWrong("organization")}
        aria-busy=${organizations === undefined}
        @change=${(event: Event) => this.#enter((event.target as HTMLSelectElement).value)}
      >
        <option value="" .selected=${organization === ""}>${t(organizations ? "create.choose" : "loading")}</option>
        ${organizations?.map(({ id, name }) => html`<option value=${id} translate="no" .selected=${id === organization}>${name}</option>`)}
      </select>`,
    );
  }

  #roleField(): TemplateResult {
    const { organization, roles } = this;
    return this.#field(
      "role",
      t("api.role"),
      html`<select
        id="role"
        name="role"
        ?disabled=${organization === ""}
        aria-required="true"
        aria-describedby="role-problem"
        aria-invalid=${this.#isWrong("role")}
        aria-busy=${organization !== "" && roles === undefined}
      >
        <option value="">${t(organization === "" ? "create.organizationFirst" : roles ? "create.choose" : "loading")}</option>
        ${roles?.map(({ id, name }) => html`<option value=${id} translate="no">${name}</option>`)}
      </select>`,
    );
  }

  #reveal(made: ApiCredentialFacts): TemplateResult {
    const { name, kind, organization, confidential } = made;
    return html`<div class="head">
        <h2 id="title" tabindex="-1">${t("create.store")}</h2>
        <p class="muted">${rich("create.made", { name: html`<bdi>${name}</bdi>`, kind: kindName(kind), organization: organization ? html`<bdi>${organization.name}</bdi>` : t("create.theOrganization") })}</p>
      </div>
      <p>${t(confidential ? "create.copyBoth" : "create.copyId")}</p>
      <keyturn-secret label=${t("clientId")} name=${t("clientId.in")} .text=${this.#clientId}></keyturn-secret>
      ${confidential ? html`<keyturn-secret label=${t("clientSecret")} name=${t("clientSecret.in")} secret .text=${this.#clientSecret}></keyturn-secret>` : nothing}
      <div class="foot"><button type="button" class="primary" @click=${this.close}>${t("close")}</button></div>`;
  }

  readonly #clientId = (): string => this.#made?.client_id ?? "";
  readonly #clientSecret = (): string => this.#secret ?? "";

  #choose(kind: string): void {
    this.kind = kind;
    // Errors about the previous kind do not apply to this one.
    this.problems = {};
  }

  async #loadOrganizations(): Promise<void> {
    const { signal } = this.#asking;
    try {
      const organizations = await this.#provisioning.organizations(signal);
      if (signal.aborted) return;
      this.organizations = organizations;
      const [only] = organizations;
      if (only && organizations.length === 1) this.#enter(only.id);
    } catch (error) {
      if (signal.aborted) return;
      this.organizations = [];
      this.error = error;
    }
  }

  #enter(organization: string): void {
    this.organization = organization;
    this.roles = undefined;
    if (organization !== "") void this.#loadRoles(organization);
  }

  async #loadRoles(organization: string): Promise<void> {
    const { signal } = this.#asking;
    try {
      const roles = await this.#provisioning.roles(organization, signal);
      if (!signal.aborted && this.organization === organization) this.roles = roles;
    } catch (error) {
      if (signal.aborted) return;
      this.roles = [];
      this.error = error;
    }
  }

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.creating) return;
    const entries = [...new FormData(event.currentTarget as HTMLFormElement)];
    const values = Object.fromEntries(entries.map(([name, value]) => [name, String(value).trim()]));
    const { name, organization } = values;
    this.error = undefined;
    this.problems = {
      ...(name ? {} : { name: t("create.name.missing") }),
      ...(organization ? {} : { organization: t("create.organization.missing") }),
    };
    if (Object.keys(this.problems).length === 0) await this.#create(values);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  };

  async #create(values: Record<string, string>): Promise<void> {
    const {
      name = "",
      kind = "",
      mode = "",
      expires_in: expires,
      redirect_uri: redirect,
      organization = "",
      role,
    } = values;
    const { api_credentials: credentials, organizations, roles } = this.#provisioning.client;
    const wanted: ApiCredentialCreate = { name, kind, mode, organization: organizations.relationship(organization) };
    // The server rejects what is not a number, along with everything else that is wrong.
    if (expires) wanted.expires_in = Number.isNaN(Number(expires)) ? (expires as unknown as number) : Number(expires);
    if (redirect) wanted.redirect_uri = redirect;
    if (role) wanted.role = roles.relationship(role);
    this.creating = true;
    try {
      const { client_secret: secret, ...made } = await credentials.create(wanted, {
        include: ["organization", "role"],
      });
      this.#made = made;
      this.#secret = secret;
      this.step = "made";
      const done = t("create.done", { name: made.name, id: made.id });
      const words = made.confidential ? `${done} ${t("create.again")}` : done;
      this.dispatchEvent(new CustomEvent("changed", { detail: words }));
    } catch (error) {
      this.#failed(error);
    } finally {
      this.creating = false;
    }
  }

  /** Shows each error at its field, and an error that belongs to no field below the form. */
  #failed(error: unknown): void {
    const said = pointedOut(error);
    const problems: Partial<Record<FieldName, string>> = {};
    for (const { pointer, message } of said) {
      const field = fieldAt(pointer);
      if (field) problems[field] ??= message;
    }
    this.problems = problems;
    if (said.length === 0 || said.some(({ pointer }) => !this.#isShown(fieldAt(pointer)))) this.error = error;
    if (unknownOutcome(error)) this.dispatchEvent(new CustomEvent("changed", { detail: "" }));
  }

  #isShown(field: FieldName | undefined): boolean {
    return field !== undefined && this.renderRoot.querySelector(`#${field}-problem`) !== null;
  }
}
customElements.define("keyturn-create-credential", CreateCredentialDialog);

function unknownOutcome(error: unknown): boolean {
  return (error as { outcome?: unknown } | undefined)?.outcome === "unknown";
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-create-credential": CreateCredentialDialog;
  }
}
