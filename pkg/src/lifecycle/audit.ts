/** The events of a journal for other tools. */

import { engine } from "./stream.js";

/** An event as a record of the Open Cybersecurity Schema Framework. */
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
