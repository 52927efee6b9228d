// Lists over their pages, counts, and pacing by the rate limit's headers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answer, load, refusal, rejection, resource, server, TOKEN } from "./world.mjs";

const { CommerceLayerProvisioning, ListResponse, responseOf } = await load("keyturn/commercelayer");
const client = (fetch, options = {}) => CommerceLayerProvisioning({ accessToken: TOKEN, fetch, ...options });

/** Returns a server with a number of roles, which it serves in pages. */
function paged(count, { headers = () => ({}), meta = true, links = false } = {}) {
  const sent = [];
  const fetch = async (input) => {
    const url = new URL(input);
    const [number, size] = [
      Number(url.searchParams.get("page[number]") ?? 1),
      Number(url.searchParams.get("page[size]") ?? 10),
    ];
    sent.push({ url, number, at: performance.now() });
    const ids = Array.from({ length: count }, (_, at) => `r${at}`).slice((number - 1) * size, number * size);
    const document = { data: ids.map((id) => resource("roles", id)) };
    if (meta) document.meta = { record_count: count, page_count: Math.ceil(count / size) };
    if (links && number * size < count) document.links = { next: "https://api.example/next" };
    return answer(document, { headers: headers(sent.length) })();
  };
  return { fetch, sent };
}

async function collect(iterable) {
  const all = [];
  for await (const item of iterable) all.push(item);
  return all;
}

test("a list is a page, with its place among the pages from the server", async () => {
  const { fetch } = paged(25);
  const { roles } = client(fetch);
  const page = await roles.list({ pageNumber: 2, pageSize: 10 });
  assert.ok(page instanceof ListResponse);
  assert.deepStrictEqual(page.meta, { pageCount: 3, recordCount: 25, currentPage: 2, recordsPerPage: 10 });
  assert.deepStrictEqual(
    [page.length, page.first().id, page.hasNextPage(), page.hasPrevPage()],
    [10, "r10", true, true],
  );
  assert.deepStrictEqual(page.map(({ id }) => id).length, 10);
  assert.equal(responseOf(page).status, 200);
  assert.deepStrictEqual((await roles.list({}, { params: { "page[size]": 5, "page[number]": 4 } })).meta, {
    pageCount: 5,
    recordCount: 25,
    currentPage: 4,
    recordsPerPage: 5,
  });
});

describe("all pages", () => {
  test("`for await` over the call, over its pages, and on from a page", async () => {
    const { fetch, sent } = paged(25);
    const { roles, organizations } = client(fetch);
    assert.deepStrictEqual(
      (await collect(roles.list())).map(({ id }) => id),
      Array.from({ length: 25 }, (_, at) => `r${at}`),
    );
    assert.deepStrictEqual(
      sent.map(({ number }) => number),
      [1, 2, 3],
    );
    assert.deepStrictEqual(
      (await collect(roles.list({ pageSize: 20 }).pages())).map(({ length }) => length),
      [20, 5],
    );
    assert.equal((await collect((await roles.list({ pageNumber: 2 })).all())).length, 15);
    assert.equal((await collect(organizations.roles("o", { pageSize: 25 }))).length, 25);
    assert.equal(sent.at(-1).url.pathname, "/api/organizations/o/roles");
    const page = await roles.list();
    assert.equal((await collect(page)).length, 10, "an awaited page is what it holds");
    assert.equal((await (await page.nextPage()).nextPage()).length, 5);
    assert.equal(await (await roles.list({ pageNumber: 3 })).nextPage(), null);
    assert.equal((await (await roles.list({ pageNumber: 3 })).prevPage()).meta.currentPage, 2);
  });

  test("requests every page like the first", async () => {
    const { fetch, sent } = paged(25);
    await collect(
      client(fetch).roles.list(
        { filters: { name_cont: "a" }, sort: ["-created_at"], include: ["organization"] },
        { headers: { "x-own": "1" }, params: { extra: "1", "page[number]": 2 } },
      ),
    );
    assert.deepStrictEqual(
      sent.map(({ number }) => number),
      [2, 3],
    );
    for (const { url } of sent) {
      assert.deepStrictEqual(
        ["filter[q][name_cont]", "sort", "include", "extra"].map((name) => url.searchParams.get(name)),
        ["a", "-created_at", "organization", "1"],
      );
    }
  });

  test("leaving the loop stops the requests", async () => {
    const { fetch, sent } = paged(100);
    for await (const role of client(fetch).roles.list()) if (role.id === "r12") break;
    assert.equal(sent.length, 2);
  });

  test("a signal stops them, also between two pages", async () => {
    const controller = new AbortController();
    const { fetch, sent } = paged(100, {
      headers: () => ({ "x-ratelimit-limit": "10", "x-ratelimit-interval": "60", "x-ratelimit-remaining": "0" }),
    });
    const begun = performance.now();
    setTimeout(() => controller.abort(), 50);
    const error = await rejection(collect(client(fetch).roles.list({}, { signal: controller.signal })));
    assert.deepStrictEqual([error.name, error.type, sent.length], ["SdkError", "cancel", 1]);
    assert.ok(performance.now() - begun < 30_000, "it waited for the limit to reset");
  });

  test("reports the failure of a later page when the loop reaches it", async () => {
    const whole = paged(20);
    const { fetch } = server((...args) => whole.fetch(...args), refusal(404, [{ code: "GONE" }]));
    const seen = [];
    const error = await rejection(
      (async () => {
        for await (const role of client(fetch).roles.list()) seen.push(role.id);
      })(),
    );
    assert.deepStrictEqual([seen.length, error.status, error.apiCode], [10, 404, "GONE"]);
  });

  test("reports the failure of a list that is not iterated over once", async () => {
    assert.equal((await rejection(client(server(refusal(404)).fetch).roles.list())).status, 404);
  });

  test("works with a server that reports no page counts", async () => {
    assert.equal((await collect(client(paged(25, { meta: false, links: true }).fetch).roles.list())).length, 25);
    const page = await client(paged(7, { meta: false }).fetch).roles.list();
    assert.deepStrictEqual(page.meta, { pageCount: 1, recordCount: 7, currentPage: 1, recordsPerPage: 10 });
  });

  test("stops at an empty page, even if more are announced", async () => {
    const { fetch, sent } = server(answer({ data: [], meta: { record_count: 100, page_count: 10 } }));
    assert.deepStrictEqual(await collect(client(fetch).roles.list()), []);
    assert.equal(sent.length, 1);
  });
});

