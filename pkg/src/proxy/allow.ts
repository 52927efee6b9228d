/** The operations of its client that a proxy performs. */

import { ConfigurationError } from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import { Effect } from "../generated/boundary.js";
import type { Port } from "../http/port.js";

/** An allowed operation. */
export interface Allowed {
  /** The operation's name, such as `apps.list`. */
  readonly name: string;
  readonly number: number;
  readonly facts: Operation;
}

/**
 * Returns the allowed operations by id.
 *
 * @param allow `apps.list` for an operation, `apps:read` for the operations of a group that change nothing,
 *   `apps:write` for all operations of a group except those that issue a secret, which must be named one by one.
 * @throws {@link ConfigurationError} for a name that matches none.
 */
export function allowed(port: Port, allow: readonly string[]): Map<string, Allowed> {
  const names = port.names();
  const found = new Map<string, Allowed>();
  for (const text of allow) {
    const [, group, mark, word] = /^(\w+)([.:])(\w+)$/.exec(text) ?? [];
    const before = found.size;
    for (const [number, name] of names.entries()) {
      const inGroup = mark === ":" && name.startsWith(`${group}.`);
      if (name !== text && !inGroup) continue;
      const facts = port.operation(number);
      const covered =
        word === "read" ? facts.effect === Effect.read : word === "write" && facts.effect !== Effect.secret;
      if (inGroup && (!covered || leads(port, name))) continue;
      found.set(facts.id, { name, number, facts });
    }
    if (
      found.size === before &&
      !names.includes(text) &&
      !names.some((name) => mark === ":" && name.startsWith(`${group}.`) && /^(read|write)$/.test(word ?? ""))
    ) {
      const message = `allow: there is no ${JSON.stringify(text).slice(0, 80)}: name operations as "apps.list", or groups as "apps:read" or "apps:write"`;
      throw new ConfigurationError("allow", "no_such_operation", message);
    }
  }
  return found;
}

/** Returns whether an operation leads to resources of another type, which its group does not cover. */
function leads({ resources }: Port, name: string): boolean {
  const [type, relationship] = name.split(".") as [string, string];
  return resources?.[type]?.to[relationship] !== undefined;
}
