// Lists of `keyturn/compat`: pages as in the official SDK, for every operation that pages.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  answer,
  ConductoroneSDKTypescriptCore,
  client,
  facts122,
  functions,
  load,
  rejection,
  SERVER,
  security,
  server,
} from "./world.mjs";

const facts = facts122();
const { appSearchSearch } = await load("keyturn/compat/funcs/appSearchSearch.js");
const { unwrapResultIterator } = await load("keyturn/compat/sdk/types");

const PAGES = {
  "": { list: [{ id: "1" }, { id: "2" }], nextPageToken: "two" },
  two: { list: [{ id: "3" }], nextPageToken: "three" },
  three: { list: [], nextPageToken: "" },
};
const pages = () =>
  server(async (request) => answer(200, PAGES[JSON.parse((await request.text()) || "{}").pageToken ?? ""])());
const core = (at) => new ConductoroneSDKTypescriptCore({ security, serverURL: SERVER, httpClient: at.httpClient });
const ids = (page) => page.searchAppsResponse.list.map(({ id }) => id).join("");
const tokens = (at) => at.sent.map(({ body }) => JSON.parse(body).pageToken);

describe("a method that pages", () => {
  test("awaited, iterates over pages", async () => {
    const at = pages();
    const result = await client(at).appSearch.search({ query: "q" });
    const seen = [];
    for await (const page of result) seen.push(ids(page));
    assert.deepEqual(seen, ["12", "3", ""]);
    assert.deepEqual(tokens(at), [undefined, "two", "three"]);
    assert.ok(at.sent.every(({ body }) => JSON.parse(body).query === "q"));
  });

  test("leads from page to page", async () => {
    const sdk = client(pages());
    const first = await sdk.appSearch.search();
    assert.deepEqual(first["~next"], { cursor: "two" });
    const second = await first.next();
    const third = await second.next();
    assert.deepEqual([ids(first), ids(second), ids(third)], ["12", "3", ""]);
    assert.equal(third.next(), null);
    assert.equal(third["~next"], undefined);
    assert.equal(first.statusCode, 200);
  });

  test("not awaited, iterates over items", async () => {
    const seen = [];
    for await (const { id } of client(pages()).appSearch.search()) seen.push(id);
    assert.deepEqual(seen, ["1", "2", "3"]);
  });

  test("ends with an error if a page token is repeated or a page fails", async () => {
    const again = server({ list: [], nextPageToken: "same" });
    const read = async (at) => {
      for await (const page of await client(at).appSearch.search()) void page;
    };
    const error = await rejection(read(again));
    assert.equal(error.name, "ResponseValidationError");
    assert.ok(again.sent.length <= 3);
    const failing = await rejection(read(server({ list: [], nextPageToken: "two" }, answer(500, {}))));
    assert.equal(failing.name, "SDKError");
  });
});

describe("a function that pages", () => {
  test("iterates over results", async () => {
    const seen = [];
    for await (const page of await appSearchSearch(core(pages()))) seen.push(page.ok && ids(page.value));
    assert.deepEqual(seen, ["12", "3", ""]);
  });

  test("and its value iterates over pages, as the official documentation shows", async () => {
    const { ok, value, next } = await appSearchSearch(core(pages()), { query: "q" });
    assert.ok(ok);
    const seen = [];
    for await (const page of value) seen.push(ids(page));
    assert.deepEqual(seen, ["12", "3", ""]);
    assert.equal(ids((await next()).value), "3");
  });

  test("leads from result to result", async () => {
    const first = await appSearchSearch(core(pages()));
    const second = await first.next();
    const third = await second.next();
    assert.deepEqual(
      [first, second, third].map(({ value }) => ids(value)),
      ["12", "3", ""],
    );
    assert.deepEqual([first["~next"], third["~next"]], [{ cursor: "two" }, undefined]);
    assert.equal(third.next(), null);
  });

  test("reports an error once as a result, and ends", async () => {
    for (const [at, wanted] of [
      [server(answer(500, {})), [false]],
      [server({ list: [], nextPageToken: "two" }, answer(500, {})), [true, false]],
      [server({ list: [], nextPageToken: "same" }), [true, true, false]],
    ]) {
      const seen = [];
      for await (const page of await appSearchSearch(core(at))) seen.push(page.ok);
      assert.deepEqual(seen, wanted);
    }
  });

  test("can be unwrapped", async () => {
    const page = await unwrapResultIterator(appSearchSearch(core(pages())));
    assert.equal(ids(page), "12");
    const seen = [];
    for await (const each of page) seen.push(ids(each));
    assert.deepEqual(seen, ["12", "3", ""]);
    assert.equal(ids(await page.next()), "3");
    assert.equal(
      (await rejection(unwrapResultIterator(appSearchSearch(core(server(answer(500, {}))))))).name,
      "SDKError",
    );
  });
});

test("every operation that pages can be read to its end, as a method and as a function", async () => {
  const paged = facts.operations.filter(({ paging }) => paging);
  assert.equal(paged.length, 169);
  for (const operation of paged) {
    const { tokenOut, items, place } = operation.paging;
    const script = () =>
      server({ [items]: [{ id: "1" }], [tokenOut]: "to ken" }, { [items]: [{ id: "2" }], [tokenOut]: "" });
    const request = Object.fromEntries(
      operation.params.filter(({ place }) => place === "path").map(({ name }) => [name, "x"]),
    );
    const at = script();
    const list = [];
    for await (const item of client(at)[operation.property][operation.method](request)) list.push(String(item.id));
    assert.deepEqual(list, ["1", "2"], operation.id);
    const sent =
      place === "query"
        ? new URL(at.sent[1].url).searchParams.get(
            operation.params.find(({ name }) => name === operation.paging.tokenIn).wire,
          )
        : JSON.parse(at.sent[1].body)[operation.paging.tokenIn];
    assert.equal(sent, "to ken", operation.id);

    const { name } = functions.get(operation.id);
    const { [name]: func } = await load(`keyturn/compat/funcs/${name}.js`);
    let count = 0;
    for await (const page of await func(core(script()), request)) {
      assert.ok(page.ok, operation.id);
      count += page.value[operation.responseField][items].length;
    }
    assert.equal(count, 2, operation.id);
  }
});
