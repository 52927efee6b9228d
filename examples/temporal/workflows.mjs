// The workflows. They decide nothing about a credential: the journal has what was done, and the activities ask it. So an activity may be repeated,
// and no result of one is needed to go on. Nothing here may touch a clock, the network or a module of Node.
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
  // An activity takes a rotation as far as it goes at once; a worker that died is noticed by its heartbeats.
  startToCloseTimeout: "10 minutes",
  heartbeatTimeout: "15 seconds",
  retry: { initialInterval: "1 second", maximumInterval: "1 minute" },
});

/** Sent after a person has approved, settled, resumed or rolled back something: the rotation goes on at once. */
export const wake = defineSignal("wake");

/** Rotates one target, from its plan to the end of the old credential. Start it with the target in its workflow id, so that there is one. */
export async function rotate(target) {
  let woken = false;
  setHandler(wake, () => {
    woken = true;
  });
  // Of a rotation that is under way this changes nothing.
  let progress = await begin(target);
  while (progress.state !== "idle") {
    woken = false;
    if (progress.state === "waiting") await condition(() => woken, progress.waitMs);
    // A person is needed. `keyturn status` says for what; the hour is for those who forget the signal.
    else if (progress.state !== "ready") await condition(() => woken, "1 hour");
    if (workflowInfo().continueAsNewSuggested) await continueAsNew(target);
    progress = await advance(target);
  }
  return progress;
}

/** Goes on with all rotations and begins those that are due: what a timer does, for a schedule of Temporal's. */
export async function sweep() {
  return sweepOnce();
}
