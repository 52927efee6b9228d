// The providers against the sandbox: what each promises in `ports.ts`, with lost requests and responses.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { installed } from "../lib/installed.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { ConductorOne } = require("keyturn");
const { CommerceLayerProvisioning, clientCredentials } = require("keyturn/commercelayer");
const { createSandbox } = require("keyturn/sandbox");
const lifecycle = require("keyturn/lifecycle");

const signal = new AbortController().signal;
const START = Date.UTC(2026, 0, 15, 12);
const LIMITS = { expiresInDays: 90, scopedRoles: "all", allowSourceCidr: "anywhere" };

/** Creates a tenant whose clock only moves when it is set, a client, and the notes of a provider. */
async function world(switches = {}) {
  const sandbox = await createSandbox({ seed: "demo", clock: START, ...switches });
  const clock = { now: () => sandbox.clock.now() };
  const options = { serverURL: sandbox.url, fetch: sandbox.fetch, clock, retryConfig: { strategy: "none" } };
  const pair = { clientID: sandbox.clientId, clientSecret: sandbox.clientSecret };
  const client = new ConductorOne({ ...options, ...pair });
  const notes = [];
  const debugLogger = { log: (line) => notes.push(line) };
  const { appId, connectorId } = sandbox;
  const connector = (more = {}) =>
    lifecycle.connectorProvider({ client, appId, connectorId, clock, debugLogger, ...more });
  const minute = () => sandbox.clock.advance(60_000);
  return { sandbox, client, options, clock, notes, debugLogger, connector, minute };
}

/** Makes an attempt during which the sandbox's clock advances, as it would in reality. */
async function attempt({ sandbox, minute }, marker, work) {
  minute();
  const from = sandbox.clock.now();
  sandbox.clock.advance(1_000);
  const error = await work({ marker, from, until: from + 30_000, signal }).then(
    () => undefined,
    (thrown) => thrown,
  );
  sandbox.clock.advance(29_000);
  return { intent: { marker, from, until: sandbox.clock.now(), signal }, error };
}

const ids = (list) => list?.map(({ id }) => id);

/** Returns whether the sandbox itself accepts a client's pair. */
const isGood = (sandbox, credential, secret) =>
  sandbox.consume({ clientId: credential.clientId, clientSecret: secret }).accepted;

