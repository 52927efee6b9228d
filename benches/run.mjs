/**
 * `npm run bench`: prints each figure as a ratio to a floor and, if there is one, to a peer. Both sides are measured
 * alternately in one process and compared by their medians, since a noisy machine affects interleaved samples alike.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ConductorOne } from "keyturn";
import { ConductoroneSDKTypescript } from "keyturn/compat";
import { HTTPClient } from "keyturn/compat/lib/http.js";
import { commandRows } from "./command.mjs";
import * as documents from "./commercelayer.mjs";
import * as data from "./data.mjs";
import * as lifecycle from "./lifecycle.mjs";
import * as peer from "./peer.mjs";

const rows = [];

await bench(
  "decode 10,000 credentials",
  2.0,
  25,
  decoding(data.credentials(), peer.credentials, (c1) => c1.principal.listCredentials({ servicePrincipalId: "x" })),
);
await bench(
  "decode 10,000 app users",
  1.6,
  25,
  decoding(data.appUsers(), peer.appUsers, (c1) => c1.appUser.list({ appId: "x" })),
);
await bench("encode a 190 kB search, 20 times", 2.4, 40, encoding());
await bench("read 10,000 JSON:API documents with what they include", 1.5, 15, documents.documentReading());
linear("a list of 10,000, then 100,000", documents.credentials, 10_000, 100_000);
linear("an include graph of 100 members, then 1,000", documents.members, 100, 1_000);
// A garbage collection before each sample would discard the platform's compiled code (a thousand deoptimizations per
// run, "weak objects"), so both sides would be measured while they warm up again, which does not happen in programs.
await bench("a whole call, 200 times", 1.4, 120, calling(client), { collect: false });
await bench("one through keyturn/compat, 200 times", 1.8, 120, calling(officialClient), { collect: false });
await lifecycles();
startUp();
rows.push(...(await commandRows()));
await growth();

console.table(rows);
process.exitCode = rows.some((row) => row.ok === false) ? 1 : 0;

/** Compares a whole call with `JSON.parse` of the same text. Another row has the cost of a call with a short text. */
function decoding(text, schema, call) {
  const bytes = new TextEncoder().encode(text);
  const c1 = client(() => stub(bytes));
  return {
    floor: () => JSON.parse(text),
    ours: () => call(c1),
    peer: () => schema.parse(JSON.parse(text)),
  };
}

/** Returns the cheapest possible response, so that only its processing is measured. */
function stub(bytes) {
  return {
    status: 200,
    headers: new Headers({ "content-type": "application/json" }),
    arrayBuffer: async () => bytes.buffer,
  };
}

function encoding() {
  const request = data.search();
  const c1 = client(() => stub(new TextEncoder().encode("{}")));
  const batch = 20;
  return {
    floor: () => {
      // V8 builds a long string in pieces and joins them on the first read, which sending the string would cause.
      for (let i = 0; i < batch; i++) JSON.stringify(request).charCodeAt(0);
    },
    ours: async () => {
      for (let i = 0; i < batch; i++) await c1.appEntitlementSearch.search(request);
    },
  };
}

/** Checks that ten times the input takes about ten times as long; quadratic work takes a hundred times as long. */
function linear(what, make, small, large) {
  const { before, after, factor } = documents.growthOf(make, small, large);
  rows.push({
    what,
    floor: `${before.toFixed(2)} ms`,
    ours: `${after.toFixed(2)} ms`,
    ratio: factor.toFixed(1),
    limit: 20,
    ok: factor <= 20,
  });
}

/** Measures calls in batches, since one call is too short to time. */
function calling(make) {
  const answer = JSON.stringify({
    credential: {
      appId: "a",
      clientId: "c",
      clientSecret: "s",
      connectorId: "b",
      createdAt: "2026-01-02T03:04:05Z",
      displayName: "d",
      id: "i",
      updatedAt: null,
    },
  });
  const respond = () => new Response(answer, { headers: { "content-type": "application/json" } });
  const c1 = make(respond);
  const batch = 200;
  const byHand = async () => {
    const request = new Request("https://acme.example/api/v1/apps/connectors/credentials", {
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/json",
        authorization: "Bearer t",
        "user-agent": "x",
      },
      body: JSON.stringify({ appId: "a", connectorId: "b" }),
    });
    const response = await (async () => respond(request))();
    return JSON.parse(await response.text());
  };
  return {
    floor: async () => {
      for (let i = 0; i < batch; i++) await byHand();
    },
    ours: async () => {
      for (let i = 0; i < batch; i++) await c1.connector.rotateCredential({ appId: "a", connectorId: "b" });
    },
  };
}

