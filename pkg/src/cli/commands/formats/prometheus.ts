/** The status of targets as metrics, in the text format of Prometheus, for a textfile collector. */

import type { LifecycleStatus } from "../../../lifecycle.js";
import { inUse } from "../../in-use.js";

const STATES = ["idle", "ready", "waiting", "awaits-approval", "stopped"] as const;

/** Formats the metrics. Times are in seconds since 1970. */
export function prometheus(statuses: readonly LifecycleStatus[], now: number): string {
  const metrics: readonly [string, string, (status: LifecycleStatus) => readonly (readonly [object, number])[]][] = [
    [
      "keyturn_credential_expires_timestamp_seconds",
      "When the credential in use expires.",
      (status) => {
        const used = inUse(status);
        return used?.expiresAt === undefined || status.forgotten
          ? []
          : [[{ client_id: used.clientId }, used.expiresAt / 1000]];
      },
    ],
    [
      "keyturn_credential_since_timestamp_seconds",
      "When the credential in use was first recorded.",
      (status) => {
        const used = inUse(status);
        return used === undefined ? [] : [[{ client_id: used.clientId }, used.since / 1000]];
      },
    ],
    [
      "keyturn_rotation_due_timestamp_seconds",
      "When the next rotation may start.",
      ({ due }) => (due === undefined ? [] : [[{}, due.at / 1000]]),
    ],
    [
      "keyturn_rotation_next_timestamp_seconds",
      "When the rotation in progress can continue.",
      ({ progress }) => (progress.state === "waiting" ? [[{}, progress.until / 1000]] : []),
    ],
    [
      "keyturn_rotation_state",
      "1 for the current state of the rotation, 0 for the other states.",
      ({ progress }) => STATES.map((state) => [{ state }, progress.state === state ? 1 : 0]),
    ],
    [
      "keyturn_credentials_alive",
      "The number of credentials in the journal that have not ended.",
      ({ credentials }) => [[{}, credentials.filter(({ role }) => role !== "ended").length]],
    ],
    ["keyturn_journal_events", "The number of events in the journal.", ({ sequence }) => [[{}, sequence]]],
  ];
  const text = metrics.map(([name, help, values]) => {
    const lines = statuses.flatMap((status) =>
      values(status).map(([labels, value]) => `${name}${labelled({ target: status.target, ...labels })} ${value}\n`),
    );
    return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("")}`;
  });
  return `${text.join("")}# HELP keyturn_status_timestamp_seconds When this was written.\n# TYPE keyturn_status_timestamp_seconds gauge\nkeyturn_status_timestamp_seconds ${now / 1000}\n`;
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
  );
  return `{${pairs.join(",")}}`;
}
