// The exit codes, one by one, and failures around a command: a closed pipe, a full disk, a journal that is not
// writable, two concurrent commands, Ctrl-C.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run, scratch, setOn, smallest, start, tenant, writeStore } from "../lib/cli.mjs";

let sandbox;
const folders = [];
before(async () => {
  sandbox = await tenant();
});
after(async () => {
  await sandbox.stop();
  for (const folder of folders) {
    chmodSync(folder, 0o755);
    rmSync(folder, { recursive: true });
  }
});

/** Creates a folder with a configuration, and returns a function that runs the command in it. */
function project(change = (config) => config) {
  const cwd = scratch("exit");
  folders.push(cwd);
  const config = JSON.parse(smallest(sandbox));
  writeFileSync(join(cwd, "keyturn.json"), JSON.stringify(change(config), null, 2));
  writeStore(cwd);
  return (args, env = {}, options = {}) => run(args, { cwd, env: { ...sandbox.env, ...env }, ...options });
}

const NAME = "github-production";
const DAY = 86_400_000;
const POLICY = (policy) => (config) => {
  Object.assign(config.targets[NAME].policy, policy);
  return config;
};

/** Makes the sandbox answer the next call of an operation with a fault. */
async function fault(body) {
  const answer = await fetch(`${sandbox.url}/_sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, await answer.text());
}
const clear = () => fetch(`${sandbox.url}/_sandbox/faults`, { method: "DELETE" });

/** Starts servers of both APIs that answer every request with a status, or not at all. */
async function failing(status) {
  const server = createServer((_, response) => {
    if (status === undefined) return response.socket.destroy();
    response.writeHead(status, { "content-type": "application/json" }).end('{"error":"temporarily_unavailable"}');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { env: { CONDUCTORONE_SERVER_URL: url, COMMERCELAYER_SERVER_URL: url }, close };
}

describe("exit codes", () => {
  test("7, not 5: a token endpoint that cannot answer has refused nobody", async () => {
    const keyturn = project();
    for (const status of [undefined, 429, 503]) {
      const { env, close } = await failing(status);
      for (const args of [
        ["whoami", "c1"],
        ["whoami", "commercelayer"],
        ["rotate", "order-export"],
      ])
        assert.equal((await keyturn(args, env)).status, 7, `${status}: ${args.join(" ")}`);
      close();
    }
    const { env, close } = await failing(401);
    assert.equal((await keyturn(["whoami"], env)).status, 5);
    close();
  });

  test("7: an old credential that could not end after its grace period is a failure that is seen", async () => {
    const keyturn = project();
    for (const _ of [1, 2]) assert.equal((await keyturn(["rotate", NAME])).status, 0);
    const { env, close } = await failing(undefined);
    const later = { ...env, KEYTURN_NOW: new Date(Date.now() + 2 * DAY).toISOString() };
    const { status, stdout } = await keyturn(["advance"], later);
    assert.equal(status, 7, stdout);
    assert.match(stdout, /failed \(authentication_failed:unreachable\), again in/);
    const told = await keyturn(["status", NAME], later);
    assert.match(told.stdout, /failed \(authentication_failed:unreachable\), again in/);
    close();
  });

  test("0: nothing expires of a target that was forgotten", async () => {
    const keyturn = project();
    await keyturn(["rotate", NAME]);
    const later = { KEYTURN_NOW: new Date(Date.now() + 365 * DAY).toISOString() };
    const expiring = () => keyturn(["status", NAME, "--fail-on", "expiring:14d"], later);
    assert.equal((await expiring()).status, 3);
    await keyturn(["forget", NAME, "--yes"]);
    assert.equal((await expiring()).status, 0);
    for (const format of ["ical", "prometheus"])
      assert.doesNotMatch((await keyturn(["status", "-o", format])).stdout, /^SUMMARY:.* expires|^\w+_expires_\w+\{/m);
  });

  test("0: done, with the result only on standard output", async () => {
    const keyturn = project();
    const { status, stdout, stderr } = await keyturn(["rotate", NAME, "-o", "json"]);
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
    assert.equal(JSON.parse(stdout)[0].target, NAME);
  });

  test("2: an invalid command line or configuration", async () => {
    const keyturn = project();
    for (const args of [
      [],
      ["rotat"],
      ["rotate"],
      ["rotate", "nobody"],
      ["rotate", "--all", NAME],
      ["rotate", "--all", "--due"],
      ["rotate", "--all"],
      ["rotate", NAME, "--parallel", "0"],
      ["rotate", NAME, "--parallel", "-1"],
      ["rotate", "--all", "--older-than", "soon", "--yes"],
      ["status", "-o", "xml"],
      ["status", "--fail-on", "expiring"],
      ["status", "--fail-on", "doom"],
      ["status", "--clock", "noon"],
      ["settle", NAME],
      ["settle", NAME, "--none", "--found", "x"],
      ["resume", NAME, "--reissue", "--restored"],
      ["journal"],
      ["journal", "burn"],
      ["status", "-c", "elsewhere.json"],
      ["status", "-c", "."],
      ["help", "rotat"],
      ["import", "nowhere.env"],
      ["api", "c1", "apps.get"],
      ["sandbox", "--port", "99999"],
      ["sandbox", "--old-after-rotate", "burn"],
    ]) {
      const { status, stdout, stderr } = await keyturn(args);
      assert.equal(status, 2, `${args.join(" ")}: ${stderr}`);
      assert.equal(stdout, "", args.join(" "));
      assert.match(stderr, /^keyturn: /, args.join(" "));
    }
    assert.equal((await keyturn(["status"], { KEYTURN_NOW: "soon" })).status, 2);
    assert.match((await keyturn(["help", "rotat"])).stderr, /there is no command rotat\. Did you mean rotate\?/);
    assert.match((await keyturn(["sandbox", "--port", "99999"])).stderr, /^keyturn: --port: /);
    assert.match(
      (await keyturn(["import", "nowhere.env"])).stderr,
      /nowhere\.env cannot be read: the file does not exist/,
    );
  });

  test("1: it failed", async () => {
    const keyturn = project();
    const { status, stderr } = await keyturn(["rollback", NAME, "--yes"]);
    assert.equal(status, 1);
    assert.match(stderr, /no old credential|no rotation/);
  });

  test("3: a condition of --fail-on is met", async () => {
    const keyturn = project(POLICY({ rotateEvery: "7d" }));
    assert.equal((await keyturn(["rotate", NAME])).status, 0);
    assert.equal((await keyturn(["status", "--fail-on", "expiring:14d", "--fail-on", "due"])).status, 0);
    const { status, stderr } = await keyturn(["status", "--fail-on", "expiring:4000d"]);
    assert.equal(status, 3);
    assert.match(stderr, /expiring:4000d/);
    const later = { KEYTURN_NOW: new Date(Date.now() + 8 * 86_400_000).toISOString() };
    assert.equal((await keyturn(["status", "--fail-on", "due"], later)).status, 3);
    // The target has no owner.
    assert.equal((await keyturn(["status", "--fail-on", "finding"])).status, 3);
    assert.equal((await keyturn(["status", "--fail-on", "finding:critical"])).status, 0);
  });

  test("0: advance starts what is due, unless --no-begin is given", async () => {
    const keyturn = project(POLICY({ rotateEvery: "1ms", grace: "0ms" }));
    assert.equal((await keyturn(["rotate", NAME])).status, 0);
    const rotations = async () =>
      JSON.parse((await keyturn(["status", NAME, "-o", "json"])).stdout)[0].progress.rotation;
    assert.equal((await keyturn(["advance", "--no-begin"])).status, 0);
    assert.equal(await rotations(), 1);
    assert.equal((await keyturn(["advance"])).status, 0);
    assert.equal(await rotations(), 2);
    const due = await keyturn(["rotate", "--due", "--yes", "-o", "json"]);
    assert.deepEqual(
      JSON.parse(due.stdout).map(({ target }) => target),
      [NAME],
      due.stderr,
    );
    assert.equal(await rotations(), 3);
  });

  test("4: a person is needed", async () => {
    const keyturn = project(POLICY({ approval: true }));
    await keyturn(["rotate", NAME]);
    assert.equal((await keyturn(["rotate", NAME])).status, 0);
    const later = { KEYTURN_NOW: new Date(Date.now() + 25 * 3_600_000).toISOString() };
    const { status, stdout } = await keyturn(["advance", NAME], later);
    assert.equal(status, 4, stdout);
    assert.match(stdout, /keyturn approve/);
    assert.equal((await keyturn(["status", "--fail-on", "stopped"], later)).status, 4);
    assert.equal((await keyturn(["approve", NAME], later)).status, 2);
    assert.equal((await keyturn(["approve", NAME, "--yes"], later)).status, 0);
  });

  test("4: what a person has to put back is named, sink by sink", async () => {
    const cwd = scratch("by-hand");
    folders.push(cwd);
    const config = JSON.parse(smallest(sandbox));
    config.targets[NAME].sinks = ["one", "two"].map((name) => ({ kind: "env-file", path: `./${name}.env` }));
    writeFileSync(join(cwd, "keyturn.json"), JSON.stringify(config));
    const keyturn = (...args) => run(args, { cwd, env: sandbox.env });
    assert.equal((await keyturn("rotate", NAME)).status, 0);
    const files = ["one", "two"].map((name) => join(cwd, `${name}.env`));
    const old = readFileSync(files[0], "utf8");
    assert.equal((await keyturn("rotate", NAME)).status, 0);
    let told = await keyturn("rollback", NAME, "--yes");
    const named = [];
    while (told.status === 4 && named.length < 3) {
      const [, name] = /put the old credential back into file:\.\/(\w+)\.env, then/.exec(told.stdout) ?? [];
      assert.ok(name, told.stdout);
      assert.ok((await keyturn("status")).stdout.includes(`./${name}.env, then`));
      named.push(name);
      writeFileSync(join(cwd, `${name}.env`), old);
      told = await keyturn("resume", NAME, "--restored");
    }
    assert.equal(told.status, 0, told.stdout + told.stderr);
    assert.deepEqual(named.sort(), ["one", "two"]);
  });

  test("5: the control plane refuses", async () => {
    const keyturn = project();
    const { CONDUCTORONE_CLIENT_ID: id } = sandbox.env;
    const { status, stderr } = await keyturn(["adopt", NAME, "x"], {
      CONDUCTORONE_CLIENT_ID: id.replace(/^[^@]+/, "no-such-client"),
    });
    assert.equal(status, 5, stderr);
  });

  test("6: the outcome of a call is unknown, and the next command finds out", async () => {
    const keyturn = project();
    await fault({ operation: "c1.api.app.v1.ConnectorService.RotateCredential", action: "drop-answer", times: 1 });
    const { status, stdout, stderr } = await keyturn(["rotate", NAME]);
    await clear();
    assert.equal(status, 6, stdout + stderr);
    assert.match(stdout, /outcome unknown/);
  });

  test("7: a server cannot be reached", async () => {
    const keyturn = project();
    const { status, stdout, stderr } = await keyturn(["rotate", NAME], {
      CONDUCTORONE_SERVER_URL: "http://127.0.0.1:9",
    });
    assert.equal(status, 7, stdout + stderr);
  });

  test("a sink's server: what it answered is said, with the sink's name, and its status decides the code", async () => {
    let answers;
    const server = createServer(({ method }, response) => {
      const status = answers[method];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(status === 200 ? { data: { data: {}, metadata: { version: 1 } } } : { errors: [] }));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    const vault = { kind: "vault", url, token: { env: "VAULT_TOKEN" }, path: "orders" };
    for (const [read, write, code, said] of [
      [403, 200, 5, /vault:secret\/orders: reading: the server answered 403/],
      [429, 200, 7, /vault:secret\/orders: reading: the server answered 429/],
      // Reading changes nothing, so there is nothing unknown about it.
      [500, 200, 7, /vault:secret\/orders: reading: the server answered 500/],
      [200, 429, 7, /vault:secret\/orders: writing: the server answered 429; `keyturn advance` in/],
      [200, 403, 4, /vault:secret\/orders: writing: the server answered 403: fix .* then `keyturn resume/],
    ]) {
      answers = { GET: read, POST: write };
      const keyturn = project((config) => {
        config.targets[NAME].sinks.push(vault);
        return config;
      });
      const { status, stdout, stderr } = await keyturn(["rotate", NAME], { VAULT_TOKEN: "canary" });
      assert.equal(status, code, stdout + stderr);
      assert.match(stdout, said);
      assert.doesNotMatch(stdout + stderr, /canary|secret-token/);
      if (read !== 200) continue;
      // Another command has only the code, which the journal keeps, until it meets the failure itself.
      const known = JSON.parse((await keyturn(["status", NAME, "-o", "json"])).stdout)[0].progress;
      assert.equal(known.about ?? "sink_failed:denied", "sink_failed:denied");
      const again = await keyturn(["resume", NAME, "-o", "json"], { VAULT_TOKEN: "canary" });
      if (again.status === 4) assert.match(JSON.parse(again.stdout)[0].message, /answered 403/);
    }
    server.close();
  });

  test("7: a log-in that gets no response, which is not a refusal", async () => {
    const keyturn = project();
    const { status, stderr } = await keyturn(["api", "c1", "apps.list"], {
      CONDUCTORONE_SERVER_URL: "http://127.0.0.1:9",
    });
    assert.equal(status, 7, stderr);
  });

  test("1: reports the JSON:API errors of each field", async () => {
    const { status, stderr } = await project()(["api", "commercelayer", "api_credentials.create"]);
    assert.equal(status, 1);
    assert.match(stderr, /^name: a value is required$/m);
  });

  test("8: the journal was changed", async () => {
    const keyturn = project();
    await keyturn(["rotate", NAME]);
    const stream = join(folders.at(-1), "keyturn-journal/streams", NAME);
    const [, second] = readdirSync(stream).sort();
    const path = join(stream, second);
    chmodSync(path, 0o600);
    writeFileSync(path, readFileSync(path, "utf8").replace('"intent":1', '"intent":2'));
    const { status, stdout } = await keyturn(["journal", "verify"]);
    assert.equal(status, 8, stdout);
    assert.match(stdout, /broken at event 2/);
    assert.equal((await keyturn(["rotate", NAME])).status, 8);
  });
});

