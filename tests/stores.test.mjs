// Tokens shared in a real Redis by several processes, and in the stores that need no server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createClient } from "redis";
import { browser } from "../xtask/browsers.mjs";
import { installed, module } from "./lib/installed.mjs";

const folder = installed();
const { keyturn, sandbox } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { redisStore } = await import(pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/redis.js")).href);
const { ConductorOne, encryptedStore, memoryStore, webStore } = keyturn;

let server;
let redis;
let redisURL;

before(async () => {
  const port = await freePort();
  server = spawn(
    browser("redis"),
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    { stdio: "ignore" },
  );
  redisURL = `redis://127.0.0.1:${port}`;
  redis = createClient({ url: redisURL });
  redis.on("error", () => {});
  await redis.connect();
});
after(async () => {
  redis.destroy();
  server.kill();
  await once(server, "exit");
});

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** A store like `localStorage`, one like `chrome.storage.session`. */
const local = () => {
  const map = new Map();
  return {
    map,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
};
const area = () => {
  const map = new Map();
  return {
    map,
    get: async (key) => ({ [key]: map.get(key) }),
    set: async (items) => Object.entries(items).forEach(([k, v]) => map.set(k, v)),
    remove: async (key) => void map.delete(key),
  };
};

const stores = {
  memory: () => memoryStore(),
  localStorage: () => webStore(local()),
  "chrome.storage.session": () => webStore(area()),
  redis: () => redisStore(redis, { prefix: `${randomBytes(4).toString("hex")}:` }),
  "redis, encrypted": () =>
    encryptedStore(redisStore(redis, { prefix: `${randomBytes(4).toString("hex")}:` }), randomBytes(32)),
  "an ioredis client": () =>
    redisStore(
      { call: (...command) => redis.sendCommand(command), sendCommand: () => assert.fail() },
      { prefix: `${randomBytes(4).toString("hex")}:` },
    ),
};

for (const [name, make] of Object.entries(stores)) {
  describe(name, () => {
    test("compares before it sets", async () => {
      const store = make();
      assert.equal(await store.get("k"), undefined);
      assert.equal(await store.compareAndSet("k", "a", "x", 1000), undefined);
      const first = await store.compareAndSet("k", "a\n{}\u{1f511} b", undefined, 1000);
      assert.ok(first);
      assert.equal(await store.compareAndSet("k", "b", undefined, 1000), undefined);
      const { value, version, leftMs } = await store.get("k");
      assert.deepEqual([value, version, leftMs > 500 && leftMs <= 1000], ["a\n{}\u{1f511} b", first, true]);
      const second = await store.compareAndSet("k", "b", first, 1000);
      assert.ok(second && second !== first);
      assert.equal(await store.compareAndSet("k", "c", first, 1000), undefined);
      assert.equal((await store.get("k")).value, "b");
      await store.delete("k", first);
      assert.ok(await store.get("k"));
      await store.delete("k", second);
      assert.equal(await store.get("k"), undefined);
      await store.delete("k");
    });

    test("of many who write at once, one wins", async () => {
      const store = make();
      const won = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.compareAndSet("k", String(i), undefined, 1000)),
      );
      // Without the Web Locks API, which Node 20 has not, what is kept in the page's storage is not compared in one step.
      if (!["localStorage", "chrome.storage.session"].includes(name) || globalThis.navigator?.locks)
        assert.equal(won.filter(Boolean).length, 1);
      assert.ok(won.filter(Boolean).length >= 1);
    });

    test("entries and leases expire, and a lease is released by its holder alone", async () => {
      const store = make();
      await store.compareAndSet("k", "a", undefined, 60);
      const lease = await store.lease("k", 60);
      assert.ok(lease);
      assert.equal(await store.lease("k", 60), undefined);
      await sleep(90);
      assert.equal(await store.get("k"), undefined);
      const next = await store.lease("k", 1000);
      assert.ok(next, "a lease that expired is free");
      await lease.release();
      assert.equal(await store.lease("k", 1000), undefined, "it is not the first holder's any more");
      await next.release();
      assert.ok(await store.lease("k", 1000));
    });

    test("a lease is extended by its holder, until it has expired", async () => {
      const store = make();
      const lease = await store.lease("k", 150);
      for (let time = 0; time < 4; time++) {
        await sleep(75);
        assert.equal(await lease.extend(150), true);
        assert.equal(await store.lease("k", 150), undefined);
      }
      await sleep(200);
      assert.equal(await lease.extend(150), false);
      const next = await store.lease("k", 1000);
      assert.ok(next);
      assert.equal(await lease.extend(150), false, "it is somebody else's");
      await lease.release();
      assert.equal(await store.lease("k", 1000), undefined);
      assert.equal(await next.extend(100), true);
      await next.release();
    });
  });
}

