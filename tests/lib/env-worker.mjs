// A process that repeatedly writes a `.env` file: `node env-worker.mjs FOLDER FILE WRITER`. It prints each client id
// that was accepted.
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, path, writer, count = "1000000"] = process.argv.slice(2);
const { envFile } = createRequire(join(folder, "load.mjs"))("keyturn/lifecycle/node");

const sink = envFile({ path, lockWaitMs: 60_000 });
const { signal } = new AbortController();
for (let index = 0; index < Number(count); index++) {
  const pair = { clientId: `${writer}-${index}`, clientSecret: `secret-of-${writer}-${index}` };
  const { version } = await sink.read(signal);
  writeSync(1, `${await sink.write(pair, version, signal)} ${pair.clientId}\n`);
}
