/** The contract of every journal, as tests that any test runner can run. */

import type { Journal } from "../ports.js";

/** A place for a journal: a folder, a database, a table. */
export interface JournalPlace {
  /** Opens a journal there. Called several times for one place: as another process would, or after a restart. */
  open(): Journal | Promise<Journal>;
  /** Removes the place, after its journals have been closed. */
  remove?(): void | Promise<void>;
}

/**
 * Registers the tests of a journal. A third party can verify its own journal with them, in any runner:
 *
 * ```ts
 * import { test } from "node:test";
 * import { testJournal } from "keyturn/lifecycle/testing";
 * testJournal(test, async () => {
 *   const schema = await freshSchema();
 *   return { open: () => postgresJournal(pool, schema), remove: () => dropSchema(schema) };
 * });
 * ```
 * @param test registers one test by name. Its function rejects if the journal does not meet the contract.
 * @param fresh creates an empty place. Called once for each test.
 */
export function testJournal(
  test: (name: string, run: () => Promise<void>) => unknown,
  fresh: () => JournalPlace | Promise<JournalPlace>,
): void {
  const rule = (name: string, run: (open: () => Promise<Journal>) => Promise<void>): void => {
    test(name, async () => {
      const place = await fresh();
      const opened: Journal[] = [];
      try {
        await run(async () => {
          const journal = await place.open();
          opened.push(journal);
          return journal;
        });
      } finally {
        for (const journal of opened) await journal.close?.();
        await place.remove?.();
      }
    });
  };

  rule("an unknown stream is empty, and initially there are no streams", async (open) => {
    const journal = await open();
    same(await journal.read("nothing", 1), []);
    same(await journal.read("nothing", 7), []);
    same(await journal.streams(), []);
  });

  rule("events are read in order, starting at any number", async (open) => {
    const journal = await open();
    for (let sequence = 1; sequence <= 5; sequence++) same(await journal.append("a", sequence, `e${sequence}`), true);
    same(await journal.read("a", 1), ["e1", "e2", "e3", "e4", "e5"]);
    same(await journal.read("a", 4), ["e4", "e5"]);
    same(await journal.read("a", 6), []);
    same(await journal.read("a", 60), []);
  });

  rule("appending a number that exists is refused, and its event stays unchanged", async (open) => {
    const journal = await open();
    same(await journal.append("a", 1, "first"), true);
    same(await journal.append("a", 1, "second"), false);
    same(await journal.append("a", 1, "first"), false);
    same(await journal.append("a", 2, "next"), true);
    same(await journal.append("a", 1, "third"), false);
    same(await journal.read("a", 1), ["first", "next"]);
  });

  rule("appending a number beyond the next one is an error, so that no gap can arise", async (open) => {
    const journal = await open();
    await rejects(() => journal.append("a", 2, "two"));
    same(await journal.append("a", 1, "one"), true);
    await rejects(() => journal.append("a", 3, "three"));
    same(await journal.read("a", 1), ["one"]);
  });

  rule("an invalid sequence number is an error", async (open) => {
    const journal = await open();
    for (const number of [0, -1, 1.5, Number.NaN, 2 ** 53]) await rejects(() => journal.append("a", number, "e"));
    same(await journal.streams(), []);
  });

  rule("streams are independent of each other, whatever their names", async (open) => {
    const journal = await open();
    const names = [
      "a",
      "A",
      "a/b",
      "a%2fb",
      "../a",
      ".",
      "..",
      "",
      " ",
      "a ",
      "con",
      "CON",
      "nul.txt",
      "temporary",
      "\u00e9",
      "e\u0301",
      "\u{1f511}",
      "a\nb",
      "a\u0000b",
      "__proto__",
      "constructor",
      "a:b*c?d\"e<f>g|h\\i'j`k$(l)",
      "keyturn:order-export",
      "9",
      "x".repeat(200),
    ];
    for (const name of names) same(await journal.append(name, 1, `first of ${name}`), true);
    for (const name of names) same(await journal.append(name, 2, `second of ${name}`), true);
    for (const name of names) same(await journal.read(name, 1), [`first of ${name}`, `second of ${name}`]);
    const again = await open();
    same((await again.streams()).map(({ stream }) => stream).sort(), [...names].sort());
    for (const name of names) same(await again.read(name, 2), [`second of ${name}`]);
  });

  rule("events are returned exactly as appended", async (open) => {
    const journal = await open();
    const events = [
      '{"type":"planned"}',
      "",
      "\n",
      "two\nlines\n",
      "\r\n",
      "\ufeffmark",
      "\u0000",
      "\u2028\u2029",
      "\u{1f511}\u00e9e\u0301",
      " spaces ",
      "x".repeat(100_000),
    ];
    for (const [index, event] of events.entries()) same(await journal.append("a", index + 1, event), true);
    same(await journal.read("a", 1), events);
    same(await (await open()).read("a", 1), events);
  });

  rule("an acknowledged event is visible to all others at once", async (open) => {
    const [one, other] = [await open(), await open()];
    same(await one.append("a", 1, "e1"), true);
    same(await other.read("a", 1), ["e1"]);
    same(await other.append("a", 1, "x"), false);
    same(await other.append("a", 2, "e2"), true);
    same(await one.read("a", 1), ["e1", "e2"]);
    same(await one.read("a", 2), ["e2"]);
    same(await one.append("a", 2, "x"), false);
  });

  rule("of many concurrent appends of one number, exactly one succeeds", async (open) => {
    const journals = await Promise.all([open(), open(), open(), open()]);
    for (let sequence = 1; sequence <= 10; sequence++) {
      const writers = journals.flatMap((journal, at) => [0, 1, 2].map((i) => ({ journal, event: `${at}.${i}` })));
      const won = await Promise.all(writers.map(({ journal, event }) => journal.append("a", sequence, event)));
      same(won.filter(Boolean).length, 1);
      const winner = writers[won.indexOf(true)]?.event;
      for (const journal of journals) same(await journal.read("a", sequence), [winner]);
    }
  });

  rule("concurrent loops of appends lose nothing", async (open) => {
    const journals = await Promise.all([open(), open(), open(), open()]);
    await Promise.all(
      journals.map(async (journal, writer) => {
        for (let index = 0; index < 10; index++) {
          let sequence = 1;
          // Each turn that is lost was won by another writer.
          for (let turn = 0; ; turn++) {
            if (turn > 40) throw new Error("an append was refused, but the event in its place cannot be read");
            sequence += (await journal.read("a", sequence)).length;
            if (await journal.append("a", sequence, `${writer}:${index}`)) break;
          }
        }
      }),
    );
    const events = await (await open()).read("a", 1);
    same(events.length, 40);
    for (const writer of [0, 1, 2, 3])
      same(
        events.filter((event) => event.startsWith(`${writer}:`)),
        Array.from({ length: 10 }, (_, index) => `${writer}:${index}`),
      );
  });

  rule("a stream's version changes whenever it grows, and at no other time", async (open) => {
    const [journal, other] = [await open(), await open()];
    const version = async (of: Journal, stream: string) =>
      (await of.streams()).find((head) => head.stream === stream)?.version;
    await journal.append("a", 1, "e");
    await journal.append("b", 1, "e");
    const seen = new Set<string | undefined>();
    const still = await version(other, "b");
    for (let sequence = 2; sequence <= 20; sequence++) {
      const before = await version(other, "a");
      same(await version(other, "a"), before);
      same(seen.has(before), false);
      seen.add(before);
      await journal.append("a", sequence, "e");
    }
    same(await version(other, "b"), still);
    same(await version(journal, "a"), await version(await open(), "a"));
  });

  rule("long streams are read completely", async (open) => {
    const journal = await open();
    for (let sequence = 1; sequence <= 300; sequence++) await journal.append("a", sequence, String(sequence));
    const events = await (await open()).read("a", 1);
    same(
      events.map(Number),
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    same(await (await open()).read("a", 299), ["299", "300"]);
  });
}

function same(found: unknown, wanted: unknown): void {
  const [is, was] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (is !== was) throw new Error(`expected ${shortened(was)}, but got ${shortened(is)}`);
}

async function rejects(work: () => Promise<unknown>): Promise<void> {
  let value: unknown;
  try {
    value = await work();
  } catch {
    return;
  }
  throw new Error(`expected an error, but got ${JSON.stringify(value)}`);
}

function shortened(text = "nothing"): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
