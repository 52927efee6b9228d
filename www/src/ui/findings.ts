/** What is out of order with a target: one order and one table of texts for all lists of findings. */

import type { LifecycleFinding } from "keyturn/lifecycle";
import { html, type TemplateResult } from "lit";
import { isKey, rich, t } from "../texts/text.js";
import { DAY, relative } from "./dates.js";
import type { Tone } from "./icons.js";

/** A finding of the lifecycle, or one that only a page can have: the journal knows nothing of a credential that was looked up. */
export type Finding = Omit<LifecycleFinding, "code" | "target" | "message"> & {
  readonly code: LifecycleFinding["code"] | "attention" | "not-adopted";
  /** What it is in English, for a code that this page does not know. */
  readonly message?: string;
};

/** The severities, the worst first, and how each looks. */
export const SEVERITIES = {
  critical: "bad",
  high: "bad",
  medium: "warn",
  low: "plain",
} as const satisfies Record<LifecycleFinding["severity"], Tone>;

/** The codes in the order of findings that are equally bad. */
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

/** Findings of one target, the worst first, and among equals by what they are about. A code of a newer engine comes last. */
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

/** What it is, and what to do about it. */
export function describe(finding: Finding, now: number): TemplateResult {
  const { code, about = "", credential, since, number: n = 0, message } = finding;
  const [what, todo] = [`finding.${code}`, `finding.${code}.do`];
  if (!isKey(what) || !isKey(todo)) return html`<strong lang="en" dir="ltr">${message}</strong>`;
  const why = `attention.${about}`;
  // What expires is found some days before.
  const when = since === undefined ? "" : relative(code === "expiring" ? since + n * DAY : since, now);
  const name = (text: string): TemplateResult => html`<bdi translate="no">${text}</bdi>`;
  const values = { n, when, id: name(credential ?? ""), about: name(about), why: isKey(why) ? t(why) : about };
  return html`<strong>${rich(what, values)}</strong> ${t(todo)}`;
}
