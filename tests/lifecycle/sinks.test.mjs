// Where credentials are delivered: each sink against the system itself, or a stub that enforces the system's rules.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import dotenv from "dotenv";
import { python } from "../../xtask/python.mjs";
import { root } from "../../xtask/steps.mjs";
import { hostileValues } from "../lib/hostile.mjs";
import { installed } from "../lib/installed.mjs";
import { until } from "../lib/until.mjs";

const folder = installed();
const require = createRequire(join(folder, "load.cjs"));
const {
  awsSecret,
  githubSecret,
  gitlabVariables,
  kubernetesSecret,
  sinkList,
  vaultSecret,
} = require("keyturn/lifecycle");
const { commandSink, envFile, jsonFile, secretFolder } = require("keyturn/lifecycle/node");

const scratch = await mkdtemp(join(tmpdir(), "keyturn-sinks-"));
after(() => rm(scratch, { recursive: true }));
const fresh = () => mkdtemp(join(scratch, "s-"));

const { signal } = new AbortController();
const pair = (name) => ({ clientId: `${name}@acme.conductor.one/pcc`, clientSecret: `secret-token:canary-${name}` });
const [one, two, three] = ["one", "two", "three"].map(pair);

/** Returns the error of something that has to fail, and asserts that it does not show a secret. */
async function failure(work) {
  const error = await work.then(
    () => assert.fail("it went well"),
    (e) => e,
  );
  const shown = [error.message, error.stack, JSON.stringify(error), String(error.cause?.message)].join();
  assert.ok(!shown.includes("canary"), shown);
  return error;
}

/** Registers the tests that hold for every sink that compares. */
function compares(make) {
  test("a pair is written and found, and a late writer changes nothing", async () => {
    const sink = await make();
    assert.equal(sink.compares, true);
    assert.equal(sink.readback, "pair");
    const empty = await sink.read(signal);
    assert.equal(empty.clientId, undefined);
    assert.equal(await sink.holds(one, signal), false);
    assert.equal(await sink.write(one, empty.version, signal), true);
    const first = await sink.read(signal);
    assert.equal(first.clientId, one.clientId);
    assert.notEqual(first.version, empty.version);
    assert.equal(await sink.holds(one, signal), true);
    assert.equal(await sink.holds({ ...one, clientSecret: "other" }, signal), false);
    // Writing it again with the earlier version succeeds, since the pair is already there.
    assert.equal(await sink.write(one, empty.version, signal), true);
    assert.equal(await sink.write(two, first.version, signal), true);
    const second = await sink.read(signal);
    assert.ok(![empty.version, first.version].includes(second.version));
    for (const late of [empty.version, first.version]) assert.equal(await sink.write(three, late, signal), false);
    assert.equal(await sink.holds(two, signal), true);
    assert.equal((await sink.read(signal)).version, second.version);
  });

  test("of two who write at once, one wins", async () => {
    const sink = await make();
    const { version } = await sink.read(signal);
    await sink.write(one, version, signal);
    for (let round = 0; round < 5; round++) {
      const { version } = await sink.read(signal);
      const pairs = [pair(`${round}a`), pair(`${round}b`)];
      const won = await Promise.all(pairs.map((pair) => sink.write(pair, version, signal)));
      assert.deepEqual(won.sort(), [false, true]);
      const holds = await Promise.all(pairs.map((pair) => sink.holds(pair, signal)));
      assert.deepEqual(holds.sort(), [false, true]);
    }
  });

  test("a caller who has given up changes nothing", async () => {
    const sink = await make();
    const gone = AbortSignal.abort();
    for (const work of [() => sink.read(gone), () => sink.holds(one, gone), () => sink.write(one, "none", gone)])
      assert.equal((await failure(work())).code, "aborted");
    assert.equal((await sink.read(signal)).clientId, undefined);
  });
}

function restores(make, reason = "missing") {
  test("the pair before comes back, in a new version, also if it is still in place", async () => {
    const sink = await make();
    await sink.write(one, (await sink.read(signal)).version, signal);
    const first = await sink.read(signal);
    await sink.write(two, first.version, signal);
    const second = await sink.read(signal);
    assert.equal(await sink.restore(one.clientId, first.version, signal), false);
    assert.equal(await sink.restore(one.clientId, second.version, signal), true);
    const third = await sink.read(signal);
    assert.equal(await sink.holds(one, signal), true);
    assert.equal(await sink.restore(one.clientId, third.version, signal), true);
    const fourth = await sink.read(signal);
    assert.notEqual(fourth.version, third.version);
    assert.equal(await sink.holds(one, signal), true);
    const error = await failure(sink.restore("nobody", fourth.version, signal));
    assert.deepEqual([error.code, error.reason], ["sink_failed", reason]);
    assert.equal(await sink.holds(one, signal), true);
  });
}

