// The activities: calls of one lifecycle. Their results and errors are stored in Temporal's history, so they contain no
// secrets and no messages of other systems.
import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import { KeyturnError } from "keyturn";

/** Refusals that another attempt would not change. */
const FINAL = new Set(["unknown_target", "forgotten", "adopt_first", "journal_damaged", "journal_out_of_place"]);

/** Creates the activities of a lifecycle whose journal all workers share. */
export function activities(lifecycle) {
  return {
    /** Starts a rotation, or continues the one in progress, and takes it as far as possible. */
    begin: (target) =>
      supervised(async (signal) => {
        const rotated = lifecycle.rotate(target, { signal });
        return summary(
          await rotated.catch((error) => {
            if (error.reason !== "rotation_active") throw error;
            return lifecycle.advance(target, { signal });
          }),
        );
      }),
    /** Continues a rotation as far as possible. */
    advance: (target) => supervised(async (signal) => summary(await lifecycle.advance(target, { signal }))),
    /** Continues all rotations, and starts those that are due. */
    sweep: () =>
      supervised(async (signal) =>
        (await lifecycle.advance(undefined, { signal })).map(({ target, progress, error }) =>
          error === undefined ? { target, state: progress.state } : { target, state: "failed", code: codeOf(error) },
        ),
      ),
  };
}

/** Returns the state that a workflow needs. */
function summary({ target, rotation, state, until, reason, about }) {
  return { target, rotation, state, reason, about, ...(until && { waitMs: Math.max(1000, until - Date.now()) }) };
}

/** Tells Temporal that this worker is alive, and stops between two steps when Temporal says so. */
async function supervised(work) {
  const context = Context.current();
  const alive = setInterval(() => context.heartbeat(), 3000);
  try {
    return await work(context.cancellationSignal);
  } catch (error) {
    const type = codeOf(error);
    throw ApplicationFailure.create({ type, message: type, nonRetryable: FINAL.has(error?.reason) });
  } finally {
    clearInterval(alive);
  }
}

function codeOf(error) {
  return KeyturnError.is(error) ? [error.kind, error.reason].filter(Boolean).join(":") : "failed";
}
