// Replacing a credential: every network step fails once with a lost request and once with a lost response, and another
// run completes it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load } from "./world.mjs";

const { CommerceLayerProvisioning, clientCredentials } = await load("keyturn/commercelayer");
const { createSandbox } = await load("keyturn/sandbox");

/** Creates a tenant, a client whose requests can be lost, and a vault that records what it stores and when. */
async function world({ fault, kind = "integration" } = {}) {
  const sandbox = await createSandbox({ seed: "demo" });
  const { serverURL, clientId, clientSecret } = sandbox.commercelayer;
  const sent = [];
  let vault;
  const fetch = async (url, init) => {
    const index = sent.push(`${init.method} ${new URL(url).pathname}`) - 1;
    const hit = fault?.at === index;
    if (hit && fault.lost === "request") throw new TypeError("fetch failed");
    const response = await sandbox.fetch(url, init);
    await vault?.look();
    if (hit) throw new TypeError("fetch failed");
    return response;
  };
  const direct = CommerceLayerProvisioning({
    credentials: clientCredentials({ clientId, clientSecret }),
    serverURL,
    fetch: sandbox.fetch,
  });
  // The client's own token is fetched before any faults.
  const cl = CommerceLayerProvisioning({
    accessToken: await tokenOf(direct),
    serverURL,
    fetch,
    retryConfig: { strategy: "none" },
  });
  const old = await directOld(direct, kind);
  const clientIds = async () => (await direct.api_credentials.list({ pageSize: 25 })).map((one) => one.client_id);
  vault = {
    held: { clientId: old.client_id, clientSecret: old.client_secret },
    puts: 0,
    /** After each request, the vault must contain an existing credential. */
    async look() {
      this.checks.push((await clientIds()).includes(this.held.clientId));
    },
    checks: [],
    put(pair) {
      this.puts++;
      this.held = { clientId: pair.clientId, clientSecret: pair.clientSecret };
    },
    get() {
      return this.held;
    },
  };
  const count = await direct.api_credentials.count();
  return { sandbox, cl, direct, old, vault, sent, count };
}

async function tokenOf(client) {
  await client.organizations.list({ pageSize: 1 });
  return client.currentAccessToken;
}

/** Returns a credential that application memberships depend on, if there is one. */
async function directOld(direct, kind) {
  const rows = await direct.application_memberships.list({ include: ["api_credential"], pageSize: 25 });
  const used = rows.map((row) => row.api_credential).find((one) => one?.kind === kind);
  const id = used?.id ?? (await direct.api_credentials.list({ filters: { kind_eq: kind }, pageSize: 1 })).first().id;
  return direct.api_credentials.retrieve(id, { include: ["organization", "role"] });
}

const settled = (vault) => ({ sink: vault, settle: () => undefined, mayDelete: true });

