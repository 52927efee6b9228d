/** The limits of a credential that a program creates. */

import { ConfigurationError } from "../../base/errors.js";

/** What a new credential may do, from where, and for how long. Each limit must be stated, even if there is none. */
export interface Limits {
  /** Days until it expires, 1 to 3650, or `"never"`. */
  expiresInDays: number | "never";
  /** Ids of the roles that it is limited to, or `"all"` for everything that its owner may do. */
  scopedRoles: readonly string[] | "all";
  /** The addresses that may use it, such as `192.0.2.0/24`, at most 32; or `"anywhere"`. */
  allowSourceCidr: readonly string[] | "anywhere";
}

/** The API's form of {@link Limits}: what is not limited is omitted. */
export interface Limited {
  expires?: string;
  scopedRoles?: string[];
  allowSourceCidrs?: string[];
}

/**
 * Converts the limits to the API's form.
 *
 * @throws {@link ConfigurationError} for a limit that is not stated.
 */
export function limited({ expiresInDays: days, scopedRoles: roles, allowSourceCidr: cidrs }: Limits): Limited {
  const wrong = (option: string, message: string): never => {
    throw new ConfigurationError(option, "limit_missing", `${option}: ${message}`);
  };
  if (days !== "never" && !(Number.isInteger(days) && days >= 1 && days <= 3650)) {
    wrong("expiresInDays", 'must be an integer number of days from 1 to 3650, or "never"');
  }
  const named = (list: unknown): boolean =>
    Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === "string" && one.trim() !== "");
  if (roles !== "all" && !named(roles)) wrong("scopedRoles", 'must be an array of role ids, or "all"');
  if (cidrs !== "anywhere" && !(named(cidrs) && cidrs.length <= 32))
    wrong("allowSourceCidr", 'must be an array of 1 to 32 address ranges, or "anywhere"');
  return {
    ...(days === "never" ? {} : { expires: `${days * 86_400}s` }),
    ...(roles === "all" ? {} : { scopedRoles: [...roles] }),
    ...(cidrs === "anywhere" ? {} : { allowSourceCidrs: [...cidrs] }),
  };
}
