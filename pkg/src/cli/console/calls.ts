/** The lifecycle as the page gets it: with the checks of `keyturn rotate`, and with what a first rotation replaces. */

import { ConfigurationError, KeyturnError } from "../../base/errors.js";
import type { Lifecycle, LifecyclePlan, LifecycleProgress } from "../../lifecycle.js";
import type { LifecycleCalls } from "../../lifecycle-remote.js";
import { namedBy, prospectsOf } from "../commands/prospect.js";
import { messageOf } from "../commands/report.js";
import type { Opened } from "../config.js";
import type { Context } from "../context.js";
import { quarrelsOf } from "../rivals.js";

/** The calls of a configuration's lifecycle. */
export function callsOf(context: Context, opened: Opened): LifecycleCalls {
  const { lifecycle } = opened;
  const own: Partial<LifecycleCalls> = {
    async rotate(name, options = {}): Promise<LifecycleProgress> {
      const { leaveUnknown = false } = options;
      const quarrels = await quarrelsOf(opened, await lifecycle.status([name]));
      const [prospect] = await prospectsOf(context, opened, [name], { parallel: 1, leaveUnknown, quarrels });
      if (prospect?.refusal !== undefined) throw told(prospect.refusal);
      if (prospect?.named !== undefined) await lifecycle.adopt(name, prospect.named.id, options);
      return lifecycle.rotate(name, options);
    },
    async plan(names, options = {}): Promise<readonly LifecyclePlan[]> {
      const { signal = context.signal } = options;
      const plans = await lifecycle.plan(names, options);
      // What keeps it from being found out keeps the rotation from beginning, and is told then.
      const named = (plan: LifecyclePlan) => namedBy(opened, plan, signal).catch(() => undefined);
      return Promise.all(plans.map(async (plan) => ({ ...plan, old: plan.old ?? (await named(plan)) })));
    },
  };
  return new Proxy<Lifecycle>(lifecycle, {
    get(target, name) {
      const value: unknown = Reflect.get(Object.hasOwn(own, name) ? own : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A refusal of the command as an error that is passed on to the page. */
function told(refusal: unknown): unknown {
  return KeyturnError.is(refusal) ? refusal : new ConfigurationError("targets", "refused", messageOf(refusal));
}
