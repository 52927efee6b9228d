/** Suggestions for misspelled names. */

/** Returns the names nearest to a given one, the nearest first. Their distance is at most a third of its length. */
export function nearest(name: string, names: Iterable<string>, most = 3): string[] {
  const low = name.toLowerCase();
  const limit = Math.max(2, Math.ceil(low.length / 3));
  const found: { one: string; cost: number }[] = [];
  for (const one of names) {
    const other = one.toLowerCase();
    const cost = other.startsWith(low) ? 0.5 : distance(low, other, limit);
    if (cost <= limit) found.push({ one, cost });
  }
  // Equally near names keep their order.
  found.sort((one, other) => one.cost - other.cost);
  return found.slice(0, most).map(({ one }) => one);
}

/** Counts the letters to change, insert, remove or swap with their neighbour; at most `limit` + 1. */
function distance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      let cost = Math.min((last[j - 1] ?? 0) + same, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[to.length] ?? limit + 1;
}
