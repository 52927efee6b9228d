// Every operation of `keyturn/compat`, as a method and as a standalone function: what is sent, and how responses are decoded, by the
// names of release 1.2.2.
import assert from "node:assert/strict";
import { test } from "node:test";
import { requestOf, responseOf } from "../vectors/make.mjs";
import {
  ConductoroneSDKTypescriptCore,
  client,
  facts122,
  functions,
  load,
  require,
  SERVER,
  security,
  TOKEN,
} from "./world.mjs";

const facts = facts122();

/** Runs a check on each operation, called in both ways, and fails with the first few that do not pass. */
async function each(check) {
  const at = {};
  const fetcher = async (request) => {
    at.sent = { method: request.method, url: request.url, headers: request.headers, body: await request.text() };
    return new Response(at.answer, { headers: { "content-type": "application/json" } });
  };
  const httpClient = { request: fetcher };
  const sdk = client({ httpClient });
  const core = new ConductoroneSDKTypescriptCore({ security, serverURL: SERVER, httpClient });
  const failures = [];
  for (const operation of facts.operations) {
    const { name } = functions.get(operation.id);
    const { [name]: func } = await load(`keyturn/compat/funcs/${name}.js`);
    const ways = {
      method: (...args) => sdk[operation.property][operation.method](...args),
      function: async (...args) => {
        const result = await func(core, ...args);
        assert.ok(result.ok, result.error);
        return result.value;
      },
    };
    for (const [way, call] of Object.entries(ways)) {
      try {
        await check(at, operation, call);
      } catch (error) {
        failures.push(`${operation.id} as a ${way}: ${error.message}`);
      }
    }
  }
  assert.ok(failures.length === 0, `${failures.length} calls fail:\n${failures.slice(0, 5).join("\n")}\n`);
}

test("638 operations, of which release 1.2.2 has 400", () => {
  assert.equal(facts.operations.length, 638);
  assert.equal(functions.size, 638);
  assert.equal([...functions.values()].filter(({ of122 }) => of122).length, 400);
});

test("every function can be imported and required, with and without .js", async () => {
  for (const { name } of functions.values()) {
    for (const path of [`keyturn/compat/funcs/${name}.js`, `keyturn/compat/funcs/${name}`]) {
      assert.equal(typeof (await load(path))[name], "function", path);
      assert.equal(typeof require(path)[name], "function", path);
    }
  }
});

test("a full request goes to its route with its parameters and body", async () => {
  await each(async (at, operation, call) => {
    const { args, target, body } = requestOf(facts, operation);
    at.answer = "{}";
    await call(...args);
    assert.equal(at.sent.method, operation.verb);
    assert.equal(at.sent.url, SERVER + target);
    assert.deepEqual(at.sent.body === "" ? undefined : JSON.parse(at.sent.body), body, "body");
    assert.equal(at.sent.headers.get("authorization"), `Bearer ${TOKEN}`);
    assert.equal(at.sent.headers.get("accept"), "application/json");
    assert.equal(
      at.sent.headers.get("content-type"),
      operation.body === undefined ? null : "application/json",
      "content type",
    );
    assert.equal(at.sent.headers.get("cookie"), null);
  });
});

for (const [mode, what] of [
  ["full", "an answer with every field"],
  ["unset", "an answer with every unset field null"],
  ["odd", "an answer with unknown enums, numbers for texts, odd dates and new fields"],
]) {
  test(`${what} is decoded`, async () => {
    await each(async (at, operation, call) => {
      const { args } = requestOf(facts, operation);
      const wanted = responseOf(facts, operation, mode);
      at.answer = wanted.text;
      const envelope = await call(...args);
      assert.deepEqual(Object.keys(envelope), ["contentType", "statusCode", "rawResponse", operation.responseField]);
      assert.equal(envelope.contentType, "application/json");
      assert.equal(envelope.statusCode, 200);
      assert.deepEqual(envelope[operation.responseField], wanted.value);
    });
  });
}

test("no path parameter can change the route", async () => {
  const sdk = client({ httpClient: { request: () => assert.fail("it was sent") } });
  for (const operation of facts.operations) {
    const names = operation.params.filter(({ place }) => place === "path").map(({ name }) => name);
    for (const bad of names) {
      for (const value of ["", ".", "..", null, undefined]) {
        const request = Object.fromEntries(names.map((name) => [name, name === bad ? value : "1"]));
        await assert.rejects(
          async () => sdk[operation.property][operation.method](request),
          { name: "SDKValidationError" },
          `${operation.id} ${bad}`,
        );
      }
    }
  }
});
