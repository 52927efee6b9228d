// The Provisioning API of Commerce Layer: logging in, reading tokens, and the lifecycle of an API credential.

export default ({ test, assert, commercelayer: entry, tenant, inProcess }) => {
  const {
    default: CommerceLayerProvisioning,
    clientCredentials,
    createAssertion,
    fetchToken,
    jwtBearer,
    jwtVerify,
    password,
    revoke,
  } = entry;

  for (const [where, make] of [
    ["over HTTP", tenant],
    ["in process", inProcess],
  ]) {
    const start = async () => {
      const at = await make();
      const { clientId, clientSecret, customer, place, issuer } = at.commercelayer;
      const personal = { clientId, clientSecret };
      const client = (options) =>
        CommerceLayerProvisioning({ ...place, credentials: clientCredentials(personal), ...options });
      return { at, personal, customer, place, issuer, client };
    };
    const count = async (at, operation) => (await at.requests({ operation })).length;

    test(`${where}: a credential is created, read, changed, counted and deleted; its secret is in no list`, async () => {
      const { client, at } = await start();
      const cl = client();
      const [organization] = await cl.organizations.list();
      const [role] = await cl.organizations.roles(organization);
      const made = await cl.api_credentials.create({
        name: "made here",
        kind: "integration",
        reference: "a-reference",
        organization: cl.organizations.relationship(organization),
        role: cl.roles.relationship(role),
      });
      assert.ok(made.client_secret.length > 10);
      const read = await cl.api_credentials.retrieve(made.id, { include: ["organization", "role"] });
      assert.deepEqual([read.name, read.organization.id, read.role.name], ["made here", organization.id, role.name]);
      const changed = await cl.api_credentials.update({ id: made.id, name: "renamed", expires_in: 7200 });
      assert.deepEqual([changed.name, changed.expires_in], ["renamed", 7200]);
      const found = await cl.api_credentials.list({ filters: { reference_eq: "a-reference" } });
      assert.deepEqual([found.length, found[0].id, found[0].client_secret], [1, made.id, undefined]);
      assert.equal(await cl.api_credentials.count({ filters: { reference_eq: "a-reference" } }), 1);
      await cl.api_credentials.delete(made.id);
      const gone = await assert.rejects(cl.api_credentials.retrieve(made.id));
      assert.deepEqual([gone.name, gone.status, gone.apiCode], ["ApiError", 404, "RECORD_NOT_FOUND"]);
      assert.equal(await count(at, "commercelayer.token"), 1);
    });

    test(`${where}: every way to a token that needs no browser, and tokens that verify until they are revoked`, async () => {
      const { client, personal, customer, place, issuer } = await start();
      const list = await client().api_credentials.list({ fields: ["kind", "client_id", "client_secret"] });
      const of = (kind) => list.find((one) => one.kind === kind);
      const [channel, web] = [of("sales_channel"), of("webapp")];
      const claims = { "https://commercelayer.io/claims": { owner: { type: "Customer", id: "c-1" } } };
      for (const [credentials, kind] of [
        [clientCredentials(personal), "user"],
        [password({ clientId: channel.client_id, ...customer, scope: "market:all" }), "sales_channel"],
        [
          jwtBearer({
            clientId: web.client_id,
            clientSecret: web.client_secret,
            assertion: () => createAssertion({ payload: claims }),
          }),
          "webapp",
        ],
      ]) {
        const token = await fetchToken(credentials, place);
        const { payload } = await jwtVerify(token, { ...place, issuer });
        assert.equal(payload.application.kind, kind);
        const forged = `${token.slice(0, -8)}${token.endsWith("AAAAAAAA") ? "BBBBBBBB" : "AAAAAAAA"}`;
        assert.equal((await assert.rejects(jwtVerify(forged, { ...place, issuer }))).reason, "signature");
        assert.equal(
          (await assert.rejects(jwtVerify(token, { ...place, issuer: "https://auth.commercelayer.io" }))).reason,
          "issuer",
        );
      }
      const accessToken = await fetchToken(clientCredentials(personal), place);
      const fixed = client({ credentials: undefined, accessToken });
      await fixed.user.retrieve();
      await revoke({ token: accessToken, ...personal, ...place });
      assert.equal((await assert.rejects(fixed.user.retrieve())).status, 401);
    });

    test(`${where}: many calls make one token request, and many that are refused one renewal`, async () => {
      const { at, client, personal, place } = await start();
      const calls = (cl) => Promise.all(Array.from({ length: 20 }, () => cl.roles.list()));
      await calls(client());
      assert.equal(await count(at, "commercelayer.token"), 1);
      let asked = 0;
      const refreshToken = (refused) => {
        asked++;
        assert.equal(refused, "opaque");
        return fetchToken(clientCredentials(personal), place);
      };
      const cl = client({ credentials: undefined, accessToken: "opaque", refreshToken });
      await calls(cl);
      assert.equal(asked, 1);
      assert.ok(cl.currentAccessToken.startsWith("eyJ"));
      const failing = client({ credentials: undefined, accessToken: "opaque", refreshToken: () => "" });
      assert.equal((await assert.rejects(failing.roles.list())).type, "token-refresh");
    });

    test(`${where}: credentials that are refused are told with a hint, and without the secret`, async () => {
      const { client, personal } = await start();
      const error = await assert.rejects(
        client({ credentials: clientCredentials({ ...personal, clientSecret: "canary-7f3a9b" }) }).roles.list(),
      );
      assert.equal(error.type, "token-refresh");
      assert.match(error.hint, /profile menu/);
      assert.excludes(`${error.stack} ${JSON.stringify(error)} ${error.cause?.stack}`, "canary-7f3a9b");
    });

    test(`${where}: a credential is replaced: the new pair logs in, the old one is gone`, async () => {
      const { client, place } = await start();
      const cl = client();
      const old = (await cl.api_credentials.list({ filters: { kind_eq: "integration" } })).first();
      let held;
      const sink = { put: (pair) => (held = pair), get: () => held };
      const done = await cl.apiCredentials.replace(old.id, { sink, settle: () => undefined, mayDelete: true });
      assert.deepEqual([done.old.state, done.credential.id], ["deleted", held.id]);
      assert.equal((await assert.rejects(cl.api_credentials.retrieve(old.id))).status, 404);
      assert.ok((await fetchToken(clientCredentials(held), place)).startsWith("eyJ"));
    });

    test(`${where}: a list goes over all pages, and a signal ends a call`, async () => {
      const { client } = await start();
      const cl = client();
      const ids = new Set();
      for await (const one of cl.api_credentials.list({ pageSize: 1, sort: ["id"] })) ids.add(one.id);
      assert.equal(ids.size, await cl.api_credentials.count());
      assert.ok(ids.size > 1);
      const error = await assert.rejects(cl.roles.list({}, { signal: AbortSignal.abort() }));
      assert.equal(error.type, "cancel");
    });
  }
};
