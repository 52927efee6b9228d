// Tokens shared in a real Redis by several processes, in a real Postgres, and in the stores that need no server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import IoRedis from "ioredis";
import pg from "pg";
import postgresJs from "postgres";
import { createClient, createCluster, createSentinel } from "redis";
import { browser } from "../xtask/browsers.mjs";
import { installed, module } from "./lib/installed.mjs";
import { freePort, startPostgres } from "./lib/postgres.mjs";

const folder = installed();
const { keyturn, sandbox, commercelayer } = await import(pathToFileURL(join(folder, "load.mjs")).href);
const { redisStore } = await import(pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/redis.js")).href);
const { migratePostgres, postgresStore } = await import(
  pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/postgres.js")).href
);
const { ConductorOne, encryptedStore, memoryStore, webStore } = keyturn;

let server;
let redis;
let redisURL;
let database;
let pool;
let sql;

before(async () => {
  database = await startPostgres();
  pool = new pg.Pool({ connectionString: database.url() });
  pool.on("error", () => {});
  sql = postgresJs(database.url());
  await migratePostgres(pool);
  server = await startRedis();
  redisURL = server.url;
  redis = createClient({ url: redisURL });
  redis.on("error", () => {});
  await redis.connect();
});
after(async () => {
  redis.destroy();
  await server.stop();
  await pool.end();
  await sql.end();
  await database.stop();
});

/** Starts a separate Redis, and resolves once it accepts connections. */
async function startRedis(...more) {
  const port = await freePort();
  const bare = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = spawn(browser("redis"), [...bare, ...more], { stdio: "ignore" });
  const url = `redis://127.0.0.1:${port}`;
  const probe = createClient({ url, socket: { reconnectStrategy: 50 } });
  probe.on("error", () => {});
  await probe.connect();
  probe.destroy();
  return {
    port,
    url,
    async stop() {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}

/** Stores like `localStorage` and like `chrome.storage.session`. */
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
  postgres: () => postgresStore(pool, { fleet: randomBytes(4).toString("hex") }),
  "postgres, by the other package": () => postgresStore(sql, { fleet: randomBytes(4).toString("hex") }),
  "an ioredis client": () =>
    redisStore(
      { call: (...command) => redis.sendCommand(command), sendCommand: () => assert.fail() },
      { prefix: `${randomBytes(4).toString("hex")}:` },
    ),
};

/** How long entries and leases are valid that are not to expire within a test, in milliseconds. */
const TTL = 60_000;

describe("every store", { concurrency: true }, () => {
  for (const [name, make] of Object.entries(stores)) {
    describe(name, { concurrency: true }, () => {
      test("compares before it sets", async () => {
        const store = make();
        assert.equal(await store.get("k"), undefined);
        assert.equal(await store.compareAndSet("k", "a", "x", TTL), undefined);
        const first = await store.compareAndSet("k", "a\n{}\u{1f511} b", undefined, TTL);
        assert.ok(first);
        assert.equal(await store.compareAndSet("k", "b", undefined, TTL), undefined);
        const { value, version, leftMs } = await store.get("k");
        assert.deepEqual([value, version, leftMs > TTL / 2 && leftMs <= TTL], ["a\n{}\u{1f511} b", first, true]);
        const second = await store.compareAndSet("k", "b", first, TTL);
        assert.ok(second && second !== first);
        assert.equal(await store.compareAndSet("k", "c", first, TTL), undefined);
        assert.equal((await store.get("k")).value, "b");
        await store.delete("k", first);
        assert.ok(await store.get("k"));
        await store.delete("k", second);
        assert.equal(await store.get("k"), undefined);
        await store.delete("k");
      });

      test("of many concurrent writers, one wins", async () => {
        const store = make();
        const won = await Promise.all(
          Array.from({ length: 20 }, (_, i) => store.compareAndSet("k", String(i), undefined, TTL)),
        );
        // Without the Web Locks API, which Node 20 lacks, stores in the page's storage do not compare and set atomically.
        if (!["localStorage", "chrome.storage.session"].includes(name) || globalThis.navigator?.locks)
          assert.equal(won.filter(Boolean).length, 1);
        assert.ok(won.filter(Boolean).length >= 1);
      });

      test("entries and leases expire, and only its holder can release a lease", async () => {
        const store = make();
        await store.compareAndSet("k", "a", undefined, 2000);
        const lease = await store.lease("k", 2000);
        assert.ok(lease);
        assert.equal(await store.lease("k", TTL), undefined);
        await sleep(2100);
        assert.equal(await store.get("k"), undefined);
        const next = await store.lease("k", TTL);
        assert.ok(next, "a lease that expired is free");
        await lease.release();
        assert.equal(await store.lease("k", TTL), undefined, "it is not the first holder's any more");
        await next.release();
        assert.ok(await store.lease("k", TTL));
      });

      test("its holder can extend a lease until it has expired", async () => {
        const store = make();
        const lease = await store.lease("k", 3000);
        for (let time = 0; time < 4; time++) {
          await sleep(1000);
          assert.equal(await lease.extend(3000), true);
          assert.equal(await store.lease("k", 3000), undefined);
        }
        await sleep(3100);
        assert.equal(await lease.extend(900), false);
        const next = await store.lease("k", TTL);
        assert.ok(next);
        assert.equal(await lease.extend(900), false, "it is somebody else's");
        await lease.release();
        assert.equal(await store.lease("k", TTL), undefined);
        assert.equal(await next.extend(TTL), true);
        await next.release();
      });
    });
  }
});

test("an encrypted entry reveals nothing, and cannot be used under another name or with another key", async () => {
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

  test("with the same principal share a token, a refusal and a renewal; others do not", async () => {
    for (const store of [memoryStore(), stores.redis(), stores.postgres(), webStore(area())]) {
      const at = await sandbox.createSandbox({ seed: "demo" });
      const share = (more) => new ConductorOne({ ...options(at), tokenStore: store, ...more });
      const one = share();
      await one.auth.introspect();
      const two = share();
      await two.auth.introspect();
      assert.equal(tokens(at), 1);

      // Another secret, scope, audience, key or host has a separate entry.
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

      // The API refuses the token: one of the two clients fetches a new one, which the other uses as well.
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

  test("a person's login is shared only by its session name", async () => {
    const tokenStore = memoryStore();
    const server = (who) => async (url, init) => {
      if (String(url).endsWith("/device_authorization"))
        return Response.json({
          device_code: `code-of-${who}`,
          user_code: who,
          verification_uri: "https://tenant.conductor.one/device",
          expires_in: 600,
          interval: 0.01,
        });
      if (String(url).endsWith("/token")) return Response.json({ access_token: `token-of-${who}`, expires_in: 600 });
      return Response.json({ principalId: new Headers(init.headers).get("authorization") });
    };
    for (const who of ["alice", "bob"]) {
      const credentials = keyturn.deviceLogin({ clientID: "program", onCode() {} });
      const options = { credentials, serverURL: "https://tenant.conductor.one", fetch: server(who), tokenStore };
      const { introspectResponse } = await new ConductorOne(options).auth.introspect();
      assert.equal(introspectResponse.principalId, `Bearer token-of-${who}`);
    }
    const named = (who, session) => {
      const onCode = () => assert.equal(who, session, "nobody is asked whose login is there");
      const credentials = keyturn.deviceLogin({ clientID: "program", onCode, session });
      return new ConductorOne({
        credentials,
        serverURL: "https://tenant.conductor.one",
        fetch: server(who),
        tokenStore,
      });
    };
    for (const [who, session] of [
      ["carol", "carol"],
      ["a later worker", "carol"],
      ["dave", "dave"],
    ]) {
      const { introspectResponse } = await named(who, session).auth.introspect();
      assert.equal(introspectResponse.principalId, `Bearer token-of-${session}`);
    }
    for (const session of ["", 5])
      assert.throws(() => named("eve", session), { option: "session", reason: "not_text" });
  });

  test("the token exchanged for one identity token is not used for another or a forged one", async () => {
    const tokenStore = memoryStore();
    const jwt = (claims) =>
      ["{}", JSON.stringify(claims), "signature"].map((part) => Buffer.from(part).toString("base64url")).join(".");
    const asked = [];
    const fetch = async (url, init) => {
      if (!String(url).endsWith("/token")) return Response.json({});
      asked.push(new URLSearchParams(String(init.body)).get("subject_token"));
      return Response.json({ access_token: `token-${asked.length}`, expires_in: 600 });
    };
    const one = jwt({ iss: "https://issuer.example", sub: "one", iat: 1 });
    const other = jwt({ iss: "https://issuer.example", sub: "other", iat: 1 });
    for (const token of [one, other, one, other, one.replace(/[^.]*$/, "made-up"), "opaque-token"]) {
      const credentials = keyturn.tokenExchange({
        clientID: "a@tenant.conductor.one/wfe",
        subjectToken: () => token,
      });
      await new ConductorOne({ credentials, fetch, tokenStore }).auth.introspect();
    }
    assert.equal(asked.length, 4);
    assert.equal(new Set(asked).size, 4);
  });

  test("two secrets of one client id share neither a token nor a refusal", async () => {
    for (const wrongFirst of [true, false]) {
      const [at, other] = await Promise.all([sandbox.createSandbox(), sandbox.createSandbox()]);
      const tokenStore = memoryStore();
      const right = { ...options(at), tokenStore };
      const call = (given) =>
        new ConductorOne(given).auth.introspect().then(
          () => "ok",
          (error) => error.reason,
        );
      const wrong = { ...right, clientSecret: other.clientSecret };
      const order = wrongFirst ? [wrong, right] : [right, wrong];
      const ends = [await call(order[0]), await call(order[1])];
      assert.deepEqual(ends, wrongFirst ? ["invalid_client", "ok"] : ["ok", "invalid_client"]);
    }
  });

  test("a leader extends its lease during a slow token request", async () => {
    const at = await sandbox.createSandbox();
    const extended = [];
    const memory = memoryStore();
    const tokenStore = {
      ...memory,
      lease: async (key, ttlMs) => {
        const lease = await memory.lease(key, ttlMs);
        return { ...lease, extend: async (ttlMs) => (extended.push(ttlMs), lease.extend(ttlMs)) };
      },
    };
    const fetch = async (url, init) => {
      if (String(url).endsWith("/token")) while (extended.length === 0) await sleep(20);
      return at.fetch(url, init);
    };
    await new ConductorOne({ ...options(at), fetch, tokenStore }).auth.introspect();
    assert.deepEqual(extended, [15_000]);
  });

  test("a lease that is never given back leaves a call the time to log in by itself", async () => {
    const at = await sandbox.createSandbox();
    const tokenStore = { ...memoryStore(), lease: async () => undefined };
    await new ConductorOne({ ...options(at), tokenStore, timeoutMs: 4_000 }).auth.introspect();
    assert.equal(tokens(at), 1);
  });

  test("an unresponsive store does not block a call, and warns once", async () => {
    const warnings = [];
    const { warn } = console;
    console.warn = (text) => warnings.push(text);
    try {
      for (const method of ["get", "lease", "compareAndSet"]) {
        const at = await sandbox.createSandbox();
        const tokenStore = { ...memoryStore(), [method]: () => new Promise(() => {}) };
        warnings.length = 0;
        for (let client = 0; client < 2; client++)
          await new ConductorOne({ ...options(at), tokenStore }).auth.introspect();
        assert.equal(tokens(at), 2, method);
        assert.equal(warnings.length, 1);
        assert.match(warnings[0], new RegExp(`${method}\\(\\) did not respond`));
      }
    } finally {
      console.warn = warn;
    }
  });

  test("a busy process is not taken for an unresponsive store", async () => {
    const at = await sandbox.createSandbox();
    const store = memoryStore();
    let busy = true;
    const get = async (key) => {
      const response = readFile(fileURLToPath(import.meta.url));
      if (busy) for (const end = performance.now() + 1_300; performance.now() < end; );
      busy = false;
      await response;
      return store.get(key);
    };
    for (let client = 0; client < 2; client++)
      await new ConductorOne({ ...options(at), tokenStore: { ...store, get } }).auth.introspect();
    assert.equal(tokens(at), 1);
  });

  test("a lease that is granted too late is released", async () => {
    const at = await sandbox.createSandbox();
    let grant;
    let released = 0;
    const lease = () => new Promise((resolve) => (grant = resolve));
    await new ConductorOne({ ...options(at), tokenStore: { ...memoryStore(), lease } }).auth.introspect();
    grant({ release: async () => void released++ });
    while (released === 0) await sleep(10);
    assert.equal(tokens(at), 1);
  });

  test("a stopped Redis does not block a call", async () => {
    for (const kind of ["redis", "ioredis"]) {
      const own = await startRedis();
      const client =
        kind === "redis"
          ? await createClient({ url: own.url })
              .on("error", () => {})
              .connect()
          : new IoRedis(own.url).on("error", () => {});
      const at = await sandbox.createSandbox();
      const call = () => new ConductorOne({ ...options(at), tokenStore: redisStore(client) }).auth.introspect();
      await call();
      await call();
      assert.equal(tokens(at), 1, kind);
      await own.stop();
      await call();
      assert.equal(tokens(at), 2, kind);
      if (kind === "redis") client.destroy();
      else client.disconnect();
    }
  });

  test("a stopped Postgres does not block a call, and one without tables reports what is missing", async () => {
    const own = await startPostgres();
    const client = new pg.Pool({ connectionString: own.url() });
    client.on("error", () => {});
    const warnings = [];
    const { warn } = console;
    console.warn = (text) => warnings.push(text);
    try {
      const at = await sandbox.createSandbox();
      const call = () => new ConductorOne({ ...options(at), tokenStore: postgresStore(client) }).auth.introspect();
      await call();
      assert.equal(tokens(at), 1);
      assert.match(warnings[0], /the schema or one of its tables does not exist/);
      await migratePostgres(client);
      await call();
      await call();
      assert.equal(tokens(at), 2);
      await own.stop();
      await call();
      assert.equal(tokens(at), 3);
      assert.match(warnings.at(-1), /ECONNREFUSED|connection/i);
    } finally {
      console.warn = warn;
      await client.end();
    }
  });

  test("a store that fails, lies or contains garbage does not fail a call", async () => {
    const at = await sandbox.createSandbox();
    const broken = async () => {
      throw new Error("the store is down");
    };
    const thrown = () => {
      throw new Error("the store is closed");
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
      { ...memoryStore(), lease: thrown },
      { ...memoryStore(), lease: async () => ({ release: thrown, extend: thrown }) },
      { ...memoryStore(), lease: async () => ({}) },
      { ...memoryStore(), get: async () => "rubbish" },
      // Entries that somebody else wrote must become neither a header nor an error.
      ...[
        ["", JSON.stringify([3_600_000, "Bearer CANARY\nX: y"])],
        ["", JSON.stringify([3_600_000, "DPoP CANARY"])],
        ["", JSON.stringify([3_600_000, "CANARY"])],
        ["", JSON.stringify([Number.MAX_VALUE, {}])],
        ["", '[1e999, "Bearer CANARY"]'],
        [".failed", JSON.stringify([0, "garbage"])],
        [".failed", JSON.stringify([0, "null"])],
        [".failed", JSON.stringify([0, JSON.stringify({ message: 7, status: 401, reason: "x" })])],
      ].map(([end, value]) => ({
        ...memoryStore(),
        get: async (key) =>
          key.endsWith(".failed") === (end !== "") ? { value, version: "1", leftMs: 3_600_000 } : undefined,
      })),
      {
        ...memoryStore(),
        get: async () => ({ value: JSON.stringify([3_600_000, "Bearer t"]), version: 1, leftMs: "x" }),
      },
    ]) {
      await new ConductorOne({ ...options(at), tokenStore, debugLogger }).auth.introspect();
    }
    assert.equal(tokens(at), 19);
    assert.equal(lines.filter((line) => line.includes("token store failed")).length, 7);
    at.close();
  });

  test("rejects invalid stores and keys when they are passed", async () => {
    const at = await sandbox.createSandbox();
    for (const tokenStore of [{}, redis, { ...memoryStore(), lease: undefined }])
      assert.throws(() => new ConductorOne({ ...options(at), tokenStore }), {
        option: "tokenStore",
        reason: "not_a_store",
      });
    const sign = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const encrypt = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    for (const key of [undefined, "text", new Uint8Array(31), new Uint8Array(32), sign, encrypt])
      assert.throws(() => encryptedStore(memoryStore(), key), { option: "encryptedStore", reason: "key" });
    assert.throws(() => postgresStore(redis), { option: "postgresStore", reason: "client" });
    for (const client of [{}, undefined, { send_command() {} }, { sendCommand() {}, options: { legacyMode: true } }])
      assert.throws(() => redisStore(client), { option: "redisStore", reason: "client" });
  });

  test("copies bytes when they are passed, from any realm", async () => {
    const inner = memoryStore();
    for (const key of [new Uint8Array(32).fill(7), runInNewContext("new Uint8Array(32).fill(7).buffer")]) {
      const store = encryptedStore(inner, key);
      new Uint8Array(key.buffer ?? key).fill(0);
      await store.compareAndSet("k", "value", (await store.get("k"))?.version, 10_000);
      const same = encryptedStore(inner, runInNewContext("new Uint8Array(32).fill(7)"));
      assert.equal((await same.get("k")).value, "value");
    }
    const at = await sandbox.createSandbox();
    const clientSecret = new TextEncoder().encode(at.clientSecret);
    const foreign = runInNewContext("bytes => Uint8Array.from(bytes)")(clientSecret);
    const credentials = keyturn.signedAssertion({ clientID: at.clientId, clientSecret });
    clientSecret.fill(0);
    for (const given of [{ credentials }, { credentials }, { clientID: at.clientId, clientSecret: foreign }])
      await new ConductorOne({ serverURL: at.url, fetch: at.fetch, ...given }).auth.introspect();
    assert.ok(commercelayer.clientCredentials({ clientId: "a", clientSecret: foreign }));
  });

  test("shares tokens without crypto.subtle, and reports what needs it", async () => {
    const { crypto } = globalThis;
    const bare = { getRandomValues: crypto.getRandomValues.bind(crypto) };
    Object.defineProperty(globalThis, "crypto", { value: bare, configurable: true, writable: true });
    try {
      for (const tokenStore of [webStore(local()), memoryStore()]) {
        const at = await sandbox.createSandbox();
        for (let client = 0; client < 2; client++)
          await new ConductorOne({ ...options(at), tokenStore }).auth.introspect();
        assert.equal(tokens(at), 1);
        assert.throws(() => new ConductorOne({ ...options(at), dpop: true }), { option: "dpop" });
      }
      const missing = { reason: "no_subtle_crypto", message: /https/ };
      assert.throws(() => encryptedStore(memoryStore(), new Uint8Array(32).fill(7)), missing);
      await assert.rejects(commercelayer.createPkce(), missing);
    } finally {
      Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true, writable: true });
    }
  });
});

test("works with clusters and sentinels of both packages", async () => {
  const home = await mkdtemp(join(tmpdir(), "keyturn-redis-"));
  const file = join(home, "nodes.conf");
  const alone = ["--cluster-enabled", "yes", "--cluster-config-file", file, "--cluster-announce-ip", "127.0.0.1"];
  const node = await startRedis(...alone);
  const config = join(home, "sentinel.conf");
  const sentinelPort = await freePort();
  await writeFile(config, `port ${sentinelPort}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${server.port} 1\n`);
  const sentinel = spawn(browser("redis"), [config, "--sentinel"], { stdio: "ignore" });
  const direct = await createClient({ url: node.url }).connect();
  await direct.sendCommand(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
  while (!String(await direct.sendCommand(["CLUSTER", "INFO"])).includes("cluster_state:ok")) await sleep(50);
  direct.destroy();
  const quiet = (client) => client.on("error", () => {});
  const places = [{ host: "127.0.0.1", port: sentinelPort }];
  const sentinelClient = createClient({ url: `redis://127.0.0.1:${sentinelPort}`, socket: { reconnectStrategy: 50 } });
  await quiet(sentinelClient).connect();
  sentinelClient.destroy();
  const clients = {
    cluster: await quiet(createCluster({ rootNodes: [{ url: node.url }] })).connect(),
    sentinel: await quiet(createSentinel({ name: "main", sentinelRootNodes: places })).connect(),
    "ioredis cluster": quiet(new IoRedis.Cluster([{ host: "127.0.0.1", port: node.port }])),
    "ioredis sentinel": quiet(new IoRedis({ name: "main", sentinels: places })),
  };
  try {
    for (const [name, client] of Object.entries(clients)) {
      const store = redisStore(client, { prefix: `${randomBytes(4).toString("hex")}:` });
      const version = await store.compareAndSet("k", "value", undefined, 5_000);
      assert.equal((await store.get("k")).value, "value", name);
      assert.equal(await store.compareAndSet("k", "other", "x", 5_000), undefined);
      const lease = await store.lease("k", 5_000);
      assert.equal(await store.lease("k", 5_000), undefined);
      assert.equal(await lease.extend(5_000), true);
      await lease.release();
      await store.delete("k", version);
      assert.equal(await store.get("k"), undefined);
    }
  } finally {
    for (const client of Object.values(clients)) await (client.disconnect ? client.disconnect() : client.destroy());
    sentinel.kill();
    await node.stop();
    await rm(home, { recursive: true });
  }
});

test("many workers on one Redis send no more token requests a minute than the endpoint accepts", async () => {
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

  /** Starts a sandbox, and returns a way to start workers on it, which end with the test. */
  async function begin(t) {
    const at = await sandbox.serveSandbox();
    const children = [];
    t.after(() => {
      for (const child of children) child.kill("SIGKILL");
      return at.close();
    });
    return { at, worker: (clients) => worker(at, clients, children) };
  }

  async function worker(at, clients, children) {
    const options = { serverURL: at.url, clientID: at.clientId, clientSecret: at.clientSecret };
    const child = spawn(process.execPath, [WORKER], {
      env: { ...process.env, STORE_WORKER: JSON.stringify({ folder, redisURL, options, clients, key }) },
      stdio: ["pipe", "pipe", "pipe"],
    });
    children.push(child);
    let warnings = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      warnings += text;
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "ready");
    return {
      child,
      go: () => child.stdin.write("go\n"),
      ends: async () => JSON.parse((await lines.next()).value),
      isAlone: () => warnings.includes("the token store failed"),
    };
  }

  test("50 cold workers in five processes make one token request", async (t) => {
    const { at, worker } = await begin(t);
    const workers = await Promise.all(Array.from({ length: 5 }, () => worker(10)));
    workers.forEach(({ go }) => go());
    const ends = (await Promise.all(workers.map(({ ends }) => ends()))).flat();
    assert.deepEqual(ends, Array(50).fill("ok"));
    assertRequests(at, 1, workers);
    // Redis contains no token in clear text.
    for (const name of await redis.keys("keyturn1.*")) {
      if ((await redis.type(name)) === "hash") assert.doesNotMatch(JSON.stringify(await redis.hGetAll(name)), /Bearer/);
    }
  });

  test("a leader that dies is replaced, with at most two token requests", async (t) => {
    const { at, worker } = await begin(t);
    at.sandbox.fault({ operation: "token", action: { delayMs: 60_000 } });
    const leader = await worker(1);
    leader.go();
    while (at.sandbox.requests({ operation: "token" }).length === 0) await sleep(20);
    const others = await Promise.all([worker(10), worker(10)]);
    others.forEach(({ go }) => go());
    await sleep(300);
    leader.child.kill("SIGKILL");
    const ends = (await Promise.all(others.map(({ ends }) => ends()))).flat();
    assert.deepEqual(ends, Array(20).fill("ok"));
    assertRequests(at, 2, others);
  });

  /**
   * Asserts how many token requests were sent. On a busy machine, Redis may respond so late that a process gives up on
   * it, with a warning, and each of its ten clients sends one of its own.
   */
  function assertRequests(at, wanted, workers) {
    const alone = workers.filter(({ isAlone }) => isAlone()).length;
    const sent = at.sandbox.requests({ operation: "token" }).length;
    assert.ok(sent >= wanted && sent <= wanted + alone * 10, `${sent} requests, ${alone} processes without Redis`);
  }
});
