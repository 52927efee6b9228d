// Profiles: `keyturn login`, `logout` and `whoami`, the file and the keyring that contain secrets, and who may read them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { command } from "../lib/command.mjs";
import { installed } from "../lib/installed.mjs";

const folder = installed();
const { serveSandbox } = await import(
  pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/sandbox-node.js")).href
);
const scratch = mkdtempSync(join(folder, "profiles-"));
const posix = process.platform !== "win32";

let server;
/** Runs the command in a new folder, without credentials. */
let k;
let file;

before(async () => {
  server = await serveSandbox({ port: 0, seed: "demo" });
});
after(async () => {
  await server.close();
  rmSync(scratch, { recursive: true });
});
beforeEach(() => {
  server.sandbox.clearFaults();
  const cwd = mkdtempSync(join(scratch, "home-"));
  k = command({ folder, cwd });
  file = join(cwd, "home/.config/keyturn/profiles.json");
});

const LIMITS = ["--expires", "30d", "--scope", "all", "--cidr", "127.0.0.0/8"];
const profiles = () => JSON.parse(readFileSync(file, "utf8")).profiles;
const clients = async () => {
  const answer = await k("api", "c1", "personalClient.list", "--limit", "100", "-o", "json", {
    env: {
      CONDUCTORONE_SERVER_URL: server.url,
      CONDUCTORONE_CLIENT_ID: server.clientId,
      CONDUCTORONE_CLIENT_SECRET: server.clientSecret,
    },
  });
  return JSON.parse(answer.stdout);
};

