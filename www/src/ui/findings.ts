/** What is wrong with a target: one order and one table of texts for all lists of findings. */

import type { LifecycleFinding } from "keyturn/lifecycle";
import { html, type TemplateResult } from "lit";
import { isKey, rich, t } from "../texts/text.js";
import { DAY, relative } from "./dates.js";
import type { Tone } from "./icons.js";

/**
 * A finding of the lifecycle, or one that only a page can make: the journal does not know a credential that was looked
 * up.
 */
export type Finding = Omit<LifecycleFinding, "code" | "target" | "message"> & {
  readonly code: LifecycleFinding["code"] | "attention" | "not-adopted";
  /** The finding in English, for a code that this page does not know. */
  readonly message?: string;
};

/** The severities, worst first, and how each looks. */
export const SEVERITIES = {
  critical: "bad",
  high: "bad",
  medium: "warn",
  low: "plain",
} as const satisfies Record<LifecycleFinding["severity"], Tone>;

/** The codes, in the order of findings of equal severity. */
const CODES: readonly Finding["code"][] = [
  "attention",
  "expired",
  "gone",
  "expiring",
  "overdue",
  "stale",
  "never-used",
  "idle",
  "too-many-active",
  "orphan",
  "window-of-doubt",
  "sink-differs",
  "sink-unreadable",
  "control-plane-unreadable",
  "not-adopted",
  "owner-missing",
  "no-policy",
];

/**
 * Sorts the findings of one target by severity, worst first, and then by code. The codes of a newer engine come last.
 */
export function sorted(findings: readonly Finding[]): readonly Finding[] {
  const place = (list: readonly string[], one: string): number =>
    list.includes(one) ? list.indexOf(one) : list.length;
  const severities = Object.keys(SEVERITIES);
  return [...findings].sort(
    (one, other) =>
      place(severities, one.severity) - place(severities, other.severity) ||
      place(CODES, one.code) - place(CODES, other.code),
  );
}

/** Renders what a finding is, and what to do about it. */
export function describe(finding: Finding, now: number): TemplateResult {
  const { code, about = "", credential, since, number: n = 0, message } = finding;
  const [what, todo] = [`finding.${code}`, `finding.${code}.do`];
  if (!isKey(what) || !isKey(todo)) return html`<strong lang="en" dir="ltr">${message}</strong>`;
  const why = `attention.${about}`;
  // An `expiring` finding dates from `number` days before the expiry.
  const when = since === undefined ? "" : relative(code === "expiring" ? since + n * DAY : since, now);
  const name = (text: string): TemplateResult => html`<bdi translate="no">${text}</bdi>`;
  const values = { n, when, id: name(credential ?? ""), about: name(about), why: isKey(why) ? t(why) : about };
  return html`<strong>${rich(what, values)}</strong> ${t(todo)}`;
}
