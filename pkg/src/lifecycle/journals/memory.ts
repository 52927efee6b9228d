/** A journal that lasts as long as the process, for tests and experiments. */

import type { Journal } from "../ports.js";
import { checkAppend, gap } from "./error.js";

/** Creates a journal in memory. Its content is lost when the process ends, so it protects against nothing. */
export function memoryJournal(): Journal {
  const streams = new Map<string, string[]>();
  return {
    async append(stream, sequence, event) {
      checkAppend(stream, sequence, event);
      const events = streams.get(stream) ?? [];
      if (sequence <= events.length) return false;
      if (sequence > events.length + 1) throw gap(stream, sequence);
      events.push(event);
      streams.set(stream, events);
      return true;
    },
    async read(stream, from) {
      return streams.get(stream)?.slice(Math.max(0, from - 1)) ?? [];
    },
    async streams() {
      return [...streams].map(([stream, events]) => ({ stream, version: String(events.length) }));
    },
  };
}
