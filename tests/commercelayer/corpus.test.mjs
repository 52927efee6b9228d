// Calls as release 2.10.2 of the official SDK makes them. Each line of `corpus.jsonl` is a call with what has to be sent, what is answered
// then, and what has to come of it. They were recorded from that release, with made-up values; a line with `differs` says why this package
// does something else there, and has what it does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../xtask/steps.mjs";
import { load, require } from "./world.mjs";

const SERVER = "https://provisioning.commercelayer.io";
const TOKEN = "a-token-for-tests";
const MEDIA_TYPE = "application/vnd.api+json";

const builds = { import: await load("keyturn/commercelayer"), require: require("keyturn/commercelayer") };

const lines = readFileSync(join(root, "tests/commercelayer/corpus.jsonl"), "utf8").trim().split("\n");

/** Lines leave out the answer and the outcome of an empty list. */
const EMPTY_LIST = { status: 200, body: { data: [], meta: { record_count: 0, page_count: 1 } } };
const EMPTY_PAGE = { pageCount: 1, recordCount: 0, currentPage: 1, recordsPerPage: 10, next: false, prev: false };

/** `{"$date": text}` is a `Date`, `{"$undefined": true}` and `{"$nan": true}` are what JSON cannot say. */
function revive(value) {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$date === "string") return new Date(value.$date);
  if (value.$undefined) return undefined;
  if (value.$nan) return Number.NaN;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]));
}

/** A server that answers one thing, and keeps what it was sent. */
function server({ status, headers, body, statusText, throws }) {
  const sent = [];
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    sent.push({ method: request.method, url: new URL(request.url), headers: request.headers, body: await request.text() });
    if (throws) throw throws.name === "TypeError" ? new TypeError(throws.message) : new DOMException(throws.message, throws.name);
    const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    return new Response(text, { status, statusText, headers: { "content-type": MEDIA_TYPE, ...headers } });
  };
  return { fetch, sent };
}

function checkRequest(sent, { method, path, query = {}, headers = {}, body }, inAnyOrder) {
  const expected = new URL(path, SERVER);
  assert.equal(sent.method, method);
  assert.equal(sent.url.origin, expected.origin);
  assert.equal(sent.url.pathname, path.replace(/^https:\/\/[^/]*/, ""), "path");
  const value = (name, text) => (inAnyOrder && name.startsWith("fields[") ? text.split(",").sort() : text);
  const ordered = (entries) => Object.fromEntries(entries.map(([name, text]) => [name, value(name, text)]));
  assert.equal(new Set(sent.url.searchParams.keys()).size, [...sent.url.searchParams].length, "a parameter is sent twice");
  assert.deepEqual(ordered([...sent.url.searchParams]), ordered(Object.entries(query)), "query");
  for (const [name, value] of Object.entries({ accept: MEDIA_TYPE, "content-type": MEDIA_TYPE, authorization: `Bearer ${TOKEN}`, ...headers })) {
    // In Node the package's own name follows a program's.
    if (name === "user-agent") assert.ok(sent.headers.get(name).startsWith(value), name);
    else assert.equal(sent.headers.get(name), value, name);
  }
  assert.deepEqual(sent.body === "" ? undefined : JSON.parse(sent.body), body, "body");
}

/** What a program sees of a value, and what JSON makes of it. */
const plain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
const at = (value, path) => path.split(".").reduce((inner, key) => inner[key], value);

async function check({ CommerceLayerProvisioning }, line) {
  const { on, call, config, request, response = EMPTY_LIST, error, differs, same = [], ...expected } = line;
  const { value, page } = line.response || !request || error || call === "count" ? expected : { value: [], page: EMPTY_PAGE, ...expected };
  const { fetch, sent } = server(response);
  const client = CommerceLayerProvisioning({ accessToken: TOKEN, fetch, ...config });
  const [args, before] = [revive(line.args), revive(line.args)];
  let got;
  let failure;
  try {
    got = await (on ? client[on] : client)[call](...args);
  } catch (thrown) {
    failure = thrown;
  }
  assert.deepEqual(args, before, "the arguments were changed");
  if (failure && !error) throw failure;
  assert.equal(sent.length, request ? 1 : 0, "requests");
  if (request) checkRequest(sent[0], request, differs?.startsWith("client_secret"));
  if (error) {
    assert.ok(failure, "it did not fail");
    checkError(failure, error);
    return;
  }
  assert.deepEqual(plain(got), value);
  for (const [one, other] of same) assert.equal(at(got, one), at(got, other), `${one} and ${other} are not the same object`);
  if (page) {
    const { pageCount, recordCount, currentPage, recordsPerPage } = got.meta;
    const shown = { pageCount, recordCount, currentPage, recordsPerPage, next: got.hasNextPage(), prev: got.hasPrevPage() };
    assert.deepEqual(shown, revive(page), "page");
    assert.deepEqual([got.first(), got.last(), got.get(1), got.recordCount], [got[0], got[got.length - 1], got[1], recordCount]);
  }
}

function checkError(failure, { errors, first, ...fields }) {
  for (const [name, value] of Object.entries(fields)) assert.equal(failure[name], value, `error.${name} (${failure})`);
  if (errors) assert.deepEqual(failure.errors, errors);
  if (first) assert.deepEqual(failure.first(), first);
  assert.ok(failure instanceof Error && failure.message.length > 0, "a message");
  assert.ok(!`${failure.stack}${JSON.stringify(failure)}`.includes(TOKEN), "the token is in the error");
}

for (const [way, build] of Object.entries(builds)) {
  test(`${lines.length} calls, by ${way}`, async () => {
    assert.ok(lines.length >= 395);
    const failures = [];
    for (const line of lines.map((text) => JSON.parse(text))) {
      await check(build, line).catch((error) => failures.push(`${line.name}: ${error.message}`));
    }
    assert.ok(failures.length === 0, `${failures.length} fail:\n${failures.slice(0, 8).join("\n")}\n`);
  });
}

test("every operation of the API is among them", () => {
  const operations = new Set();
  for (const { request, error } of lines.map((text) => JSON.parse(text))) {
    if (!request || error) continue;
    const [, , type, id, action] = new URL(request.path, SERVER).pathname.split("/");
    operations.add(`${request.method} /${type}${id === undefined ? "" : "/:id"}${action === undefined ? "" : `/${action}`}`);
  }
  assert.equal(operations.size, 70, [...operations].sort().join("\n"));
});
