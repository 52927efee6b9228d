/** A journal whose calls have a time limit. */

import type { Journal, StreamHead } from "../ports.js";
import { within } from "../within.js";
import { JournalError } from "./error.js";

const READ_AGAIN =
  "Check the disk, the mount or the database. Calling again is safe: the journal is read before anything is done.";

/**
 * A journal whose reads a signal ends. It does not end an append, so that no caller takes an event for missing that is
 * stored after all.
 */
export interface TimelyJournal extends Journal {
  read(stream: string, from: number, signal?: AbortSignal): Promise<readonly string[]>;
  streams(signal?: AbortSignal): Promise<readonly StreamHead[]>;
}

/**
 * Returns the same journal, except that a call that has not ended after `ms` milliseconds rejects with a
 * {@link JournalError}, `timeout`. The call may still take effect: an event may be stored long after its append was
 * given up.
 */
export function timelyJournal(journal: Journal, ms: number): TimelyJournal {
  const call = <T>(
    doing: string,
    work: () => Promise<T>,
    { changes = false, signal }: { changes?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<T> =>
    within(
      ms,
      [signal],
      work,
      () =>
        new JournalError("timeout", `the journal did not ${doing} within ${ms} ms`, {
          outcome: changes ? "unknown" : "none",
          hint: READ_AGAIN,
        }),
    );
  return {
    append: (stream, sequence, event) =>
      call(`store event ${sequence} of ${JSON.stringify(stream)}`, () => journal.append(stream, sequence, event), {
        changes: true,
      }),
    read: (stream, from, signal) =>
      call(`return the events of ${JSON.stringify(stream)}`, () => journal.read(stream, from), { signal }),
    streams: (signal) => call("list its streams", () => journal.streams(), { signal }),
    ...(journal.kept && {
      kept: (stream: string) => call("return its cached state", async () => journal.kept?.(stream)),
    }),
    ...(journal.keep && {
      keep: (stream: string, sequence: number, fold: string) =>
        call("cache the state", async () => journal.keep?.(stream, sequence, fold)),
    }),
  };
}