/** Confirms or denies the code that a login shows. */
async function decide(running, answer = "approve") {
  for (;;) {
    const code = /compare the code: (\S+)/.exec(running.seen())?.[1];
    if (code !== undefined) {
      const form = new URLSearchParams({ user_code: code, answer });
      await fetch(`${server.url}/device`, { method: "POST", body: form });
      return;
    }
    if (running.child.exitCode !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function login(...flags) {
  const running = k("login", "--server-url", server.url, ...LIMITS, ...flags);
  await decide(running);
  return running;
}

describe("login", () => {
  test("creates a credential with the given limits, and stores it for its owner only", async () => {
    const { code, stdout, stderr } = await login("--name", "a test");
    assert.deepEqual([code, stdout], [0, ""], stderr);
    const { clientId, clientSecret } = profiles().c1.default;
    assert.match(clientSecret, /^secret-token:/);
    assert.ok(!stderr.includes(clientSecret));
    if (posix) {
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(join(file, "..")).mode & 0o777, 0o700);
    }
    // Beside it is only the lock, which is free.
    const beside = readdirSync(join(file, "..")).filter((name) => name !== "profiles.json");
    assert.match(beside.join(), /^\.profiles\.json\.lock\.\d+$/);
    assert.equal(readFileSync(join(file, "..", beside[0]), "utf8"), "");
    const made = (await clients()).find((one) => one.clientId === clientId);
    assert.deepEqual(
      [
        made.displayName,
        made.allowSourceCidr,
        Math.round((Date.parse(made.expiresTime) - Date.parse(made.createdAt)) / 86_400_000),
      ],
      ["a test", ["127.0.0.0/8"], 30],
    );
    const who = await k("whoami", "-o", "json");
    const [{ from, clientId: as, roles }] = JSON.parse(who.stdout);
    assert.deepEqual([from, as, roles], ["profile default", clientId, ["super-administrator"]]);
    assert.ok(!who.stdout.includes(clientSecret));
  });

  test("does not ask for what flags say, and requires all flags without a terminal", async () => {
    for (const left of ["--expires", "--scope", "--cidr"]) {
      const at = LIMITS.indexOf(left);
      const flags = LIMITS.filter((_, index) => index !== at && index !== at + 1);
      const { code, stderr } = await k("login", "--server-url", server.url, ...flags);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`${left} is missing`));
    }
    const both = await k("login", "--server-url", server.url, ...LIMITS, "--scope", "role");
    assert.match(both.stderr, /exclude each other/);
    const long = await k("login", "--server-url", server.url, ...LIMITS.slice(2), "--expires", "4000d");
    assert.deepEqual([long.code, existsSync(file) && Object.keys(profiles()).length > 0], [2, false]);
  });

  test("asks for the limits on a terminal", { skip: !posix }, async () => {
    const running = k("login", "--server-url", server.url, {
      tty: true,
      stdin: [
        ["When should", "\r"],
        ["What may the credential do?", "\x1b[B\r"],
        ["From where", "\r"],
        ["Address ranges", "127.0.0.0/8,10.0.0.0/8\r"],
      ],
    });
    await decide(running);
    const { code, stdout } = await running;
    assert.equal(code, 0, stdout);
    const { clientId } = profiles().c1.default;
    const made = (await clients()).find((one) => one.clientId === clientId);
    assert.deepEqual([made.scopedRoles, made.allowSourceCidr], [[], ["127.0.0.0/8", "10.0.0.0/8"]]);
  });

  test("refuses invalid limits before anybody has to confirm anything", async () => {
    for (const range of ["10.0.0.0/33", "10.0.0.0", "::1/129", "home", "10.0.0.0/8,x"]) {
      const { code, stderr } = await k("login", "--server-url", server.url, ...LIMITS.slice(0, 4), "--cidr", range);
      assert.deepEqual([code, /compare the code/.test(stderr)], [2, false], stderr);
      assert.match(stderr, /is not an address range such as 192\.0\.2\.0\/24/);
    }
    const asked = k("login", "--server-url", server.url, "--expires", "30d", "--scope", "all", {
      tty: posix,
      stdin: [
        ["From where", "\r"],
        ["Address ranges", "home\r"],
        ["home is not an address range", "\x03"],
      ],
    });
    assert.equal((await asked).code, posix ? 130 : 2);
  });

  test("creates nothing when the person says no or stops it", async () => {
    const before = (await clients()).length;
    const denied = k("login", "--server-url", server.url, ...LIMITS);
    await decide(denied, "deny");
    assert.equal((await denied).code, 5);
    const stopped = k("login", "--server-url", server.url, ...LIMITS);
    while (!stopped.seen().includes("compare")) await new Promise((resolve) => setTimeout(resolve, 20));
    stopped.child.kill("SIGINT");
    assert.equal((await stopped).code, posix ? 130 : "SIGINT");
    assert.equal((await clients()).length, before);
  });

  test("creates nothing that it could not store", async () => {
    // A file is where the folder should be.
    mkdirSync(join(file, "../.."), { recursive: true });
    writeFileSync(join(file, ".."), "");
    const { code, stderr } = await k("login", "--server-url", server.url, ...LIMITS);
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /compare the code/);
  });

  test("revokes the credential again if it cannot be stored", async () => {
    const before = (await clients()).length;
    const running = k("login", "--server-url", server.url, ...LIMITS);
    while (!running.seen().includes("compare")) await new Promise((resolve) => setTimeout(resolve, 20));
    // The folder changes while the person enters the code.
    rmSync(file, { force: true });
    mkdirSync(file);
    await decide(running);
    assert.notEqual((await running).code, 0);
    assert.equal((await clients()).length, before);
  });

  test("stores an existing pair if it logs in; the secret is not in an argument", async () => {
    const { clientId, clientSecret, serverURL } = server.commercelayer;
    const flags = ["login", "commercelayer", "--server-url", serverURL, "--client-id", clientId, "--secret-from"];
    const wrong = await k(...flags, "-", { stdin: "wrong" });
    assert.deepEqual([wrong.code, Object.keys(profiles())], [5, []]);
    const right = await k(...flags, "-", { stdin: `${clientSecret}\n` });
    assert.equal(right.code, 0, right.stderr);
    const list = await k("api", "commercelayer", "api_credentials.list");
    assert.ok(JSON.parse(list.stdout).length > 0, list.stderr);
    const c1 = ["login", "--server-url", server.url, "--client-id", server.clientId, "--secret-from", "secret.txt"];
    writeFileSync(join(file, "../../../../secret.txt"), server.clientSecret);
    assert.equal((await k(...c1)).code, 0);
    assert.deepEqual(Object.keys(profiles()), ["commercelayer", "c1"]);
    // `login` did not create it, so `logout` does not revoke it.
    const left = await k("logout");
    assert.deepEqual([left.code, /stays valid/.test(left.stderr)], [0, true]);
  });

  test("does not replace a profile without confirmation", async () => {
    await login();
    const { clientId } = profiles().c1.default;
    const again = await k("login", "--server-url", server.url, ...LIMITS);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /Pass --yes/);
    assert.equal(profiles().c1.default.clientId, clientId);
    await login("--yes");
    assert.notEqual(profiles().c1.default.clientId, clientId);
  });
});