describe("replace", () => {
  test("replaces the old credential with a similar one, and deletes the old one", async () => {
    const { cl, direct, old, vault, count } = await world();
    const before = await direct.application_memberships.count({ api_credential_id_eq: old.id });
    const steps = [];
    const done = await cl.apiCredentials.replace(old.id, {
      ...settled(vault),
      onStep: (step) => steps.push(step.step),
    });
    assert.deepEqual(done.old, { id: old.id, state: "deleted" });
    assert.deepEqual(
      steps,
      done.steps.map(({ step }) => step),
    );
    assert.equal(await direct.api_credentials.count(), count);
    const fresh = await direct.api_credentials.retrieve(done.credential.id, { include: ["organization", "role"] });
    for (const name of ["name", "kind", "redirect_uri", "expires_in", "mode", "custom", "scopes", "confidential"])
      assert.deepEqual(fresh[name], old[name], name);
    assert.equal(fresh.organization.id, old.organization.id);
    assert.equal(fresh.role?.id, old.role?.id);
    assert.equal(fresh.metadata.replaces, old.id);
    assert.deepEqual(vault.held, { clientId: fresh.client_id, clientSecret: fresh.client_secret });
    assert.ok(before > 0, "the credential should have dependents");
    assert.equal(await direct.application_memberships.count({ api_credential_id_eq: fresh.id }), before);
    assert.ok(!JSON.stringify([done, steps]).includes(fresh.client_secret));
    assert.ok(vault.checks.length > 10 && vault.checks.every(Boolean));
    // Another run: nothing is left to do.
    const again = await cl.apiCredentials.replace(old.id, settled(vault));
    assert.deepEqual([again.old.state, again.credential, vault.puts], ["gone", done.credential, 1]);
    assert.equal(await direct.api_credentials.count(), count);
  });

  test("whichever request or response is lost, another run leaves exactly the credential in the vault", async () => {
    const { cl, old, vault, sent } = await world();
    await cl.apiCredentials.replace(old.id, { ...settled(vault), revoke: [] });
    const requests = sent.length;
    assert.ok(requests >= 12, `only ${requests} requests`);
    for (let at = 0; at < requests; at++) {
      for (const lost of ["request", "answer"]) {
        const where = `${lost} ${at} (${sent[at]})`;
        const fault = { at, lost };
        const { cl, direct, old, vault, count } = await world({ fault });
        await assert.rejects(cl.apiCredentials.replace(old.id, settled(vault)), Error, where);
        fault.at = -1;
        const done = await cl.apiCredentials.replace(old.id, settled(vault));
        assert.equal(await direct.api_credentials.count(), count, where);
        assert.equal(await direct.api_credentials.count({ id_eq: old.id }), 0, where);
        const fresh = await direct.api_credentials.retrieve(done.credential.id);
        assert.deepEqual(vault.held, { clientId: fresh.client_id, clientSecret: fresh.client_secret }, where);
        assert.ok(vault.checks.every(Boolean), `${where}: the vault held what was deleted`);
      }
    }
  });

  test("two concurrent runs end with one credential", async () => {
    const { cl, direct, old, vault, count } = await world();
    const runs = await Promise.all([0, 1, 2].map(() => cl.apiCredentials.replace(old.id, { sink: vault })));
    assert.equal(new Set(runs.map((run) => run.credential.id)).size, 1);
    assert.equal(await direct.api_credentials.count(), count + 1);
    assert.equal(vault.held.clientId, runs[0].credential.clientId);
    await cl.apiCredentials.replace(old.id, settled(vault));
    assert.equal(await direct.api_credentials.count(), count);
  });

  test("keeps the old credential without mayDelete, and changes nothing in a dry run", async () => {
    const { cl, direct, old, vault, count, sent } = await world();
    const plan = await cl.apiCredentials.replace(old.id, { ...settled(vault), dryRun: true });
    assert.ok(
      sent.every((request) => request.startsWith("GET ")),
      sent.join(),
    );
    assert.deepEqual(
      plan.steps.filter(({ state }) => state === "planned").map(({ step }) => step),
      ["create", "dependents", "verify", "publish", "settle", "delete"],
    );
    assert.equal(plan.credential, undefined);
    const kept = await cl.apiCredentials.replace(old, { sink: vault });
    assert.equal(kept.old.state, "kept");
    assert.match(kept.old.because, /mayDelete/);
    assert.equal(await direct.api_credentials.count(), count + 1);
  });

  test("stops at each unsafe state, and says why", async () => {
    const { cl, direct, old, vault, sandbox } = await world();
    const stops = (reason, options, id = old.id) =>
      assert.rejects(cl.apiCredentials.replace(id, options), {
        name: "ReplacementError",
        code: "replacement_stopped",
        reason,
      });
    await stops("no_sink", {});
    await stops("no_settle", { sink: vault, mayDelete: true });
    await stops("no_reference", { sink: vault, reference: " " });
    await stops("not_found", { sink: vault }, "no-such-id");
    const { id: channel } = (
      await direct.api_credentials.list({ filters: { kind_eq: "sales_channel" }, pageSize: 1 })
    ).first();
    await stops("public_kind", { sink: vault }, channel);
    const other = (await direct.api_credentials.list({ pageSize: 25 })).find((one) => one.id !== old.id);
    await direct.api_credentials.update({ id: other.id, reference: "taken" });
    await stops("reference_taken", { sink: vault, reference: "taken" });
    const count = await direct.api_credentials.count();
    await stops("not_held", { ...settled(vault), sink: { put: () => undefined, get: () => null } });
    assert.equal(await direct.api_credentials.count(), count + 1, "both are alive");
    // If the vault loses the pair after confirming it, the old credential is not deleted.
    let asked = 0;
    const forgetful = { put: (pair) => vault.put(pair), get: () => (asked++ < 2 ? vault.held : null) };
    await stops("not_held", { ...settled(vault), sink: forgetful });
    assert.equal((await direct.api_credentials.retrieve(old.id)).id, old.id);
    sandbox.close();
  });

  test("deletes a new pair that does not log in, and keeps the old one", async () => {
    const { direct, old, vault, count, sandbox } = await world();
    const fetch = async (url, init) => {
      if (new URL(url).pathname !== "/oauth/token") return sandbox.fetch(url, init);
      return Response.json({ error: "invalid_client" }, { status: 401 });
    };
    const { serverURL } = sandbox.commercelayer;
    const cl = CommerceLayerProvisioning({ accessToken: direct.currentAccessToken, serverURL, fetch });
    await assert.rejects(cl.apiCredentials.replace(old.id, settled(vault)), { reason: "refused", step: "verify" });
    assert.equal(await direct.api_credentials.count(), count);
    assert.equal(vault.puts, 0);
  });

  test("revokes the given tokens before it deletes the credential", async () => {
    const { cl, old, vault, sandbox, sent } = await world();
    const response = await sandbox.fetch(`${sandbox.commercelayer.serverURL}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        grant_type: "client_credentials",
        client_id: old.client_id,
        client_secret: old.client_secret,
      }),
    });
    const { access_token: token } = await response.json();
    const done = await cl.apiCredentials.replace(old.id, { ...settled(vault), revoke: () => [token] });
    assert.equal(done.old.state, "deleted");
    assert.ok(
      sent.indexOf("POST /oauth/revoke") > 0 &&
        sent.indexOf("POST /oauth/revoke") < sent.indexOf(`DELETE /api/api_credentials/${old.id}`),
    );
  });

  test("works for a client with camelCase names, and a signal ends a run", async () => {
    const { direct, old, vault, sandbox } = await world();
    const { serverURL } = sandbox.commercelayer;
    const cl = CommerceLayerProvisioning({
      accessToken: direct.currentAccessToken,
      serverURL,
      fetch: sandbox.fetch,
      names: "camel",
    });
    await assert.rejects(cl.apiCredentials.replace(old.id, { sink: vault, signal: AbortSignal.abort() }), Error);
    const done = await cl.apiCredentials.replace(old.id, settled(vault));
    assert.equal(done.old.state, "deleted");
  });
});
