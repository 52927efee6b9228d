// Secrets are planted wherever they can occur, and then searched for in everything that can be printed.
import { answer, SERVER, stub, stubClient } from "../lib/stub.mjs";

const CANARY = "canary4f9a1c77e2";
/** The forms in which services pass secrets. */
const SECRETS = [
  `secret-token:conductorone.com:v1:${CANARY}`,
  `eyJhbGciOiJFZERTQSJ9.${CANARY}.sig`,
  `Bearer ${CANARY}`,
];

/** Returns everything that printing, logging or error reporting could show of a value. */
export function spill(value, seen = new Set()) {
  if (typeof value === "string") return value;
  if (value instanceof Headers) return [...value].flat().join(" ");
  if (value === null || typeof value !== "object") return String(value);
  if (seen.has(value)) return "";
  seen.add(value);
  const parts = [Object.prototype.toString.call(value)];
  if (value instanceof Error)
    parts.push(
      String(value),
      value.name,
      value.message,
      value.stack ?? "",
      spill(value.cause, seen),
      spill(value.errors, seen),
    );
  for (const key of Reflect.ownKeys(value)) {
    const { enumerable, value: inner } = Object.getOwnPropertyDescriptor(value, key);
    if (enumerable) parts.push(String(key), spill(inner, seen));
  }
  try {
    parts.push(JSON.stringify(value));
  } catch {
    // Values with cycles cannot be printed as JSON.
  }
  return parts.join("\n");
}

