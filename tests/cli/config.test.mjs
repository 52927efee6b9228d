// `keyturn.json`: problems are reported with file, line and column, and secrets are refused.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { run, scratch, smallest } from "../lib/cli.mjs";
import { module } from "../lib/installed.mjs";

const { ConfigFile } = await module("cli/config/read.js");
const { SCHEMA } = await module("cli/config/schema.js");
const { problemsOf } = await module("cli/config/check.js");
const cwd = scratch("config");
after(() => rmSync(cwd, { recursive: true }));

const read = (text) => new ConfigFile("/project/keyturn.json", text, "/project");
const messageOf = (text) => {
  try {
    read(text);
  } catch (error) {
    assert.equal(error.constructor.name, "ConfigError");
    return error.message;
  }
  return undefined;
};
/** Returns a configuration with one target that consists of these lines. */
const target = (...lines) =>
  `{\n  "journal": "j",\n  "targets": {\n    "a": {\n${lines.map((line) => `      ${line}`).join(",\n")}\n    }\n  }\n}\n`;
const SINKS = '"sinks": [{ "kind": "env-file", "path": "a.env" }]';
const connector = (...more) => target('"kind": "c1-connector", "appId": "A", "connectorId": "C"', ...more);

describe("valid configurations", () => {
  test("the smallest one, and one with all fields", () => {
    assert.equal(messageOf(smallest({ appId: "A", connectorId: "C", credential: "I" })), undefined);
    const secret = { env: "TOKEN" };
    const names = { clientId: "ID", clientSecret: "SECRET" };
    const limits = { expiresInDays: 90, scopedRoles: "all", allowSourceCidr: ["192.0.2.0/24"], requireDpop: true };
    const whole = {
      $schema: "./keyturn.schema.json",
      journal: "j",
      tenants: {
        one: { api: "c1", clientId: "a@b.conductor.one/spc", clientSecret: { file: "secret" }, serverURL: "https://a" },
        // It looks as random as a secret, but is not one.
        two: { api: "commercelayer", clientId: "km4P2M4wJo68iCV-g2Kz6Q6RcXjtxPOQn8GTRP4Scp9", clientSecret: secret },
        three: { api: "c1", profile: "work", tenantDomain: "acme" },
        four: { api: "c1", clientId: { env: "ID" }, clientSecret: secret },
      },
      policy: { zone: "Europe/Berlin", windows: [{ days: ["sat"], from: "22:00", to: "04:00" }] },
      seal: { key: { file: "seal.key" }, folder: "sealed" },
      caps: { atATime: 3, perProvider: { "c1-connector": 1 }, rest: "15m", longestRest: "24h" },
      targets: {
        a: {
          kind: "c1-connector",
          appId: "A",
          connectorId: "C",
          logsRotations: true,
          tenant: "one",
          owner: "sre",
          consumers: ["github"],
          group: "g",
          sinks: [
            { kind: "env-file", path: "a.env", ...names, dialect: "systemd", mode: "0640", name: "x" },
            { kind: "json-file", path: "a.json", clientId: ["c1", "id"], clientSecret: "secret" },
            { kind: "folder", path: "a", clientId: "id", clientSecret: "secret", mode: "600", folderMode: "0700" },
            { kind: "command", run: ["a", "b"], read: ["c"], readsSecret: true, pass: ["X"], timeoutSeconds: 5 },
            {
              kind: "kubernetes",
              url: "https://k",
              token: secret,
              namespace: "n",
              secret: "s",
              restart: [{ kind: "Deployment", name: "d" }],
            },
            { kind: "vault", url: "https://v", token: { file: "t" }, path: "p", mount: "m", namespace: "n", ...names },
            { kind: "github", repository: "o/r", token: secret, environment: "e", secret: "S", variable: "V" },
            { kind: "gitlab", project: "g/p", token: secret, environment: "production", protected: false, ...names },
            { kind: "aws", secretId: "arn", region: "eu-west-1", ...names },
          ],
          policy: { rotateEvery: "60d", rotateBefore: "never", grace: 0, proofs: ["token", "used"], approval: true },
        },
        b: { kind: "c1-bridge", bridgeId: "B", sinks: [{ kind: "command", run: ["x"] }] },
        f: {
          kind: "c1-sso-client",
          appId: "A",
          ssoApplicationId: "O",
          clientId: "C",
          tokenURL: "https://t/token",
          sinks: [{ kind: "command", run: ["x"] }],
        },
        c: { kind: "c1-service-principal", servicePrincipalId: "S", limits, sinks: [{ kind: "command", run: ["x"] }] },
        d: {
          kind: "c1-personal-client",
          limits: { ...limits, expiresInDays: "never" },
          sinks: [{ kind: "command", run: ["x"] }],
        },
        e: {
          kind: "commercelayer-api-credential",
          id: "I",
          publicKinds: true,
          tenant: "two",
          sinks: [{ kind: "command", run: ["x"] }],
        },
      },
    };
    assert.deepEqual(problemsOf(whole), []);
    // Every field of targets and sinks in the schema occurs in the file.
    const used = JSON.stringify(whole);
    for (const option of [...SCHEMA.$defs.sink.oneOf, ...SCHEMA.properties.targets.additionalProperties.oneOf])
      assert.ok(used.includes(`"kind":"${option.properties.kind.const}"`), option.properties.kind.const);
  });
});

