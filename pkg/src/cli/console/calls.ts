/**
 * The lifecycle as the console's page calls it. The checks of the commands before they issue or continue anything are
 * made here as well, by the same functions.
 */

import { KeyturnError } from "../../base/errors.js";
import type { Lifecycle, LifecyclePlan, LifecycleProgress, LifecycleResult } from "../../lifecycle.js";
import type { LifecycleCalls } from "../../lifecycle-remote.js";
import { unlessClocksDiffer } from "../clocks.js";
import { begin, type Prospect, prospectOf } from "../commands/prospect.js";
import { messageOf, readStatuses } from "../commands/report.js";
import type { Opened } from "../config.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import { pool } from "../pool.js";
import { announce, quarrelsOf } from "../rivals.js";

/** How many targets' control planes and sinks are read at a time. */
const AT_ONCE = 4;

/** The calls for one target that call its control plane. */
const REACHING: ReadonlySet<string | symbol> = new Set(["rollback", "retire", "settle", "resume", "adopt"]);

/** Returns the calls of an opened lifecycle, with the checks of the commands. */
export function checkedCalls(context: Context, opened: Opened): LifecycleCalls {
  const { lifecycle, unreachable, names: all } = opened;

  const prospects = async (names: readonly string[], leaveUnknown: boolean): Promise<readonly Prospect[]> => {
    const { statuses } = await readStatuses(lifecycle, names);
    const options = { leaveUnknown, quarrels: await quarrelsOf(opened, statuses.values()) };
    const found = await pool(names, AT_ONCE, (name) => prospectOf(context, opened, name, options));
    return found.filter((one) => one !== undefined);
  };

  const plan: LifecycleCalls["plan"] = async (names = all) => (await prospects(names, false)).map(planOf);

  const rotate: LifecycleCalls["rotate"] = async (name, { leaveUnknown = false } = {}) => {
    for (const prospect of await prospects([name], leaveUnknown)) {
      if (prospect.refusal !== undefined) throw prospect.refusal;
      await unlessClocksDiffer(context, opened, await lifecycle.status([name]));
      // From now on, other configurations on this journal must agree with this one.
      announce(opened);
      // Without a signal: stopping the command must not abort a call that has begun.
      return begin(opened, prospect, { leaveUnknown });
    }
    return lifecycle.rotate(name, { leaveUnknown });
  };

  const advance = async (
    names: string | readonly string[] = all,
    { begin: begins = true }: { begin?: boolean } = {},
  ): Promise<LifecycleProgress | readonly LifecycleResult[]> => {
    if (typeof names === "string") {
      if (unreachable.has(names)) throw unreachable.get(names);
      return lifecycle.advance(names);
    }
    const { statuses } = await readStatuses(lifecycle, names);
    const refusals = new Map([...unreachable, ...(await quarrelsOf(opened, statuses.values()))]);
    const results = await lifecycle.advance(
      names.filter((name) => !refusals.has(name)),
      { begin: begins },
    );
    const refused = names.filter((name) => refusals.has(name));
    return [
      ...results,
      ...refused.map((target) => ({ target, progress: undefined, error: familiar(refusals.get(target)) })),
    ];
  };

  const own: Readonly<Record<string, unknown>> = { plan, rotate, advance };
  return new Proxy<LifecycleCalls>(lifecycle, {
    get: (_, name) => {
      const call = Object.hasOwn(own, name) ? own[name as string] : lifecycle[name as keyof Lifecycle];
      if (typeof call !== "function") return call;
      if (name === "events") return () => lifecycle.events();
      return async (...args: unknown[]) => {
        try {
          if (REACHING.has(name) && unreachable.has(String(args[0]))) throw unreachable.get(String(args[0]));
          return await call.apply(lifecycle, args);
        } catch (error) {
          throw familiar(error);
        }
      };
    },
  });
}

/** Returns the plan of a target as the page shows it. */
function planOf({ target, plan, named, refusal }: Prospect): LifecyclePlan {
  const { old = named, ...rest } = plan ?? { target, old: undefined, sinks: [], cuts: false, blocked: undefined };
  // What the plan itself says, the page shows in its own language.
  return { ...rest, old, refusal: refusal === undefined || rest.blocked ? undefined : messageOf(refusal) };
}

/** Converts a refusal of the command line to an error of the package, whose message may be passed on. */
function familiar(error: unknown): unknown {
  const { exit, hint, message } = error as { exit?: unknown; hint?: string; message?: string };
  if (KeyturnError.is(error) || (exit === undefined && !(error instanceof UsageError))) return error;
  return new KeyturnError("LifecycleError", "lifecycle_stopped", String(message), { hint, cause: error });
}