export default ({ test, assert, keyturn, commercelayer, inProcess }) => {
  const { ConductorOne, KeyturnError } = keyturn;

  /** Returns a logger that keeps its lines. */
  function logger() {
    const lines = [];
    const log = (...args) => lines.push(args.map((arg) => spill(arg)).join(" "));
    return { lines, group: log, groupEnd: () => {}, log };
  }

  /** Fails unless a call fails with an error that shows none of these secrets. */
  async function quiet(call, note, ...secrets) {
    const error = await assert.rejects(call, note);
    assert.ok(KeyturnError.is(error), note);
    assert.excludes(spill(error), CANARY, ...secrets);
    return error;
  }

  test("a client and its groups show nothing of their credentials", async () => {
    const at = await inProcess();
    for (const options of [
      at.options,
      { security: { bearerAuth: CANARY }, serverURL: SERVER },
      { security: () => ({ bearerAuth: CANARY }), serverURL: SERVER },
    ]) {
      const c1 = new ConductorOne(options);
      await c1.auth
        .introspect({
          timeoutMs: 2000,
          retries: { strategy: "none" },
          signal: options === at.options ? undefined : AbortSignal.abort(),
        })
        .catch(() => {});
      for (const printed of [c1, c1.connector, c1.auth, [c1], { c1 }, Object.create(c1)]) {
        assert.excludes(spill(printed), CANARY, at.clientSecret, at.clientSecret.slice(-24));
        assert.deepEqual(
          Object.keys(printed).filter((key) => !["0", "c1"].includes(key)),
          [],
        );
      }
      assert.equal(JSON.stringify(c1), JSON.stringify({ serverURL: c1.serverURL }));
      c1.close();
      assert.excludes(spill(c1), CANARY, at.clientSecret);
    }
  });

  test("what a fetch of the caller's attaches to its errors is not shown", async () => {
    const cl = commercelayer.clientCredentials({ clientId: "an-id", clientSecret: CANARY });
    class FetchFailed extends Error {
      name = "FetchFailed";
      code = "ECONNREFUSED";
      syscall = "connect";
      constructor(request) {
        super("no answer");
        Object.assign(this, { config: request, request: new Map([[this, request]]), [Symbol("init")]: request });
      }
      toJSON() {
        return { message: this.message, config: this.config };
      }
    }
    const wrap = (cause) => new Error("not sent", { cause: new AggregateError([cause], "all failed") });
    for (const dress of [(error) => error, wrap]) {
      const fetch = async (url, { headers, body }) => {
        throw dress(new FetchFailed({ url, headers: [...new Headers(headers)], body }));
      };
      const options = { fetch, retryConfig: { strategy: "none" } };
      for (const call of [
        () => new ConductorOne({ ...options, security: { bearerAuth: CANARY }, serverURL: SERVER }).apps.list(),
        () => commercelayer.default({ ...options, accessToken: CANARY }).roles.list(),
        () => commercelayer.default({ ...options, credentials: cl }).roles.list(),
      ]) {
        const error = await quiet(call);
        assert.equal(error.outcome, "none");
        assert.ok(spill(error).includes("ECONNREFUSED"), "the code");
      }
    }
    // An error to which nothing is attached is the cause itself.
    const plain = Object.assign(new TypeError("fetch failed"), { cause: new Error("why") });
    const c1 = new ConductorOne({
      tenantDomain: "acme",
      security: { bearerAuth: "t" },
      fetch: () => Promise.reject(plain),
    });
    assert.equal((await assert.rejects(c1.apps.list({}, { retries: { strategy: "none" } }))).cause, plain);
  });

  test("no URL, no header and no log line holds the client secret; no log line holds a token", async () => {
    const at = await inProcess();
    const log = logger();
    const tokens = new Set();
    const seen = [];
    const spy = async (url, init) => {
      const headers = [...new Headers(init.headers)];
      seen.push(url, headers.flat().join(" "), typeof init.body === "string" ? init.body : "");
      for (const [name, value] of headers) if (name === "authorization") tokens.add(value.replace("Bearer ", ""));
      return at.options.fetch(url, init);
    };
    const c1 = new ConductorOne({ ...at.options, fetch: spy, debugLogger: log });
    const { appId, connectorId } = at;
    const { connectorServiceRotateCredentialResponse: rotated } = await c1.connector.rotateCredential({
      appId,
      connectorId,
    });
    await at.fault({
      operation: "apps.list",
      action: {
        status: 500,
        body: { message: SECRETS[0] },
        headers: { "x-echo": CANARY, "set-cookie": `session=${CANARY}`, "retry-after": "0" },
      },
    });
    await c1.apps.list();
    await at.fault({ operation: "apps.list", times: "always", action: "drop" });
    await c1.apps.list({}, { headers: { "x-mine": CANARY }, retries: { strategy: "none" } }).catch(() => {});
    assert.equal(tokens.size, 1);
    assert.ok(log.lines.length >= 4, "lines");
    assert.excludes(log.lines.join("\n"), CANARY, ...tokens, at.clientSecret, rotated.credential.clientSecret);
    assert.excludes(
      seen.join("\n").replaceAll(`x-mine ${CANARY}`, ""),
      CANARY,
      at.clientSecret,
      at.clientSecret.slice(-24),
      rotated.credential.clientSecret,
    );
    assert.match(log.lines.join("\n"), /RotateCredential POST .* -> 200/);
    c1.close();
  });

  for (const [what, body, headers] of [
    ["a secret in a JSON error", { code: 3, message: "bad", details: [{ clientSecret: CANARY }] }],
    [
      "a secret deep in a JSON error",
      { error: { deep: [{ plaintextKey: CANARY, apiKey: CANARY, password: CANARY, access_token: CANARY }] } },
    ],
    ["secrets in a message", { code: 3, message: `refused ${SECRETS.join(" and ")}` }],
    ["secrets in an OAuth error", { error: "invalid_request", error_description: SECRETS.join(" ") }],
    ["secrets in HTML", `<html><pre>${SECRETS.join("\n")}</pre></html>`, { "content-type": "text/html" }],
    ["a secret that breaks off", `{"credential":{"clientId":"x","clientSecret":"${CANARY}`],
    ["a secret under an escaped name", `{"client\\u0053ecret":"${CANARY}"}`],
    [
      "a secret in answer headers",
      { code: 3 },
      { "set-cookie": `session=${CANARY}`, "x-authorization": CANARY, "www-authenticate": `Bearer ${CANARY}` },
    ],
  ]) {
    test(`${what} stays out of errors`, async () => {
      for (const status of [400, 401, 403, 500, 302, 299]) {
        const log = logger();
        const c1 = stubClient(keyturn, stub(answer(status, body, headers)), {
          retryConfig: { strategy: "none" },
          debugLogger: log,
        });
        // 299 is a success, so the call fails only if its body cannot be read.
        if (status === 299 && (typeof body !== "string" || body.endsWith("}"))) continue;
        await quiet(c1.apps.list(), `${status}`);
        await quiet(c1.connector.rotateCredential({ appId: "a", connectorId: "b" }), `${status} of a rotation`);
        assert.excludes(log.lines.join("\n"), CANARY);
      }
    });
  }

  test("a token that a server repeats stays out of errors", async () => {
    const token = `opaque-${CANARY}`;
    const echo = (_url, { headers }) =>
      answer(400, {
        message: `what is ${new Headers(headers).get("authorization")}, I mean ${token}?`,
        token,
        details: [token],
      })();
    for (const security of [{ bearerAuth: token }, () => ({ bearerAuth: token })]) {
      await quiet(stubClient(keyturn, stub(echo), { security }).apps.list(), "echo");
    }
    const decode = (_url, { headers }) => answer(200, `broken ${new Headers(headers).get("authorization")}`)();
    await quiet(
      stubClient(keyturn, stub(decode), { security: { bearerAuth: token } }).apps.list(),
      "echo in a success",
    );
  });

  test("what the token endpoint repeats stays out of errors", async () => {
    const at = await inProcess();
    let assertion;
    for (const status of [200, 400, 401, 500]) {
      const fetch = async (_url, { body }) => {
        assertion = new URLSearchParams(body).get("client_assertion");
        return answer(status, {
          error: "invalid_client",
          error_description: `${assertion} ${SECRETS.join(" ")}`,
          access_token: { not: CANARY },
        })();
      };
      const c1 = new ConductorOne({ ...at.options, fetch });
      const call = c1.apps.list();
      await call.catch(() => undefined);
      await quiet(call, `${status}`, assertion, assertion.split(".")[2], at.clientSecret);
      c1.close();
    }
  });

  test("request values that are refused are not repeated", async () => {
    const c1 = stubClient(keyturn, stub({}));
    const secret = (value) => c1.stepUpProvider.updateSecret({ id: "a", updateStepUpProviderSecretRequest: value });
    for (const value of [
      { clientSecret: [CANARY] },
      { clientSecret: { a: CANARY } },
      { clientSecrt: CANARY },
      CANARY,
      [CANARY],
    ]) {
      const error = await quiet(secret(value), JSON.stringify(value));
      assert.equal(error.code, "invalid_request");
    }
    assert.equal((await quiet(c1.apps.get({ id: `\ud800${CANARY}` }))).code, "invalid_request");
  });

  test("tokens that cannot be sent are refused without being shown", async () => {
    for (const token of [`${CANARY}\n`.repeat(2), `${CANARY} two words`, `${CANARY}é`, `${CANARY}\u0000`]) {
      const error = assert.throws(() => new ConductorOne({ security: { bearerAuth: token }, serverURL: SERVER }));
      assert.equal(error.code, "invalid_configuration");
      assert.excludes(spill(error), CANARY);
      await quiet(stubClient(keyturn, stub({}), { security: () => ({ bearerAuth: token }) }).apps.list());
    }
  });

  test("a rotated secret is in the answer, once, and nowhere else", async () => {
    const at = await inProcess();
    const { appId, connectorId } = at;
    const c1 = new ConductorOne(at.options);
    const envelope = await c1.connector.rotateCredential({ appId, connectorId });
    const { clientSecret } = envelope.connectorServiceRotateCredentialResponse.credential;
    assert.equal(JSON.stringify(envelope).split(clientSecret).length, 2);
    assert.excludes(JSON.stringify(await at.requests()), clientSecret);
    assert.excludes(spill(c1), clientSecret);
    c1.close();
  });
};
