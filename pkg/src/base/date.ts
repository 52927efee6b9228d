/** Whether a value is a `Date`, also one of another realm: a frame, a `vm` context, a test runner's sandbox. @internal */
export function isDate(value: unknown): value is Date {
  return value instanceof Date || Object.prototype.toString.call(value) === "[object Date]";
}