describe("what all providers of C1 promise", () => {
  const makers = {
    connector: async (at) => at.connector(),
    "service principal": async ({ client, clock }) => {
      const [principal] = (await client.principal.list({})).servicePrincipalServiceListResponse.list;
      return lifecycle.servicePrincipalProvider({ client, clock, servicePrincipalId: principal.id, limits: LIMITS });
    },
    "personal client": async ({ client, clock }) => lifecycle.personalClientProvider({ client, clock, limits: LIMITS }),
    bridge: async ({ client, clock, debugLogger }) => {
      const made = await client.tunnelCredentials.createBridge({ displayName: "bridge" });
      const bridgeId = made.tunnelCredentialsServiceCreateBridgeResponse.bridge.id;
      return lifecycle.bridgeProvider({ client, clock, debugLogger, bridgeId });
    },
  };
  for (const [name, make] of Object.entries(makers)) {
    test(`${name}: issues, looks, logs in, ends, and ends again`, async () => {
      const at = await world({ bridgeAfterRotate: "keep" });
      const provider = await make(at);
      const { credential, secret } = await provider.issue({ marker: "keyturn:t:1.1", from: 0, until: 0, signal });
      assert.ok(isGood(at.sandbox, credential, secret));
      assert.ok(credential.createdAt >= START && credential.createdAt <= at.sandbox.clock.now());
      assert.ok(!JSON.stringify(credential).includes(secret), "the facts have the secret");
      const pair = { clientId: credential.clientId, clientSecret: secret };
      assert.deepEqual((await provider.look(credential.id, signal))?.ended, false);
      assert.equal(provider.parses(pair), true);
      assert.equal(await provider.login(pair, signal), true);
      if (provider.list) assert.ok(ids(await provider.list(signal)).includes(credential.id));
      await provider.end(credential.id, signal);
      await provider.end(credential.id, signal);
      await provider.end("no-such-credential-1", signal);
      assert.notEqual((await provider.look(credential.id, signal))?.ended, false);
      assert.equal(await provider.look("no-such-credential-1", signal), undefined);
      assert.equal(await provider.login(pair, signal), false);
      assert.equal(isGood(at.sandbox, credential, secret), false);
    });

    test(`${name}: an answer that was lost is found, and a request that was lost is not`, async () => {
      const at = await world({ bridgeAfterRotate: "keep" });
      const provider = await make(at);
      const operation = {
        connector: "connector.rotateCredential",
        "service principal": "principal.createCredential",
        "personal client": "personalClient.create",
        bridge: "tunnelCredentials.createBridgeCredential",
      }[name];
      // From here on, the log contains such calls.
      const first = await attempt(at, "keyturn:t:1.1", provider.issue);
      assert.equal(first.error, undefined);
      at.sandbox.fault({ operation, action: "drop-answer", times: 1 });
      const lost = await attempt(at, "keyturn:t:2.1", provider.issue);
      assert.equal(lost.error?.outcome, "unknown", lost.error?.stack);
      at.sandbox.fault({ operation, action: "drop", times: 1 });
      const never = await attempt(at, "keyturn:t:2.2", provider.issue);
      assert.equal(never.error?.outcome, "unknown", never.error?.stack);
      at.minute();
      await at.client.with({ clientID: at.sandbox.clientId, clientSecret: at.sandbox.clientSecret }).authenticate();

      const [found, ...others] = await provider.search(lost.intent);
      assert.deepEqual(others, []);
      assert.equal((await provider.look(found.id, signal)).clientId, found.clientId);
      assert.notDeepEqual([found], await provider.search(first.intent));
      assert.deepEqual(await provider.search(never.intent), []);
      // Ending it does not hide that it was created, where the search still finds ended credentials.
      await provider.end(found.id, signal);
      const after = await provider.search(lost.intent);
      assert.deepEqual(ids(after), name === "personal client" || name === "service principal" ? [] : [found.id]);
      assert.ok(after.every(({ ended }) => ended));
    });
  }

  test("a pair whose halves do not fit, and what is no pair, do not parse; nothing is sent for that", async () => {
    const at = await world();
    const provider = at.connector();
    const { credential, secret } = await provider.issue({ marker: "m", from: 0, until: 0, signal });
    const sent = at.sandbox.requests().length;
    const parses = (clientId, clientSecret) => provider.parses({ clientId, clientSecret });
    assert.equal(parses(credential.clientId, secret), true);
    for (const [clientId, clientSecret] of [
      ["", secret],
      ["no client id", secret],
      [credential.clientId, ""],
      [credential.clientId, "hunter2"],
      [credential.clientId, secret.slice(0, -20)],
    ])
      assert.equal(parses(clientId, clientSecret), false, `${clientId} ${clientSecret.length}`);
    assert.equal(at.sandbox.requests().length, sent);
  });

  test("a log-in that could not be asked for rejects", async () => {
    const at = await world();
    const provider = at.connector();
    const { credential, secret } = await provider.issue({ marker: "m", from: 0, until: 0, signal });
    const pair = { clientId: credential.clientId, clientSecret: secret };
    at.sandbox.fault({ operation: "token", action: "drop", times: 1 });
    await assert.rejects(provider.login(pair, signal), { code: "authentication_failed", reason: "unreachable" });
    at.sandbox.fault({ operation: "token", action: { status: 503 }, times: 1 });
    await assert.rejects(provider.login(pair, signal), { code: "authentication_failed", status: 503 });
    const gone = AbortSignal.abort(new Error("enough"));
    await assert.rejects(provider.login(pair, gone), { code: "aborted" });
    assert.equal(await provider.login(pair, signal), true);
  });

  test("a credential whose tokens have to be bound to a key is tried with one", async () => {
    const at = await world();
    const { client, clock } = at;
    const [principal] = (await client.principal.list({})).servicePrincipalServiceListResponse.list;
    const limits = { ...LIMITS, requireDpop: true };
    const provider = lifecycle.servicePrincipalProvider({ client, clock, servicePrincipalId: principal.id, limits });
    const { credential, secret } = await provider.issue({ marker: "bound", from: 0, until: 0, signal });
    const pair = { clientId: credential.clientId, clientSecret: secret };
    assert.equal(await provider.login(pair, signal), true);
    // Without a key, the request is refused rather than the pair.
    await assert.rejects(at.connector().login(pair, signal), { code: "authentication_failed" });
  });

  test("limits have to be said", async () => {
    const { client } = await world();
    const limits = { expiresInDays: 90, scopedRoles: "all" };
    const refused = { code: "invalid_configuration", option: "allowSourceCidr" };
    assert.throws(() => lifecycle.personalClientProvider({ client, limits }), refused);
    assert.throws(() => lifecycle.servicePrincipalProvider({ client, servicePrincipalId: "s", limits }), refused);
  });
});

