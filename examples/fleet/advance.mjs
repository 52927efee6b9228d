// Works without a queue: continues all rotations, starts those that are due, and exits. For `cronjob.yaml`, a line of
// crontab or a systemd timer:
//
//   * * * * * cd /opt/keyturn && flock --nonblock .lock node advance.mjs >> advance.log
//
// `node worker.mjs migrate` creates the tables. This program exits with 1 if a target failed, and with 3 if one waits for a person.
import { KeyturnError } from "keyturn";
import { openLifecycle } from "keyturn/lifecycle";
import { postgresJournal } from "keyturn/postgres";
import pg from "pg";
import { targets } from "./targets.mjs";

const { DATABASE_URL: connectionString, FLEET: fleet = "default", HOSTNAME: worker } = process.env;
const log = (record) => console.log(JSON.stringify(record));
const database = new pg.Pool({ connectionString, max: 12, connectionTimeoutMillis: 5_000 });
database.on("error", ({ message }) => log({ level: "warn", event: "pool", message }));
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop.abort());

const lifecycle = openLifecycle({
  journal: postgresJournal(database, { fleet }),
  targets: targets({ database, fleet }),
  worker,
});
try {
  for (const { target, progress, error } of await lifecycle.advance(undefined, { signal: stop.signal })) {
    if (error !== undefined) {
      // Errors of other packages may quote a server's response.
      const { kind = "failed", reason } = KeyturnError.is(error) ? error : {};
      log({ level: "error", event: "failed", target, code: kind, reason });
      process.exitCode = 1;
    } else if (progress.state === "stopped" || progress.state === "awaits-approval") {
      log({ level: "warn", event: "needs-person", target, state: progress.state, reason: progress.reason });
      process.exitCode ??= 3;
    } else log({ level: "info", event: "advanced", target, state: progress.state });
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
  log({ level: "info", event: "handed-back" });
} finally {
  await lifecycle.close();
  await database.end();
}
