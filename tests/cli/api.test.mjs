// `keyturn api`: every operation of both APIs by name, requests from flags and JSON, and the destinations of secrets.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../xtask/steps.mjs";
import { command } from "../lib/command.mjs";
import { installed, module } from "../lib/installed.mjs";
import { variablesOf } from "../lib/sandbox.mjs";

const folder = installed();
const scratch = mkdtempSync(join(folder, "api-"));
const { keyturn, commercelayer } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const catalogue = await module("cli/api/catalogue.js");
const { requestOf } = await module("cli/api/request.js");
const { operationHelp } = await module("cli/api/help.js");
const { nearest } = await module("cli/nearest.js");
const { serveSandbox } = await import(
  pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/sandbox-node.js")).href
);

const each = catalogue.APIS.flatMap((api) => catalogue.namesOf(api).map((name) => catalogue.find(api, name)));

describe("the catalogue", () => {
  test("has every operation, and each is a method of a client", () => {
    const c1 = new keyturn.ConductorOne({ security: { bearerAuth: "x" }, tenantDomain: "acme" });
    const cl = commercelayer.CommerceLayerProvisioning({ accessToken: "x" });
    assert.equal(each.length, 708);
    for (const { api, group, name } of each)
      assert.equal(typeof (api === "c1" ? c1 : cl)[group]?.[name], "function", `${group}.${name}`);
    const facts = readFileSync(join(root, "tests/facts/c1-surface.tsv"), "utf8");
    const known = [...facts.matchAll(/^op\t\S+\t(\w+)\t\w+\t(\w+)\t/gm)].map(([, group, name]) => `${group}.${name}`);
    assert.deepEqual(catalogue.namesOf("c1").sort(), known.sort());
  });

  test("finds names in any spelling, and suggests names for typos", () => {
    for (const { api, group, name } of each) {
      const other = `${group}.${name}`.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll("_", "-");
      assert.equal(catalogue.find(api, other)?.name, name, other);
    }
    assert.equal(catalogue.find("c1", "constructor.name"), undefined);
    assert.deepEqual(nearest("apps.lsit", catalogue.namesOf("c1"), 1), ["apps.list"]);
    assert.deepEqual(nearest("nothing.like.it.at.all", catalogue.namesOf("c1")), []);
  });

  test("has help for each, with its route and all types", () => {
    const context = { out: { paint: (_, text) => text } };
    for (const operation of each) {
      const text = operationHelp(context, operation);
      assert.match(text, new RegExp(`^Usage: keyturn api ${operation.api} ${operation.group}\\.${operation.name}\\b`));
      assert.ok(text.includes(`\n${operation.method} ${operation.path}\n`), text);
      assert.doesNotMatch(text, /undefined|\[object|NaN/, text);
      // A secret is never asked for on the command line.
      for (const line of text.split("\n").filter((one) => one.includes("--") && one.includes("a secret:")))
        assert.match(line, /give it with --input/);
    }
  });

  test("asks before what cannot be undone", () => {
    const final = (api, name) => catalogue.find(api, name).final === true;
    assert.deepEqual(
      ["connector.rotateCredential", "connector.revokeCredential", "apps.delete", "task.createRevokeTask"].map((name) =>
        final("c1", name),
      ),
      [true, true, true, true],
    );
    assert.equal(final("commercelayer", "api_credentials.delete"), true);
    assert.deepEqual(
      ["apps.list", "apps.create", "connector.getCredentials"].map((name) => final("c1", name)),
      [false, false, false],
    );
  });
});

describe("a request", () => {
  const request = (api, name, flags, input) =>
    requestOf(
      catalogue.find(api, name),
      flags.map((flag) => {
        const [name, ...text] = flag.split("=");
        return { name, text: text.length === 0 ? undefined : text.join("=") };
      }),
      input,
    );

  test("accepts each kind of field as flags", () => {
    const flags = ["display-name=Süd = ☀", "monthly-cost-usd=12", "strict-access-entitlement-provisioning", "owners=a"];
    assert.deepEqual(
      request("c1", "apps.create", [
        ...flags,
        "owners=b",
        "annotations.team-a=x",
        "match-baton-ref.app-id=1",
        'app-entitlement-owner-refs=[{"appId":"a","id":"b"}]',
        "identity-matching=strict",
      ]),
      {
        displayName: "Süd = ☀",
        monthlyCostUsd: 12,
        strictAccessEntitlementProvisioning: true,
        owners: ["a", "b"],
        annotations: { "team-a": "x" },
        matchBatonRef: { appId: "1" },
        appEntitlementOwnerRefs: [{ appId: "a", id: "b" }],
        identityMatching: "APP_USER_IDENTITY_MATCHING_STRICT",
      },
    );
    // The fields of a whole body are at the top level; a field with the same name as one of the command's options gets
    // a prefix.
    assert.deepEqual(
      request("c1", "personalClient.update", ["id=x", "client.display-name=n", "update-mask=displayName"]),
      {
        id: "x",
        personalClientServiceUpdateRequest: { client: { displayName: "n" }, updateMask: "displayName" },
      },
    );
    assert.ok("all" in request("c1", "directory.create", ["field.all={}"]));
  });

  test("accepts the parameters of Commerce Layer", () => {
    assert.deepEqual(
      request("commercelayer", "api_credentials.list", [
        "filter=kind_eq=integration",
        "filter=name_cont=a=b",
        "sort=-name,id",
      ]),
      { filter: { kind_eq: "integration", name_cont: "a=b" }, sort: ["-name", "id"] },
    );
    assert.deepEqual(
      request("commercelayer", "api_credentials.create", ["name=n", "organization=o", "expires-in=7200"]),
      {
        name: "n",
        organization: "o",
        expires_in: 7200,
      },
    );
  });

  test("merges flags into JSON, and no name reaches a prototype", () => {
    const input = { owners: ["z"], annotations: { a: "1" } };
    const made = request("c1", "apps.create", ["owners=a", "annotations.b=2", "annotations.__proto__=3"], input);
    assert.deepEqual(made.owners, ["a"]);
    assert.deepEqual(Object.keys(made.annotations), ["a", "b", "__proto__"]);
    assert.equal({}[3], undefined);
    assert.deepEqual(input, { owners: ["z"], annotations: { a: "1" } });
  });

  const wrong = [
    ["c1", "apps.list", ["page-siz=1"], /has no --page-siz/, /--page-size/],
    ["c1", "apps.list", ["page-size=x"], /--page-size: expected a number, but got x/],
    ["c1", "apps.list", ["page-size"], /--page-size needs a value/],
    ["c1", "apps.list", ["page-size=1", "page-size=2"], /given twice/],
    ["c1", "apps.create", ["match-baton-ref=["], /a JSON object/],
    ["c1", "apps.create", ["owners.x=1"], /no fields/, /as JSON/],
    ["c1", "apps.create", ["match-baton-ref.app=1"], /has no --match-baton-ref\.app/, /--match-baton-ref\.app-id/],
    ["c1", "stepUpProvider.create", ["client-secret=canary"], /command lines/, /--input/],
    // A secret nested in JSON counts as well.
    ["c1", "tenantEmailProvider.update", ['tenant-email-provider={"x":"canary"}'], /command lines|has no/],
    ["commercelayer", "api_credentials.list", ["filter=kind"], /ATTRIBUTE_PREDICATE=VALUE/],
  ];
  for (const [api, name, flags, message, hint] of wrong)
    test(`refuses ${name} with ${flags.join(" ").replace("canary", "...")}`, () => {
      assert.throws(
        () => request(api, name, flags),
        (error) => {
          assert.match(error.message, message);
          if (hint) assert.match(error.hint, hint);
          assert.doesNotMatch(`${error.message} ${error.hint}`, /canary/);
          return true;
        },
      );
    });
});

describe("a call", () => {
  let server;
  let k;
  before(async () => {
    server = await serveSandbox({ port: 0, seed: "large" });
    k = command({
      folder,
      cwd: scratch,
      env: variablesOf(server),
    });
  });
  after(async () => {
    await server.close();
    rmSync(scratch, { recursive: true });
  });
  beforeEach(() => server.sandbox.clearFaults());

  const rotating = () => [
    "api",
    "c1",
    "connector.rotateCredential",
    "--app-id",
    server.appId,
    "--connector-id",
    server.connectorId,
  ];
  const rotations = () => server.sandbox.requests({ operation: "connector.rotateCredential" }).length;

  test("fetches every page of a list, or as many items as requested", async () => {
    const { code, stdout, stderr } = await k("api", "c1", "apps.list", "--page-size", "25", "--all");
    assert.deepEqual([code, stderr], [0, ""]);
    const apps = JSON.parse(stdout);
    assert.ok(apps.length > 25, `${apps.length} apps`);
    const some = await k("api", "c1", "apps.list", "--page-size", "10", "--limit", "13", "-o", "ndjson");
    assert.deepEqual(
      some.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).id),
      apps.slice(0, 13).map(({ id }) => id),
    );
    assert.match(some.stderr, /there are more than 13/);
    // Without --all, the result is the body of the first page, whose token allows paging by hand.
    const page = JSON.parse((await k("api", "c1", "apps.list", "--page-size", "10")).stdout);
    assert.equal(page.list.length, 10);
    const next = await k(
      "api",
      "c1",
      "apps.list",
      "--page-size=10",
      "--page-token",
      page.nextPageToken,
      "-o",
      "ndjson",
    );
    assert.deepEqual(
      JSON.parse(next.stdout).list.map(({ id }) => id),
      apps.slice(10, 20).map(({ id }) => id),
    );
  });

  test("filters what Commerce Layer lists, and shows no secret of it", async () => {
    const { code, stdout } = await k("api", "commercelayer", "api_credentials.list", "--filter", "kind_eq=integration");
    assert.equal(code, 0);
    const list = JSON.parse(stdout);
    assert.ok(list.length > 0 && list.every(({ kind }) => kind === "integration"));
    const [{ id }] = list;
    const one = await k("api", "commercelayer", "api_credentials.retrieve", "--id", id);
    const shown = JSON.parse(one.stdout).client_secret;
    assert.ok(shown === undefined || shown === "[secret]", shown);
    const kept = await k("api", "commercelayer", "api_credentials.retrieve", "--id", id, "--secret-to", "cl.txt");
    assert.equal(kept.code, 0, kept.stderr);
    assert.match(readFileSync(join(scratch, "cl.txt"), "utf8"), /^[\w-]{20,}$/);
  });

  test("shows a table of the terminal's width", async () => {
    const { stdout } = await k("api", "c1", "apps.list", "-o", "table", "--limit", "2", { tty: true });
    // The progress line has been overwritten.
    const lines = stdout
      .replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "")
      .split("\r\n")
      .map((line) => line.split("\r").at(-1));
    assert.match(lines[0], /^ID +DISPLAYNAME/);
    for (const line of lines) assert.ok(line.length <= 80, line);
  });

  test("shows a page of a list as a table, with where the next one begins", async () => {
    const { code, stdout, stderr } = await k("api", "c1", "apps.list", "--page-size", "10", "-o", "table");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ID +DISPLAYNAME/);
    assert.equal(stdout.trimEnd().split("\n").length, 11, stdout);
    assert.match(stderr, /^nextPageToken: \S+$/m);
  });

  test("a file that cannot be created is named in words, before anything is issued", async () => {
    const flags = ["--app-id", server.appId, "--connector-id", server.connectorId, "--yes"];
    const { code, stderr } = await k("api", "c1", "connector.rotateCredential", ...flags, "--secret-to", "nowhere/x");
    assert.equal(code, 2);
    assert.match(stderr, /nowhere\/x cannot be created: there is no such folder/);
  });

  test("reads its request from a file or from standard input", async () => {
    const made = await k("api", "c1", "apps.create", "--input", "-", "--description", "by flag", {
      stdin: JSON.stringify({ displayName: "by JSON", description: "by JSON" }),
    });
    const { app } = JSON.parse(made.stdout);
    assert.deepEqual([app.displayName, app.description], ["by JSON", "by flag"]);
    writeFileSync(join(scratch, "broken.json"), '{ "clientSecret": "canary-broken"');
    const broken = await k("api", "c1", "apps.create", "--input", "broken.json");
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /broken\.json is not JSON/);
    assert.doesNotMatch(broken.stderr, /canary/);
  });

  test("suggests names, and has an exit code for each mistake", async () => {
    const results = await Promise.all([
      k("api", "c1", "app.list"),
      k("api", "c1", "apps.list", "--page-sise", "1"),
      k("api", "c3"),
      k("api", "c1", "apps.list", "stray"),
      k("api", "c1", "apps.get", "--id", "there-is-none"),
      k("api", "c1", "apps.get"),
      k("api", "c1", "apps.get", "--all", "--id", "x"),
    ]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [2, 2, 2, 2, 1, 2, 2],
    );
    assert.match(results[0].stderr, /no operation app\.list\nDid you mean apps\.list/);
    for (const { stdout } of results) assert.equal(stdout, "");
  });

  test("does not issue a secret that would not be stored", async () => {
    const before = rotations();
    writeFileSync(join(scratch, "there.txt"), "mine");
    const results = await Promise.all([
      k(...rotating(), "--yes"),
      k(...rotating(), "--yes", "--reveal"),
      k(...rotating(), "--yes", "--secret-to", "there.txt"),
      k(...rotating(), "--yes", "--secret-to", "no/such/folder/s.txt"),
      k(...rotating(), "--secret-to", "unasked.txt"),
    ]);
    assert.deepEqual(
      results.map(({ code }) => code),
      [2, 2, 2, 2, 2],
    );
    assert.equal(rotations(), before);
    assert.equal(readFileSync(join(scratch, "there.txt"), "utf8"), "mine");
    assert.equal(existsSync(join(scratch, "unasked.txt")), false);
  });

  test("writes the secret only to a file that only its owner can read", async () => {
    const { code, stdout, stderr } = await k(...rotating(), "--yes", "--secret-to", "secret.txt");
    assert.equal(code, 0, stderr);
    const secret = readFileSync(join(scratch, "secret.txt"), "utf8");
    assert.match(secret, /^secret-token:conductorone\.com:v1:[\w-]+$/);
    if (process.platform !== "win32") assert.equal(statSync(join(scratch, "secret.txt")).mode & 0o777, 0o600);
    const { credential } = JSON.parse(stdout);
    assert.equal(credential.clientSecret, "[secret]");
    assert.ok(!`${stdout}${stderr}`.includes(secret));
    for (const file of readdirSync(scratch, { recursive: true, withFileTypes: true }))
      if (file.isFile() && file.name !== "secret.txt")
        assert.ok(!readFileSync(join(file.parentPath, file.name), "utf8").includes(secret), file.name);
    const fresh = new keyturn.ConductorOne({
      serverURL: server.url,
      clientID: credential.clientId,
      clientSecret: secret,
    });
    assert.equal((await fresh.auth.introspect()).statusCode, 200);
  });

  test("leaves no file behind without a secret, and reports unknown outcomes", async () => {
    const { sandbox } = server;
    sandbox.fault({ operation: "connector.rotateCredential", action: { status: 403 } });
    const refused = await k(...rotating(), "--yes", "--secret-to", "refused.txt");
    assert.deepEqual([refused.code, existsSync(join(scratch, "refused.txt"))], [5, false]);
    sandbox.clearFaults();
    sandbox.fault({ operation: "connector.rotateCredential", action: "drop-answer" });
    const unknown = await k(...rotating(), "--yes", "--secret-to", "unknown.txt");
    assert.deepEqual([unknown.code, existsSync(join(scratch, "unknown.txt"))], [6, false]);
  });

  test("detects a full disk before anything is issued", {
    skip: process.platform === "win32",
  }, async () => {
    const before = rotations();
    // A file size limit is reported like a full disk.
    const { code } = await k(...rotating(), "--yes", "--secret-to", "full.txt", { tty: "trap '' XFSZ; ulimit -f 8;" });
    assert.notEqual(code, 0);
    assert.deepEqual([rotations(), existsSync(join(scratch, "full.txt"))], [before, false]);
  });

  test("shows a secret on a terminal on request", async () => {
    const { code, stdout } = await k(...rotating(), "--yes", "--reveal", { tty: true });
    assert.equal(code, 0);
    assert.match(stdout.replaceAll(/\r?\n/g, ""), /"clientSecret": "secret-token:conductorone\.com:v1:/);
    const hidden = await k("api", "c1", "connector.list", "--app-id", server.appId, { tty: true });
    assert.doesNotMatch(hidden.stdout, /secret-token/);
  });

  test("asks where a secret goes, and before what cannot be undone", async () => {
    const before = rotations();
    const cancelled = await k(...rotating(), {
      tty: true,
      stdin: [
        ["Where should it go?", "\r"],
        ["Which file?", "asked.txt\r"],
        ["cannot be undone", "n"],
      ],
    });
    assert.equal(cancelled.code, 1);
    assert.equal(rotations(), before);
    const done = await k(...rotating(), {
      tty: true,
      stdin: [
        ["Where should it go?", "\r"],
        ["Which file?", "asked.txt\r"],
        ["cannot be undone", "y"],
      ],
    });
    assert.equal(done.code, 0, done.stdout);
    assert.match(readFileSync(join(scratch, "asked.txt"), "utf8"), /^secret-token:/);
    assert.doesNotMatch(done.stdout, /secret-token/);
  });
});