describe("a connector's evidence", () => {
  const lose = async (at, provider) => {
    at.sandbox.fault({ operation: "connector.rotateCredential", action: "drop-answer", times: 1 });
    return attempt(at, "m", provider.issue);
  };
  const later = async (at) => {
    at.minute();
    const { clientId: clientID, clientSecret } = at.sandbox;
    await at.client.with({ clientID, clientSecret }).authenticate();
  };

  test("a log that does not reach past the attempt says nothing yet", async () => {
    const at = await world();
    const provider = at.connector({ logsRotations: true });
    at.sandbox.fault({ operation: "connector.rotateCredential", action: "drop", times: 1 });
    const { intent } = await attempt(at, "m", provider.issue);
    assert.equal(await provider.search(intent), undefined);
    assert.match(at.notes.join("\n"), /does not cover/);
    await later(at);
    assert.deepEqual(await provider.search(intent), []);
  });

  test("a log that is written with a delay is waited for", async () => {
    const at = await world({ systemLogDelayMs: 300_000 });
    const provider = at.connector({ logsRotations: true });
    const { intent } = await lose(at, provider);
    await later(at);
    assert.equal(await provider.search(intent), undefined);
    at.sandbox.clock.advance(300_000);
    assert.equal((await provider.search(intent)).length, 1);
  });

  test("silence of a log that has never spoken of rotations is no evidence", async () => {
    for (const systemLog of ["off", "sparse"]) {
      const at = await world({ systemLog });
      const provider = at.connector();
      await attempt(at, "before", provider.issue);
      const { intent } = await lose(at, provider);
      await later(at);
      assert.equal(await provider.search(intent), undefined, systemLog);
      assert.equal(at.notes.length, 1);
    }
    const at = await world();
    at.sandbox.fault({ operation: "connector.rotateCredential", action: "drop", times: 1 });
    const { intent } = await attempt(at, "m", at.connector().issue);
    await later(at);
    assert.equal(await at.connector().search(intent), undefined);
    assert.match(at.notes.join("\n"), /never shown/);
  });

  test("others' rotations are not ours, and are not taken for silence", async () => {
    const at = await world();
    const provider = at.connector();
    const { servicePrincipalServiceListResponse: listed } = await at.client.principal.list({});
    const servicePrincipalId = listed.list[0].id;
    const other = lifecycle.servicePrincipalProvider({ client: at.client, servicePrincipalId, limits: LIMITS });
    const { credential, secret } = await other.issue({ marker: "other", from: 0, until: 0, signal });
    const stranger = at.client.with({ clientID: credential.clientId, clientSecret: secret });
    const { appId, connectorId } = at.sandbox;
    const rotate = () => stranger.connector.rotateCredential({ appId, connectorId });
    const both = await attempt(at, "m", async (intent) => {
      await provider.issue(intent);
      await rotate();
    });
    assert.equal(both.error, undefined);
    const theirs = await attempt(at, "m", rotate);
    assert.equal(theirs.error, undefined);
    await later(at);
    assert.equal((await provider.search(both.intent)).length, 1);
    assert.equal(await provider.search(theirs.intent), undefined);
    assert.match(at.notes.join("\n"), /possibly by another client/);
  });

  test("a log that may not be read says so, and one that cannot be asked rejects", async () => {
    const at = await world();
    const provider = at.connector();
    const { intent } = await lose(at, provider);
    at.sandbox.fault({ operation: "systemLog.listEvents", action: { status: 403 }, times: 1 });
    assert.equal(await provider.search(intent), undefined);
    assert.match(at.notes.join("\n"), /cannot be read \(403\)/);
    at.sandbox.fault({ operation: "systemLog.listEvents", action: { status: 503 }, times: 1 });
    await assert.rejects(provider.search(intent), { code: "server_error" });
  });

  test("is looked for by the server's clock", async () => {
    const at = await world();
    // This machine is 90 seconds behind, which no login rejects.
    const wrong = { now: () => at.clock.now() - 90_000 };
    const { clientId: clientID, clientSecret } = at.sandbox;
    const client = new ConductorOne({ ...at.options, clock: wrong, clientID, clientSecret });
    const provider = at.connector({ client, clock: wrong });
    const { intent } = await lose(at, provider);
    const asSeen = { ...intent, from: intent.from - 90_000, until: intent.until - 90_000 };
    await later(at);
    assert.equal((await provider.search(asSeen)).length, 1);
  });

  test("a tenant that ends the old one at once shows it", async () => {
    for (const [oldAfterRotate, ended] of [
      ["keep", [false, false]],
      ["expire", [true, false]],
      ["revoke", [undefined, false]],
    ]) {
      const at = await world({ oldAfterRotate });
      const provider = at.connector();
      const made = [];
      for (const marker of ["1", "2"])
        made.push((await provider.issue({ marker, from: 0, until: 0, signal })).credential);
      at.minute();
      const seen = [];
      for (const { id } of made) seen.push((await provider.look(id, signal))?.ended);
      assert.deepEqual(seen, ended, oldAfterRotate);
    }
  });

  test("the connector's sync says whether it has worked since", async () => {
    const at = await world();
    const provider = at.connector();
    const { credential, secret } = await provider.issue({ marker: "m", from: 0, until: 0, signal });
    const since = at.sandbox.clock.now();
    const consume = (syncError) =>
      at.sandbox.consume({ clientId: credential.clientId, clientSecret: secret, syncError });
    assert.equal(await provider.healthy(since, signal), false);
    at.minute();
    consume("no route");
    assert.equal(await provider.healthy(since, signal), false);
    at.minute();
    consume();
    assert.equal(await provider.healthy(since, signal), true);
    assert.equal(await provider.healthy(at.sandbox.clock.now() + 1, signal), false);
    assert.ok((await provider.look(credential.id, signal)).lastUsedAt > since);
    const { appId, connectorId } = at.sandbox;
    await at.client.connector.pauseSync({ appId, connectorId });
    assert.equal(await provider.healthy(since, signal), undefined);
  });
});

