/** Runs tasks with a limit on how many run at a time. */

/** Options of {@link pool}. */
export interface PoolOptions<Item> {
  /** Returns true if no more tasks shall begin. */
  readonly stop?: (() => boolean) | undefined;
  /** Returns how many tasks of an item's kind may run at a time, in addition to the limit for all. */
  readonly limit?: ((item: Item) => { readonly kind: string; readonly most: number }) | undefined;
}

/** Runs a task for each item, at most `most` at a time, and resolves with the results in order. */
export async function pool<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
  { stop = () => false, limit = () => ({ kind: "", most: Number.POSITIVE_INFINITY }) }: PoolOptions<Item> = {},
): Promise<readonly (Result | undefined)[]> {
  const results: (Result | undefined)[] = items.map(() => undefined);
  const waiting = new Set(items.keys());
  const running = new Map<string, number>();
  const next = (): number | undefined => {
    for (const index of waiting) {
      const { kind, most } = limit(items[index] as Item);
      if ((running.get(kind) ?? 0) < most) return index;
    }
    return undefined;
  };
  // A worker that finds no item ends: items that wait for the limit of a kind are taken by the workers that use it up.
  const worker = async (): Promise<void> => {
    for (let index = next(); index !== undefined && !stop(); index = next()) {
      const item = items[index] as Item;
      const { kind } = limit(item);
      waiting.delete(index);
      running.set(kind, (running.get(kind) ?? 0) + 1);
      try {
        results[index] = await work(item);
      } finally {
        running.set(kind, (running.get(kind) ?? 1) - 1);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, most), items.length) }, worker));
  return results;
}
