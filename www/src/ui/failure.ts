/** What went wrong, what to do, and a way to try again. */

import { ApiError, AuthenticationError, type ErrorCode, KeyturnError, RateLimitedError } from "keyturn/slim";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { note } from "./icons.js";
import { base } from "./styles.js";

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
};

const ADVICE: Partial<Record<ErrorCode, string>> = {
  forbidden: "Credentials of connectors are for Connector Administrators, Super Administrators and the owners of the connector.",
  server_error: "It may pass: try again in a moment.",
  timeout: "It may pass: try again in a moment.",
};

/** One line for an error, without its details. */
export function titleOf(error: unknown): string {
  return (KeyturnError.is(error) && TITLES[error.code]) || "Something went wrong";
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

function adviceOf(error: unknown): string {
  if (!KeyturnError.is(error)) return "";
  if (error instanceof RateLimitedError && error.retryAfterMs !== undefined) {
    return `Try again in ${Math.ceil(error.retryAfterMs / 1000)} seconds.`;
  }
  // Only a log-in that somebody had approved asks again later, when nobody looks for a code.
  if (error instanceof AuthenticationError && error.reason === "on_code") return "The log-in has ended. Disconnect, and log in again.";
  const advice = ADVICE[error.code] ?? error.hint ?? "The details have what C1 said.";
  return advice.slice(0, 1).toUpperCase() + advice.slice(1);
}

function details(error: unknown): TemplateResult {
  const message = error instanceof Error ? error.message : String(error);
  if (!KeyturnError.is(error)) return html`<p class="mono">${message}</p>`;
  const rows: [string, string | undefined][] = [
    ["Message", message],
    ["Code", error.code],
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