describe("around a command", () => {
  test("a closed pipe does not stop the work", async () => {
    const keyturn = project();
    const cwd = folders.at(-1);
    const { child, done } = start(["rotate", NAME], { cwd, env: sandbox.env });
    child.stdout.destroy();
    const { status, stderr } = await done;
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
    const told = await keyturn(["status", NAME, "-o", "json"]);
    assert.equal(JSON.parse(told.stdout)[0].progress.last, "done");
  });

  test("a full disk behind standard output is reported, and the work is done", async () => {
    const keyturn = project();
    const stdio = ["ignore", openSync("/dev/full", "w"), "pipe"];
    const { status, stderr } = await keyturn(["rotate", NAME], {}, { stdio });
    assert.equal(status, 1);
    assert.match(stderr, /cannot write to standard output: .*ENOSPC/);
    const told = await keyturn(["status", NAME, "-o", "json"]);
    assert.equal(JSON.parse(told.stdout)[0].progress.last, "done");
  });

  test("a full sink delays the rotation without losing anything", async () => {
    const keyturn = project((config) => {
      config.targets[NAME].sinks = [{ kind: "command", run: ["./store.sh"] }];
      return config;
    });
    const cwd = folders.at(-1);
    writeStore(cwd, "cat > /dev/full");
    const { status, stdout } = await keyturn(["rotate", NAME, "-o", "json"]);
    assert.equal(status, 7);
    const [{ state, failure, until }] = JSON.parse(stdout);
    assert.deepEqual([state, failure], ["waiting", "sink_failed:failed"]);
    writeStore(cwd);
    const later = { KEYTURN_NOW: new Date(until + 20 * 60_000).toISOString() };
    await setOn(sandbox.url, 20 * 60_000);
    assert.equal((await keyturn(["advance", NAME], later)).status, 0);
    assert.ok(existsSync(join(cwd, "store.json")));
  });

  for (const [what, sink, said] of [
    [
      "whose folder is missing",
      { kind: "env-file", path: "./nowhere/a.env" },
      /nowhere is not a folder, so nothing was issued/,
    ],
    ["whose program is missing", { kind: "command", run: ["./nothing.sh"] }, /not an executable program, so nothing/],
    [
      "whose token is missing",
      { kind: "github", repository: "a/b", token: { env: "NO_TOKEN" }, url: "http://127.0.0.1:9" },
      /NO_TOKEN is not set\. keyturn\.json names it/,
    ],
  ])
    test(`a sink ${what}: issues nothing`, async () => {
      const keyturn = project((config) => {
        config.targets[NAME].sinks = [sink];
        return config;
      });
      const { status, stdout } = await keyturn(["rotate", NAME]);
      assert.notEqual(status, 0);
      assert.match(stdout, said);
      assert.match((await keyturn(["journal", "show", NAME])).stderr, /the journal has no events for/);
    });

  test("a folder that its sink creates is not an obstacle", async () => {
    const keyturn = project((config) => {
      config.targets[NAME].sinks = [{ kind: "folder", path: "./new/secrets" }];
      return config;
    });
    const { status, stdout, stderr } = await keyturn(["rotate", NAME]);
    assert.equal(status, 0, stdout + stderr);
  });

  test("does not wait for processes that a sink's program leaves running", async () => {
    const keyturn = project((config) => {
      config.targets[NAME].sinks = [{ kind: "command", run: ["./store.sh"] }];
      return config;
    });
    const cwd = folders.at(-1);
    writeStore(cwd, "cat > store.json\nsleep 1000 2> /dev/null &\necho $! > pid");
    const { status, stdout } = await keyturn(["rotate", NAME]);
    process.kill(Number(readFileSync(join(cwd, "pid"), "utf8")));
    assert.equal(status, 0, stdout);
  });

  test("issues nothing if the journal is not writable", async () => {
    const keyturn = project();
    const cwd = folders.at(-1);
    // Not even root can create a folder below a file.
    writeFileSync(join(cwd, "keyturn-journal"), "");
    const { status, stderr } = await keyturn(["rotate", NAME]);
    assert.equal(status, 8, stderr);
    assert.ok(!existsSync(join(cwd, "github.env")));
    rmSync(join(cwd, "keyturn-journal"));
    mkdirSync(join(cwd, "keyturn-journal"), { mode: 0o500 });
    if (process.getuid?.() !== 0) assert.equal((await keyturn(["rotate", NAME])).status, 8);
    chmodSync(join(cwd, "keyturn-journal"), 0o700);
  });

  test("two concurrent commands make one rotation", async () => {
    const keyturn = project();
    await keyturn(["rotate", NAME]);
    const both = await Promise.all([keyturn(["rotate", NAME]), keyturn(["rotate", NAME]), keyturn(["advance"])]);
    for (const { status, stderr } of both) assert.equal(status, 0, stderr);
    const { stdout } = await keyturn(["journal", "show", NAME, "-o", "ndjson"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(events.filter(({ event }) => event === "issuing").length, 2);
    assert.equal((await keyturn(["journal", "verify"])).status, 0);
  });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])
    test(`${signal} ends with ${code}, and the next command continues`, async () => {
      const keyturn = project((config) => {
        for (const name of ["a", "b", "c"]) config.targets[name] = structuredClone(config.targets["order-export"]);
        for (const name of ["a", "b", "c"])
          config.targets[name].sinks = [{ kind: "command", run: ["./slow.sh", name] }];
        delete config.targets["order-export"];
        for (const name of ["a", "b", "c"])
          Object.assign(
            config.targets[name],
            { kind: "c1-connector", appId: sandbox.appId, connectorId: sandbox.connectorId },
            { id: undefined },
          );
        return JSON.parse(JSON.stringify(config));
      });
      const cwd = folders.at(-1);
      writeFileSync(join(cwd, "slow.sh"), "#!/bin/sh\ncat > $1.json\ntouch $1.begun\nsleep 0.5\n");
      chmodSync(join(cwd, "slow.sh"), 0o755);
      const { child, done } = start(["rotate", "a", "b", "c", "--parallel", "1", "--yes"], { cwd, env: sandbox.env });
      const watch = setInterval(() => {
        if (!existsSync(join(cwd, "a.begun"))) return;
        clearInterval(watch);
        child.kill(signal);
      }, 5);
      const { status, stdout, stderr } = await done;
      clearInterval(watch);
      assert.equal(status, code, stderr);
      // Rotations that had started were finished, and the remaining targets are listed.
      assert.match(stdout, /^a +idle/m);
      assert.match(stderr, /2 of 3 were not started; continue with `keyturn rotate b c`/);
      assert.equal((await keyturn(["rotate", "b", "c", "--yes"])).status, 0);
      const { stdout: json } = await keyturn(["status", "a", "b", "c", "-o", "json"]);
      assert.deepEqual(
        JSON.parse(json).map(({ progress }) => progress.rotation),
        [1, 1, 1],
      );
    });
});