describe("clients of an SSO application", () => {
  async function line(authentication = { clientSecretBasic: {} }, more = {}) {
    const at = await world();
    const { client, sandbox } = at;
    const { appId } = sandbox.snapshot().ssoApplications[0];
    const initialClient = {
      displayName: "Web [beta]",
      authentication,
      redirectUris: ["https://b.example/", "https://a.example/"],
    };
    const request = { displayName: "Shop", oidc: {}, initialClient };
    const made = await client.ssoApplication.create({ appId, ssoApplicationServiceCreateRequest: request });
    const { application, client: first, clientSecret } = made.ssoApplicationServiceCreateResponse;
    const place = { appId, id: application.id };
    const rows = async () => {
      const all = [];
      for await (const row of client.ssoApplication.listClients(place)) all.push(row);
      return all;
    };
    const { clientId } = first;
    const provider = lifecycle.ssoClientProvider({
      client,
      appId,
      ssoApplicationId: place.id,
      clientId,
      clock: at.clock,
      ...more,
    });
    return { ...at, provider, place, rows, clientId, clientSecret };
  }
  const intent = (marker) => ({ marker, from: 0, until: 0, signal });

  test("issues one like the one before, by each way to authenticate, and goes on when the first is long gone", async () => {
    for (const authentication of [{ clientSecretBasic: {} }, { clientSecretPost: {} }]) {
      const { provider, rows, clientId, clientSecret, minute, place, client } = await line(authentication);
      const config = { displayName: "Another", authentication };
      await client.ssoApplication.createClient({
        ...place,
        ssoApplicationServiceCreateClientRequest: { client: config },
      });
      assert.equal(await provider.login({ clientId, clientSecret }, signal), true);
      let old = clientId;
      for (const number of [1, 2, 3]) {
        minute();
        const marker = `keyturn:the shop]:${number}.1`;
        const { credential, secret } = await provider.issue(intent(marker));
        const all = await rows();
        const [before, made] = [old, credential.id].map((id) => all.find((row) => row.clientId === id));
        for (const name of ["authentication", "redirectUris", "pkcePolicy"])
          assert.deepEqual(made[name], before[name], name);
        assert.equal(made.displayName, `Web [beta] [${clientId} ${marker}]`);
        assert.deepEqual([credential.id, credential.createdAt], [made.clientId, made.createdAt.getTime()]);
        assert.ok(!JSON.stringify([credential, all]).includes(secret));
        const pair = { clientId: credential.clientId, clientSecret: secret };
        assert.equal(provider.parses(pair), true);
        assert.equal(await provider.login(pair, signal), true);
        assert.equal(await provider.login({ ...pair, clientSecret: `${secret}x` }, signal), false);
        assert.deepEqual(ids(await provider.list(signal)), [old, credential.id]);
        assert.deepEqual(ids(await provider.search(intent(marker))), [credential.id]);
        await provider.end(old, signal);
        await provider.end(old, signal);
        assert.equal(await provider.look(old, signal), undefined);
        assert.deepEqual(ids(await provider.list(signal)), [credential.id]);
        assert.equal((await provider.look(credential.id, signal)).ended, false);
        old = credential.id;
      }
      assert.deepEqual(await provider.search(intent("keyturn:the shop]:9.1")), []);
      await provider.end(old, signal);
      const refused = { code: "provider_failed", reason: "no_model", outcome: "none" };
      await assert.rejects(provider.issue(intent("m")), refused);
      assert.equal((await rows()).length, 1, "another client of the application stays");
    }
  });

  test("each request lost, and each answer: what was made is found, once", async () => {
    for (const lost of ["request", "answer"]) {
      for (const [operation, outcome] of [
        ["ssoApplication.listClients", "none"],
        ["ssoApplication.createClient", "unknown"],
      ]) {
        const { sandbox, provider } = await line();
        sandbox.fault({ operation, action: lost === "answer" ? "drop-answer" : "drop", times: 1 });
        await assert.rejects(provider.issue(intent("keyturn:t:1.1")), { outcome });
        const found = await provider.search(intent("keyturn:t:1.1"));
        assert.equal(found.length, outcome === "unknown" && lost === "answer" ? 1 : 0, `${lost} of ${operation}`);
      }
    }
  });

  test("one that differs from what it was to be like is deleted again", async () => {
    const at = await line();
    const fetch = async (url, init) => {
      if (String(url).endsWith("/clients") && init?.method === "POST") {
        const { client } = JSON.parse(init.body);
        return at.sandbox.fetch(url, { ...init, body: JSON.stringify({ client: { ...client, redirectUris: [] } }) });
      }
      return at.sandbox.fetch(url, init);
    };
    const { clientId: clientID, clientSecret } = at.sandbox;
    const client = new ConductorOne({ ...at.options, fetch, clientID, clientSecret });
    const { appId, id: ssoApplicationId } = at.place;
    const provider = lifecycle.ssoClientProvider({ client, appId, ssoApplicationId, clientId: at.clientId });
    const refused = { code: "provider_failed", reason: "differs", outcome: "none", message: /redirectUris/ };
    await assert.rejects(provider.issue(intent("m")), refused);
    assert.deepEqual(ids(await provider.list(signal)), [at.clientId]);
  });

  test("a token endpoint that never stops answering is not read to an end that it has not", async () => {
    const at = await line();
    let sent = 0;
    let canceled = false;
    const endless = () =>
      new ReadableStream({
        pull(controller) {
          sent += 1 << 16;
          controller.enqueue(new Uint8Array(1 << 16).fill(32));
        },
        cancel: () => {
          canceled = true;
        },
      });
    const tokenURL = "https://tokens.example/";
    const fetch = async (url, init) =>
      String(url) === tokenURL ? new Response(endless(), { status: 400 }) : at.sandbox.fetch(url, init);
    const { clientId: clientID, clientSecret } = at.sandbox;
    const client = new ConductorOne({ ...at.options, fetch, clientID, clientSecret });
    const { appId, id: ssoApplicationId } = at.place;
    const provider = lifecycle.ssoClientProvider({ client, appId, ssoApplicationId, clientId: at.clientId, tokenURL });
    const pair = { clientId: at.clientId, clientSecret: at.clientSecret };
    await assert.rejects(provider.login(pair, signal), {
      code: "provider_failed",
      reason: "unproven",
      message: /longer than 1048576 bytes/,
    });
    assert.ok(canceled && sent <= 2 << 20, `${sent} bytes were taken`);
  });

  test("one that has no secret is refused, and nothing is made", async () => {
    const { provider, rows } = await line({ none: {} });
    await assert.rejects(provider.issue(intent("m")), { reason: "no_secret", outcome: "none" });
    assert.equal((await rows()).length, 1);
  });

  test("an endpoint that does not tell a good pair from a bad one proves nothing, and one that fails may tell later", async () => {
    const { sandbox, provider, clientId, clientSecret } = await line();
    const pair = { clientId, clientSecret };
    const answer = (status, body) => {
      const headers = { "content-type": "application/json" };
      sandbox.fault({ operation: "token", action: { status, headers, body: JSON.stringify(body) }, times: 1 });
    };
    answer(404, {});
    await assert.rejects(provider.login(pair, signal), { code: "provider_failed", reason: "unproven" });
    answer(400, { error: "invalid_request" });
    await assert.rejects(provider.login(pair, signal), { reason: "unproven" });
    // The server checks the code first, whatever the secret is.
    answer(400, { error: "invalid_grant" });
    answer(400, { error: "invalid_grant" });
    await assert.rejects(provider.login(pair, signal), {
      reason: "unproven",
      message: /before it checks the secret/,
    });
    answer(503, {});
    await assert.rejects(provider.login(pair, signal), { reason: "unavailable" });
    sandbox.fault({ operation: "token", action: "drop", times: 1 });
    await assert.rejects(provider.login(pair, signal), (error) => {
      assert.equal(error.reason, "unavailable");
      assert.ok(!String(error.stack).includes(clientSecret) && error.cause === undefined);
      return true;
    });
    assert.equal(await provider.login(pair, signal), true);
    assert.equal(await provider.login({ ...pair, clientId: "nobody" }, signal), false);
  });

  test("a secret is sent to no address at which others could read it", async () => {
    for (const tokenURL of ["http://login.example.com/token", "ftp://login.example.com", "/token", "no url"])
      await assert.rejects(line(undefined, { tokenURL }), { code: "invalid_configuration", option: "tokenURL" });
    const { provider, clientId, clientSecret, sandbox } = await line(undefined, {
      tokenURL: "https://other.example/token",
    });
    const sent = sandbox.requests().length;
    await assert.rejects(provider.login({ clientId, clientSecret }, signal), { code: "provider_failed" });
    assert.ok(
      !sandbox
        .requests()
        .slice(sent)
        .some(({ path }) => path === "/auth/v1/token"),
    );
  });
});

