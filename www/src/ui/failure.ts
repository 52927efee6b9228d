/** What went wrong, what to do, and a way to try again. */

import type { ApiErrorObject, ReplacementError, ReplacementReason, SdkError } from "keyturn/commercelayer/slim";
import { ApiError, AuthenticationError, type ErrorCode, KeyturnError, RateLimitedError } from "keyturn/slim";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { note } from "./icons.js";
import { base } from "./styles.js";

/** Of whoever answers: C1 stands for that. */
const TITLES: Partial<Record<ErrorCode, string>> = {
  authentication_failed: "Logging in did not work",
  unauthorized: "C1 did not accept the log-in",
  forbidden: "This log-in is not allowed to do that",
  not_found: "C1 has no such thing, or does not show it to this log-in",
  rate_limited: "C1 asks for a pause",
  server_error: "C1 has a problem",
  connection_failed: "C1 could not be reached",
  timeout: "C1 did not answer in time",
  invalid_response: "The answer could not be read",
  bad_request: "C1 refused the request",
  conflict: "Somebody else was faster",
  precondition_failed: "C1 cannot do that now",
  unprocessable: "C1 refused the request",
  unexpected_status: "C1 gave an unexpected answer",
  invalid_request: "C1 cannot be asked that",
  invalid_configuration: "This cannot be used to log in",
  replacement_stopped: "The replacement stopped",
};

const ADVICE: Partial<Record<ErrorCode, string>> = {
  forbidden:
    "Credentials of connectors are for Connector Administrators, Super Administrators and the owners of the connector.",
  server_error: "It may pass: try again in a moment.",
  timeout: "It may pass: try again in a moment.",
};

const STOPPED: Partial<Record<ReplacementReason, string>> = {
  not_found: "The credential is gone, and no replacement of it is there. Close this and look at the list.",
  own_credential: "This page is logged in with that credential, and would cut itself off. Log in with another one.",
  reference_taken:
    "Another credential has the mark that this replacement needs. The details say which; it has to go first.",
  differs: "The new credential would not be like the old one. The old one is untouched.",
  refused: "The new credential does not work. The old one is untouched.",
  unreadable: "This log-in may not read what a replacement needs. Log in as a member with the role Admin.",
  not_held: "The new credential was not confirmed as stored. Both work; go on when you are ready.",
  replacement_gone: "Somebody has deleted the new credential. The old one is kept.",
  changed: "Somebody has changed the old credential. It is kept.",
};

/** Whether an error is of Commerce Layer's client. By its shape: that client is loaded only where somebody connects with it. */
function isSdkError(error: unknown): error is SdkError {
  const { name, type } = (error ?? {}) as { name?: unknown; type?: unknown };
  return (name === "SdkError" || name === "ApiError") && typeof type === "string";
}

function isReplacementError(error: unknown): error is ReplacementError {
  return KeyturnError.is(error) && error.kind === "replacement_stopped";
}

/** The package's own error: those of Commerce Layer's client stand for one. */
export function underlying(error: unknown): unknown {
  return isSdkError(error) && KeyturnError.is(error.cause) ? error.cause : error;
}

/** Whose error it is. */
function serviceOf(error: unknown): string {
  return isSdkError(error) || isReplacementError(error) ? "Commerce Layer" : "C1";
}

/**
 * What is wrong with a request to Commerce Layer, each at its place in it: `/data/attributes/name`. What the client refuses by itself begins
 * with the name of the attribute.
 */
export function pointedOut(error: unknown): { readonly pointer: string; readonly message: string }[] {
  if (!isSdkError(error)) return [];
  const [, refused, why = ""] = (error.type === "request" && /^`(\w+)` (.*)/.exec(error.message)) || [];
  if (refused) return [{ pointer: `/data/attributes/${refused}`, message: sentence(`this ${why}`) }];
  const { errors = [] } = error as { errors?: ApiErrorObject[] };
  return errors.map(({ source, detail, title }) => {
    const pointer = source?.pointer ?? "";
    // The name of the field is beside what is said of it.
    const name = pointer.slice(pointer.lastIndexOf("/") + 1);
    return { pointer, message: sentence((detail || title || "this is not accepted").replace(`${name}: `, "")) };
  });
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1).replace(/\.$/, "")}.`;
}

/** One line for an error, without its details. */
export function titleOf(error: unknown): string {
  const known = underlying(error);
  if (known instanceof ApiError && known.status === 423) return "Something still depends on it";
  const title = KeyturnError.is(known) ? TITLES[known.kind] : undefined;
  return title?.replace("C1", serviceOf(error)) ?? "Something went wrong";
}

/**
 * Shows an error. With `retriable` it has a button, and emits `retry`.
 */
export class Failure extends LitElement {
  static override properties = { error: { attribute: false }, retriable: { type: Boolean } };
  static override styles = base;
  declare error: unknown;
  declare retriable: boolean;

  protected override render(): TemplateResult {
    const { error } = this;
    const advice = adviceOf(error);
    return html`<div role="alert">
      ${note(
        "bad",
        "warning",
        html`<strong>${titleOf(error)}</strong>
          ${advice ? html`<p>${advice}</p>` : nothing}
          <details>
            <summary>Details</summary>
            ${details(error)}
          </details>
          ${this.retriable ? html`<div><button type="button" @click=${this.#retry}>Try again</button></div>` : nothing}`,
      )}
    </div>`;
  }

  #retry(): void {
    this.dispatchEvent(new Event("retry"));
  }
}
customElements.define("keyturn-failure", Failure);

function adviceOf(failure: unknown): string {
  const error = underlying(failure);
  if (!KeyturnError.is(error)) return "";
  if (error instanceof RateLimitedError && error.retryAfterMs !== undefined) {
    return `Try again in ${Math.ceil(error.retryAfterMs / 1000)} seconds.`;
  }
  // Only a log-in that somebody had approved asks again later, when nobody looks for a code.
  if (error instanceof AuthenticationError && error.reason === "on_code")
    return "The log-in has ended. Disconnect, and log in again.";
  if (isReplacementError(error)) return STOPPED[error.reason] ?? "The details say why.";
  const service = serviceOf(failure);
  const own = service === "C1" || error.kind !== "forbidden" ? ADVICE[error.kind] : undefined;
  const advice = own ?? error.hint ?? `The details have what ${service} said.`;
  return advice.slice(0, 1).toUpperCase() + advice.slice(1);
}

function details(failure: unknown): TemplateResult {
  const error = underlying(failure);
  const message = error instanceof Error ? error.message : String(error);
  if (!KeyturnError.is(error)) return html`<p class="mono">${message}</p>`;
  const said = pointedOut(failure);
  const rows: [string, string | undefined][] = [
    ["Message", said.map((one) => one.message).join(" ") || message],
    ["Kind", error.kind],
    ["Status", error instanceof ApiError ? String(error.status) : undefined],
    ["Request id", error.requestId],
  ];
  const known = rows.filter(([, value]) => value);
  return html`<dl class="facts">${known.map(([name, value]) => html`<dt>${name}</dt><dd class="mono">${value}</dd>`)}</dl>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-failure": Failure;
  }
}
