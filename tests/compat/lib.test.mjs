// The functions of the official SDK's `lib` that programs use besides a client.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./world.mjs";

const lib = await load("keyturn/compat/lib/http.js");
const { serverURLFromOptions } = await load("keyturn/compat/lib/config.js");
const { KeyturnError } = await load("keyturn");
const answer = (status, type) => new Response("", { status, headers: type ? { "content-type": type } : {} });

test("content types", () => {
  for (const [type, pattern, matches] of [
    ["application/json; charset=utf-8", "application/json", true],
    ["Application/JSON", "application/json", true],
    ["application/json; charset=utf-8", "application/json;charset=utf-8", true],
    ["application/json", "application/json;charset=utf-8", false],
    ["application/json-patch", "application/json", false],
    ["text/plain", "text/*", true],
    ["application/json", "text/*", false],
    ["application/json", "*", true],
    ["text/html", "*/*", true],
  ])
    assert.equal(lib.matchContentType(answer(200, type), pattern), matches, `${type} as ${pattern}`);
});

test("statuses", () => {
  for (const [codes, matches] of [
    [404, true],
    ["404", true],
    ["4XX", true],
    ["4xx", true],
    ["default", true],
    [[200, "5XX", 404], true],
    [[], false],
    ["5XX", false],
    [40, false],
  ])
    assert.equal(lib.matchStatusCode(answer(404), codes), matches, JSON.stringify(codes));
  assert.ok(lib.matchResponse(answer(200, "application/json"), 200, "application/json"));
  assert.ok(!lib.matchResponse(answer(200, "text/html"), 200, "application/json"));
});

test("errors of fetch", () => {
  const coded = (code) => Object.assign(new Error("x"), { code });
  const circular = new Error("x");
  circular.cause = circular;
  for (const [error, kind] of [
    [new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }), "connection"],
    [new TypeError("Failed to fetch"), "connection"],
    [coded("ECONNRESET"), "connection"],
    [new DOMException("x", "TimeoutError"), "timeout"],
    [new DOMException("x", "AbortError"), "abort"],
    [new TypeError("x is not a function"), undefined],
    [circular, undefined],
    [null, undefined],
    [undefined, undefined],
    ["ECONNRESET", undefined],
  ]) {
    const found = { connection: lib.isConnectionError, timeout: lib.isTimeoutError, abort: lib.isAbortError };
    for (const [name, is] of Object.entries(found)) assert.equal(is(error), name === kind, `${error}: ${name}`);
  }
});

test("failures of the family", () => {
  assert.throws(() => serverURLFromOptions({ serverIdx: 1 }), KeyturnError.is);
  assert.throws(() => new lib.HTTPClient().addHook("none", () => {}), KeyturnError.is);
  assert.equal(serverURLFromOptions(null).href, "https://example.conductor.one/");
});
