/**
 * Content that an object holds but does not show. A program may load two copies of this package, an ES module and a
 * CommonJS one, and objects of one copy have to work with the other. The content is therefore neither in a private
 * field nor in a map of one copy, but behind a function that each copy finds by the same symbol. Printing, serializing
 * or cloning the object does not call that function.
 */

import { ConfigurationError } from "./errors.js";

/** Puts `content` into an object. `form` names its shape. */
export function enclose(object: object, form: string, content: unknown): void {
  Object.defineProperty(object, Symbol.for(form), { value: () => content });
}

/**
 * Returns the content that a copy of this package put into credentials.
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
