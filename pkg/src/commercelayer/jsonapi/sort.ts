/** A copy of an object with its fields in alphabetical order. */
export function sortObjectFields<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) as T;
}