describe("logout", () => {
  test("revokes the credential, and then removes the profile", async () => {
    await login("--profile", "work");
    const { clientId } = profiles().c1.work;
    assert.equal((await k("logout", "--profile", "work")).code, 2);
    server.sandbox.fault({ operation: "personalClient.delete", action: { status: 503 } });
    const failed = await k("logout", "--profile", "work", "--yes");
    assert.deepEqual([failed.code, profiles().c1.work.clientId], [6, clientId]);
    server.sandbox.clearFaults();
    assert.equal((await k("logout", "--profile", "work", "--yes")).code, 0);
    assert.deepEqual(profiles().c1, {});
    assert.ok(!(await clients()).some((one) => one.clientId === clientId));
    assert.equal((await k("logout", "--profile", "work", "--yes")).code, 2);
  });

  test("succeeds if the credential was already revoked", async () => {
    await login();
    const { clientId } = profiles().c1.default;
    await k("api", "c1", "personalClient.delete", "--id", clientId.split("@")[0], "--yes");
    const { code, stderr } = await k("logout", "--yes");
    assert.deepEqual([code, profiles().c1], [0, {}], stderr);
  });
});

describe("the file", () => {
  const write = (text, mode = 0o600) => {
    mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
  };
  const whole = JSON.stringify({
    version: 1,
    profiles: { c1: { default: { clientId: "canary@acme.conductor.one/pcc", clientSecret: "canary-secret" } } },
  });

  test("is refused if others can read it, with the command that fixes it", { skip: !posix }, async () => {
    for (const mode of [0o644, 0o640, 0o604, 0o620]) {
      write(whole, mode);
      const { code, stderr } = await k("whoami");
      assert.equal(code, 2);
      assert.match(stderr, /Run: chmod 600 \S+profiles\.json/);
      assert.doesNotMatch(stderr, /canary/);
    }
    write(whole);
    chmodSync(join(file, ".."), 0o777);
    assert.match((await k("whoami")).stderr, /Run: chmod go-w/);
  });

  test("is refused if it is broken or from a newer release, without showing it", async () => {
    const newer = JSON.stringify({ version: 2, profiles: {} });
    const other = JSON.stringify({ version: 1, profiles: { c1: { default: { clientSecret: "canary" } } } });
    for (const text of [whole.slice(0, -9), newer, other, "[]", ""]) {
      write(text);
      const { code, stderr } = await k("whoami");
      assert.equal(code, 2, text);
      assert.doesNotMatch(stderr, /canary/);
      assert.equal(readFileSync(file, "utf8"), text);
    }
  });

  test("is changed by several processes at once without losing a profile", async () => {
    const { clientId, clientSecret, serverURL } = server.commercelayer;
    const names = ["a", "b", "c", "d", "e"];
    const results = await Promise.all(
      names.map((name) =>
        k(
          "login",
          "commercelayer",
          "--server-url",
          serverURL,
          "--client-id",
          clientId,
          "--secret-from",
          "-",
          "--profile",
          name,
          {
            stdin: clientSecret,
          },
        ),
      ),
    );
    assert.deepEqual(
      results.map(({ code }) => code),
      names.map(() => 0),
    );
    assert.deepEqual(Object.keys(profiles().commercelayer).sort(), names);
  });

  test("is in XDG_CONFIG_HOME, unless that is relative", async () => {
    const elsewhere = mkdtempSync(join(scratch, "xdg-"));
    const { clientId, clientSecret, serverURL } = server.commercelayer;
    const flags = ["login", "commercelayer", "--server-url", serverURL, "--client-id", clientId, "--secret-from", "-"];
    await k(...flags, { stdin: clientSecret, env: { XDG_CONFIG_HOME: elsewhere } });
    assert.ok(existsSync(join(elsewhere, "keyturn/profiles.json")));
    await k(...flags, { stdin: clientSecret, env: { XDG_CONFIG_HOME: "relative" } });
    assert.ok(existsSync(file));
  });
});

