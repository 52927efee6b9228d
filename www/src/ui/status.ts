/** The names and looks of states. */

import type { shared } from "keyturn/slim";
import type { TemplateResult } from "lit";
import { clock } from "../clock.js";
import { isPast, type Known, SOON_DAYS } from "../inventory.js";
import { isKey, t } from "../texts/text.js";
import { DAY } from "./dates.js";
import { chip, type IconName, type Tone } from "./icons.js";

interface Status {
  tone: Tone;
  icon: IconName;
  word: string;
  turning?: boolean;
}

/** Returns the state of a credential. */
export function credentialStatus({ facts, revokedAt, gone, error }: Known): Status {
  if (revokedAt !== undefined || facts?.deletedAt)
    return { tone: "plain", icon: "barred", word: t("credential.revoked") };
  if (gone) return { tone: "plain", icon: "question", word: t("credential.notFound") };
  if (!facts)
    return error
      ? { tone: "warn", icon: "warning", word: t("credential.notChecked") }
      : { tone: "plain", icon: "sync", word: t("credential.checking"), turning: true };
  const { expiresTime: expires } = facts;
  if (isPast(expires)) return { tone: "bad", icon: "cross", word: t("credential.expired") };
  if (expires instanceof Date && expires.getTime() - clock.now() <= SOON_DAYS * DAY)
    return { tone: "warn", icon: "clock", word: t("credential.expiring") };
  return { tone: "good", icon: "check", word: t("credential.active") };
}

/** The look of each state of a sync. Its name is a text. */
const SYNC: Readonly<Record<string, Omit<Status, "word">>> = {
  SYNC_STATUS_UNSPECIFIED: { tone: "plain", icon: "dash" },
  SYNC_STATUS_RUNNING: { tone: "accent", icon: "sync", turning: true },
  SYNC_STATUS_DONE: { tone: "good", icon: "check" },
  SYNC_STATUS_ERROR: { tone: "bad", icon: "warning" },
  SYNC_STATUS_DISABLED: { tone: "plain", icon: "pause" },
};

/** Returns how a connector's latest sync went. A newer server may send states that this page does not know. */
export function syncStatus({ status, syncDisabledAt }: shared.Connector): Status {
  const value = syncDisabledAt ? "SYNC_STATUS_DISABLED" : String(status?.status ?? "SYNC_STATUS_UNSPECIFIED");
  const key = `sync.${value}`;
  const look = SYNC[value] ?? { tone: "plain", icon: "question" };
  if (isKey(key)) return { ...look, word: t(key) };
  const word = value
    .replace(/^SYNC_STATUS_/, "")
    .replaceAll("_", " ")
    .toLowerCase();
  return { ...look, word: word.slice(0, 1).toUpperCase() + word.slice(1) };
}

/** Renders a status as a chip. */
export function statusChip({ tone, icon, word, turning }: Status): TemplateResult {
  return chip(tone, icon, word, turning);
}
