/** What states are called. */

import type { shared } from "keyturn/slim";
import type { TemplateResult } from "lit";
import { clock } from "../clock.js";
import { isPast, type Known, SOON_DAYS } from "../inventory.js";
import { DAY } from "./dates.js";
import { chip, type IconName, type Tone } from "./icons.js";

interface Status {
  tone: Tone;
  icon: IconName;
  word: string;
  turning?: boolean;
}

/** The state of a credential. */
export function credentialStatus({ facts, revokedAt, gone, error }: Known): Status {
  if (revokedAt !== undefined || facts?.deletedAt) return { tone: "plain", icon: "barred", word: "Revoked" };
  if (gone) return { tone: "plain", icon: "question", word: "Not found" };
  if (!facts)
    return error
      ? { tone: "warn", icon: "warning", word: "Not checked" }
      : { tone: "plain", icon: "sync", word: "Checking", turning: true };
  const { expiresTime: expires } = facts;
  if (isPast(expires)) return { tone: "bad", icon: "cross", word: "Expired" };
  if (expires instanceof Date && expires.getTime() - clock.now() <= SOON_DAYS * DAY)
    return { tone: "warn", icon: "clock", word: "Expires soon" };
  return { tone: "good", icon: "check", word: "Active" };
}

const SYNC: Record<string, Status> = {
  SYNC_STATUS_UNSPECIFIED: { tone: "plain", icon: "dash", word: "Never synced" },
  SYNC_STATUS_RUNNING: { tone: "accent", icon: "sync", word: "Syncing", turning: true },
  SYNC_STATUS_DONE: { tone: "good", icon: "check", word: "Synced" },
  SYNC_STATUS_ERROR: { tone: "bad", icon: "warning", word: "Sync failed" },
  SYNC_STATUS_DISABLED: { tone: "plain", icon: "pause", word: "Paused" },
};

/** How a connector's latest sync went. A newer server may know states that this page does not. */
export function syncStatus({ status, syncDisabledAt }: shared.Connector): Status {
  if (syncDisabledAt) return SYNC.SYNC_STATUS_DISABLED as Status;
  const value = String(status?.status ?? "SYNC_STATUS_UNSPECIFIED");
  const word = value
    .replace(/^SYNC_STATUS_/, "")
    .replaceAll("_", " ")
    .toLowerCase();
  return SYNC[value] ?? { tone: "plain", icon: "question", word: word.slice(0, 1).toUpperCase() + word.slice(1) };
}

/** As people see it. */
export function statusChip({ tone, icon, word, turning }: Status): TemplateResult {
  return chip(tone, icon, word, turning);
}