test("an encrypted entry shows nothing, and is worth nothing elsewhere or with another key", async () => {
  const inner = memoryStore();
  const key = randomBytes(32);
  const store = encryptedStore(inner, key);
  const version = await store.compareAndSet("k", "canary-value", undefined, 1000);
  const { value } = await inner.get("k");
  assert.ok(!value.includes("canary") && !Buffer.from(value, "base64url").includes("canary"));
  const other = await encryptedStore(inner, randomBytes(32)).get("k");
  assert.deepEqual([other.value, other.version], ["", version]);
  await inner.compareAndSet("elsewhere", value, undefined, 1000);
  assert.equal((await store.get("elsewhere")).value, "");
  assert.ok(await store.compareAndSet("k", "again", version, 1000));
  assert.equal((await store.get("k")).value, "again");
});

describe("clients", () => {
  const options = (at) => ({
    clientID: at.clientId,
    clientSecret: at.clientSecret,
    serverURL: at.url,
    fetch: at.fetch,
  });
  const tokens = (at) => at.requests({ operation: "token" }).length;

  test("of one principal share a token, a refusal, and a renewal; others do not", async () => {
    for (const store of [memoryStore(), stores.redis(), webStore(area())]) {
      const at = await sandbox.createSandbox({ seed: "demo" });
      const share = (more) => new ConductorOne({ ...options(at), tokenStore: store, ...more });
      const one = share();
      await one.auth.introspect();
      const two = share();
      await two.auth.introspect();
      assert.equal(tokens(at), 1);

      // Another secret, scope, audience, key or host is another entry.
      const { clientID, clientSecret } = options(at);
      const scoped = share({
        clientID: undefined,
        clientSecret: undefined,
        credentials: keyturn.signedAssertion({ clientID, clientSecret, scope: "x" }),
      });
      await scoped.auth.introspect();
      assert.equal(tokens(at), 2);
      await share({ dpop: true }).auth.introspect();
      await share({ dpop: true }).auth.introspect();
      assert.equal(tokens(at), 4);

      // The API refuses the token: one of the two fetches, the other takes that.
      at.fault({ operation: "auth.introspect", times: 2, action: { status: 401 } });
      await Promise.all([one.auth.introspect(), two.auth.introspect()]);
      assert.ok(tokens(at) <= 6, `${tokens(at)}`);
      at.clearFaults();
      const before = tokens(at);
      await Promise.all([one, two, share(), share()].map((client) => client.auth.introspect()));
      assert.equal(tokens(at), before);
      at.close();
    }
  });

  test("a refusal is shared too", async () => {
    const at = await sandbox.createSandbox();
    at.fault({ operation: "token", times: "always", action: { status: 401, body: { error: "invalid_client" } } });
    const store = memoryStore();
    const ends = await Promise.allSettled(
      Array.from({ length: 20 }, () => new ConductorOne({ ...options(at), tokenStore: store }).auth.introspect()),
    );
    for (const { reason } of ends) assert.equal(reason.reason, "invalid_client");
    assert.equal(tokens(at), 1);
    at.close();
  });

  test("a login that waits for a person has a short lease, which is extended while it waits", async () => {
    const codes = {
      device_code: "d",
      user_code: "ABCD",
      verification_uri: "https://tenant.conductor.one/device",
      expires_in: 600,
      interval: 2,
    };
    const times = { leased: [], extended: [] };
    const memory = memoryStore();
    const shared = (more) => ({
      ...memory,
      lease: async (key, ttlMs) => {
        const lease = await memory.lease(key, ttlMs);
        times.leased.push(lease && ttlMs);
        return lease && { release: lease.release, ...more(lease) };
      },
    });
    const login = async (tokenStore, questions) => {
      let asked = 0;
      const fetch = async (url) => {
        if (String(url).endsWith("/device_authorization")) return Response.json(codes);
        if (!String(url).endsWith("/token")) return Response.json({});
        return ++asked < questions
          ? Response.json({ error: "authorization_pending" }, { status: 400 })
          : Response.json({ access_token: "t", expires_in: 600 });
      };
      const credentials = keyturn.deviceLogin({ clientID: "program", onCode() {} });
      const c1 = new ConductorOne({ credentials, serverURL: "https://tenant.conductor.one", fetch, tokenStore });
      await c1.authenticate();
      c1.close();
    };
    await login(
      shared(({ extend }) => ({ extend: async (ttlMs) => (times.extended.push(ttlMs), extend(ttlMs)) })),
      3,
    );
    assert.deepEqual(times, { leased: [15_000], extended: [15_000] });
    // A store of somebody's that was written before leases could be extended.
    await login({ ...shared(() => ({})), get: async () => undefined }, 1);
    assert.deepEqual(times.leased.slice(1), [15_000, 900_000]);
  });

  test("a store that fails, lies or holds rubbish does not fail a call", async () => {
    const at = await sandbox.createSandbox();
    const broken = async () => {
      throw new Error("the store is down");
    };
    const lines = [];
    const debugLogger = { log: (line) => lines.push(line), group() {}, groupEnd() {} };
    for (const tokenStore of [
      { get: broken, compareAndSet: broken, lease: broken, delete: broken },
      { ...memoryStore(), compareAndSet: broken },
      { ...memoryStore(), lease: broken },
      { ...memoryStore(), get: async () => ({ value: "rubbish", version: "1", leftMs: 1e9 }) },
      { ...memoryStore(), get: async () => ({ value: "[]", version: "1", leftMs: 1e9 }) },
      { ...memoryStore(), lease: async () => ({ release: broken }) },
    ]) {
      await new ConductorOne({ ...options(at), tokenStore, debugLogger }).auth.introspect();
    }
    assert.equal(tokens(at), 6);
    assert.equal(lines.filter((line) => line.includes("token store failed")).length, 4);
    at.close();
  });
});