describe("pacing", () => {
  const limit =
    (remaining, interval = 1) =>
    () => ({
      "x-ratelimit-limit": "10",
      "x-ratelimit-interval": String(interval),
      "x-ratelimit-remaining": String(remaining),
    });
  const duration = async (headers) => {
    const { fetch, sent } = paged(30, { headers });
    await collect(client(fetch).roles.list());
    return sent.at(-1).at - sent[0].at;
  };

  test("does not pause while half of the window is free, or without rate limit headers", async () => {
    for (const headers of [
      undefined,
      limit(9),
      limit(5),
      () => ({ "x-ratelimit-remaining": "x" }),
      () => ({ "x-ratelimit-limit": "10" }),
    ])
      assert.ok((await duration(headers)) < 150);
  });

  test("pauses longer the less is left, at most one window", async () => {
    const [some, little] = [await duration(limit(4)), await duration(limit(1))];
    assert.ok(some >= 2 * 100 && some < 800, `${some}`);
    assert.ok(little >= 2 * 480 && little < 2000, `${little}`);
    const none = await duration(limit(0, 0.2));
    assert.ok(none >= 2 * 190 && none < 1500, `${none}`);
  });
});

describe("count", () => {
  test("requests one item, and accepts filters directly or as parameters", async () => {
    const { fetch, sent } = paged(42);
    const { roles } = client(fetch);
    assert.equal(await roles.count(), 42);
    assert.equal(await roles.count({ name_eq: "n" }), 42);
    assert.equal(await roles.count({ filters: { name_eq: "n" }, pageSize: 25 }), 42);
    assert.deepStrictEqual(
      sent.map(({ url }) => url.search),
      [
        "?page%5Bnumber%5D=1&page%5Bsize%5D=1",
        ...Array(2).fill("?page%5Bnumber%5D=1&page%5Bsize%5D=1&filter%5Bq%5D%5Bname_eq%5D=n"),
      ],
    );
  });
});

test("what is wrong with a call's parameters is an error of this package, and nothing is sent", async () => {
  const { fetch, sent } = paged(1);
  const { roles } = client(fetch);
  const unreadable = new Proxy(
    {},
    {
      get() {
        throw new Error("unreadable");
      },
      ownKeys() {
        throw new Error("unreadable");
      },
    },
  );
  for (const call of [
    () => roles.list({ include: {} }),
    () => roles.list({ include: unreadable }),
    () => roles.list({ fields: { roles: {} } }),
    () => roles.list({ sort: [{}] }),
    () => roles.list({ sort: unreadable }),
    () => roles.list({ filters: unreadable }),
    () => roles.list({}, { params: unreadable }),
    () => roles.create(unreadable),
    () => roles.create({ name: "x", organization: unreadable }),
  ]) {
    const error = await rejection(call());
    assert.deepStrictEqual(
      [error.name, error.kind, error.outcome],
      ["SdkError", "invalid_request", "none"],
      String(call),
    );
  }
  assert.equal(sent.length, 0);
});