/** Writes hostile values and passes each to a reader. Returns the number of accepted values. */
async function hostile(sink, read, count = 1000) {
  let carried = 0;
  for (const value of hostileValues(count)) {
    const wanted = { clientId: `id-${carried}`, clientSecret: value };
    const { version } = await sink.read(signal);
    try {
      assert.equal(await sink.write(wanted, version, signal), true);
    } catch (error) {
      assert.equal(error.reason, "refused", error.stack);
      // It was refused before anything was changed.
      assert.equal((await sink.read(signal)).version, version);
      continue;
    }
    carried++;
    assert.equal(await sink.holds(wanted, signal), true);
    assert.deepEqual(await read(), wanted);
  }
  return carried;
}

describe("a .env file", () => {
  const make = async (options) => envFile({ path: join(await fresh(), ".env"), ...options });
  compares(make);

  test("comments, order, owner and mode stay, and nothing is left beside it", async () => {
    const place = await fresh();
    const path = join(place, ".env");
    const text = "# ours\nA=1\n\nBATON_CLIENT_SECRET='old' # why\nB=\"2 2\"\nBATON_CLIENT_ID=old\n";
    await writeFile(path, text);
    await chmod(path, 0o640);
    const sink = envFile({ path, dialect: "dotenv" });
    assert.equal(await sink.write(one, (await sink.read(signal)).version, signal), true);
    assert.equal(
      await readFile(path, "utf8"),
      `# ours\nA=1\n\nBATON_CLIENT_SECRET=${one.clientSecret} # why\nB="2 2"\nBATON_CLIENT_ID=${one.clientId}\n`,
    );
    assert.equal((await stat(path)).mode & 0o777, 0o640);
    assert.equal((await readdir(place)).filter((name) => !/^\.env$|^\.\.env\.lock\.\d+$/.test(name)).length, 0);
    const tight = envFile({ path, mode: 0o600 });
    await tight.write(two, (await tight.read(signal)).version, signal);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  test("a new file is its owner's alone", async () => {
    const path = join(await fresh(), ".env");
    const sink = envFile({ path });
    await sink.write(one, "none", signal);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  test("a symbolic link stays one", async () => {
    const place = await fresh();
    await writeFile(join(place, "real"), "A=1\n");
    await symlink("real", join(place, ".env"));
    const sink = envFile({ path: join(place, ".env") });
    await sink.write(one, (await sink.read(signal)).version, signal);
    assert.equal(await readlink(join(place, ".env")), "real");
    assert.match(await readFile(join(place, "real"), "utf8"), /^A=1\nBATON_CLIENT_ID=/);
  });

  test("a change by an editor is seen", async () => {
    const path = join(await fresh(), ".env");
    const sink = envFile({ path });
    await sink.write(one, "none", signal);
    const { version } = await sink.read(signal);
    await writeFile(path, "BATON_CLIENT_ID=x\n");
    assert.notEqual((await sink.read(signal)).version, version);
    assert.equal(await sink.write(two, version, signal), false);
  });

  test("a thousand hostile values, read by npm dotenv", async () => {
    const path = join(await fresh(), ".env");
    const sink = envFile({ path, dialect: "dotenv" });
    const carried = await hostile(sink, async () => {
      const found = dotenv.parse(await readFile(path, "utf8"));
      return { clientId: found.BATON_CLIENT_ID, clientSecret: found.BATON_CLIENT_SECRET };
    });
    assert.ok(carried > 500, String(carried));
  });

  test("what cannot be read or written is an error that names the file", async () => {
    const place = await fresh();
    const missing = await failure(envFile({ path: join(place, "new/deep/.env") }).write(one, "none", signal));
    assert.deepEqual([missing.code, missing.reason, missing.outcome], ["sink_failed", "missing", "none"]);
    assert.deepEqual(await readdir(place), []);
    await writeFile(join(place, "bytes"), Buffer.from([0xff]));
    const bytes = await failure(envFile({ path: join(place, "bytes") }).read(signal));
    assert.deepEqual([bytes.reason, bytes.outcome], ["malformed", "none"]);
    await mkdir(join(place, "folder"));
    assert.equal((await failure(envFile({ path: join(place, "folder") }).read(signal))).reason, "malformed");
  });

  test("an open quote in the file is not built upon", async () => {
    const path = join(await fresh(), ".env");
    await writeFile(path, "A='open\n");
    const sink = envFile({ path, dialect: "shell" });
    assert.equal((await failure(sink.write(one, (await sink.read(signal)).version, signal))).reason, "malformed");
    assert.equal(await readFile(path, "utf8"), "A='open\n");
  });
});

describe("a lock", () => {
  const worker = (path, writer, count) => {
    const args = [join(root, "tests/lib/env-worker.mjs"), folder, path, writer, ...(count ? [String(count)] : [])];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = [];
    const reader = createInterface(child.stdout).on("line", (line) => lines.push(line));
    return { child, lines, done: Promise.all([once(child, "exit"), once(reader, "close")]) };
  };

  test("processes that are killed in the middle leave a whole file, and the next one goes on", async () => {
    const place = await fresh();
    const path = join(place, ".env");
    const whole = /^# kept\nBATON_CLIENT_ID=(.*)\nBATON_CLIENT_SECRET=secret-of-(.*)\n$/;
    await writeFile(path, "# kept\nBATON_CLIENT_ID=x\nBATON_CLIENT_SECRET=secret-of-x\n");
    for (let kill = 0; kill < 12; kill++) {
      const workers = ["a", "b"].map((writer) => worker(path, `${kill}${writer}`));
      await once(createInterface(workers[0].child.stdout), "line");
      for (let turn = 0; turn < kill * 29; turn++) await new Promise((resolve) => setImmediate(resolve));
      for (const { child } of workers) child.kill("SIGKILL");
      await Promise.all(workers.map(({ done }) => done));
      const [, id, secret] = whole.exec(await readFile(path, "utf8"));
      assert.equal(id, secret);
    }
    const sink = envFile({ path });
    assert.equal(await sink.write(one, (await sink.read(signal)).version, signal), true);
    assert.equal(await sink.holds(one, signal), true);
    // What the killed processes left is gone, above all secrets in half-written files.
    const left = (await readdir(place)).filter((name) => !/^\.env$|^\.\.env\.lock\.\d+$/.test(name));
    assert.deepEqual(left, []);
  });

  test("four processes write in turn, and no write is lost", async () => {
    const path = join(await fresh(), ".env");
    const workers = ["a", "b", "c", "d"].map((writer) => worker(path, writer, 20));
    await Promise.all(workers.map(({ done }) => done));
    const lines = workers.flatMap(({ lines }) => lines);
    assert.equal(lines.length, 80);
    const last = dotenv.parse(await readFile(path, "utf8"));
    assert.ok(lines.includes(`true ${last.BATON_CLIENT_ID}`));
    assert.equal(last.BATON_CLIENT_SECRET, `secret-of-${last.BATON_CLIENT_ID}`);
  });

  test("a holder on another machine is waited for, then named", async () => {
    const place = await fresh();
    const path = join(place, ".env");
    const lock = join(place, "..env.lock.7");
    const holder = { pid: 1, host: "elsewhere", machine: "m", boot: "b", space: "", started: "1" };
    await writeFile(lock, JSON.stringify(holder));
    const sink = envFile({ path, lockWaitMs: 60 });
    const error = await failure(sink.write(one, "none", signal));
    assert.equal(error.reason, "busy");
    assert.ok(error.message.includes(lock) && error.hint.includes("remove"));
    await rm(lock);
    assert.equal(await sink.write(one, "none", signal), true);
  });

  test("a wait for a lock ends when the caller gives up", async () => {
    const place = await fresh();
    await writeFile(join(place, "..env.lock.1"), JSON.stringify({ pid: 1, host: "elsewhere" }));
    const controller = new AbortController();
    const writing = failure(envFile({ path: join(place, ".env") }).write(one, "none", controller.signal));
    controller.abort();
    assert.equal((await writing).code, "aborted");
  });

  test("what a lock's file says about its holder decides whether it is waited for", async () => {
    const text = async (file) => (await readFile(file, "utf8").catch(() => "")).trim();
    const here = {
      pid: process.pid,
      host: (await import("node:os")).hostname(),
      machine: await text("/etc/machine-id"),
      boot: await text("/proc/sys/kernel/random/boot_id"),
      space: await readlink("/proc/self/ns/pid").catch(() => ""),
      started: (await text("/proc/self/stat")).split(")").at(-1).trim().split(" ")[19],
    };
    const dead = spawn(process.execPath, ["-e", ""]);
    await once(dead, "exit");
    for (const [what, content, taken] of [
      ["it was released", "", true],
      ["it was being written when its machine failed", '{"pid":', false],
      ["its process lives", here, false],
      ["its process has ended", { ...here, pid: dead.pid, started: "1" }, true],
      [
        "its process runs where numbers of processes mean something else",
        { ...here, pid: dead.pid, space: "x" },
        false,
      ],
      ["its machine was started again since", { ...here, machine: "m", boot: "before" }, here.machine === "m"],
      ["its process says nothing of when it began", { ...here, started: "" }, false],
    ]) {
      const place = await fresh();
      await writeFile(join(place, "..env.lock.3"), typeof content === "string" ? content : JSON.stringify(content));
      const sink = envFile({ path: join(place, ".env"), lockWaitMs: 50 });
      const end = await sink.write(one, "none", signal).catch((error) => error.reason);
      assert.equal(end, taken ? true : "busy", what);
    }
    if (here.machine === "") return;
    const place = await fresh();
    await writeFile(join(place, "..env.lock.3"), JSON.stringify({ ...here, boot: "before" }));
    assert.equal(
      await envFile({ path: join(place, ".env") }).write(one, "none", signal),
      true,
      "it ended with its boot",
    );
  });

  test("a process that has the number of a dead one is not taken for it", async () => {
    const place = await fresh();
    const path = join(place, ".env");
    const sink = envFile({ path });
    await sink.write(one, "none", signal);
    const [lock] = (await readdir(place)).filter((name) => name.startsWith("..env.lock."));
    // The lock looks as it did while this very process held it, but with another start time.
    const text = async (file) => (await readFile(file, "utf8").catch(() => "")).trim();
    const holder = {
      pid: process.pid,
      host: (await import("node:os")).hostname(),
      machine: await text("/etc/machine-id"),
      boot: await text("/proc/sys/kernel/random/boot_id"),
      space: await readlink("/proc/self/ns/pid").catch(() => ""),
      started: "1",
    };
    await writeFile(join(place, lock), JSON.stringify(holder));
    assert.equal(await sink.write(two, (await sink.read(signal)).version, signal), true);
  });
});

describe("a JSON file", () => {
  compares(async () => jsonFile({ path: join(await fresh(), "config.json") }));

  test("all else stays to the letter", async () => {
    const path = join(await fresh(), "config.json");
    await writeFile(path, '{\n\t"n": 1.00,\n\t"c1": {"clientId": "old", "x": [1,2]}\n}');
    const paths = { clientId: ["c1", "clientId"], clientSecret: ["c1", "deep", "clientSecret"] };
    const sink = jsonFile({ path, paths });
    assert.equal((await sink.read(signal)).clientId, "old");
    await sink.write(one, (await sink.read(signal)).version, signal);
    assert.equal(
      await readFile(path, "utf8"),
      `{\n\t"n": 1.00,\n\t"c1": {"clientId": "${one.clientId}", "x": [1,2], "deep": {"clientSecret": "${one.clientSecret}"}}\n}`,
    );
  });

  test("a thousand hostile values, read by Python", async () => {
    const path = join(await fresh(), "config.json");
    const script =
      "import json,sys\nfor line in sys.stdin: print(json.dumps(json.load(open(json.loads(line),encoding='utf-8'))),flush=True)";
    const child = spawn(python("python"), ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const carried = await hostile(jsonFile({ path }), async () => {
      child.stdin.write(`${JSON.stringify(path)}\n`);
      return JSON.parse((await lines.next()).value);
    });
    child.stdin.end();
    await once(child, "exit");
    assert.equal(carried, 1000);
  });

  test("a text that is no JSON is not touched", async () => {
    const path = join(await fresh(), "config.json");
    await writeFile(path, "{canary");
    const error = await failure(jsonFile({ path }).read(signal));
    assert.equal(error.reason, "malformed");
  });
});

describe("a folder of files", () => {
  const make = async () => secretFolder({ path: join(await fresh(), "secrets") });
  compares(make);
  restores(make);

  test("both files change in one step, and hold the values to the letter", async () => {
    const path = join(await fresh(), "secrets");
    const sink = secretFolder({ path, mode: 0o400 });
    const read = async () => {
      const data = join(path, await readlink(join(path, "..data")));
      const [clientId, clientSecret] = await Promise.all(
        ["client-id", "client-secret"].map((name) => readFile(join(data, name), "utf8")),
      );
      return { clientId, clientSecret };
    };
    assert.equal(await hostile(sink, read, 200), 200);
    assert.equal(await readlink(join(path, "client-id")), "..data/client-id");
    assert.equal((await stat(join(path, "client-secret"))).mode & 0o777, 0o400);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    // The current generation and the previous one.
    assert.equal((await readdir(path)).filter((name) => /^\.\.\d/.test(name)).length, 2);
  });

  test("files that were there before are read, and replaced by links", async () => {
    const path = await fresh();
    await writeFile(join(path, "client-id"), one.clientId);
    await writeFile(join(path, "client-secret"), one.clientSecret);
    const sink = secretFolder({ path });
    assert.equal(await sink.holds(one, signal), true);
    assert.equal(await sink.write(two, (await sink.read(signal)).version, signal), true);
    assert.equal(await readFile(join(path, "client-id"), "utf8"), two.clientId);
    assert.equal(await readlink(join(path, "client-id")), "..data/client-id");
  });

  test("a name that leads elsewhere is refused", async () => {
    assert.throws(() => secretFolder({ path: "x", names: { clientId: "../a", clientSecret: "b" } }), {
      reason: "refused",
    });
  });
});

describe("a command", () => {
  const node = (code, ...args) => [process.execPath, "-e", code, ...args];
  const store = "process.stdin.pipe(require('fs').createWriteStream(process.argv[1]))";
  const show =
    "process.stdout.write(require('fs').existsSync(process.argv[1])?require('fs').readFileSync(process.argv[1]):'{}')";

  test("gets the pair on its standard input, and nowhere else", async () => {
    const path = join(await fresh(), "pair");
    const spy =
      "const fs=require('fs');let t='';process.stdin.on('data',d=>t+=d).on('end',()=>{const all=JSON.stringify([process.argv,process.env]);if(all.includes('canary'))process.exit(9);fs.writeFileSync(process.argv[1],t)})";
    const sink = commandSink({ name: "store", write: node(spy, path), read: node(show, path), readsSecret: true });
    assert.deepEqual([sink.compares, sink.readback], [false, "pair"]);
    assert.deepEqual(await sink.read(signal), { clientId: undefined, version: "" });
    assert.equal(await sink.write(one, "", signal), true);
    assert.equal(await readFile(path, "utf8"), `${JSON.stringify(one)}\n`);
    assert.equal(await sink.holds(one, signal), true);
    assert.equal(await sink.holds(two, signal), false);
    assert.equal((await sink.read(signal)).clientId, one.clientId);
  });

  test("hostile values pass through", async () => {
    const path = join(await fresh(), "pair");
    const sink = commandSink({ name: "store", write: node(store, path), read: node(show, path), readsSecret: true });
    assert.equal(await hostile(sink, async () => JSON.parse(await readFile(path, "utf8")), 20), 20);
  });

  test("without a command that reads, nothing can be told", async () => {
    const sink = commandSink({ name: "blind", write: node("") });
    assert.equal(sink.readback, "none");
    assert.deepEqual(await sink.read(signal), { clientId: undefined, version: "" });
    assert.equal((await failure(sink.holds(one, signal))).reason, "unreadable");
    assert.equal(await sink.write(one, "", signal), true);
  });

  test("every other end has failed", async () => {
    for (const [write, reason, outcome, message] of [
      [node("process.exit(3)"), "failed", "unknown", /ended with 3/],
      [node("process.kill(process.pid,'SIGKILL')"), "failed", "unknown", /SIGKILL/],
      [[join(scratch, "nothing-here")], "missing", "none", /does not exist/],
    ]) {
      const error = await failure(commandSink({ name: "x", write }).write(one, "", signal));
      assert.deepEqual([error.reason, error.outcome], [reason, outcome]);
      assert.match(error.message, message);
    }
    const slow = commandSink({ name: "x", write: node("setInterval(()=>{},1e3)"), timeoutMs: 50 });
    assert.equal((await failure(slow.write(one, "", signal))).reason, "unavailable");
    const controller = new AbortController();
    const writing = failure(
      commandSink({ name: "x", write: node("setInterval(()=>{},1e3)") }).write(one, "", controller.signal),
    );
    controller.abort();
    assert.deepEqual([(await writing).code, (await writing).outcome], ["aborted", "unknown"]);
    const noise = commandSink({ name: "x", write: node(""), read: node("console.log('canary')") });
    assert.equal((await failure(noise.holds(one, signal))).reason, "malformed");
  });
});

/** Starts a server that is only a function from a request to a response. Returns its address; it accepts one token. */
async function serve(handle) {
  const requests = [];
  const server = createServer(async (incoming, outgoing) => {
    let text = "";
    for await (const chunk of incoming) text += chunk;
    const request = {
      method: incoming.method,
      url: new URL(incoming.url, "http://server"),
      headers: incoming.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    requests.push(request);
    const [status, body] = handle(request);
    if (status === 0) return incoming.socket.destroy();
    outgoing
      .writeHead(status, { "content-type": "application/json", location: "/elsewhere" })
      .end(body === undefined ? "" : JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

/** Simulates Vault's KV store as documented: versions, `cas`, deletion. */
async function vault() {
  const versions = [];
  const state = { fail: undefined };
  const { url, requests } = await serve(({ method, url, headers, body }) => {
    if (state.fail !== undefined) return [state.fail, { errors: ["canary"] }];
    if (headers["x-vault-token"] !== "hvs.token") return [403, { errors: ["permission denied"] }];
    if (headers["x-vault-namespace"] !== "team" || url.pathname !== "/v1/kv/data/apps/order%20export")
      return [404, { errors: [] }];
    if (method === "GET") {
      const number = Number(url.searchParams.get("version") ?? versions.length);
      const found = versions[number - 1];
      if (found === undefined) return [404, { errors: [] }];
      const metadata = { version: number };
      return found === "deleted"
        ? [404, { data: { data: null, metadata } }]
        : [200, { data: { data: found, metadata } }];
    }
    if (body.options?.cas !== undefined && body.options.cas !== versions.length)
      return [400, { errors: ["check-and-set parameter did not match the current version"] }];
    versions.push(body.data);
    return [200, { data: { version: versions.length } }];
  });
  const sink = vaultSecret({
    url,
    token: () => "hvs.token",
    mount: "kv",
    path: "apps/order export",
    namespace: "team",
  });
  return { sink, versions, requests, state, url };
}

describe("Vault", () => {
  const make = async () => (await vault()).sink;
  compares(make);
  restores(make);

  test("other keys of the secret stay, and values come back to the letter", async () => {
    const { sink, versions } = await vault();
    versions.push({ other: "kept", nested: { n: 1 } });
    const read = async () => {
      const { BATON_CLIENT_ID: clientId, BATON_CLIENT_SECRET: clientSecret, ...rest } = versions.at(-1);
      assert.deepEqual(rest, { other: "kept", nested: { n: 1 } });
      return { clientId, clientSecret };
    };
    assert.equal(await hostile(sink, read), 1000);
  });

  test("a deleted version is nothing, and is followed by the next one", async () => {
    const { sink, versions } = await vault();
    versions.push({ a: "1" }, "deleted");
    assert.deepEqual(await sink.read(signal), { clientId: undefined, version: "2" });
    assert.equal(await sink.write(one, "2", signal), true);
    assert.equal(versions.length, 3);
  });

  test("what the server refuses is an error without its words", async () => {
    const { sink, state, url } = await vault();
    for (const [status, reason, outcome] of [
      [403, "denied", "none"],
      [503, "failed", "none"],
      [307, "failed", "none"],
      [0, "unavailable", "none"],
    ]) {
      state.fail = status;
      const error = await failure(sink.read(signal));
      assert.deepEqual([error.code, error.reason, error.outcome], ["sink_failed", reason, outcome]);
    }
    const wrong = vaultSecret({ url, token: "canary", path: "x" });
    state.fail = undefined;
    assert.equal((await failure(wrong.read(signal))).reason, "denied");
  });
});

/** Simulates the parts of the Kubernetes API that matter here: resource versions, conflicts, merge patches. */
async function kubernetes({ restart = [] } = {}) {
  const state = { secret: undefined, version: 100, restarts: [], deny: false };
  const { url, requests } = await serve(({ method, url, headers, body }) => {
    if (headers.authorization !== "Bearer sa-token") return [401, { kind: "Status" }];
    const secret = () => ({
      kind: "Secret",
      ...state.secret,
      metadata: { name: "orders", resourceVersion: String(state.version) },
    });
    switch (`${method} ${url.pathname}`) {
      case "GET /api/v1/namespaces/apps/secrets/orders":
        return state.secret ? [200, secret()] : [404, { kind: "Status" }];
      case "POST /api/v1/namespaces/apps/secrets":
        if (state.secret) return [409, { kind: "Status", reason: "AlreadyExists" }];
        state.secret = { data: body.data };
        state.version++;
        return [201, secret()];
      case "PATCH /api/v1/namespaces/apps/secrets/orders":
        if (headers["content-type"] !== "application/merge-patch+json") return [415, {}];
        if (!state.secret) return [404, {}];
        if (body.metadata.resourceVersion !== String(state.version))
          return [409, { kind: "Status", reason: "Conflict" }];
        Object.assign(state.secret.data, body.data);
        state.version++;
        return [200, secret()];
      case "PATCH /apis/apps/v1/namespaces/apps/deployments/web":
        if (state.deny) return [403, {}];
        state.restarts.push(body.spec.template.metadata.annotations["keyturn-credential"]);
        return [200, {}];
      default:
        return [404, {}];
    }
  });
  const sink = kubernetesSecret({ url, token: "sa-token", namespace: "apps", secret: "orders", restart });
  return { sink, state, requests };
}

describe("a Secret of Kubernetes", () => {
  compares(async () => (await kubernetes()).sink);

  test("other keys stay, and values come back to the letter", async () => {
    const { sink, state } = await kubernetes();
    state.secret = { data: { other: btoa("kept") } };
    const read = async () => {
      const { other, ...data } = state.secret.data;
      assert.equal(other, btoa("kept"));
      const text = (key) => Buffer.from(data[key], "base64").toString("utf8");
      return { clientId: text("BATON_CLIENT_ID"), clientSecret: text("BATON_CLIENT_SECRET") };
    };
    assert.equal(await hostile(sink, read), 1000);
  });

  test("what reads it is restarted after it has the pair, and again if that failed", async () => {
    const { sink, state } = await kubernetes({ restart: [{ kind: "Deployment", name: "web" }] });
    state.deny = true;
    const error = await failure(sink.write(one, "0", signal));
    assert.deepEqual([error.reason, error.outcome, error.status], ["denied", "unknown", 403]);
    assert.match(error.message, /has the pair, but restarting Deployment web failed/);
    assert.equal(await sink.holds(one, signal), true);
    state.deny = false;
    assert.equal(await sink.write(one, "0", signal), true);
    assert.deepEqual(state.restarts, [one.clientId]);
  });
});

/** Simulates GitHub's secrets, which are opened with the private key as GitHub would. */
async function github() {
  const script = [
    "import base64,json,sys",
    "from nacl.public import PrivateKey,SealedBox",
    "key=PrivateKey.generate()",
    "print(base64.b64encode(bytes(key.public_key)).decode(),flush=True)",
    "for line in sys.stdin: print(json.dumps(SealedBox(key).decrypt(base64.b64decode(line)).decode()),flush=True)",
  ].join("\n");
  const child = spawn(python("python"), ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  after(() => child.stdin.end());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const key = (await lines.next()).value;
  const state = { secret: undefined, variable: undefined, failVariable: false };
  const { url, requests } = await serve(({ method, url, headers, body }) => {
    if (headers.authorization !== "Bearer ghs_token") return [401, {}];
    switch (`${method} ${url.pathname}`) {
      case "GET /repos/acme/orders/actions/secrets/public-key":
        return [200, { key_id: "k1", key }];
      case "PUT /repos/acme/orders/actions/secrets/BATON_CLIENT_SECRET":
        if (body.key_id !== "k1") return [422, {}];
        state.secret = body.encrypted_value;
        return [201, undefined];
      case "GET /repos/acme/orders/actions/variables/BATON_CLIENT_ID":
        return state.variable === undefined
          ? [404, {}]
          : [200, { value: state.variable, updated_at: "2026-11-29T00:00:00Z" }];
      case "PATCH /repos/acme/orders/actions/variables/BATON_CLIENT_ID":
        if (state.failVariable) return [500, {}];
        if (state.variable === undefined) return [404, {}];
        state.variable = body.value;
        return [204, undefined];
      case "POST /repos/acme/orders/actions/variables":
        state.variable = body.value;
        return [201, {}];
      default:
        return [404, {}];
    }
  });
  const open = async () => {
    child.stdin.write(`${state.secret}\n`);
    return JSON.parse((await lines.next()).value);
  };
  const sink = githubSecret({ url, token: "ghs_token", repository: "acme/orders" });
  return { sink, state, requests, open };
}

describe("GitHub Actions", () => {
  test("the secret is sealed, and the variable tells its client id", async () => {
    const { sink, state, requests, open } = await github();
    assert.deepEqual([sink.compares, sink.readback], [false, "client-id"]);
    assert.deepEqual(await sink.read(signal), { clientId: undefined, version: "none" });
    assert.equal(await sink.write(one, "none", signal), true);
    assert.equal(await open(), one.clientSecret);
    assert.equal(state.variable, one.clientId);
    assert.equal(await sink.holds(one, signal), true);
    assert.equal(await sink.holds(two, signal), false);
    assert.ok(!JSON.stringify(requests).includes("canary"));
  });

  test("the variable is written last, so it never speaks of a secret that is not there", async () => {
    const { sink, state } = await github();
    await sink.write(one, "none", signal);
    state.failVariable = true;
    const error = await failure(sink.write(two, "", signal));
    assert.deepEqual([error.reason, error.status, error.outcome], ["failed", 500, "unknown"]);
    assert.equal(await sink.holds(two, signal), false);
    state.failVariable = false;
    assert.equal(await sink.write(two, "", signal), true);
    assert.equal(await sink.holds(two, signal), true);
  });

  test("a thousand hostile values, opened by libsodium", async () => {
    const { sink, state, open } = await github();
    const carried = await hostile(sink, async () => ({ clientId: state.variable, clientSecret: await open() }));
    assert.equal(carried, 1000);
  });
});

/** Simulates GitLab's variables as documented: one for each key and scope, and rules for what can be masked. */
async function gitlab() {
  const state = { variables: new Map(), fail: undefined };
  const { url, requests } = await serve(({ method, url, headers, body }) => {
    if (headers["private-token"] !== "glpat-token") return [401, {}];
    const [, key] = /^\/api\/v4\/projects\/acme%2Forders\/variables(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    const scope = url.searchParams.get("filter[environment_scope]");
    const at = `${key ?? body?.key} ${scope ?? body?.environment_scope}`;
    if (state.fail === `${method} ${key ?? body?.key}`) return [0];
    if (body?.masked && !/^\S{8,}$/.test(body.value)) return [400, { message: { value: ["is invalid"] } }];
    if (method === "POST" && key === undefined) {
      if (state.variables.has(at)) return [400, {}];
      state.variables.set(at, body);
      return [201, body];
    }
    const found = state.variables.get(at);
    if (!found || key === undefined) return [404, {}];
    if (method === "PUT") Object.assign(found, body);
    return [200, found];
  });
  const options = { url, token: "glpat-token", project: "acme/orders" };
  return {
    sink: gitlabVariables(options),
    production: gitlabVariables({ ...options, environment: "production" }),
    state,
    requests,
  };
}

describe("GitLab CI/CD", () => {
  test("variables of environments are apart", async () => {
    const { sink, production, state } = await gitlab();
    assert.equal(await sink.write(one, "none", signal), true);
    assert.deepEqual(await production.read(signal), { clientId: undefined, version: "none" });
    assert.equal(await production.write(two, "none", signal), true);
    assert.equal(await sink.holds(one, signal), true);
    assert.equal(await production.holds(two, signal), true);
    assert.equal(state.variables.size, 4);
    assert.ok([...state.variables.values()].every((variable) => variable.raw === true && variable.protected === true));
  });

  test("an answer that is lost leaves the outcome unknown, and another try is safe", async () => {
    const { sink, state } = await gitlab();
    await sink.write(one, "none", signal);
    state.fail = "PUT BATON_CLIENT_ID";
    const error = await failure(sink.write(two, one.clientId, signal));
    assert.equal(error.outcome, "unknown");
    assert.equal(await sink.holds(two, signal), false);
    state.fail = undefined;
    assert.equal(await sink.write(two, one.clientId, signal), true);
    assert.equal(await sink.write(two, one.clientId, signal), true);
    assert.equal(await sink.holds(two, signal), true);
  });

  test("a value that GitLab cannot mask is refused, not written in the clear", async () => {
    const { sink, state } = await gitlab();
    const error = await failure(sink.write({ ...one, clientSecret: "canary" }, "none", signal));
    assert.equal(error.status, 400);
    assert.equal(state.variables.size, 0);
  });

  test("a wrong token is told, and no request has a value in its address", async () => {
    const { sink, requests } = await gitlab();
    await sink.write(one, "none", signal);
    assert.ok(requests.every(({ url }) => !url.href.includes("canary")));
    const denied = gitlabVariables({
      url: requests[0].url.origin,
      token: "other",
      project: "acme/orders",
      fetch: async () => new Response("{}", { status: 401 }),
    });
    assert.equal((await failure(denied.read(signal))).reason, "denied");
  });
});

describe("AWS Secrets Manager", () => {
  let server;
  let client;

  before(async () => {
    const port = await freePort();
    server = spawn(python("moto_server"), ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    client = new SecretsManager({
      region: "eu-central-1",
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await until("moto_server responds", async () => {
      const response = await fetch(`http://127.0.0.1:${port}/moto-api/`).catch(() => undefined);
      return response?.ok;
    });
  });
  after(async () => {
    client.destroy();
    server.kill();
    await once(server, "exit");
  });

  const make = async () => {
    const Name = `orders-${randomUUID()}`;
    await client.createSecret({ Name });
    return awsSecret({ client, secretId: Name });
  };
  compares(make);
  restores(make);

  test("other keys stay, stages move, and values come back to the letter", async () => {
    const Name = `orders-${randomUUID()}`;
    await client.createSecret({ Name, SecretString: '{"other": "kept", "n": 1.0}' });
    const sink = awsSecret({ client, secretId: Name });
    const current = (VersionStage) => client.getSecretValue({ SecretId: Name, VersionStage });
    const read = async () => {
      const { SecretString, VersionStages } = await current("AWSCURRENT");
      assert.ok(SecretString.startsWith('{"other": "kept", "n": 1.0'));
      assert.deepEqual(VersionStages, ["AWSCURRENT"]);
      const { BATON_CLIENT_ID: clientId, BATON_CLIENT_SECRET: clientSecret } = JSON.parse(SecretString);
      return { clientId, clientSecret };
    };
    assert.equal(await hostile(sink, read, 100), 100);
    assert.equal(JSON.parse((await current("AWSPREVIOUS")).SecretString).BATON_CLIENT_ID, "id-98");
  });

  test("a secret that is not there is an error", async () => {
    const sink = awsSecret({ client, secretId: "nothing" });
    const error = await failure(sink.write(one, "none", signal));
    assert.deepEqual([error.code, error.reason], ["sink_failed", "missing"]);
    const binary = `binary-${randomUUID()}`;
    await client.createSecret({ Name: binary, SecretBinary: new Uint8Array([1]) });
    assert.equal((await failure(awsSecret({ client, secretId: binary }).read(signal))).reason, "malformed");
  });

  test("AWS that does not respond, and credentials that are missing, differ from a refused write", async () => {
    const away = { region: "eu-central-1", endpoint: `http://127.0.0.1:${await freePort()}`, maxAttempts: 1 };
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const missing = () => Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" }));
    for (const [given, reason, message] of [
      [{ ...away, credentials }, "unavailable", /: reading: AWS did not respond/],
      [{ ...away, credentials: missing }, "denied", /: reading: CredentialsProviderError$/],
    ]) {
      const unlucky = new SecretsManager(given);
      const error = await failure(awsSecret({ client: unlucky, secretId: "orders" }).read(signal));
      assert.deepEqual([error.reason, error.outcome], [reason, "none"]);
      assert.match(error.message, message);
      unlucky.destroy();
    }
  });
});

describe("a list", () => {
  const folderSink = async (name) => secretFolder({ path: join(await fresh(), "s"), name });
  compares(async () => sinkList([await folderSink("a"), await folderSink("b")]));
  restores(async () => sinkList([await folderSink("a"), await folderSink("b")]), "partial");

  test("the sinks that were not reached are named, and the next delivery completes it", async () => {
    const [a, b, c] = await Promise.all(["a", "b", "c"].map(folderSink));
    let broken = true;
    const flaky = {
      ...b,
      write: async (...args) => {
        if (broken) throw new Error("no route");
        return b.write(...args);
      },
    };
    const list = sinkList([a, flaky, c], { name: "all" });
    const { version } = await list.read(signal);
    const error = await failure(list.write(one, version, signal));
    assert.deepEqual(
      [error.code, error.reason, error.missing, error.outcome],
      ["sink_failed", "partial", ["b"], "unknown"],
    );
    assert.deepEqual([await a.holds(one, signal), await c.holds(one, signal)], [true, true]);
    assert.equal((await list.read(signal)).clientId, undefined);
    broken = false;
    assert.equal(await list.write(one, version, signal), true);
    assert.equal(await list.holds(one, signal), true);
    assert.equal((await list.read(signal)).clientId, one.clientId);
  });

  test("a late writer changes none of them, though some have not moved on", async () => {
    const [a, b] = await Promise.all(["a", "b"].map(folderSink));
    const list = sinkList([a, b]);
    const { version } = await list.read(signal);
    await a.write(two, (await a.read(signal)).version, signal);
    assert.equal(await list.write(one, version, signal), false);
    assert.equal((await b.read(signal)).clientId, undefined);
  });

  test("it can do what all of its sinks can", async () => {
    const [a] = await Promise.all(["a"].map(folderSink));
    const blind = commandSink({ name: "blind", write: [process.execPath, "-e", ""] });
    const list = sinkList([a, blind]);
    assert.deepEqual([list.name, list.compares, list.readback, list.restore], ["a+blind", false, "none", undefined]);
  });
});

function freePort() {
  return new Promise((resolve) => {
    const probe = createSocket().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
