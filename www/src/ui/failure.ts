/** What went wrong, what to do, and a way to try again. */

import type { ApiErrorObject, ReplacementError, SdkError } from "keyturn/commercelayer/slim";
import { ApiError, AuthenticationError, KeyturnError, RateLimitedError } from "keyturn/slim";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { isKey, t } from "../texts/text.js";
import { note } from "./icons.js";
import { base } from "./styles.js";

/**
 * Returns whether an error is from Commerce Layer's client, by its shape: that client is only loaded when it is
 * connected to.
 */
function isSdkError(error: unknown): error is SdkError {
  const { name, type } = (error ?? {}) as { name?: unknown; type?: unknown };
  return (name === "SdkError" || name === "ApiError") && typeof type === "string";
}

function isReplacementError(error: unknown): error is ReplacementError {
  return KeyturnError.is(error) && error.kind === "replacement_stopped";
}

/** Returns the package's own error, which an error of Commerce Layer's client has as its `cause`. */
export function underlying(error: unknown): unknown {
  return isSdkError(error) && KeyturnError.is(error.cause) ? error.cause : error;
}

/** Returns the name of the service that an error is from. */
function serviceOf(error: unknown): string {
  return isSdkError(error) || isReplacementError(error) ? "Commerce Layer" : "C1";
}

/**
 * Returns what is wrong with a request to Commerce Layer, each with a JSON pointer into it: `/data/attributes/name`.
 * The message of an error that the client itself raises begins with the name of the attribute.
 */
export function pointedOut(error: unknown): { readonly pointer: string; readonly message: string }[] {
  if (!isSdkError(error)) return [];
  const [, refused, why = ""] = (error.type === "request" && /^`(\w+)` (.*)/.exec(error.message)) || [];
  if (refused) return [{ pointer: `/data/attributes/${refused}`, message: sentence(`this ${why}`) }];
  const { errors = [] } = error as { errors?: ApiErrorObject[] };
  return errors.map(({ source, detail, title }) => {
    const pointer = source?.pointer ?? "";
    // The message is shown beside the name of the field.
    const name = pointer.slice(pointer.lastIndexOf("/") + 1);
    return { pointer, message: sentence((detail || title || t("failure.notAccepted")).replace(`${name}: `, "")) };
  });
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1).replace(/\.$/, "")}.`;
}

/** Returns one line for an error, without its details. */
export function titleOf(error: unknown): string {
  const known = underlying(error);
  if (known instanceof ApiError && known.status === 423) return t("failure.locked");
  const key = KeyturnError.is(known) ? `failure.${known.kind}` : "";
  return isKey(key) ? t(key, { service: serviceOf(error) }) : t("failure.other");
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
            <summary>${t("details")}</summary>
            ${details(error)}
          </details>
          ${this.retriable ? html`<div><button type="button" @click=${this.#retry}>${t("retry")}</button></div>` : nothing}`,
      )}
    </div>`;
  }

  #retry(): void {
    this.dispatchEvent(new Event("retry"));
  }
}
customElements.define("keyturn-failure", Failure);

function adviceOf(failure: unknown): string | TemplateResult {
  const error = underlying(failure);
  if (!KeyturnError.is(error)) return "";
  if (error instanceof RateLimitedError && error.retryAfterMs !== undefined) {
    return t("failure.rate_limited.do", { n: Math.ceil(error.retryAfterMs / 1000) });
  }
  // This happens when a log-in that was approved earlier asks for approval again, and no view shows its code.
  if (error instanceof AuthenticationError && error.reason === "on_code") return t("failure.login.do");
  if (isReplacementError(error)) {
    const key = `replacement.${error.reason}`;
    return t(isKey(key) ? key : "failure.why");
  }
  const service = serviceOf(failure);
  const key = `failure.${error.kind}.do`;
  if (isKey(key) && (service === "C1" || error.kind !== "forbidden")) return t(key);
  // The package's hints are in English.
  const { hint } = error;
  return hint
    ? html`<span lang="en" dir="ltr">${hint.slice(0, 1).toUpperCase()}${hint.slice(1)}</span>`
    : t("failure.said", { service });
}

function details(failure: unknown): TemplateResult {
  const error = underlying(failure);
  const message = error instanceof Error ? error.message : String(error);
  if (!KeyturnError.is(error)) {
    const key = `trouble.${message}`;
    return isKey(key) ? html`<p>${t(key)}</p>` : html`<p class="mono" lang="en" dir="ltr">${message}</p>`;
  }
  const said = pointedOut(failure);
  const rows: [string, string | undefined][] = [
    [t("failure.message"), said.map((one) => one.message).join(" ") || message],
    [t("failure.kind"), error.kind],
    [t("failure.status"), error instanceof ApiError ? String(error.status) : undefined],
    [t("failure.requestId"), error.requestId],
  ];
  const known = rows.filter(([, value]) => value);
  return html`<dl class="facts">${known.map(([name, value]) => html`<dt>${name}</dt><dd class="mono" translate="no"><bdi>${value}</bdi></dd>`)}</dl>`;
}

declare global {
  interface HTMLElementTagNameMap {
    "keyturn-failure": Failure;
  }
}
