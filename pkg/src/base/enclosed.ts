/**
 * What an object holds and does not show. A program may have two copies of this package, an ES module's and a CommonJS one, and
 * what one of them made works with the other: so it is no private field and no map of a copy, but a function that each copy finds by
 * the same symbol. Neither printing, serialising nor cloning the object calls it.
 */

import { ConfigurationError } from "./errors.js";

/** Puts `content` into an object. `form` names its shape. */
export function enclose(object: object, form: string, content: unknown): void {
  Object.defineProperty(object, Symbol.for(form), { value: () => content });
}

/**
 * The content that a copy of this package put into credentials.
 *
 * @param makers Where such an object comes from, in words.
 * @throws {@link ConfigurationError} for anything else.
 */
export function enclosed<Content>(credentials: unknown, form: string, makers: string): Content {
  const open = (credentials as Record<symbol, unknown> | null | undefined)?.[Symbol.for(form)];
  if (typeof open === "function") return (open as () => Content)();
  const message = `credentials: not created by a function of ${makers} in this version of the package`;
  throw new ConfigurationError("credentials", "not_credentials", message);
}
