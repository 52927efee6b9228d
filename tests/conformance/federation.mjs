// The ways to authenticate against the sandbox, which verifies them: identity tokens, logins by people, the secret itself,
// and proofs of possession.

export default ({ test, assert, keyturn, sandbox, tenant }) => {
  const { ConductorOne } = keyturn;
  const { createSandbox } = sandbox;
  const at = ({ url, fetch }) => ({ serverURL: url, fetch });

  test("an identity token is exchanged, and each reason for a refusal has its hint", async () => {
    const box = await createSandbox();
    const { trustId } = box;
    const client = (subjectToken, clientID = trustId) =>
      new ConductorOne({ ...at(box), credentials: keyturn.tokenExchange({ clientID, subjectToken }) });
    const { introspectResponse: who } = await client(() => box.identityToken()).auth.introspect();
    assert.ok(who.userId);
    const old = Math.floor(box.clock.now() / 1000) - 700;
    for (const [reason, claims, id] of [
      ["issuer_mismatch", { iss: "https://other.example" }],
      ["cel_condition_not_met", { repository: "acme/other" }],
      ["token_too_old", { iat: old }],
      ["token_too_old", { exp: old }],
      ["trust_not_found", {}, trustId.replace("fox", "hen")],
    ]) {
      const error = await assert.rejects(client(() => box.identityToken(claims), id).auth.introspect());
      assert.equal(error.reason, reason);
      assert.ok(error.hint.length > 20);
    }
    const forged = box.identityToken().replace(/.{10}$/, "AAAAAAAAAA");
    assert.equal((await assert.rejects(client(() => forged).auth.introspect())).reason, "invalid_grant");
    box.close();
  });

  test("a subject token that is always fresh outlives the exchange of the first", async () => {
    const box = await createSandbox({ tokenTtl: 1800 });
    const clock = { now: () => box.clock.now(), monotonic: () => box.clock.now() };
    const fixed = box.identityToken();
    const credentials = (subjectToken) => keyturn.tokenExchange({ clientID: box.trustId, subjectToken });
    const fresh = new ConductorOne({ ...at(box), clock, credentials: credentials(() => box.identityToken()) });
    const stale = new ConductorOne({ ...at(box), clock, credentials: credentials(() => fixed) });
    await Promise.all([fresh.auth.introspect(), stale.auth.introspect()]);
    box.clock.advance(1_900_000);
    await fresh.auth.introspect();
    assert.equal((await assert.rejects(stale.auth.introspect())).reason, "token_too_old");
    box.close();
  });

  test("a person confirms a login on the sandbox's page, and makes a personal client", async () => {
    const box = await createSandbox();
    const codes = [];
    const onCode = async ({ userCode, verificationUriComplete }) => {
      codes.push(userCode);
      const page = await (await box.fetch(verificationUriComplete)).text();
      assert.ok(page.includes(userCode));
      const answer = await box.fetch(verificationUriComplete, {
        method: "POST",
        body: new URLSearchParams({ user_code: userCode, answer: "approve" }),
      });
      assert.ok((await answer.text()).includes("Done"));
    };
    const c1 = new ConductorOne({ ...at(box), credentials: keyturn.deviceLogin({ clientID: "program", onCode }) });
    await c1.authenticate();
    const limits = { displayName: "laptop", expiresInDays: 30, scopedRoles: "all", allowSourceCidr: ["192.0.2.0/24"] };
    const { clientID, clientSecret } = await keyturn.createPersonalClient(c1, limits);
    await new ConductorOne({ ...at(box), clientID, clientSecret: clientSecret.reveal() }).auth.introspect();
    assert.equal(codes.length, 1);

    const denied = keyturn.deviceLogin({
      clientID: "program",
      onCode: ({ userCode }) => box.decideLogin(userCode, false),
    });
    assert.equal(
      (await assert.rejects(new ConductorOne({ ...at(box), credentials: denied }).authenticate())).reason,
      "access_denied",
    );
    const late = keyturn.deviceLogin({ clientID: "program", onCode: () => box.clock.advance(601_000) });
    assert.equal(
      (await assert.rejects(new ConductorOne({ ...at(box), credentials: late }).authenticate())).reason,
      "expired_token",
    );
    assert.throws(() => box.decideLogin("NONE-SUCH"));
    box.close();
  });

  test("the secret itself works when it is asked for, and a wrong one does not", async () => {
    const box = await createSandbox();
    const other = await createSandbox();
    const client = (clientSecret) =>
      new ConductorOne({ ...at(box), credentials: keyturn.clientSecretPost({ clientID: box.clientId, clientSecret }) });
    await client(box.clientSecret).auth.introspect();
    assert.equal((await assert.rejects(client(other.clientSecret).auth.introspect())).reason, "invalid_client");
    box.close();
    other.close();
  });

  for (const algorithm of ["ES256", "EdDSA"]) {
    test(`proofs by ${algorithm} are checked: bound tokens, nonces, and no proof twice`, async () => {
      if (
        algorithm === "EdDSA" &&
        !(await crypto.subtle.generateKey("Ed25519", false, ["sign"]).catch(() => undefined))
      )
        return;
      for (const dpop of ["accept", "require", "nonce"]) {
        const box = await createSandbox({ dpop });
        const sent = [];
        const fetch = (url, init) => {
          sent.push([String(url), { ...init, headers: { ...init.headers }, signal: null }]);
          return box.fetch(url, init);
        };
        const { clientId: clientID, clientSecret } = box;
        const c1 = new ConductorOne({ clientID, clientSecret, serverURL: box.url, fetch, dpop: { algorithm } });
        for (let call = 0; call < 5; call++) await c1.auth.introspect();
        await c1.connector.rotateCredential({ appId: box.appId, connectorId: box.connectorId });
        assert.equal(sent.length, 7 + (dpop === "nonce" ? 2 : 0));
        const [url, init] = sent.at(-2);
        assert.match(init.headers.authorization, /^DPoP /);
        const replayed = await box.fetch(url, init);
        assert.equal(replayed.status, 401);
        assert.match((await replayed.json()).message, /used before/);
        for (const [change, why] of [
          [{ authorization: init.headers.authorization.replace("DPoP", "Bearer") }, /requires a proof/],
          [{ dpop: undefined }, /missing/],
          [{ dpop: `${init.headers.dpop.slice(0, -8)}AAAAAAAA` }, /signature/],
        ]) {
          const headers = Object.fromEntries(
            Object.entries({ ...init.headers, ...change }).filter(([, value]) => value !== undefined),
          );
          const answer = await box.fetch(url, { ...init, headers });
          assert.equal(answer.status, 401);
          assert.match((await answer.json()).message, why);
        }
        c1.close();
        if (dpop !== "accept") {
          const without = new ConductorOne({ clientID, clientSecret, serverURL: box.url, fetch: box.fetch });
          const error = await assert.rejects(without.auth.introspect());
          assert.equal(error.reason, "invalid_dpop_proof");
          assert.match(error.hint, /dpop: true/);
        }
        box.close();
      }
    });
  }

  test("a tenant that does not look at proofs gives bearer tokens, which are used", async () => {
    const box = await createSandbox({ dpop: "ignore" });
    const { clientId: clientID, clientSecret } = box;
    const c1 = new ConductorOne({ clientID, clientSecret, ...at(box), dpop: true });
    await c1.auth.introspect();
    box.close();
  });

  test("over HTTP proofs name the address that the request is sent to", async () => {
    // In a page, this is the address of the proxy in front of the sandbox, for which no proof can be created.
    if ("document" in globalThis) return;
    const over = await tenant();
    const c1 = new ConductorOne({ ...over.options, dpop: true });
    await c1.auth.introspect();
    await c1.apps.list();
    c1.close();
  });
};