/** Compares an append with the calls that make an event durable, and checks that findings and opening are linear. */
async function lifecycles() {
  const { close, ...sides } = await lifecycle.appending();
  await bench("append to a journal in a folder", 2, 200, sides, { collect: false });
  await close();
  const measured = async (work, samples) => {
    const times = [];
    for (let i = -1; i < samples; i++) {
      globalThis.gc?.();
      const begun = performance.now();
      await work();
      if (i >= 0) times.push(performance.now() - begun);
    }
    return median(times);
  };
  const grows = (what, small, large) => {
    const ratio = large / small / 10;
    rows.push({
      what,
      floor: `${small.toFixed(1)} ms`,
      ours: `${large.toFixed(1)} ms`,
      ratio: ratio.toFixed(2),
      limit: 1.6,
      ok: ratio <= 1.6,
    });
  };
  const some = await measured(await lifecycle.findings(1_000), 9);
  grows("findings of 1,000 targets, then 10,000", some, await measured(await lifecycle.findings(10_000), 5));
  const times = [];
  for (const count of [10_000, 100_000]) {
    const journal = await lifecycle.opening(count);
    times.push(await measured(journal.open, 3));
    await journal.close();
  }
  grows("open a journal of 10,000 events, then 100,000", ...times);
}

/** Measures import, construction and the first call in a fresh process, over an empty process; the two alternate. */
function startUp() {
  const scripts = ["./start-empty.mjs", "./start-keyturn.mjs"].map((script) => new URL(script, import.meta.url));
  const times = scripts.map(() => []);
  const heaps = [];
  for (let i = -1; i < 31; i++) {
    scripts.forEach((script, side) => {
      const begun = performance.now();
      const { stdout } = spawnSync(process.execPath, ["--expose-gc", fileURLToPath(script)], { encoding: "utf8" });
      // The first run only fills the disk's caches.
      if (i >= 0) times[side].push(performance.now() - begun);
      heaps[side] = JSON.parse(stdout).heapMB;
    });
  }
  const [empty, ours] = times;
  const ms = median(ours) - median(empty);
  const low = Math.min(...ours) - Math.min(...empty);
  rows.push({
    what: "import, construct, first call",
    floor: `${median(empty).toFixed(0)} ms`,
    ours: `+${ms.toFixed(1)} ms (of minima +${low.toFixed(1)})`,
    limit: "+30 ms",
    ok: Math.min(ms, low) <= 30,
  });
  const [floor, held] = heaps;
  rows.push({
    what: "heap retained by it",
    floor: `${floor.toFixed(1)} MB`,
    ours: `+${(held - floor).toFixed(1)} MB`,
    limit: "+6 MB",
    ok: held - floor <= 6,
  });
}

/** Checks that calls leave nothing behind in memory. */
async function growth() {
  const c1 = client(() => stub(new TextEncoder().encode('{"credential":{"createdAt":"2026-01-02T03:04:05Z"}}')));
  const calls = async (count) => {
    for (let i = 0; i < count; i++) await c1.connector.rotateCredential({ appId: "a", connectorId: "b" });
    globalThis.gc?.();
    const { heapUsed, arrayBuffers, external } = process.memoryUsage();
    return { heap: heapUsed / 2 ** 20, wasm: (arrayBuffers + external) / 2 ** 20 };
  };
  const before = await calls(10_000);
  const after = await calls(100_000);
  const grown = (name) => after[name] - before[name];
  for (const name of ["heap", "wasm"]) {
    rows.push({
      what: `${name} grown by 100,000 calls`,
      floor: `${before[name].toFixed(1)} MB`,
      ours: `+${grown(name).toFixed(2)} MB`,
      limit: "+1 MB",
      ok: grown(name) < 1,
    });
  }
}

function client(fetch) {
  return new ConductorOne({
    security: { bearerAuth: "token" },
    serverURL: "https://acme.example",
    fetch: async (...args) => fetch(...args),
  });
}

/**
 * Creates a client with the official SDK's names, in which only an HTTP client can replace the network. Each request is
 * a `Request`, as in the floor.
 */
function officialClient(fetch) {
  return new ConductoroneSDKTypescript({
    security: { bearerAuth: "token", oauth: "token" },
    serverURL: "https://acme.example",
    httpClient: new HTTPClient({ fetcher: async (request) => fetch(request) }),
  });
}

async function bench(what, limit, samples, sides, { collect = true } = {}) {
  const times = Object.fromEntries(Object.keys(sides).map((side) => [side, []]));
  for (let i = -6; i < samples; i++) {
    for (const [side, run] of Object.entries(sides)) {
      if (collect) globalThis.gc?.();
      const begun = performance.now();
      await run();
      if (i >= 0) times[side].push(performance.now() - begun);
    }
  }
  const floor = median(times.floor);
  const ours = median(times.ours);
  const ratio = ours / floor;
  const low = Math.min(...times.ours) / Math.min(...times.floor);
  rows.push({
    what,
    floor: `${floor.toFixed(2)} ms`,
    ours: `${ours.toFixed(2)} ms`,
    ratio: `${ratio.toFixed(2)} (of minima ${low.toFixed(2)})`,
    limit,
    ...(times.peer ? { "faster than zod": `${(median(times.peer) / ours).toFixed(1)} x` } : {}),
    ok: Math.min(ratio, low) <= limit,
  });
}

function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1];
}
