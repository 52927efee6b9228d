// `keyturn render` and `keyturn import`: documents for consumers, and the client ids in existing documents.
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse as parseEnv } from "dotenv";
import { parse, parseAllDocuments } from "yaml";
import { run, scratch, tenant, writeProject } from "../lib/cli.mjs";

const cwd = scratch("render");
const SECRET = "secret-token:conductorone.com:v1:canary";
let sandbox;
const k = (args, more = {}) => run(args, { cwd, env: sandbox.env, ...more });
before(async () => {
  sandbox = await tenant();
  writeProject(cwd, sandbox);
  writeFileSync(join(cwd, "secret.txt"), `${SECRET}\n`);
  assert.equal((await k(["rotate", "github-production", "--yes"])).status, 0);
});
after(async () => {
  await sandbox.stop();
  rmSync(cwd, { recursive: true });
});

const ID = "a@acme.conductor.one/ccc";
const PAIR = ["--client-id", ID, "--secret-from", "secret.txt"];

describe("render", () => {
  const read = {
    env: (text) => parseEnv(text),
    dotenv: (text) => parseEnv(text),
    docker: (text) =>
      Object.fromEntries(
        text
          .trim()
          .split("\n")
          .map((line) => line.split(/=(.*)/).slice(0, 2)),
      ),
    systemd: (text) => parseEnv(text),
    shell: (text) => parseEnv(text),
    compose: (text) => parse(text).services.s.environment,
    kubernetes: (text) => parse(text).stringData,
    "baton-runner": (text) => parse(text),
    "terraform-variables": (text) =>
      Object.fromEntries(
        [...text.matchAll(/^(\w+)\s*=\s*"(.*)"$/gm)].map(([, name, value]) => [name.toUpperCase(), value]),
      ),
  };
  for (const [format, parsed] of Object.entries(read))
    test(`${format} is read by its consumer, from a file of its owner's alone`, async () => {
      const to = `${format}.out`;
      const { status, stdout, stderr } = await k(["render", format, ...PAIR, "--name", "s", "--to", to]);
      assert.equal(status, 0, stderr);
      assert.equal(stdout, "");
      assert.deepEqual(
        { ...parsed(readFileSync(join(cwd, to), "utf8")) },
        { BATON_CLIENT_ID: ID, BATON_CLIENT_SECRET: SECRET },
      );
      if (process.platform !== "win32") assert.equal(statSync(join(cwd, to)).mode & 0o777, 0o600);
      assert.equal((await k(["render", format, ...PAIR, "--name", "s", "--to", to])).status, 2);
    });

  test("shows secrets only on request", async () => {
    for (const flags of [[], ["--reveal"]]) {
      const { status, stdout, stderr } = await k(["render", "env", ...PAIR, ...flags]);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.doesNotMatch(stderr, /canary/);
    }
    const piped = await k(["render", "env", "--client-id", ID, "--secret-from", "-", "--to", "piped.out"], {
      input: `${SECRET}\n`,
    });
    assert.equal(piped.status, 0);
    assert.match(readFileSync(join(cwd, "piped.out"), "utf8"), /canary/);
  });

  test("has a placeholder without a secret, and takes ids from a target", async () => {
    const { status, stdout, stderr } = await k([
      "render",
      "kubernetes",
      "--target",
      "github-production",
      "--namespace",
      "baton",
    ]);
    assert.equal(status, 0, stderr);
    const { metadata, stringData } = parse(stdout);
    const [, id] = /BATON_CLIENT_ID=(\S+)/.exec(readFileSync(join(cwd, "github.env"), "utf8"));
    assert.deepEqual(
      [metadata.name, metadata.namespace, stringData.BATON_CLIENT_ID],
      ["github-production", "baton", id],
    );
    assert.match(stderr, /stands for the secret/);
  });

  test("has no secret in Terraform's resource, which replaces before it destroys", async () => {
    const { status, stdout, stderr } = await k(["render", "terraform", "--target", "github-production"]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /create_before_destroy = true/);
    assert.ok(stdout.includes(sandbox.appId) && stdout.includes(sandbox.connectorId));
    assert.doesNotMatch(stdout, /secret-token|GOES_HERE/);
  });

  test("reports what is missing", async () => {
    const results = await Promise.all([
      k(["render", "env"]),
      k(["render", "compose", "--client-id", ID]),
      k(["render", "terraform", "--app-id", "a"]),
      k(["render", "pdf"]),
      k(["render", "env", "--target", "nothing"]),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      [2, 2, 2, 2, 2],
    );
    assert.match(results[0].stderr, /--client-id is missing/);
  });
});

describe("import", () => {
  before(() => {
    const { appId, connectorId } = sandbox;
    writeFileSync(join(cwd, ".env"), `BATON_CLIENT_ID=${ID}\nBATON_CLIENT_SECRET=${SECRET}\n`);
    const data = {
      BATON_CLIENT_ID: Buffer.from(ID).toString("base64"),
      BATON_CLIENT_SECRET: Buffer.from(SECRET).toString("base64"),
    };
    const manifest = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "n" }, data };
    writeFileSync(join(cwd, "secrets.yaml"), JSON.stringify(manifest));
    const attributes = {
      app_id: appId,
      connector_id: connectorId,
      id: "one",
      client_id: "one@acme.conductor.one/ccc",
      client_secret: SECRET,
    };
    const state = {
      version: 4,
      terraform_version: "1.9.0",
      resources: [
        { mode: "managed", type: "conductorone_connector_credential", name: "c", instances: [{ attributes }] },
      ],
    };
    writeFileSync(join(cwd, "terraform.tfstate"), JSON.stringify(state));
    writeFileSync(join(cwd, "list.csv"), `Client ID,Owner\n${ID},Ann\n`);
  });

  test("finds the client ids of each kind of file, and no secret", async () => {
    const files = [".env", "secrets.yaml", "terraform.tfstate", "list.csv"];
    const { status, stdout, stderr } = await k(["import", ...files, "-o", "json"]);
    assert.equal(status, 0, stderr);
    const rows = JSON.parse(stdout);
    assert.deepEqual(
      rows.map(({ where }) => [where.source, where.kind]),
      files.map((file, at) => [file, ["env", "kubernetes", "terraform", "csv"][at]]),
    );
    assert.doesNotMatch(stdout + stderr, /canary/);
    // Terraform's state names the credential's owner, which is one of the targets.
    assert.deepEqual([rows[2].target, rows[2].known, rows[2].credentialId], ["github-production", false, "one"]);
    assert.match(stderr, /keyturn adopt github-production one/);
  });

  test("names the targets of the journal", async () => {
    const { stdout } = await k(["import", "github.env", "-o", "ndjson"]);
    const { target, known } = JSON.parse(stdout);
    assert.deepEqual([target, known], ["github-production", true]);
    const table = await k(["import", "github.env"]);
    assert.match(table.stdout, /connector +github\.env: line 1, BATON_CLIENT_ID +github-production/);
    // In a grace period the sink has the new credential, and other files may still have the old one.
    const old = readFileSync(join(cwd, "github.env"), "utf8");
    assert.equal((await k(["rotate", "github-production"])).status, 0);
    writeFileSync(join(cwd, "old.env"), old);
    const both = await k(["import", "github.env", "old.env", "-o", "json"]);
    assert.deepEqual(
      JSON.parse(both.stdout).map((row) => [row.target, row.known]),
      [
        ["github-production", true],
        ["github-production", true],
      ],
    );
  });

  test("reads standard input of a given kind", async () => {
    const manifest = readFileSync(join(cwd, "secrets.yaml"), "utf8");
    assert.equal(parseAllDocuments(manifest).length, 1);
    const unknown = await k(["import", "-"], { input: manifest });
    assert.equal(unknown.status, 2);
    const { stdout } = await k(["import", "--kind", "kubernetes", "-", "-o", "json"], { input: manifest });
    assert.equal(JSON.parse(stdout)[0].clientId, ID);
    const broken = await k(["import", "--kind", "terraform", "-"], { input: SECRET });
    assert.equal(broken.status, 1);
    assert.doesNotMatch(broken.stderr, /canary/);
    assert.equal((await k(["import", "no-such.env"])).status, 2);
    assert.ok(!existsSync(join(cwd, "no-such.env")));
  });
});
