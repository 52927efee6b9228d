// The only places where a secret may be while a command rotates: the command's memory, the standard input of the sink's
// program, and its destination. The sink's program searches for it everywhere else: in the arguments and the
// environment of each process of this machine, and in the surrounding files.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run, scratch, tenant } from "../lib/cli.mjs";

const cwd = scratch("secrecy");
let sandbox;
before(async () => {
  sandbox = await tenant();
});
after(async () => {
  await sandbox.stop();
  rmSync(cwd, { recursive: true });
});

/**
 * A sink's program. It stores the pair in a file, and records where else the secret is: `cmdline PID`, `environ PID`,
 * `file PATH`. It also records its own environment, and that of a program that it starts.
 */
const STORE = `
import { spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
const note = (line) => appendFileSync("notes", line + "\\n");
const [what] = process.argv.slice(2);
if (what === "read") {
  note("environment " + JSON.stringify(process.env));
  let pair = {};
  try { pair = JSON.parse(readFileSync("pair.json", "utf8")); } catch {}
  process.stdout.write(JSON.stringify(pair));
} else {
  const given = await text(process.stdin);
  const { clientSecret } = JSON.parse(given);
  if (!clientSecret.startsWith("secret-token:")) throw new Error("no secret of C1's");
  // The part that is unique to the secret.
  const parts = [clientSecret, clientSecret.slice(-60)];
  let seen = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\\d+$/.test(name)))
    for (const kind of ["cmdline", "environ"]) {
      let bytes;
      try { bytes = readFileSync("/proc/" + pid + "/" + kind, "latin1"); } catch { continue; }
      seen++;
      if (parts.some((part) => bytes.includes(part))) note(kind + " " + pid);
    }
  note("looked at " + (seen > 5 ? "many" : seen));
  for (const folder of JSON.parse(process.env.LOOK_IN))
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath ?? entry.path, entry.name);
      let bytes;
      try { bytes = readFileSync(path, "latin1"); } catch { continue; }
      if (parts.some((part) => bytes.includes(part))) note("file " + path);
    }
  note("environment " + JSON.stringify(process.env));
  const { stdout } = spawnSync(process.execPath, ["-e", "console.log(JSON.stringify(process.env))"], { encoding: "utf8" });
  note("environment " + stdout.trim());
  writeFileSync("pair.json", given, { mode: 0o600 });
}
`;

test("no secret is in the arguments or environment of a process, or in an unrequested file", async () => {
  const { appId, connectorId, env } = sandbox;
  const program = [process.execPath, "store.mjs"];
  const target = (sinks) => ({ kind: "c1-connector", appId, connectorId, sinks, policy: { grace: "0s" } });
  const vault = { url: "http://127.0.0.1:9", path: "p", token: { env: "VAULT_OTHER" } };
  const config = {
    journal: "journal",
    targets: {
      one: target([
        {
          kind: "command",
          run: [...program, "write"],
          read: [...program, "read"],
          pass: ["COMMERCELAYER_CLIENT_SECRET"],
        },
      ]),
      // This names a variable that contains a secret, which is used only here.
      other: target([{ kind: "vault", ...vault }]),
    },
  };
  writeFileSync(join(cwd, "keyturn.json"), JSON.stringify(config));
  writeFileSync(join(cwd, "store.mjs"), STORE);
  const canaries = {
    VAULT_OTHER: "canary-of-vault-0123456789",
    COMMERCELAYER_ACCESS_TOKEN: "canary-of-a-token-0123456789",
  };
  const look = [join(cwd, "journal"), cwd];
  // Twice, so that there is an old pair as well.
  for (let turn = 0; turn < 2; turn++) {
    const { status, stderr, stdout } = await run(["rotate", "one"], {
      cwd,
      env: { ...env, ...canaries, LOOK_IN: JSON.stringify(look), KEPT: "yes" },
    });
    assert.equal(status, 0, stderr + stdout);
  }
  const notes = readFileSync(join(cwd, "notes"), "utf8").trim().split("\n");
  const found = notes.filter((line) => /^(?:cmdline|environ|file) /.test(line));
  assert.deepEqual(found, []);
  assert.equal(notes.filter((line) => line === "looked at many").length, 2);
  const environments = notes
    .filter((line) => line.startsWith("environment "))
    .map((line) => JSON.parse(line.slice(12)));
  assert.ok(environments.length >= 6);
  const secrets = [env.CONDUCTORONE_CLIENT_SECRET, ...Object.values(canaries)];
  for (const one of environments) {
    assert.equal(one.KEPT, "yes");
    // The variables in `pass` are inherited, and no other credentials.
    assert.equal(one.COMMERCELAYER_CLIENT_SECRET, env.COMMERCELAYER_CLIENT_SECRET);
    const values = Object.values(one).join("\n");
    for (const secret of secrets) assert.ok(!values.includes(secret));
  }
  // The scan works: it finds the delivered pair in its file, and nowhere else below the folder.
  const { clientSecret } = JSON.parse(readFileSync(join(cwd, "pair.json"), "utf8"));
  const holding = readdirSync(cwd, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => readFileSync(path, "latin1").includes(clientSecret));
  assert.deepEqual(holding, [join(cwd, "pair.json")]);
});
