// The corpus of `tests/commercelayer/corpus.jsonl`: calls as release 2.10.2 of the official provisioning SDK makes
// them. Each line is a call with the request that it must send, the response, and the expected result. They were
// recorded from that release, with made-up values; a line with `differs` says why this package intentionally differs
// there, and contains this package's behaviour. This module imports nothing of any runtime.
import * as assert from "./assert.mjs";

const SERVER = "https://provisioning.commercelayer.io";
const TOKEN = "a-token-for-tests";
const MEDIA_TYPE = "application/vnd.api+json";

/** The path of the corpus in the repository. */
export const CORPUS = "tests/commercelayer/corpus.jsonl";

/** Lines leave out a response and a result that are an empty list. */
const EMPTY_LIST = { status: 200, body: { data: [], meta: { record_count: 0, page_count: 1 } } };
const EMPTY_PAGE = { pageCount: 1, recordCount: 0, currentPage: 1, recordsPerPage: 10, next: false, prev: false };

/** Returns the cases in the text of the corpus. */
export const readCorpus = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/**
 * Returns the cases that fail, a text for each.
 *
 * @param {typeof import("keyturn/commercelayer")} entry
 * @param {object[]} cases
 * @param {{ page?: boolean }} [where] Whether a page sends the requests: browsers set `user-agent` themselves.
 */
export async function failuresOf(entry, cases, { page = false } = {}) {
  const failures = [];
  for (const one of cases)
    await check(entry, one, page).catch((error) => failures.push(`${one.name}: ${error?.message ?? error}`));
  return failures;
}

/** Returns the operations that the cases request, as `GET /roles/:id/organization`. */
export function operationsOf(cases) {
  const operations = new Set();
  for (const { request, error } of cases) {
    if (!request || error) continue;
    const [, , type, id, action] = new URL(request.path, SERVER).pathname.split("/");
    operations.add(
      `${request.method} /${type}${id === undefined ? "" : "/:id"}${action === undefined ? "" : `/${action}`}`,
    );
  }
  return operations;
}

/**
 * Revives what JSON cannot represent: `{"$date": text}` is a `Date`, `{"$undefined": true}` is `undefined`, and
 * `{"$nan": true}` is `NaN`.
 */
function revive(value) {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$date === "string") return new Date(value.$date);
  if (value.$undefined) return undefined;
  if (value.$nan) return Number.NaN;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]));
}

/** Returns a server that always gives the same response, and keeps what it was sent. */
function server({ status, headers, body, statusText, throws }) {
  const sent = [];
  const fetch = async (url, init) => {
    sent.push({ method: init.method, url: new URL(url), headers: new Headers(init.headers), body: init.body ?? "" });
    if (throws)
      throw throws.name === "TypeError" ? new TypeError(throws.message) : new DOMException(throws.message, throws.name);
    const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
    return new Response(text, {
      status,
      statusText: statusText ?? "",
      headers: { "content-type": MEDIA_TYPE, ...headers },
    });
  };
  return { fetch, sent };
}

function checkRequest(sent, { method, path, query = {}, headers = {}, body }, inAnyOrder, page) {
  assert.equal(sent.method, method);
  assert.equal(sent.url.origin, new URL(path, SERVER).origin);
  assert.equal(sent.url.pathname, path.replace(/^https:\/\/[^/]*/, ""), "path");
  const value = (name, text) => (inAnyOrder && name.startsWith("fields[") ? text.split(",").sort() : text);
  const sorted = (entries) =>
    entries.map(([name, text]) => [name, value(name, text)]).sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sorted([...sent.url.searchParams]), sorted(Object.entries(query)), "query");
  for (const [name, text] of Object.entries({
    accept: MEDIA_TYPE,
    "content-type": MEDIA_TYPE,
    authorization: `Bearer ${TOKEN}`,
    ...headers,
  })) {
    if (name !== "user-agent") assert.equal(sent.headers.get(name), text, name);
    // The package appends its own name to a program's.
    else if (!page) assert.ok(sent.headers.get(name)?.startsWith(text), name);
  }
  assert.deepEqual(sent.body === "" ? undefined : JSON.parse(sent.body), body, "body");
}

function checkError(failure, { errors, first, ...fields }) {
  for (const [name, value] of Object.entries(fields)) assert.equal(failure[name], value, `error.${name} (${failure})`);
  if (errors) assert.deepEqual(failure.errors, errors, "errors");
  if (first) assert.deepEqual(failure.first(), first, "first()");
  assert.ok(failure instanceof Error && failure.message.length > 0, "a message");
  assert.excludes(`${failure.stack}${JSON.stringify(failure)}`, TOKEN);
}

/** Returns what a program sees of a value, as JSON represents it. */
const plain = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
const at = (value, path) => path.split(".").reduce((inner, key) => inner[key], value);

async function check({ CommerceLayerProvisioning }, one, page) {
  const { on, call, config, request, response = EMPTY_LIST, error, differs, same = [], ...outcome } = one;
  const implied = request && !one.response && !error && call !== "count" ? { value: [], page: EMPTY_PAGE } : {};
  const expected = { ...implied, ...outcome };
  const { fetch, sent } = server(response);
  const client = CommerceLayerProvisioning({ accessToken: TOKEN, fetch, ...config });
  const [args, before] = [revive(one.args), revive(one.args)];
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
  if (request) checkRequest(sent[0], request, differs?.startsWith("client_secret"), page);
  if (error) {
    assert.ok(failure, "it did not fail");
    checkError(failure, error);
    return;
  }
  assert.deepEqual(plain(got), expected.value, "value");
  for (const [one, other] of same) assert.equal(at(got, one), at(got, other), `${one} and ${other} are one object`);
  if (!expected.page) return;
  const { pageCount, recordCount, currentPage, recordsPerPage } = got.meta;
  const shown = {
    pageCount,
    recordCount,
    currentPage,
    recordsPerPage,
    next: got.hasNextPage(),
    prev: got.hasPrevPage(),
  };
  assert.deepEqual(shown, revive(expected.page), "page");
  assert.deepEqual(
    [got.first(), got.last(), got.get(1), got.recordCount],
    [got[0], got[got.length - 1], got[1], recordCount],
    "helpers",
  );
}