test("of many workers on one Redis, no more pass in a minute than the token endpoint answers", async () => {
  const [{ Limit }, { Deadline }] = [await module("auth/limit.js"), await module("http/transport.js")];
  const shared = { store: redisStore(redis, { prefix: `${randomBytes(4).toString("hex")}:` }), key: "requests" };
  const controller = new AbortController();
  let passed = 0;
  let waiting = 0;
  const all = Array.from({ length: 60 }, () =>
    new Limit(30)
      .pass("https://auth.example/oauth/token", shared, new Deadline(0, [controller.signal]), () => waiting++)
      .then(
        () => passed++,
        () => undefined,
      ),
  );
  while (passed + waiting < 60) await sleep(10);
  assert.deepEqual([passed, waiting], [30, 30]);
  controller.abort();
  await Promise.all(all);
});

describe("processes", () => {
  const WORKER = fileURLToPath(new URL("lib/store-worker.mjs", import.meta.url));
  const key = randomBytes(32).toString("hex");

  async function worker(at, clients, program) {
    const options = { serverURL: at.url, ...(program ? {} : { clientID: at.clientId, clientSecret: at.clientSecret }) };
    const child = spawn(process.execPath, [WORKER], {
      env: { ...process.env, STORE_WORKER: JSON.stringify({ folder, redisURL, options, clients, key, program }) },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "ready");
    return {
      child,
      go: () => child.stdin.write("go\n"),
      line: async () => (await lines.next()).value,
      ends: async () => JSON.parse((await lines.next()).value),
    };
  }

  test("50 cold workers in five processes make one token request", async () => {
    const at = await sandbox.serveSandbox();
    const workers = await Promise.all(Array.from({ length: 5 }, () => worker(at, 10)));
    workers.forEach(({ go }) => go());
    const ends = (await Promise.all(workers.map(({ ends }) => ends()))).flat();
    assert.deepEqual(ends, Array(50).fill("ok"));
    assert.equal(at.sandbox.requests({ operation: "token" }).length, 1);
    // What lies in the Redis is no token in the clear.
    for (const name of await redis.keys("keyturn1.*")) {
      if ((await redis.type(name)) === "hash") assert.doesNotMatch(JSON.stringify(await redis.hGetAll(name)), /Bearer/);
    }
    await at.close();
  });

  test("a leader that dies is replaced: two token requests at most", async () => {
    const at = await sandbox.serveSandbox();
    at.sandbox.fault({ operation: "token", action: { delayMs: 60_000 } });
    const leader = await worker(at, 1);
    leader.go();
    while (at.sandbox.requests({ operation: "token" }).length === 0) await sleep(20);
    const others = await Promise.all([worker(at, 10), worker(at, 10)]);
    others.forEach(({ go }) => go());
    await sleep(300);
    leader.child.kill("SIGKILL");
    const ends = (await Promise.all(others.map(({ ends }) => ends()))).flat();
    assert.deepEqual(ends, Array(20).fill("ok"));
    assert.equal(at.sandbox.requests({ operation: "token" }).length, 2);
    await at.close();
  });

  test("a leader that dies while a person is asked is replaced in seconds, not when its code has expired", async () => {
    const at = await sandbox.serveSandbox();
    const leader = await worker(at, 1, "a-program");
    leader.go();
    const first = await leader.line();
    const others = await worker(at, 5, "a-program");
    others.go();
    // Longer than a lease lasts that nobody extends.
    await sleep(16_000);
    leader.child.kill("SIGKILL");
    const begun = Date.now();
    const second = await others.line();
    assert.notEqual(second, first);
    assert.ok(Date.now() - begun < 17_000);
    at.sandbox.decideLogin(second);
    assert.deepEqual(await others.ends(), Array(5).fill("ok"));
    await at.close();
  });
});
