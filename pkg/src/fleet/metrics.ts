/**
 * The metrics of a fleet for Prometheus. Labels are kinds, codes and names of targets; none contains any part of a
 * credential.
 */

import type { LifecycleStatus } from "../lifecycle/model.js";

/** The metric families, each with its type and its help text. */
const FAMILIES = {
  keyturn_fleet_targets: ["gauge", "Targets by the state of their rotation; `failing` ones could not be processed."],
  keyturn_fleet_rotations: ["gauge", "Rotations in progress by phase."],
  keyturn_fleet_due_targets: ["gauge", "Targets whose rotation is due but has not started."],
  keyturn_fleet_oldest_due_seconds: ["gauge", "How long the longest-waiting rotation has been due."],
  keyturn_fleet_needs_person: ["gauge", "1 for each target that waits for a person, by reason."],
  keyturn_fleet_jobs_total: ["counter", "Jobs of this worker by result."],
  keyturn_fleet_job_lag_seconds: ["gauge", "How late this worker started its last job."],
  keyturn_fleet_calls_total: ["counter", "Calls of this worker to control planes."],
  keyturn_fleet_call_seconds_total: ["counter", "Duration of this worker's calls to control planes."],
  keyturn_fleet_ticks_total: ["counter", "Sweeps of this worker by result."],
  keyturn_fleet_last_tick_timestamp_seconds: ["gauge", "When this worker last checked all targets; 0 if never."],
  keyturn_fleet_up: ["gauge", "1 while this worker accepts jobs."],
  keyturn_fleet_journal_up: [
    "gauge",
    "1 if the journal responded; if 0, the metrics of targets and rotations are missing.",
  ],
} as const;

type Family = keyof typeof FAMILIES;
type Labels = Readonly<Record<string, string>>;

/** The counters and gauges of a worker. @internal */
export class Metrics {
  readonly #counted = new Map<Family, Map<string, number>>();

  call(provider: string, method: string, outcome: string, ms: number): void {
    this.add("keyturn_fleet_calls_total", { provider, method, outcome });
    this.add("keyturn_fleet_call_seconds_total", { provider, method }, ms / 1000);
  }

  add(family: Family, labels: Labels, by = 1): void {
    const values = this.#counted.get(family) ?? new Map<string, number>();
    this.#counted.set(family, values);
    const key = labelled(labels);
    values.set(key, (values.get(key) ?? 0) + by);
  }

  set(family: Family, value: number): void {
    this.#counted.set(family, new Map([["", value]]));
  }

  /** Returns the text that Prometheus reads, with the current status of the targets if it is known. */
  text(statuses: readonly LifecycleStatus[] | undefined, failing: ReadonlyMap<string, string>, now: number): string {
    const all = new Map<Family, Map<string, number>>(this.#counted);
    if (statuses !== undefined) gauges(all, statuses, failing, now);
    return Object.entries(FAMILIES)
      .map(([family, [type, help]]) => {
        const values = [...(all.get(family as Family) ?? [])].map(([labels, value]) => `${family}${labels} ${value}\n`);
        return `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n${values.join("")}`;
      })
      .join("");
  }
}

/** Adds the gauges computed from the statuses of the targets. */
function gauges(
  all: Map<Family, Map<string, number>>,
  statuses: readonly LifecycleStatus[],
  failing: ReadonlyMap<string, string>,
  now: number,
): void {
  const gauge = (family: Family, entries: readonly (readonly [Labels, number])[]): void => {
    all.set(family, new Map(entries.map(([labels, value]) => [labelled(labels), value])));
  };
  const states = new Map(
    ["idle", "ready", "waiting", "awaits-approval", "stopped", "failing"].map((state) => [state, 0]),
  );
  const phases = new Map<string, number>();
  for (const { progress, phase } of statuses) {
    states.set(progress.state, (states.get(progress.state) ?? 0) + 1);
    if (phase !== undefined) phases.set(phase, (phases.get(phase) ?? 0) + 1);
  }
  states.set("failing", failing.size);
  const due = statuses.flatMap(({ due, phase }) =>
    due !== undefined && phase === undefined && due.since <= now ? [due.since] : [],
  );
  gauge(
    "keyturn_fleet_targets",
    [...states].map(([state, number]) => [{ state }, number]),
  );
  gauge(
    "keyturn_fleet_rotations",
    [...phases].map(([phase, number]) => [{ phase }, number]),
  );
  gauge("keyturn_fleet_due_targets", [[{}, due.length]]);
  gauge("keyturn_fleet_oldest_due_seconds", [[{}, due.length > 0 ? (now - Math.min(...due)) / 1000 : 0]]);
  gauge("keyturn_fleet_needs_person", [
    ...statuses.flatMap(({ target, progress }): [Labels, number][] =>
      progress.state === "stopped"
        ? [[{ target, reason: progress.reason }, 1]]
        : progress.state === "awaits-approval"
          ? [[{ target, reason: "approval" }, 1]]
          : [],
    ),
    ...[...failing].map(([target, reason]): [Labels, number] => [{ target, reason }, 1]),
  ]);
}

function labelled(labels: Labels): string {
  const escaped = (value: string): string =>
    value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
