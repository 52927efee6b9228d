// PgBouncer in front of a server, on a loopback port, in transaction mode: a server connection serves one transaction
// at a time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { postgres } from "../../xtask/postgres.mjs";
import { freePort, user } from "./postgres.mjs";

/** Starts PgBouncer for some roles, with `size` connections to the server for each of them. */
export async function startPgBouncer({ port }, roles, { size = 2 } = {}) {
  const as = user();
  const folder = mkdtempSync(join(tmpdir(), "keyturn-pgbouncer-"));
  const own = await freePort();
  const [config, users] = [join(folder, "pgbouncer.ini"), join(folder, "users.txt")];
  writeFileSync(users, roles.map((role) => `"${role}" ""\n`).join(""));
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: own,
    unix_socket_dir: "",
    auth_type: "trust",
    auth_file: users,
    pool_mode: "transaction",
    default_pool_size: size,
    ignore_startup_parameters: "extra_float_digits",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(config, `[databases]\n* = host=127.0.0.1 port=${port}\n[pgbouncer]\n${lines.join("")}`);
  if (as.uid !== undefined) for (const path of [folder, config, users]) chownSync(path, as.uid, as.gid);
  const child = spawn(postgres("pgbouncer"), [config], { ...as, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const answers = () =>
    new Promise((resolve) => {
      const probe = connect(own, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      probe.unref().on("connect", () => probe.destroy());
    });
  while (!(await answers())) {
    if (child.exitCode !== null) throw new Error(`PgBouncer does not start: ${said}`);
    await sleep(20);
  }
  return {
    url: (role = "owner") => `postgres://${role}@127.0.0.1:${own}/postgres`,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
