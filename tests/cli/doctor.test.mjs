// `keyturn doctor`: each finding by its code. Without --online, nothing is sent, and a credential that was found is
// never sent.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { run, scratch, smallest, tenant, writeProject } from "../lib/cli.mjs";
import { module } from "../lib/installed.mjs";

const { machineChecks } = await module("cli/doctor/machine.js");
const posix = process.platform !== "win32";
const all = scratch("doctor");
const HOUR = 3_600_000;

let sandbox;
let cwd;
let env;
let count = 0;
before(async () => {
  sandbox = await tenant();
});
after(async () => {
  await sandbox.stop();
  rmSync(all, { recursive: true });
});
beforeEach(() => {
  cwd = join(all, String(count++));
  mkdirSync(join(cwd, "home/.config/keyturn"), { recursive: true, mode: 0o700 });
  env = { ...sandbox.env, HOME: join(cwd, "home"), XDG_CONFIG_HOME: "" };
  writeProject(cwd, sandbox);
});

/** Returns the findings as `CODE ABOUT`, the exit code, and the whole output. */
async function doctor({ flags = [], without = [], ...more } = {}) {
  const variables = Object.fromEntries(Object.entries({ ...env, ...more }).filter(([name]) => !without.includes(name)));
  const { status, stdout, stderr } = await run(["doctor", "-o", "json", ...flags], { cwd, env: variables });
  const checks = JSON.parse(stdout);
  const bad = checks.filter(({ level }) => level === "error" || level === "warning");
  assert.equal(status, bad.length > 0 ? 3 : 0, stderr);
  for (const { code, message, fix = "" } of checks) {
    assert.match(code, /^[a-z]\w*\.[a-z]\w*$/);
    assert.doesNotMatch(`${message}${fix}`, /undefined|\[object/);
  }
  return { codes: bad.map(({ code }) => code).sort(), checks, text: stdout + stderr };
}

const seen = async () => JSON.stringify(await (await fetch(`${sandbox.url}/_sandbox/requests`)).json());

test("finds nothing in a correct setup, and sends nothing", async () => {
  const before = await seen();
  const { codes, checks } = await doctor();
  assert.deepEqual(codes, []);
  assert.ok(checks.length > 8);
  assert.equal(await seen(), before);
  const table = await run(["doctor"], { cwd, env });
  assert.match(table.stderr, /\d+ checks: 0 errors, 0 warnings/);
});

describe("credentials", () => {
  const cases = [
    [
      "the secret without its first part",
      { CONDUCTORONE_CLIENT_SECRET: "canary" },
      ["credential.secret_prefix_missing"],
    ],
    [
      "id and secret in each other's place",
      () => ({
        CONDUCTORONE_CLIENT_ID: sandbox.env.CONDUCTORONE_CLIENT_SECRET,
        CONDUCTORONE_CLIENT_SECRET: sandbox.env.CONDUCTORONE_CLIENT_ID,
      }),
      [/^credential\./],
    ],
    ["half of a pair", { without: ["CONDUCTORONE_CLIENT_SECRET"] }, ["credential.credentials_missing"]],
    ["half of the other pair", { without: ["COMMERCELAYER_CLIENT_ID"] }, ["credential.incomplete"]],
    [
      "a line end",
      () => ({ CONDUCTORONE_CLIENT_ID: `${sandbox.env.CONDUCTORONE_CLIENT_ID}\n` }),
      ["environment.blanks"],
    ],
    ["another tenant's id", { CONDUCTORONE_CLIENT_ID: "a@acme.conductor.one/spc" }, ["credential.other_host"]],
    [
      "a connector's credential",
      () => ({ CONDUCTORONE_CLIENT_ID: sandbox.env.CONDUCTORONE_CLIENT_ID.replace(/\/\w+$/, "/ccc") }),
      ["credential.consumer"],
    ],
    [
      "an address without TLS",
      { CONDUCTORONE_SERVER_URL: "http://acme.conductor.one" },
      [/^credential\./, /^credential\./],
    ],
  ];
  for (const [what, change, expected] of cases)
    test(`finds ${what}`, async () => {
      const { codes, text } = await doctor(typeof change === "function" ? change() : change);
      for (const pattern of expected)
        assert.ok(
          codes.some((code) => (pattern instanceof RegExp ? pattern.test(code) : code === pattern)),
          `${what}: ${codes}`,
        );
      assert.doesNotMatch(text, /canary|secret-token:conductorone/);
    });

  test("finds a profile that expires soon or has expired", async () => {
    const [clientId, clientSecret] = [env.CONDUCTORONE_CLIENT_ID, env.CONDUCTORONE_CLIENT_SECRET];
    const entry = { clientId, clientSecret, serverURL: sandbox.url };
    const c1 = {
      soon: { ...entry, expiresAt: Date.now() + 48 * HOUR },
      gone: { ...entry, expiresAt: Date.now() - HOUR },
      later: { ...entry, expiresAt: Date.now() + 9000 * HOUR },
    };
    writeFileSync(join(cwd, "home/.config/keyturn/profiles.json"), JSON.stringify({ version: 1, profiles: { c1 } }), {
      mode: 0o600,
    });
    const { codes, text } = await doctor();
    assert.deepEqual(codes, ["profile.expired", "profile.expires_soon"]);
    assert.ok(!text.includes(clientSecret));
  });
});

describe("files", () => {
  const find = async (code) => {
    const { codes, checks } = await doctor();
    assert.deepEqual(codes, [code]);
    return checks.find((one) => one.code === code);
  };

  test("finds what others can read or change", { skip: !posix }, async () => {
    const path = join(cwd, "home/.config/keyturn/profiles.json");
    writeFileSync(path, JSON.stringify({ version: 1, profiles: {} }));
    chmodSync(path, 0o644);
    assert.equal((await find("profiles.exposed")).fix, `chmod 600 ${path}`);
    chmodSync(path, 0o600);
    chmodSync(join(cwd, "keyturn.json"), 0o666);
    assert.match((await find("config.exposed")).fix, /^chmod go-w/);
    chmodSync(join(cwd, "keyturn.json"), 0o644);
    chmodSync(join(cwd, "store.sh"), 0o777);
    await find("sink.program_exposed");
    chmodSync(join(cwd, "store.sh"), 0o755);
    writeFileSync(join(cwd, "github.env"), "");
    chmodSync(join(cwd, "github.env"), 0o644);
    await find("sink.exposed");
    chmodSync(join(cwd, "github.env"), 0o600);
    mkdirSync(join(cwd, "keyturn-journal"), { mode: 0o700 });
    chmodSync(join(cwd, "keyturn-journal"), 0o777);
    await find("journal.exposed");
  });

  test("finds a key of sealed copies that is missing, is none, or can be read by others, and a folder that others can change", async () => {
    const text = smallest(sandbox);
    const seal = (value) =>
      writeFileSync(join(cwd, "keyturn.json"), text.replace("{", `{ "seal": ${JSON.stringify(value)},`));
    seal({ key: { env: "NO_SUCH_KEY" } });
    assert.match((await find("seal.no_key")).message, /NO_SUCH_KEY is not set/);
    seal({ key: { file: "seal.key" }, folder: "copies" });
    await find("seal.no_key");
    const path = join(cwd, "seal.key");
    writeFileSync(path, "canary", { mode: 0o600 });
    const none = await find("seal.no_key");
    assert.match(none.fix, /openssl rand -base64 32/);
    assert.doesNotMatch(JSON.stringify(none), /canary/);
    writeFileSync(path, `${Buffer.alloc(32, 7).toString("base64")}\n`);
    chmodSync(path, 0o644);
    assert.equal((await find("seal.key_exposed")).fix, `chmod 600 ${path}`);
    chmodSync(path, 0o600);
    mkdirSync(join(cwd, "copies"), { mode: 0o700 });
    chmodSync(join(cwd, "copies"), 0o777);
    await find("seal.exposed");
    chmodSync(join(cwd, "copies"), 0o700);
    const { codes, checks } = await doctor();
    assert.deepEqual(codes, []);
    assert.ok(checks.some(({ code }) => code === "seal.key"));
  });

  test("finds what is missing", async () => {
    const text = smallest(sandbox);
    writeFileSync(join(cwd, "keyturn.json"), text.replace("./github.env", "./no/such/github.env"));
    await find("sink.no_folder");
    writeFileSync(join(cwd, "keyturn.json"), text.replace("./store.sh", "./nothing.sh"));
    await find("sink.no_program");
    const token = '{ "kind": "github", "repository": "a/b", "token": { "env": "NO_SUCH_TOKEN" } }';
    writeFileSync(join(cwd, "keyturn.json"), text.replace(/\{ "kind": "command"[^}]*\}/, token));
    await find("sink.no_token");
    writeFileSync(join(cwd, "keyturn.json"), text.replace('"journal"', '"jurnal"'));
    assert.match((await find("config.invalid")).message, /keyturn\.json:\d+:\d+/);
    // Problems that only the engine finds.
    writeFileSync(join(cwd, "keyturn.json"), text.replace('"grace": "24h"', '"grace": "40000d"'));
    assert.match((await find("config.invalid")).message, /a duration is at most/);
  });

  test("finds an invalid profile file, and a changed journal", async () => {
    const path = join(cwd, "home/.config/keyturn/profiles.json");
    writeFileSync(path, "canary", { mode: 0o600 });
    const { codes, text } = await doctor();
    assert.ok(codes.includes("profiles.unreadable"));
    assert.doesNotMatch(text, /canary/);
    rmSync(path);
    assert.equal((await run(["rotate", "github-production", "--yes"], { cwd, env })).status, 0);
    assert.deepEqual((await doctor()).codes, []);
    const stream = join(cwd, "keyturn-journal/streams/github-production");
    const [first] = readdirSync(stream).sort();
    writeFileSync(join(stream, first), '{"v":1}\n');
    assert.match((await doctor()).codes.join(), /journal\.(damaged|unreadable)/);
  });
});

