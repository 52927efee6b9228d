// Calls as release 1.2.2 makes them. `vectors/sdk122.jsonl` has the shapes of calls that were recorded from it (which
// fields are present, null or empty, and how it decoded them), with made-up values.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../xtask/steps.mjs";
import {
  answer,
  ConductoroneSDKTypescriptCore,
  client,
  facts122,
  functions,
  load,
  SERVER,
  security,
  server,
} from "./world.mjs";

facts122();
const calls = readFileSync(join(root, "tests/vectors/sdk122.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line, revive));

/** Turns `{"$date": text}` into a `Date`. */
function revive(_, value) {
  return typeof value?.$date === "string" ? new Date(value.$date) : value;
}

async function check(call, { method, target, body, answer, field, value = answer }, at) {
  const envelope = await call();
  const [sent] = at.sent;
  assert.equal(sent.method, method);
  assert.equal(sent.path, target);
  assert.equal(sent.headers.get("accept"), "application/json");
  assert.equal(sent.headers.get("content-type"), body === undefined ? null : "application/json");
  assert.deepEqual(sent.body === "" ? null : JSON.parse(sent.body), body ?? null, "body");
  assert.equal(envelope.statusCode, 200);
  assert.equal(envelope.contentType, "application/json");
  assert.deepEqual(envelope[field], value);
}

for (const [way, make] of [
  [
    "methods",
    async ({ call }, at) => {
      const [property, method] = call.split(".");
      return (...args) => client(at)[property][method](...args);
    },
  ],
  [
    "functions",
    async ({ operation }, at) => {
      const { name } = functions.get(operation);
      const { [name]: func } = await load(`keyturn/compat/funcs/${name}.js`);
      return async (...args) => {
        const result = await func(
          new ConductoroneSDKTypescriptCore({ security, serverURL: SERVER, httpClient: at.httpClient }),
          ...args,
        );
        if (!result.ok) throw result.error;
        return result.value;
      };
    },
  ],
]) {
  test(`${calls.length} calls through ${way}`, async () => {
    assert.ok(calls.length > 370);
    const failures = [];
    for (const recorded of calls) {
      const at = server(answer(200, recorded.answer));
      try {
        const call = await make(recorded, at);
        await check(() => call(...recorded.args), recorded, at);
      } catch (error) {
        failures.push(`${recorded.operation}: ${error.message}`);
      }
    }
    assert.ok(failures.length === 0, `${failures.length} fail:\n${failures.slice(0, 5).join("\n")}\n`);
  });
}
