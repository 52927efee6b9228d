/** Secrets that a request carried, in what a server says of it. The core has replaced what it knows for a secret already. */

/** A copy in which the texts are replaced, wherever they stand. */
export function without(texts: readonly string[], value: unknown): unknown {
  const telling = texts.filter((text) => text !== "");
  if (telling.length === 0) return value;
  const copy = (from: unknown): unknown => {
    if (typeof from === "string") return telling.reduce((left, text) => left.replaceAll(text, "[secret]"), from);
    if (Array.isArray(from)) return from.map(copy);
    if (typeof from !== "object" || from === null) return from;
    return Object.fromEntries(Object.entries(from).map(([name, member]) => [name, copy(member)]));
  };
  return copy(value);
}