describe("the machine", () => {
  const checks = (env, version = "22.12.0", now) =>
    machineChecks({ env, manner: { now }, clock: { now: () => now ?? Date.now() } }, version).map(({ code }) => code);

  test("finds a Node that is too old", () => {
    assert.ok(checks({}, "18.20.0").includes("node.old"));
    assert.ok(checks({}, "20.9.0").includes("node.questions"));
    for (const version of ["20.12.0", "21.0.0", "24.1.0", "30.0.0"])
      assert.ok(checks({}, version).includes("node.version"));
  });

  test("finds a proxy that is ignored", () => {
    const proxy = { HTTPS_PROXY: "http://proxy.example:8080" };
    assert.ok(checks(proxy, "20.12.0").includes("proxy.unsupported"));
    assert.ok(checks(proxy, "22.20.0").includes("proxy.unsupported"));
    assert.ok(checks(proxy, "22.21.0").includes("proxy.ignored"));
    assert.ok(checks({ ...proxy, NODE_USE_ENV_PROXY: "1" }, "24.0.0").includes("proxy.used"));
    assert.ok(checks({ https_proxy: "proxy" }).includes("proxy.invalid"));
  });

  test("reports a replaced clock", () => {
    assert.ok(checks({ KEYTURN_NOW: "1" }, "22.12.0", 1).includes("clock.set"));
  });
});

describe("--online", () => {
  test("logs in to the configured tenants, and checks their targets", async () => {
    const { codes, checks } = await doctor({ flags: ["--online"] });
    assert.deepEqual(
      codes.filter((code) => !code.startsWith("target.")),
      [],
    );
    const logins = checks.filter(({ code }) => code === "online.login").map(({ about }) => about);
    assert.deepEqual(logins.sort(), ["c1", "commercelayer"]);
  });

  test("says why a login fails", async () => {
    const other = sandbox.env.CONDUCTORONE_CLIENT_ID.replace(/^[^@]+/, "nobody");
    const { codes } = await doctor({ flags: ["--online"], CONDUCTORONE_CLIENT_ID: other });
    assert.deepEqual(codes, ["online.authentication_failed"]);
  });

  test("never logs in with a credential found in a sink, which may be a decoy", async () => {
    writeFileSync(join(cwd, "github.env"), "BATON_CLIENT_ID=decoy@127.0.0.1/ccc\nBATON_CLIENT_SECRET=decoy\n", {
      mode: 0o600,
    });
    await doctor({ flags: ["--online"] });
    const requests = await seen();
    assert.match(requests, /introspect/);
    assert.doesNotMatch(requests, /decoy/);
  });
});
