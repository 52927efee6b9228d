// Completions in the shells themselves: the scripts are loaded, and asked for candidates at the cursor.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { browser } from "../../xtask/browsers.mjs";
import { installed, module } from "../lib/installed.mjs";
import { PATIENCE } from "../lib/patience.mjs";

const folder = installed();
const scratch = mkdtempSync(join(folder, "completion-"));
after(() => rmSync(scratch, { recursive: true }));

const { COMMANDS } = await module("cli/table.js");
const { candidates } = await module("cli/complete/words.js");

mkdirSync(join(scratch, "bin"));
mkdirSync(join(scratch, "home/.config/keyturn"), { recursive: true, mode: 0o700 });
const program = join(folder, "node_modules/keyturn/pkg/dist/esm/cli.js");
writeFileSync(join(scratch, "bin/keyturn"), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
chmodSync(join(scratch, "bin/keyturn"), 0o755);
const profiles = { version: 1, profiles: { c1: { work: { clientId: "a@b/pcc" }, private: { clientId: "a@b/pcc" } } } };
writeFileSync(join(scratch, "home/.config/keyturn/profiles.json"), JSON.stringify(profiles), { mode: 0o600 });
writeFileSync(join(scratch, "request one.json"), "{}");

function shell(file, ...args) {
  const { PATH } = process.env;
  const env = { PATH: `${join(scratch, "bin")}:${PATH}`, HOME: join(scratch, "home"), TERM: "xterm" };
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: scratch, env, encoding: "utf8", timeout: PATIENCE });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

/** How to ask each shell for the candidates for a line, whose last word may be empty. */
const SHELLS = {
  bash(...words) {
    const list = words.map((word) => `'${word}'`).join(" ");
    return shell(
      "bash",
      "--norc",
      "-c",
      `eval "$(keyturn completion bash)"; COMP_WORDS=(keyturn ${list}); COMP_CWORD=${words.length}
       _keyturn; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
  },
  zsh(...words) {
    const list = words.map((word) => `'${word}'`).join(" ");
    return shell(
      browser("zsh"),
      "-f",
      "-c",
      `compdef() { : }
       _describe() { print -rl -- "\${(@P)2}" }
       _files() { print -rl -- \${words[CURRENT]}*(N) }
       eval "$(keyturn completion zsh)"
       words=(keyturn ${list}); CURRENT=${words.length + 1}; _keyturn`,
    ).map((line) => line.replace(/(?<!\\):.*/, "").replaceAll("\\:", ":"));
  },
  fish(...words) {
    const line = ["keyturn", ...words].join(" ");
    return shell(browser("fish"), "--no-config", "-c", `keyturn completion fish | source; complete -C '${line}'`).map(
      (one) => one.split("\t")[0],
    );
  },
};

for (const [name, complete] of Object.entries(SHELLS))
  describe(name, () => {
    test("completes the commands of the table", () => {
      const first = [...new Set(COMMANDS.map((one) => one.name.split(" ")[0])), "help"];
      assert.deepEqual(complete("").sort(), first.sort());
      assert.deepEqual(complete("who"), ["whoami"]);
    });

    test("completes operations and their flags", () => {
      assert.deepEqual(complete("api", "c1", "apps.").sort(), [
        "apps.create",
        "apps.delete",
        "apps.get",
        "apps.list",
        "apps.update",
      ]);
      assert.deepEqual(complete("api", "").sort(), ["c1", "commercelayer"]);
      assert.deepEqual(complete("api", "c1", "apps.list", "--page-").sort(), ["--page-size", "--page-token"]);
      assert.ok(complete("api", "commercelayer", "api_credentials.list", "--").includes("--filter"));
    });

    test("completes values: choices, profiles and files", () => {
      assert.deepEqual(
        complete("whoami", "--output", ""),
        ["table", "json", "ndjson"].sort((a, b) => (name === "fish" ? a.localeCompare(b) : 0)),
      );
      assert.deepEqual(complete("logout", "--profile", "").sort(), ["private", "work"]);
      assert.deepEqual(complete("status", "--fail-on", "ex"), ["expiring:14d"]);
      assert.deepEqual(complete("status", "--fail-on", "f").sort(), ["finding", "finding:high"]);
      assert.match(complete("api", "c1", "apps.create", "--input", "req").join(), /request( |\\ )one\.json/);
    });
  });

test("completes every option of the table except those already given", async () => {
  const none = async () => [];
  const sources = { targets: none, profiles: none, operations: none, fields: none };
  for (const spec of COMMANDS) {
    const words = spec.name.split(" ");
    const offered = (await candidates([...words, "--"], sources)).map(({ word }) => word);
    for (const { flags, hidden } of spec.options ?? [])
      assert.equal(offered.includes(/--[\w-]+/.exec(flags)[0]), !hidden, `${spec.name} ${flags}`);
    for (const name of spec.takes ?? []) assert.ok(offered.includes(`--${name}`), `${spec.name} ${name}`);
  }
  const again = await candidates(["logout", "--local", "--"], sources);
  assert.ok(!again.some(({ word }) => word === "--local"));
  const repeated = await candidates(["login", "--scope", "a", "--s"], sources);
  assert.ok(repeated.some(({ word }) => word === "--scope"));
  assert.deepEqual(await candidates(["whoami", "--output", "=", "nd"], sources), [{ word: "ndjson" }]);
  assert.deepEqual(await candidates(["no-such", ""], sources), []);
});
