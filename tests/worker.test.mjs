// What differs in Workers: what belongs to one request ends with it, even if the client is kept for more; and no bytes
// can be compiled.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { installed } from "./lib/installed.mjs";
import { startSandbox } from "./lib/sandbox.mjs";
import { tenantAt } from "./lib/tenant.mjs";
import { startWorker } from "./lib/worker.mjs";

const folder = installed();
let sandbox;
before(async () => {
  sandbox = await startSandbox(folder);
});
after(() => sandbox.stop());

/** A Worker whose client lives as long as the Worker. Each request says what to do. */
const KEEPER = `
  import { ConductorOne } from "keyturn";
  let c1;
  let later = 0;
  const clock = { now: () => Date.now(), monotonic: () => Date.now() + later * 1000 };
  export default {
    async fetch(request) {
      const { todo, options, seconds = 0 } = await request.json();
      later += seconds;
      c1 ??= new ConductorOne({ timeoutMs: 5000, clock, ...options });
      try {
        switch (todo) {
          case "leave":
            c1.auth.introspect().catch(() => {});
            return new Response("left");
          case "introspect":
            await c1.auth.introspect();
            return new Response("done");
          case "rotate": {
            const { credential } = (await c1.connector.rotateCredential(options.ref)).connectorServiceRotateCredentialResponse;
            return new Response(credential.clientSecret.split(":", 3).join(":"));
          }
        }
      } catch (error) {
        return new Response(error.code + " " + error.stack + " " + error.cause?.stack, { status: 500 });
      }
    },
  };
`;

/** Asks the Worker to do something, and returns its response. */
async function ask({ url }, task, signal) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(task), signal });
  return response.text();
}

async function withKeeper(work) {
  const at = await tenantAt(sandbox.url);
  const worker = await startWorker(folder, { source: KEEPER });
  try {
    await work(at, worker, { todo: "introspect", options: at.options });
  } finally {
    await worker.stop();
  }
}

test("concurrent requests share a log-in", async () => {
  await withKeeper(async (at, worker, task) => {
    await at.fault({ operation: "token", times: 1, action: { delayMs: 500 } });
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(worker, task)));
    assert.deepEqual([...new Set(answers)], ["done"]);
    assert.equal((await at.requests({ operation: "token" })).length, 1);
    assert.equal(await ask(worker, task), "done");
  });
});

test("a log-in that was ended with its first request is started again", async () => {
  await withKeeper(async (at, worker, task) => {
    for (const pause of [0, 200, 1_500]) {
      await at.fault({ operation: "token", times: 1, action: { delayMs: 1_000 } });
      const before = (await at.requests({ operation: "token" })).length;
      const late = { ...task, seconds: 4_000 };
      assert.equal(await ask(worker, { ...late, todo: "leave" }), "left");
      await new Promise((resolve) => setTimeout(resolve, pause));
      assert.deepEqual(await Promise.all([ask(worker, task), ask(worker, task), ask(worker, task)]), [
        "done",
        "done",
        "done",
      ]);
      assert.ok((await at.requests({ operation: "token" })).length - before <= 2, "who waited begins anew together");
    }
  });
});

test("a renewal does not end with the request that started it", async () => {
  await withKeeper(async (at, worker, task) => {
    assert.equal(await ask(worker, task), "done");
    await at.fault({ operation: "token", times: 1, action: { delayMs: 1_000 } });
    const begun = Date.now();
    // Near the end of its life, a token is renewed while it is still valid.
    assert.equal(await ask(worker, { ...task, seconds: 3_500 }), "done");
    assert.ok(Date.now() - begun > 900, "it waited");
    assert.equal((await at.requests({ operation: "token" })).length, 2);
    assert.equal(await ask(worker, task), "done");
    assert.equal((await at.requests({ operation: "token" })).length, 2);
    // By now, only a new token is valid.
    assert.equal(await ask(worker, { ...task, seconds: 500 }), "done");
  });
});

for (const [how, first, second] of [
  ["alone", "", ""],
  ["before the client", "", "keyturn/compat"],
  ["after the client", "keyturn/compat", ""],
]) {
  test(`messages are read and written, imported ${how}`, async () => {
    const imported = (path, name) =>
      path ? `import { ConductoroneSDKTypescript as ${name} } from "${path}";` : `const ${name} = Object;`;
    const source = `
      ${imported(first, "First")}
      import { connectorCredentialFromJSON, searchAppsRequestToJSON } from "keyturn/compat/sdk/models/shared";
      ${imported(second, "Second")}
      const options = { security: { bearerAuth: "a-token" }, tenantDomain: "acme" };
      export default {
        fetch: () => Response.json([new First(options), new Second(options)].length && [connectorCredentialFromJSON('{"id":"c"}'), searchAppsRequestToJSON({ pageSize: 3 })]),
      };
    `;
    const worker = await startWorker(folder, { source });
    try {
      assert.ok(worker.size < 450_000, "the core is not in the script too");
      assert.deepEqual(await (await fetch(worker.url)).json(), [{ ok: true, value: { id: "c" } }, '{"pageSize":3}']);
    } finally {
      await worker.stop();
    }
  });
}
