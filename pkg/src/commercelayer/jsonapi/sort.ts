import { ErrorType, SdkError } from "../errors.js";

/** Returns a copy of an object with its fields in alphabetical order. */
export function sortObjectFields<T extends object>(object: T): T {
  if (object === null || object === undefined)
    throw new SdkError({ message: "an object is needed to sort its fields", type: ErrorType.REQUEST });
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) as T;
}
