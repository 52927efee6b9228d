// Malicious and unusual responses, and what errors may show of them.
import { answer, stub, stubClient } from "../lib/stub.mjs";
import { spill } from "./secrets.mjs";

const CANARY = "CANARYcanary0123456789";

export default ({ test, assert, keyturn, commercelayer }) => {
  /** Returns the list that a client reads from a stub. */
  const listed = async (body) => {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const respond = () => new Response(bytes, { headers: { "content-type": "application/json" } });
    const { listAppsResponse: read, problems } = await stubClient(keyturn, stub(respond)).apps.list();
    return { read, problems };
  };

  test("no answer reaches what objects inherit", async () => {
    const date = "2020-01-01T00:00:00Z";
    for (const tags of [
      `{"__proto__":{"createdAt":"${date}"}},"tags":{}`,
      `{"constructor":{"createdAt":"${date}"}},"tags":{}`,
      `{"toString":{"createdAt":"${date}"}},"tags":[]`,
      `{"__proto__":{"createdAt":"${date}"}},"tags":null`,
      `{"a":{"createdAt":"${date}"},"a":{}}`,
      `{"__proto__":{"createdAt":"${date}"}}`,
    ]) {
      const text = `{"tags":${tags}}`;
      const server = stub(answer(200, text));
      const { functionsServiceListTagsResponse: read } = await stubClient(keyturn, server).functions.listTags({
        functionId: "f",
      });
      assert.ok(!("createdAt" in {}), text);
      assert.ok(!("createdAt" in Object) && !("createdAt" in Object.prototype.toString), text);
      // Apart from dates, the result equals that of `JSON.parse`.
      assert.equal(JSON.stringify(read).replaceAll(".000Z", "Z"), JSON.stringify(JSON.parse(text)));
    }
  });

  test("of a name that comes twice, the last value counts", async () => {
    for (const [item, value] of [
      ['"monthlyCostUsd":"5","monthlyCostUsd":7', { monthlyCostUsd: 7 }],
      ['"monthlyCostUsd":7,"monthlyCostUsd":"5"', { monthlyCostUsd: 5 }],
      ['"userCount":1.5,"userCount":7', { userCount: 7 }],
      ['"userCount":5.0,"userCount":5', { userCount: 5 }],
      ['"userCount":9007199254740993,"userCount":9007199254740992', { userCount: "9007199254740992" }],
      ['"userCount":"7","userCount":null', { userCount: null }],
      ['"createdAt":"2020-01-01T00:00:00Z","createdAt":"soon"', { createdAt: "soon" }],
      ['"createdAt":"soon","created\\u0041t":"2020-01-01T00:00:00Z"', { createdAt: new Date("2020-01-01T00:00:00Z") }],
      ['"createdAt":"2020-01-01T00:00:00Z","created\\u0041t":null', { createdAt: null }],
    ]) {
      const { read } = await listed(`{"list":[{${item}}]}`);
      assert.deepEqual(read.list[0], value, item);
    }
  });

  test("what a number cannot hold stays text, and is told", async () => {
    for (const [item, value] of [
      ['"userCount":"-9223372036854775808"', "-9223372036854775808"],
      ['"userCount":-9223372036854775808', "-9223372036854775808"],
      ['"userCount":"9223372036854775807"', "9223372036854775807"],
      ['"userCount":"many"', "many"],
      ['"monthlyCostUsd":"2024-01-02"', "2024-01-02"],
      ['"monthlyCostUsd":"1-2"', "1-2"],
      ['"monthlyCostUsd":"."', "."],
      ['"monthlyCostUsd":"NaN"', "NaN"],
    ]) {
      const { read, problems } = await listed(`{"list":[{${item}}]}`);
      assert.equal(Object.values(read.list[0])[0], value, item);
      assert.equal(problems.length, 1, item);
    }
  });

  test("a field is the one that its name spells, and a date too", async () => {
    const { read } = await listed(
      '{"l\\u0069st":[{"created\\u0041t":"2020-01-01T00:00:00\\u002B01:00","userC\\u006funt":"7"}]}',
    );
    assert.deepEqual(read.list, [{ createdAt: new Date("2019-12-31T23:00:00Z"), userCount: 7 }]);
  });

  test("a byte order mark costs nothing, least of all a secret", async () => {
    for (const length of [10, 5000, 200_000]) {
      for (const filler of ["x", "\u00e9"]) {
        const body = `\ufeff{"credential":{"clientSecret":"${CANARY}","displayName":"${filler.repeat(length)}"}}`;
        const bytes = new TextEncoder().encode(body);
        const respond = () => new Response(bytes, { headers: { "content-type": "application/json" } });
        const c1 = stubClient(keyturn, stub(respond));
        const told = await c1.connector.rotateCredential({ appId: "a", connectorId: "b" });
        assert.equal(told.connectorServiceRotateCredentialResponse.credential.clientSecret, CANARY);
      }
    }
  });

  for (const [what, body] of [
    ["a secret token in details", { details: [{ value: `secret-token:conductorone.com:v1:${CANARY}` }] }],
    ["a JWT in details", { details: [{ description: `Bearer eyJhbGciOiJFZERTQSJ9${CANARY}.a.b` }] }],
    ["a field and its value", { details: [{ field: "clientSecret", value: CANARY }] }],
    ["a value and its field", { details: [{ value: { deep: [CANARY] }, field: "credential.client_secret" }] }],
    [
      "a pointer and its value",
      { errors: [{ source: { pointer: "/data/attributes/client_secret" }, meta: { value: CANARY } }] },
    ],
    ["JSON in text", { message: `bad input {"clientSecret":"${CANARY}"} here` }],
    ["JSON in JSON in text", { details: [JSON.stringify({ a: JSON.stringify({ password: CANARY }) })] }],
    ["JSON in text that breaks off", `bad {"a":"{\\"clientSecret\\": \\"${CANARY}`],
    ["JSON with a list", { message: `bad "password": ["${CANARY}"` }],
    ["a form", `client_id=a&client_secret=${CANARY}&grant=1`],
    ["XML", `<error><client_secret>${CANARY}</client_secret></error>`],
    ["a header", `Authorization: Basic ${CANARY}`],
    ["single quotes", { message: `client_secret '${CANARY}' is wrong` }],
    ["double quotes", { message: `password: "${CANARY} with words"` }],
    ["a name of the API's own", { details: [{ request: { credentialsJson: CANARY, headerValue: CANARY } }] }],
    ["the same in its server's spelling", { details: [{ request: { config_fields: { region: CANARY } } }] }],
    ["a name that breaks off", `{"downloadUrl":"https://s3.example/x?sig=${CANARY}`],
  ]) {
    test(`${what} stays out of an error`, async () => {
      for (const status of [400, 500]) {
        const c1 = stubClient(keyturn, stub(answer(status, body)), { retryConfig: { strategy: "none" } });
        const error = await assert.rejects(c1.apps.list());
        assert.excludes(spill(error), CANARY);
        const cl = commercelayer.default({
          accessToken: "a-token-for-tests",
          fetch: stub(answer(status, body)).fetch,
          retryConfig: { strategy: "none" },
        });
        if (!/credentialsJson|config_fields|downloadUrl/.test(JSON.stringify(body)))
          assert.excludes(spill(await assert.rejects(cl.roles.list())), CANARY);
      }
    });
  }

  test("what is no secret is shown", async () => {
    const body = {
      code: 5,
      message: "no app 2ZxGqg1pVZjYdR3dUHS5Vg3rJ0T: check its id, or the page token",
      details: [
        { field: "displayName", value: "Finance 42", code: "ALREADY_EXISTS", hasPassword: true, nextPageToken: "p2" },
      ],
    };
    const error = await assert.rejects(stubClient(keyturn, stub(answer(404, body))).apps.get({ id: "x" }));
    assert.equal(
      error.apiMessage ?? error.message.split(": ").slice(-2).join(": "),
      "no app 2ZxGqg1pVZjYdR3dUHS5Vg3rJ0T: check its id, or the page token".split(": ").slice(-2).join(": "),
    );
    assert.deepEqual(error.details, body.details);
  });

  test("a token of one call is looked at before it is a header", async () => {
    for (const bad of [`${CANARY}\nsecond`, `${CANARY}\u00e9`, `secret-token:${CANARY}`, " "]) {
      const server = stub(answer(200, {}));
      const cl = commercelayer.default({ accessToken: "a-token-for-tests", fetch: server.fetch });
      const error = await assert.rejects(cl.roles.list({}, { accessToken: bad }));
      assert.excludes(spill(error), CANARY);
      assert.match(error.message, /accessToken/);
      assert.equal(server.sent.length, 0);
    }
  });

  test("filters hold dates and characters that a URL can have", async () => {
    const server = stub(answer(200, { data: [] }));
    const cl = commercelayer.default({ accessToken: "a-token-for-tests", fetch: server.fetch });
    const cycle = {};
    cycle.cycle = cycle;
    for (const filters of [
      { name_eq: "\ud800" },
      { name_in: ["a", "\udc00"] },
      { created_at_gt: new Date(8.64e15) },
      { created_at_lt: new Date(-62198755200001) },
      { metadata_jcont: { at: new Date(8.64e15) } },
      { metadata_jcont: cycle },
    ]) {
      const error = await assert.rejects(cl.roles.list({ filters }));
      assert.equal(error.type, "request");
    }
    assert.equal(server.sent.length, 0);
  });
};
