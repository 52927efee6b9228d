// A separate Postgres for a test: on a loopback port, in a folder that is removed when it stops.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { postgres } from "../../xtask/postgres.mjs";

/** Returns the user that the server runs as, since it refuses to run as root. */
export function user() {
  if (process.getuid?.() !== 0) return {};
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const [name] = ["postgres", "nobody"].filter((name) => lines.some((line) => line.startsWith(`${name}:`)));
  const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`)).split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Starts a server, and resolves once it accepts connections. `settings` are those of `postgresql.conf`. The superuser
 * is `owner`, without a password; `url(role)` is the database's URL for a role. With `standbyOf`, it is a standby of
 * that server until `promote` is called.
 */
export async function startPostgres(settings = {}, { standbyOf } = {}) {
  const as = user();
  const folder = mkdtempSync(join(tmpdir(), "keyturn-postgres-"));
  const data = join(folder, "data");
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid);
  const [program, options] =
    standbyOf === undefined
      ? ["initdb", ["--username=owner", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]]
      : ["pg_basebackup", [`--dbname=${standbyOf.url()}`, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]];
  const made = spawnSync(postgres(program), ["--pgdata", data, ...options], { ...as, cwd: folder, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`${program} failed: ${made.stderr || made.error}`);
  const port = await freePort();
  const all = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    // The tests of one file share a server, and the pools of earlier ones close late.
    max_connections: 300,
    shared_buffers: "32MB",
    ...settings,
  };
  let child;
  const log = [];
  const exited = () => (child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined);

  const server = {
    port,
    /** Returns what the server has logged. */
    log: () => log.join(""),
    url: (role = "owner", at = port) => `postgres://${role}@127.0.0.1:${at}/postgres`,
    async start() {
      const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      child = spawn(postgres("postgres"), ["-D", data, ...options], {
        ...as,
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
      });
      child.stderr.setEncoding("utf8").on("data", (text) => log.push(text));
      // The server's log says when it is ready; its text so far belongs to an earlier start.
      const from = log.length;
      const ready = () =>
        /database system is ready to accept (?:read-only )?connections/.test(log.slice(from).join(""));
      while (!ready()) {
        if (child.exitCode !== null) throw new Error(`the server does not start: ${log.slice(from).join("")}`);
        await sleep(20);
      }
    },
    /** Promotes a standby, and resolves once it accepts writes. */
    promote: () => server.run("psql", ["--quiet", "--tuples-only", "--command=SELECT pg_promote()"]),
    /** Stops at once, as if the machine had failed: what was not written to the disk is lost. */
    async crash() {
      child.kill("SIGQUIT");
      await exited();
    },
    async stop() {
      child.kill("SIGINT");
      await exited();
      rmSync(folder, { recursive: true, force: true });
    },
    /** Runs one of Postgres's programs against the server, such as `psql`, and returns its output. */
    run(program, args, input) {
      const result = spawnSync(postgres(program), ["--dbname", server.url(), ...args], {
        cwd: tmpdir(),
        encoding: "utf8",
        maxBuffer: 1 << 28,
        input,
      });
      if (result.status !== 0) throw new Error(`${program} failed: ${result.stderr || result.error}`);
      return result.stdout;
    },
  };
  await server.start();
  return server;
}
