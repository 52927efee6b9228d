// A page's stand-in for a lifecycle on a server: over real HTTP on loopback, and its handler against hostile requests.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { installed } from "../lib/installed.mjs";
import { CANARY, Clock, ControlPlane, MemorySink } from "../lib/lifecycle-world.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { memoryJournal, openLifecycle } = require("keyturn/lifecycle");
const { lifecycleHandler, remoteLifecycle, RemoteError } = require("keyturn/lifecycle/remote");
const { KeyturnError } = require("keyturn");

const clock = new Clock();
const control = new ControlPlane({ clock });
const place = new MemorySink();
const lifecycle = openLifecycle({
  journal: memoryJournal(),
  clock,
  targets: { app: { provider: control.provider, sinks: [place.sink], owner: "team", policy: { grace: 60_000 } } },
});
const asked = [];
const handler = lifecycleHandler({
  lifecycle,
  authorize(request, call) {
    asked.push(call);
    return request.headers.get("x-session") === "open";
  },
});

let server;
let origin;
/** What happens to the next response. */
let lose = false;
before(async () => {
  // The first credential has no predecessor, so its rotation ends at once.
  await lifecycle.rotate("app");
  server = createServer(async (incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    const init = { method: incoming.method, headers: incoming.headers, signal: gone.signal };
    if (incoming.method === "POST") Object.assign(init, { body: Readable.toWeb(incoming), duplex: "half" });
    const response = await handler(new Request(origin + incoming.url, init));
    if (lose) return outgoing.destroy();
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    for await (const chunk of response.body) outgoing.write(chunk);
    outgoing.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Returns a remote lifecycle as a page of that origin uses it. */
function page(more = {}) {
  const fromPage = (url, init) => fetch(url, { ...init, headers: { ...init.headers, origin, ...more } });
  return remoteLifecycle({ url: `${origin}/lifecycle`, headers: { "x-session": "open" }, fetch: fromPage });
}

test("a page calls what the server has, and gets what it would get there", async () => {
  const remote = page();
  const { length: earlier } = await remote.history("app");
  const events = remote.events();
  const seen = [];
  const listening = (async () => {
    for await (const event of events) {
      seen.push(event.event);
      if (event.event === "done") return;
    }
  })();
  // The stream is open once its first call has been answered.
  while (!asked.some(({ call }) => call === "events")) await new Promise((resolve) => setTimeout(resolve, 5));
  const [status] = await remote.status();
  assert.deepEqual(status, JSON.parse(JSON.stringify((await lifecycle.status())[0])));
  const progress = await remote.rotate("app");
  assert.equal(progress.state, "waiting");
  clock.at = progress.until;
  assert.equal((await remote.advance("app")).last, "done");
  await listening;
  assert.deepEqual(
    seen,
    (await remote.history("app")).slice(earlier).map(({ event }) => event),
  );
  assert.deepEqual(
    await remote.findings(["app"], { observe: false }),
    await lifecycle.findings(["app"], { observe: false }),
  );
  assert.equal(asked.find(({ call }) => call === "rotate").writes, true);
  assert.equal(asked.find(({ call }) => call === "status").writes, false);
});

test("a refusal is the same on both sides", async () => {
  const error = await page()
    .rollback("app")
    .catch((error) => error);
  assert.ok(error instanceof RemoteError && KeyturnError.is(error));
  assert.deepEqual(
    [error.name, error.code, error.reason, error.target, error.outcome],
    ["LifecycleError", "lifecycle_stopped", "no_rotation", "app", "none"],
  );
  const [result] = await page().import([{ target: "nobody", clientId: "x", source: "y" }]);
  assert.ok(result.error instanceof RemoteError);
  assert.equal(result.error.reason, "unknown_target");
});

test("an answer that is lost leaves a truthful outcome, and the rotation goes on", async () => {
  const issued = () => control.calls.filter(([method]) => method === "issue").length;
  const before = issued();
  lose = true;
  const lost = await page()
    .rotate("app")
    .catch((error) => error);
  const read = await page()
    .status()
    .catch((error) => error);
  lose = false;
  assert.deepEqual([lost.code, lost.outcome], ["connection_failed", "unknown"]);
  assert.match(lost.hint, /status/);
  assert.deepEqual([read.code, read.outcome], ["connection_failed", "none"]);
  assert.equal(issued(), before + 1);
  const again = await page()
    .rotate("app")
    .catch((error) => error);
  assert.equal(again.reason, "rotation_active");
  const [{ progress }] = await page().status();
  clock.at = progress.until;
  await page().advance();
  assert.equal(issued(), before + 1, "one issuing call");
});

test("a call whose page goes away is carried out all the same", async () => {
  const gone = new AbortController();
  const append = control.fault;
  control.fault = (method, when) =>
    method === "issue" && when === "request" ? gone.abort(new Error("closed")) : undefined;
  await assert.rejects(page().rotate("app", { signal: gone.signal }), /closed/);
  control.fault = append;
  let status;
  do [status] = await page().status();
  while (status.progress.state === "ready");
  assert.equal(status.phase, "grace");
  clock.at = status.progress.until;
  await page().advance();
});

test("hostile requests are refused, and none reaches the lifecycle", async () => {
  const before = asked.length;
  const json = { "content-type": "application/json", origin: "https://app.test", "x-session": "open" };
  const send = (path, { method = "POST", body = "[]", ...headers } = {}) =>
    handler(
      new Request(`https://app.test${path}`, {
        method,
        headers: { ...json, ...headers },
        ...(method === "GET" ? {} : { body }),
      }),
    );
  const table = [
    [404, send("/lifecycle/constructor")],
    [404, send("/lifecycle/__proto__")],
    [404, send("/lifecycle/close")],
    [404, send("/lifecycle/audit")],
    [404, send("/lifecycle/rotate/")],
    [404, send("/lifecycle/Rotate")],
    [405, send("/lifecycle/rotate", { method: "GET" })],
    [405, send("/lifecycle/rotate", { method: "PUT" })],
    [403, send("/lifecycle/rotate", { origin: "https://evil.test" })],
    [403, send("/lifecycle/rotate", { origin: "null" })],
    [403, send("/lifecycle/rotate", { origin: "" })],
    [403, send("/lifecycle/rotate", { origin: "http://app.test" })],
    [403, send("/lifecycle/rotate", { origin: "http://app.test", host: "app.test" })],
    [403, send("/lifecycle/rotate", { origin: "https://evil.test", host: "app.test" })],
    [403, send("/lifecycle/rotate", { origin: "https://app.test.evil.test" })],
    [415, send("/lifecycle/rotate", { "content-type": "text/plain" })],
    [415, send("/lifecycle/rotate", { "content-type": "application/x-www-form-urlencoded" })],
    [401, send("/lifecycle/rotate", { "x-session": "" })],
    [401, send("/lifecycle/events", { "x-session": "guess" })],
    [413, send("/lifecycle/rotate", { body: JSON.stringify(["x".repeat(2 << 20)]) })],
    [400, send("/lifecycle/rotate", { body: "" })],
    [400, send("/lifecycle/rotate", { body: "{}" })],
    [400, send("/lifecycle/rotate", { body: "[1]" })],
    [400, send("/lifecycle/rotate", { body: "[null]" })],
    [400, send("/lifecycle/rotate", { body: '["app",{"signal":{}}]' })],
    [400, send("/lifecycle/rotate", { body: '["app",{"__proto__":{"leaveUnknown":true}}]' })],
    [400, send("/lifecycle/rotate", { body: '["app",[]]' })],
    [400, send("/lifecycle/rotate", { body: '["app",{},1]' })],
    [400, send("/lifecycle/status", { body: '["app"]' })],
    [400, send("/lifecycle/settle", { body: '["app",{"found":"none","more":1}]' })],
    [400, send("/lifecycle/import", { body: '[[{"target":"app","clientId":1,"source":"x"}]]' })],
    [400, send("/lifecycle/import", { body: "[{}]" })],
    [400, send("/lifecycle/adopt", { body: '["app",{"toString":1}]' })],
  ];
  const calls = control.calls.length;
  for (const [index, [status, response]] of table.entries()) {
    const answer = await response;
    const { error } = await answer.json();
    assert.equal(answer.status, status, `${index}: ${error.message}`);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(error.outcome, "none");
  }
  assert.equal(control.calls.length, calls);
  assert.ok(asked.length > before, "those that get as far are asked about");
  assert.throws(() => lifecycleHandler({ lifecycle }), { option: "authorize" });
});

test("what fails on the server says nothing that may hold a secret", async () => {
  const broken = lifecycleHandler({
    lifecycle: { status: () => Promise.reject(new Error(`no ${CANARY}`)) },
    authorize: () => true,
  });
  const request = new Request("https://app.test/x/status", {
    method: "POST",
    body: "[]",
    headers: { origin: "https://app.test", "content-type": "application/json" },
  });
  const text = await (await broken(request)).text();
  assert.match(text, /internal/);
  assert.ok(!text.includes(CANARY));
  const all = inspect([await page().status(), await page().history("app"), await page().plan()], { depth: null });
  assert.ok(!all.includes(CANARY));
});