describe("the keyring", () => {
  /** Creates an installation with the optional peer: a keyring that is a file, or one that fails. */
  function withKeyring(ring) {
    const own = mkdtempSync(join(scratch, "installed-"));
    cpSync(join(folder, "node_modules/keyturn"), join(own, "node_modules/keyturn"), { recursive: true });
    const peer = join(own, "node_modules/@napi-rs/keyring");
    mkdirSync(peer, { recursive: true });
    writeFileSync(join(peer, "package.json"), '{ "name": "@napi-rs/keyring", "version": "2.1.2", "main": "index.js" }');
    writeFileSync(
      join(peer, "index.js"),
      `const fs = require("node:fs");
       const read = () => { try { return JSON.parse(fs.readFileSync(${JSON.stringify(ring)}, "utf8")); } catch { return {}; } };
       const change = (work) => { const all = read(); work(all); fs.writeFileSync(${JSON.stringify(ring)}, JSON.stringify(all)); };
       exports.AsyncEntry = class {
         constructor(service, account, options) {
           if (process.env.RING_FAILS) throw new Error("no secret service");
           if (options.linux.store !== "secret-service") throw new Error("not one that lasts");
           this.key = service + ":" + account;
         }
         async setPassword(text) { change((all) => { all[this.key] = text; }); }
         async getPassword() { return read()[this.key] ?? null; }
         async deletePassword() { change((all) => { delete all[this.key]; }); return true; }
       };`,
    );
    const cwd = mkdtempSync(join(scratch, "ring-"));
    file = join(cwd, "home/.config/keyturn/profiles.json");
    return command({ folder: own, cwd });
  }

  test("stores the secret instead of the file, and removes it at logout", async () => {
    const ring = join(scratch, "ring.json");
    k = withKeyring(ring);
    await login();
    const kept = profiles().c1.default;
    assert.equal(kept.clientSecret, undefined);
    const inRing = () => Object.values(JSON.parse(readFileSync(ring, "utf8")));
    assert.match(inRing()[0], /^secret-token:/);
    assert.equal((await k("whoami")).code, 0);
    // Another login under the same name leaves no entry behind.
    await login("--yes");
    assert.equal(inRing().length, 1);
    assert.equal((await k("logout", "--yes")).code, 0);
    assert.deepEqual([inRing(), profiles().c1], [[], {}]);
  });

  test("that fails is replaced by the file, with the reason", async () => {
    k = withKeyring(join(scratch, "none.json"));
    const running = k("login", "--server-url", server.url, ...LIMITS, { env: { RING_FAILS: "1" } });
    await decide(running);
    const { code, stderr } = await running;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /no secret service/);
    assert.match(profiles().c1.default.clientSecret, /^secret-token:/);
  });

  test("that lost the secret is reported, with what to do", async () => {
    const ring = join(scratch, "lost.json");
    k = withKeyring(ring);
    await login();
    writeFileSync(ring, "{}");
    const { code, stderr } = await k("whoami");
    assert.equal(code, 5);
    assert.match(stderr, /has no secret for the profile default[^]*keyturn login --profile default/);
  });
});

describe("a lock", { skip: !posix }, () => {
  test("of a killed process is ignored, and one of a living process is awaited", async () => {
    await login();
    const module = new URL("../../target/keyturn/package/modules/cli/profiles/file.js", import.meta.url);
    // The program takes the lock and reports this; then it waits for a byte, and adds a profile.
    const program = `
      import { readSync, writeSync } from "node:fs";
      import { changeProfiles } from ${JSON.stringify(module.href)};
      await changeProfiles(${JSON.stringify(file)}, (before) => {
        writeSync(1, "held");
        readSync(0, new Uint8Array(1));
        const { c1 } = before.profiles;
        return { ...before, profiles: { ...before.profiles, c1: { ...c1, other: { clientId: "a@b.conductor.one/pcc" } } } };
      });
    `;
    const hold = async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      return child;
    };
    const dead = await hold();
    dead.kill("SIGKILL");
    await once(dead, "close");
    // The file that it had written before it died.
    writeFileSync(`${file}.00000000-0000-4000-8000-000000000000`, "a secret");
    const { code, stderr } = await k("logout", "--local", "--yes");
    assert.equal(code, 0, stderr);
    assert.deepEqual(profiles().c1, {});

    const living = await hold();
    const waits = login("--profile", "work");
    let ended = false;
    waits.then(() => {
      ended = true;
    });
    // The code is confirmed and the credential is created; only the file is missing.
    while (!(await clients()).some(({ displayName }) => displayName?.startsWith("keyturn on")) && !ended);
    assert.equal(ended, false);
    living.stdin.end("x");
    assert.equal((await waits).code, 0);
    assert.deepEqual(Object.keys(profiles().c1).sort(), ["other", "work"]);
    assert.equal(readdirSync(join(file, "..")).length, 2);
  });
});
