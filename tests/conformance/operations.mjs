// Every operation of the API: what is sent for a full request, and how responses of every kind are decoded.
import { readFacts } from "../vectors/facts.mjs";
import { requestOf, responseOf } from "../vectors/make.mjs";

const SERVER = "https://tenant.conductor.one";

export default ({ test, assert, keyturn, load }) => {
  let loaded;
  const facts = () =>
    (loaded ??= Promise.all([load("api/c1.idl"), load("tests/facts/c1-surface.tsv")]).then((texts) =>
      readFacts(...texts),
    ));

  /** Runs a check on each operation, and fails with the first few that do not pass. */
  async function each(check) {
    const all = await facts();
    assert.equal(all.operations.length, 638, "operations");
    const failures = [];
    for (const operation of all.operations) {
      try {
        await check(all, operation);
      } catch (error) {
        failures.push(`${operation.id}: ${error.message}`);
      }
    }
    assert.ok(failures.length === 0, `${failures.length} operations fail:\n${failures.slice(0, 5).join("\n")}\n`);
  }

  /** Returns a client without a server: `sent` is the last request, `answer` its response. */
  function stub() {
    const at = {};
    const fetch = async (url, init) => {
      at.sent = { url, ...init };
      return new Response(at.answer, { headers: { "content-type": "application/json" } });
    };
    const client = new keyturn.ConductorOne({ security: { bearerAuth: "a-token" }, serverURL: SERVER, fetch });
    return { at, client };
  }

  test("strings end where they end, at every offset", async () => {
    const { at, client } = stub();
    const createdAt = "2026-01-02T03:04:05.678Z";
    const texts = ['"', "\\", '\\"', "é", "😀", "\0", "a"].flatMap((mark) =>
      Array.from({ length: 40 }, (_, offset) => "x".repeat(offset) + mark + "y".repeat((offset * 7) % 33)),
    );
    at.answer = JSON.stringify({ list: texts.map((displayName) => ({ displayName, createdAt, id: displayName })) });
    const answer = await client.principal.listCredentials({ servicePrincipalId: "p" });
    const { list } = answer.servicePrincipalServiceListCredentialsResponse;
    assert.equal(list.length, texts.length);
    for (const [index, { displayName, id, createdAt: date }] of list.entries()) {
      assert.equal(displayName, texts[index]);
      assert.equal(id, texts[index]);
      assert.equal(date.toISOString(), createdAt);
    }
    for (const query of texts) {
      const request = { appIds: [query, "b", query], query, refs: [{ appId: query, id: "c" }] };
      await client.appEntitlementSearch.search(request);
      assert.equal(at.sent.body, JSON.stringify(request));
    }
  });

  test("a full request goes to its route with its parameters and body", async () => {
    const { at, client } = stub();
    await each(async (facts, operation) => {
      const { args, target, body } = requestOf(facts, operation);
      at.answer = "{}";
      await client[operation.property][operation.method](...args);
      assert.equal(at.sent.method, operation.verb);
      assert.equal(at.sent.url, SERVER + target);
      assert.deepEqual(at.sent.body === null ? undefined : JSON.parse(at.sent.body), body, "body");
      const headers = new Headers(at.sent.headers);
      assert.equal(headers.get("authorization"), "Bearer a-token");
      assert.equal(
        headers.get("content-type"),
        operation.body === undefined ? null : "application/json",
        "content type",
      );
    });
  });

  for (const [mode, what] of [
    ["full", "a response with every field"],
    ["unset", "a response with every unset field null"],
    ["odd", "a response with unknown enums, numbers for texts, odd dates and new fields"],
  ]) {
    test(`${what} is decoded`, async () => {
      const { at, client } = stub();
      await each(async (facts, operation) => {
        const { args } = requestOf(facts, operation);
        const wanted = responseOf(facts, operation, mode);
        at.answer = wanted.text;
        const envelope = await client[operation.property][operation.method](...args);
        assert.deepEqual(Object.keys(envelope), ["contentType", "statusCode", "rawResponse", operation.responseField]);
        assert.deepEqual(envelope[operation.responseField], wanted.value);
        assert.deepEqual(
          envelope.problems.map(({ path }) => path),
          wanted.problems.slice(0, 32),
          "problems",
        );
      });
    });
  }
};