describe("API credentials", () => {
  async function line(kind = "integration", more = {}) {
    const sandbox = await createSandbox({ seed: "demo" });
    const { serverURL, clientId, clientSecret } = sandbox.commercelayer;
    const credentials = clientCredentials({ clientId, clientSecret });
    const cl = CommerceLayerProvisioning({
      credentials,
      serverURL,
      fetch: sandbox.fetch,
      retryConfig: { strategy: "none" },
    });
    const rows = await cl.application_memberships.list({ include: ["api_credential"], pageSize: 25 });
    const used = rows.map((row) => row.api_credential).find((one) => one?.kind === kind);
    const id = used?.id ?? (await cl.api_credentials.list({ filters: { kind_eq: kind }, pageSize: 1 })).first().id;
    const provider = lifecycle.apiCredentialProvider({ client: cl, id, ...more });
    const memberships = async (of) =>
      (await cl.application_memberships.list({ filters: { api_credential_id_eq: of } })).length;
    return { sandbox, cl, id, provider, memberships };
  }
  const intent = (marker) => ({ marker, from: 0, until: 0, signal });

  test("issues one like the one before, with what depends on it, and goes on when the first is long gone", async () => {
    const { cl, id, provider, memberships } = await line();
    const before = await cl.api_credentials.retrieve(id, { include: ["organization", "role"] });
    const rows = await memberships(id);
    assert.ok(rows > 0);
    let old = id;
    for (const number of [1, 2, 3]) {
      const marker = `keyturn:export:${number}.1`;
      const { credential, secret } = await provider.issue(intent(marker));
      const made = await cl.api_credentials.retrieve(credential.id, { include: ["organization", "role"] });
      for (const name of ["name", "kind", "redirect_uri", "expires_in", "mode", "custom", "scopes"])
        assert.deepEqual(made[name] ?? null, before[name] ?? null, name);
      assert.deepEqual([made.organization.id, made.role?.id], [before.organization.id, before.role?.id]);
      assert.equal(made.reference, marker);
      assert.equal(made.metadata.replaces, old);
      assert.equal(await memberships(credential.id), rows);
      const pair = { clientId: credential.clientId, clientSecret: secret };
      assert.deepEqual(await provider.recall(credential.id, signal), pair);
      assert.equal(provider.parses(pair), true);
      assert.equal(await provider.login(pair, signal), true);
      assert.deepEqual(ids(await provider.list(signal)), [old, credential.id]);
      assert.deepEqual(ids(await provider.search(intent(marker))), [credential.id]);
      await provider.end(old, signal);
      await provider.end(old, signal);
      assert.equal(await provider.look(old, signal), undefined);
      assert.deepEqual(ids(await provider.list(signal)), [credential.id]);
      old = credential.id;
    }
    assert.deepEqual(await provider.search(intent("keyturn:export:9.1")), []);
    assert.equal(await provider.login({ clientId: "nobody", clientSecret: "nothing" }, signal), false);
    for (const wrong of [
      { clientId: "", clientSecret: "s" },
      { clientId: "c", clientSecret: "" },
      { clientId: "a\nb", clientSecret: "s" },
    ])
      assert.equal(provider.parses(wrong), false);
  });

  test("a proxy's page in the way of a log-in is no refusal of the pair", async () => {
    const { sandbox, provider, id } = await line();
    const pair = await provider.recall(id, signal);
    const page = { status: 403, headers: { "content-type": "text/html" }, body: "<html>blocked</html>" };
    sandbox.fault({ operation: "commercelayer.token", action: page, times: 1 });
    await assert.rejects(provider.login(pair, signal), { code: "authentication_failed", status: 403 });
    assert.equal(await provider.login(pair, signal), true);
  });

  test("each request lost, and each answer: what was made is found, once, and what belongs to it is done", async () => {
    for (const lost of ["request", "answer"]) {
      for (let at = 0, more = true; more; at++) {
        const { sandbox, id, memberships } = await line();
        const { serverURL, clientId, clientSecret } = sandbox.commercelayer;
        let sent = 0;
        let armed = false;
        const fetch = async (url, init) => {
          const hit = armed && sent++ === at;
          if (hit && lost === "request") throw new TypeError("fetch failed");
          const response = await sandbox.fetch(url, init);
          if (hit) throw new TypeError("fetch failed");
          return response;
        };
        const credentials = clientCredentials({ clientId, clientSecret });
        const client = CommerceLayerProvisioning({ credentials, serverURL, fetch, retryConfig: { strategy: "none" } });
        await client.api_credentials.count();
        const provider = lifecycle.apiCredentialProvider({ client, id });
        armed = true;
        const error = await provider.issue(intent("keyturn:t:1.1")).then(
          () => undefined,
          (thrown) => thrown,
        );
        armed = false;
        more = sent > at;
        const found = await provider.search(intent("keyturn:t:1.1"));
        if (!error) {
          assert.equal(found.length, 1);
          continue;
        }
        // The outcome `none` is a promise that nothing was issued.
        assert.ok(error.outcome === "unknown" || found.length === 0, `${lost} ${at}: ${error.stack}`);
        assert.ok(found.length < 2);
        for (const one of found) {
          const pair = await provider.recall(one.id, signal);
          assert.equal(await provider.login(pair, signal), true);
          assert.equal(await memberships(one.id), await memberships(id));
          await provider.end(one.id, signal);
        }
        assert.deepEqual(ids(await provider.list(signal)), [id]);
      }
    }
  });

  test("refuses what would cut off the client, or storefronts, and what nothing is left of", async () => {
    const { sandbox, cl, provider, id } = await line();
    const { serverURL } = sandbox.commercelayer;
    // This token claims to be that of the line's own credential; the sandbox sees the administrator's.
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const accessToken = `${part({ alg: "none" })}.${part({ application: { id } })}.${part("x")}`;
    const authorization = `Bearer ${cl.currentAccessToken}`;
    const fetch = (url, init) => {
      const headers = new Headers(init.headers);
      headers.set("authorization", authorization);
      return sandbox.fetch(url, { ...init, headers });
    };
    const client = CommerceLayerProvisioning({ accessToken, serverURL, fetch });
    const own = lifecycle.apiCredentialProvider({ client, id });
    const cut = { code: "provider_failed", reason: "own_credential", outcome: "none" };
    await assert.rejects(own.end(id, signal), cut);
    await assert.rejects(own.issue(intent("m")), cut);
    await provider.end(id, signal);
    const count = await cl.api_credentials.count();
    await assert.rejects(provider.issue(intent("m")), { code: "provider_failed", reason: "no_model", outcome: "none" });
    const shop = await line("sales_channel");
    const refused = { code: "provider_failed", reason: "public_kind", outcome: "none" };
    await assert.rejects(shop.provider.issue(intent("m")), refused);
    assert.equal(await cl.api_credentials.count(), count);
    const willing = lifecycle.apiCredentialProvider({ client: shop.cl, id: shop.id, publicKinds: true });
    const { credential: storefront } = await willing.issue(intent("m"));
    assert.ok(storefront.clientId);
    // A storefront's client only gets tokens for its users, so the server's facts about it have to suffice.
    assert.equal(await willing.login({ clientId: storefront.clientId, clientSecret: "" }, signal), true);
    assert.equal(await willing.login({ clientId: "nobody", clientSecret: "x" }, signal), false);
  });

  test("one that something depends on is not ended, and says so", async () => {
    const { sandbox, provider, id } = await line();
    sandbox.commercelayer.lock(id);
    await assert.rejects(provider.end(id, signal), { code: "provider_failed", reason: "in_use" });
    sandbox.commercelayer.lock(id, false);
    await provider.end(id, signal);
    assert.equal(await provider.look(id, signal), undefined);
  });
});