describe("problems are reported with their line and column", () => {
  for (const [text, place, said] of [
    ["", "1:1", "not valid JSON"],
    ['{\n  "journal": "j",\n  "targets": {},\n}', "4:1", "not valid JSON"],
    ['{ "journal": "j" // a comment\n}', "1:18", "not valid JSON"],
    ["[]", "1:1", "must be an object"],
    ['{ "journal": "j" }', "1:1", 'has no "targets"'],
    ['{\n  "jornal": "j",\n  "targets": {}\n}', "2:3", 'jornal is not a known field; did you mean "journal"?'],
    ['{ "journal": "j", "targets": { "a": {}, "a": {} } }', "1:41", "appears twice"],
    [target(SINKS), "4:5", "targets.a has no kind"],
    [target('"kind": "c1-conector"', SINKS), "5:7", 'did you mean "c1-connector"?'],
    [connector(), "4:5", 'targets.a has no "sinks"'],
    [connector('"sinks": []'), "6:7", "must not be empty"],
    [connector('"sinks": [{ "kind": "env-file" }]'), "6:17", 'targets.a.sinks[0] has no "path"'],
    [connector('"sinks": [{ "kind": "env-file", "path": "x", "mode": "rw" }]'), "6:52", "targets.a.sinks[0].mode"],
    [connector(SINKS, '"policy": { "rotateevery": "60d" }'), "7:19", 'did you mean "rotateEvery"?'],
    [connector(SINKS, '"policy": { "approval": "yes" }'), "7:19", "must be true or false"],
    // Hours or days were meant, and never 24 milliseconds.
    [connector(SINKS, '"policy": { "grace": 24 }'), "7:19", 'policy.grace needs a unit, as in "24h"'],
    [connector(SINKS, '"policy": { "windows": [{ "to": "4" }] }'), "7:33", 'A time such as "04:00"'],
    [connector(SINKS, '"owner": 7'), "7:7", "must be a string"],
    [
      connector('"sinks": [{ "kind": "vault", "url": "https://v", "path": "p", "token": "hello" }]'),
      "6:69",
      "must be an object",
    ],
    [
      connector('"sinks": [{ "kind": "vault", "url": "https://v", "path": "p", "token": {} }]'),
      "6:69",
      'one of "env", "file"',
    ],
  ])
    test(`${place}: ${said}`, () => {
      const message = messageOf(text);
      const line = message?.split("\n").find((one) => one.startsWith(`keyturn.json:${place}: `));
      assert.ok(line?.includes(said), message);
    });

  test("a file in another encoding, whose paths would name other files", async () => {
    const text = connector('"sinks": [{ "kind": "env-file", "path": "café.env" }]');
    for (const [encoding, mark] of [
      ["latin1", ""],
      ["utf16le", "\uFEFF"],
    ]) {
      writeFileSync(join(cwd, "keyturn.json"), Buffer.from(mark + text, encoding));
      for (const args of [["plan"], ["init", "--connector", "A/C"]]) {
        const { status, stderr } = await run(args, { cwd });
        assert.equal(status, 2, stderr);
        assert.match(stderr, /keyturn\.json is not UTF-8/);
      }
    }
    writeFileSync(join(cwd, "keyturn.json"), `\uFEFF${text}`);
    for (const args of [["status"], ["init", "--connector", "A/C2"]]) {
      const { status, stderr } = await run(args, { cwd });
      assert.equal(status, 0, stderr);
    }
  });

  test("problems that only the engine finds", async () => {
    for (const [text, place, said] of [
      [connector(SINKS, '"policy": { "rotateEvery": "1d", "grace": "48h" }'), "7:40", "below rotateEvery"],
      [connector(SINKS, '"policy": { "rotateEvery": "60" }'), "7:19", "60d"],
      [connector(SINKS, '"policy": { "zone": "Berlin" }'), "7:19", "Europe/Berlin"],
      [connector('"tenant": "x"', SINKS).replace('"A"', '"B"'), "6:7", "names a tenant that does not exist"],
      [connector(SINKS.replace("]", `, ${SINKS.slice(10, -1)}]`)), "6:7", "two sinks with the same name"],
    ]) {
      writeFileSync(join(cwd, "keyturn.json"), text);
      const env = { CONDUCTORONE_CLIENT_ID: "a@127.0.0.1:1/spc", CONDUCTORONE_CLIENT_SECRET: "x" };
      const { status, stderr } = await run(["plan"], { cwd, env });
      assert.equal(status, 2, stderr);
      assert.ok(stderr.includes(`keyturn.json:${place}: `) && stderr.includes(said), stderr);
    }
  });

  test("all at once, each on a line", () => {
    const message = messageOf('{ "a": 1, "b": 2, "journal": "" }');
    assert.equal(message.split("\n").length, 4, message);
  });
});

describe("a secret", () => {
  const key = "secret-token:conductorone.com:v1:eyJjcnYiOiJFZDI1NTE5IiwiZCI6IkhXLXBlQ3poQ";
  for (const [name, secret] of [
    ["of C1", key],
    ["of Commerce Layer", "xlSYca0tM_od9UFVW8ETmkcUcWgFCJTlrxGapvSAcSs"],
    ["of GitHub", `ghp_${"a1B2".repeat(9)}`],
    ["of Vault", `hvs.${"a1B2".repeat(9)}`],
    ["of AWS", `AKIA${"ABCD1234".repeat(2)}`],
    ["in a header", "Bearer abcdefghijk"],
    ["that is a token", `eyJhbGciOiJFZERTQSJ9.${"eyJzdWIiOiJhIn0"}.c2lnbmF0dXJl`],
    ["that is a key", "-----BEGIN EC PRIVATE KEY-----"],
  ])
    test(`${name} is refused, and not repeated`, () => {
      for (const text of [connector(SINKS, `"owner": "${secret}"`), connector(SINKS, `"consumers": ["${secret}"]`)]) {
        const message = messageOf(text);
        assert.match(message, /looks like a secret/);
        assert.ok(!message.includes(secret), message);
      }
    });
});
