// Lists that come in pages.
import { answer, stub, stubClient } from "../lib/stub.mjs";
import { readFacts } from "../vectors/facts.mjs";
import { requestOf } from "../vectors/make.mjs";

/** Returns pages of two items each, with these tokens at their ends. */
const pages = (...tokens) =>
  tokens.map((nextPageToken, page) => ({ list: [{ id: `${page}a` }, { id: `${page}b` }], nextPageToken }));

export default ({ test, assert, keyturn, load }) => {
  async function items(list) {
    const found = [];
    for await (const { id } of list) found.push(id);
    return found;
  }

  test("every operation that pages is followed to its end, with the token where it belongs", async () => {
    const facts = readFacts(await load("api/c1.idl"), await load("tests/facts/c1-surface.tsv"));
    const paged = facts.operations.filter(({ paging }) => paging);
    assert.equal(paged.length, 169);
    const failures = [];
    for (const operation of paged) {
      try {
        await follow(facts, operation);
      } catch (error) {
        failures.push(`${operation.id}: ${error.message}`);
      }
    }
    assert.ok(failures.length === 0, failures.slice(0, 5).join("\n"));
  });

  async function follow(facts, operation) {
    const { place, tokenIn, tokenOut, items } = operation.paging;
    const token = "a token/with?all&sorts=of+things";
    const field = facts.messages.get(operation.response).find(({ wire }) => wire === items);
    const item = field.kind === "msg" ? {} : "item";
    const server = stub({ [items]: [item], [tokenOut]: token }, { [items]: [item, item], [tokenOut]: "" });
    const c1 = stubClient(keyturn, server);
    const { args } = requestOf(facts, operation);
    let count = 0;
    for await (const _ of c1[operation.property][operation.method](...args)) count++;
    assert.equal(count, 3, "items");
    assert.equal(server.sent.length, 2, "requests");
    const [first, second] = server.sent;
    if (place === "query") {
      const query = new URL(second.url).searchParams;
      assert.equal(query.get(operation.params.find(({ name }) => name === tokenIn).wire), token);
      assert.deepEqual(second.body, first.body);
    } else {
      assert.deepEqual(JSON.parse(second.body), { ...JSON.parse(first.body), [tokenIn]: token });
      assert.equal(second.url, first.url);
    }
  }

  test("items, pages, and one page at a time by hand", async () => {
    const server = () => stub(...pages("one", "two", ""));
    const all = ["0a", "0b", "1a", "1b", "2a", "2b"];
    assert.deepEqual(await items(stubClient(keyturn, server()).apps.list()), all);

    const ends = [];
    for await (const page of stubClient(keyturn, server()).apps.list().pages())
      ends.push(page.listAppsResponse.nextPageToken);
    assert.deepEqual(ends, ["one", "two", ""]);

    const at = server();
    const first = await stubClient(keyturn, at).apps.list();
    assert.deepEqual(Object.keys(first), ["contentType", "statusCode", "rawResponse", "listAppsResponse"]);
    assert.equal(at.sent.length, 1, "nothing is fetched ahead");
    const second = await first.next();
    assert.equal(second.statusCode, 200);
    const third = await second.next();
    assert.equal(await third.next(), null);
    assert.equal(at.sent.length, 3);

    const rest = [];
    for await (const page of await second) rest.push(page.listAppsResponse.nextPageToken);
    assert.deepEqual(rest, ["two", ""]);
  });

  test("the request stays as the caller made it", async () => {
    const server = stub(...pages("one", ""));
    const request = Object.freeze({ pageSize: 7 });
    await items(stubClient(keyturn, server).apps.list(request));
    assert.deepEqual(
      server.sent.map(({ url }) => new URL(url).search),
      ["?page_size=7", "?page_size=7&page_token=one"],
    );
    assert.deepEqual(request, { pageSize: 7 });
  });

  test("a list ends where there is no token, whatever stands for it", async () => {
    for (const token of ["", "  ", null, undefined, 5, {}]) {
      const server = stub({ list: [{ id: "x" }], nextPageToken: token });
      assert.deepEqual(await items(stubClient(keyturn, server).apps.list()), ["x"]);
      assert.equal(server.sent.length, 1);
    }
  });

  test("a page without items does not end the list", async () => {
    const server = stub({ list: null, nextPageToken: "a" }, { nextPageToken: "b" }, { list: [{ id: "x" }] });
    assert.deepEqual(await items(stubClient(keyturn, server).apps.list()), ["x"]);
  });

  test("a token that comes again ends the loop with an error", async () => {
    const server = stub(...pages("one", "two", "one", "two"));
    const error = await assert.rejects(items(stubClient(keyturn, server).apps.list()));
    assert.equal(error.code, "invalid_response");
    assert.ok(error instanceof keyturn.DecodeError);
    assert.match(error.message, /same page token/);
    assert.equal(server.sent.length, 3);
  });

  test("an error on a later page comes out of the loop", async () => {
    const server = stub(...pages("one"), answer(403, { message: "no more" }));
    const found = [];
    const error = await assert.rejects(async () => {
      for await (const { id } of stubClient(keyturn, server).apps.list()) found.push(id);
    });
    assert.equal(error.code, "forbidden");
    assert.deepEqual(found, ["0a", "0b"]);
  });

  test("leaving the loop stops the requests; two loops do not disturb each other", async () => {
    const server = stub(...pages("one", "two", "three"));
    const list = stubClient(keyturn, server).apps.list();
    for await (const { id } of list) if (id === "0b") break;
    assert.equal(server.sent.length, 1);
    const byToken = stub((url) => answer(200, pages("1", "2", "")[new URL(url).searchParams.get("page_token") ?? 0])());
    const both = stubClient(keyturn, byToken).apps.list();
    const [a, b] = await Promise.all([items(both), items(both)]);
    assert.deepEqual(a, b);
    assert.equal(a.length, 6);
  });

  test("the options of the call hold for each of its pages", async () => {
    const controller = new AbortController();
    const server = stub(...pages("one", "two", "three"));
    const list = stubClient(keyturn, server).apps.list({}, { headers: { "x-trace": "1" }, signal: controller.signal });
    const error = await assert.rejects(async () => {
      for await (const { id } of list) if (id === "1b") controller.abort();
    });
    assert.equal(error.code, "aborted");
    assert.deepEqual(
      server.sent.map(({ headers }) => headers.get("x-trace")),
      ["1", "1"],
    );
  });

  test("input that does not fit is an error of the loop and of the promise", async () => {
    const c1 = stubClient(keyturn, stub({}));
    assert.equal((await assert.rejects(c1.apps.list({ pageSiez: 1 }))).code, "invalid_request");
    assert.equal((await assert.rejects(items(c1.apps.list({ pageSiez: 1 })))).code, "invalid_request");
  });
};
