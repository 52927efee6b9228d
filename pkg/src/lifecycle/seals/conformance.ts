/** The contract of every store of sealed copies, as tests that any test runner can run. */

import type { SealStore } from "../ports.js";

/** A place for a store: a folder, a table. */
export interface SealPlace {
  /** Opens a store there. Called several times for one place: as another process would, or after a restart. */
  open(): SealStore | Promise<SealStore>;
  /** Removes the place. */
  remove?(): void | Promise<void>;
}

/** Markers in the form that attempts use; targets may have any name. */
const MARKERS = [
  "keyturn:order-export:0a1b2c3d:1.1",
  "keyturn:Order-Export:0a1b2c3d:1.1",
  "keyturn:order-export:0a1b2c3d:1.11",
  "keyturn:../../etc/passwd:0a1b2c3d:1.1",
  "keyturn:日本 \u001b \u0000 ' \" % _ \\:0a1b2c3d:1.1",
  `keyturn:${"long".repeat(100)}:0a1b2c3d:1.1`,
];

/**
 * Registers the tests of a store. A third party can verify its own store with them, in any runner:
 *
 * ```ts
 * testSealStore(test, async () => ({ open: () => directorySeals(await freshFolder()) }));
 * ```
 * @param test registers one test by name. Its function rejects if the store does not meet the contract.
 * @param fresh creates an empty place. Called once for each test.
 */
export function testSealStore(
  test: (name: string, run: () => Promise<void>) => unknown,
  fresh: () => SealPlace | Promise<SealPlace>,
): void {
  const rule = (name: string, run: (open: () => Promise<SealStore>) => Promise<void>): void => {
    test(name, async () => {
      const place = await fresh();
      try {
        await run(async () => place.open());
      } finally {
        await place.remove?.();
      }
    });
  };

  rule("a copy is there for every process until it is deleted, and then for none", async (open) => {
    const store = await open();
    for (const marker of MARKERS) {
      same(await store.get(marker), undefined, "nothing is there at first");
      await store.put(marker, `copy of ${marker.length}`);
      same(await (await open()).get(marker), `copy of ${marker.length}`, "another process has it");
    }
    for (const marker of MARKERS) {
      await (await open()).delete(marker);
      same(await store.get(marker), undefined, "it is gone");
    }
  });

  rule("each marker has a copy of its own", async (open) => {
    const store = await open();
    await Promise.all(MARKERS.map((marker, index) => store.put(marker, String(index))));
    await store.delete(MARKERS[0] ?? "");
    for (const [index, marker] of MARKERS.entries())
      same(await store.get(marker), index === 0 ? undefined : String(index), "others stay");
  });

  rule("a copy takes the place of one that is there", async (open) => {
    const store = await open();
    for (const copy of ["first", "second", "x".repeat(100_000)]) {
      await store.put("m", copy);
      same(await (await open()).get("m"), copy, "the last one counts");
    }
  });

  rule("a copy that is not there counts as deleted", async (open) => {
    const store = await open();
    await store.delete("m");
    await store.put("m", "copy");
    await Promise.all([store.delete("m"), (await open()).delete("m")]);
    await store.delete("m");
    same(await store.get("m"), undefined, "it does not come back");
  });
}

function same(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) throw new Error(`${what}: found ${JSON.stringify(found)?.slice(0, 80)}`);
}
