// A process that appends to a directory journal: `node journal-worker.mjs FOLDER JOURNAL STREAM WRITER COUNT`. It
// writes each acknowledged event's name to its standard output, synchronously, so that whoever kills it knows what was
// acknowledged.
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, place, stream, writer, count] = process.argv.slice(2);
const { directoryJournal } = createRequire(join(folder, "load.mjs"))("keyturn/lifecycle/node");

const journal = directoryJournal(place);
let sequence = 1;
for (let index = 0; index < Number(count); index++) {
  const event = `${writer}:${index}:${"x".repeat(2000)}`;
  do {
    sequence += (await journal.read(stream, sequence)).length;
  } while (!(await journal.append(stream, sequence, event)));
  writeSync(1, `${sequence} ${writer}:${index}\n`);
}
