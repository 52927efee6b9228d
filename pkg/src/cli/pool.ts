/** Runs tasks with a limit on how many run at a time. */

/** Runs a task for each item, at most `most` at a time, and resolves with the results in order. No more begin once `stop` returns true. */
export async function pool<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
  stop: () => boolean = () => false,
): Promise<readonly (Result | undefined)[]> {
  const results: (Result | undefined)[] = items.map(() => undefined);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !stop()) {
      const index = next++;
      results[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, most), items.length) }, worker));
  return results;
}
