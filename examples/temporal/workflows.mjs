// The workflows. They decide nothing about a credential: the journal records what was done, and the activities read it.
// So an activity may be repeated, and a workflow can continue without its result. This file must not use a clock, the
// network or a Node module.
import {
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from "@temporalio/workflow";

const {
  advance,
  begin,
  sweep: sweepOnce,
} = proxyActivities({
  // An activity takes a rotation as far as possible at once; missing heartbeats reveal a dead worker.
  startToCloseTimeout: "10 minutes",
  heartbeatTimeout: "15 seconds",
  retry: { initialInterval: "1 second", maximumInterval: "1 minute" },
});

/** Sent after a person has approved, settled, resumed or rolled back a rotation, which then continues at once. */
export const wake = defineSignal("wake");

/**
 * Rotates one target, from the plan to the end of the old credential. Start it with the target in its workflow id, so
 * that only one runs.
 */
export async function rotate(target) {
  let woken = false;
  setHandler(wake, () => {
    woken = true;
  });
  // `begin` does not change a rotation in progress.
  let progress = await begin(target);
  while (progress.state !== "idle") {
    woken = false;
    if (progress.state === "waiting") await condition(() => woken, progress.waitMs);
    // A person is needed; `keyturn status` says why. The hour covers a forgotten signal.
    else if (progress.state !== "ready") await condition(() => woken, "1 hour");
    if (workflowInfo().continueAsNewSuggested) await continueAsNew(target);
    progress = await advance(target);
  }
  return progress;
}

/** Continues all rotations and starts those that are due. For a Temporal schedule. */
export async function sweep() {
  return sweepOnce();
}