test("a connector's credential is found by its client id, and no other is taken for it", async () => {
  const { client, sandbox, connector } = await world();
  const { appId, connectorId } = sandbox;
  const answer = await client.connector.rotateCredential({ appId, connectorId });
  const { id, clientId } = answer.connectorServiceRotateCredentialResponse.credential;
  const provider = connector();
  assert.equal((await provider.find(clientId, signal)).id, id);
  assert.equal(await provider.find(clientId.replace("@", "@other."), signal), undefined);
  assert.equal(await provider.find(`nobody-${clientId}`, signal), undefined);
  assert.equal(await provider.find("", signal), undefined);
});

test("connectors and API credentials are discovered, page by page, but for the client's own", async () => {
  const { client, sandbox } = await world();
  const all = async (found) => {
    const list = [];
    for await (const one of found) list.push(one);
    return list;
  };
  const connectors = await all(lifecycle.discoverConnectors(client));
  assert.ok(connectors.length > 1);
  assert.ok(
    connectors.some(({ connectorId, appId }) => connectorId === sandbox.connectorId && appId === sandbox.appId),
  );
  assert.equal(new Set(connectors.map(({ connectorId }) => connectorId)).size, connectors.length);
  for (const { appName, connectorName } of connectors) assert.ok(appName && connectorName);
  const { serverURL, clientId, clientSecret } = sandbox.commercelayer;
  const own = { clientId, clientSecret };
  const cl = CommerceLayerProvisioning({ credentials: clientCredentials(own), serverURL, fetch: sandbox.fetch });
  const credentials = await all(lifecycle.discoverApiCredentials(cl));
  assert.ok(credentials.length > 0);
  assert.ok(credentials.every(({ clientId }) => clientId !== own.clientId));
  const aborted = lifecycle.discoverConnectors(client, { signal: AbortSignal.abort() });
  await assert.rejects(aborted.next());
});
