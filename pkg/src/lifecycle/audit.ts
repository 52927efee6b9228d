/** Events of a journal in a format that other tools read. */

import { engine } from "./stream.js";

/** Returns an event as a record of the Open Cybersecurity Schema Framework. */
export function ocsfRecord(
  target: string,
  provider: string,
  sequence: number,
  line: string,
): Readonly<Record<string, unknown>> {
  return JSON.parse(engine(target, (exports) => exports.auditRecord(target, provider, sequence, line))) as Record<
    string,
    unknown
  >;
}
