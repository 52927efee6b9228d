// What people do with a tenant, against the sandbox: over HTTP on loopback, and in the same process.

export default ({ test, assert, keyturn, tenant, inProcess }) => {
  const { ConductorOne } = keyturn;
  for (const [where, make] of [
    ["over HTTP", tenant],
    ["in process", inProcess],
  ]) {
    const it = (name, work, options) =>
      test(`${where}: ${name}`, async () => {
        const at = await make(options);
        const c1 = new ConductorOne(at.options);
        try {
          await work(c1, at);
        } finally {
          c1.close();
        }
      });

    it("who am I", async (c1) => {
      const { statusCode, contentType, rawResponse, introspectResponse } = await c1.auth.introspect();
      assert.equal(statusCode, 200);
      assert.match(contentType, /^application\/json/);
      assert.equal(rawResponse.bodyUsed, true);
      assert.ok(introspectResponse.permissions.includes("connector.credential.rotate"));
    });

    it("a connector's credential is rotated, read without its secret, and revoked", async (c1, {
      appId,
      connectorId,
    }) => {
      const { connectorServiceRotateCredentialResponse: rotated } = await c1.connector.rotateCredential({
        appId,
        connectorId,
      });
      const { id, clientId, clientSecret, createdAt, expiresTime, deletedAt, lastUsedAt } = rotated.credential;
      assert.match(clientSecret, /^secret-token:conductorone\.com:v1:/);
      assert.ok(clientId.startsWith(`${id}@`));
      assert.ok(createdAt instanceof Date && expiresTime > createdAt, "dates");
      assert.equal(deletedAt, null);
      assert.equal(lastUsedAt, null);

      const read = await c1.connector.getCredentials({ appId, connectorId, id });
      const { credential } = read.connectorServiceGetCredentialsResponse;
      assert.equal(credential.clientId, clientId);
      assert.equal(credential.clientSecret, "");
      assert.equal(credential.createdAt.getTime(), createdAt.getTime());

      const { connectorServiceRevokeCredentialResponse } = await c1.connector.revokeCredential({
        appId,
        connectorId,
        id,
      });
      assert.deepEqual(connectorServiceRevokeCredentialResponse, {});
      const error = await assert.rejects(c1.connector.getCredentials({ appId, connectorId, id }));
      assert.equal(error.code, "not_found");
      assert.equal(error.operation, "c1.api.app.v1.ConnectorService.GetCredentials");
    });

    it("two rotations give two credentials", async (c1, { appId, connectorId }) => {
      const rotate = async () =>
        (await c1.connector.rotateCredential({ appId, connectorId })).connectorServiceRotateCredentialResponse
          .credential;
      const [a, b] = await Promise.all([rotate(), rotate()]);
      assert.ok(a.id !== b.id && a.clientSecret !== b.clientSecret);
    });

    it("an app is made, changed and deleted", async (c1) => {
      const { createAppResponse } = await c1.apps.create({ displayName: "Zürich 日本 🚀", owners: [] });
      const { id, displayName, createdAt } = createAppResponse.app;
      assert.equal(displayName, "Zürich 日本 🚀");
      assert.ok(createdAt instanceof Date);
      const { updateAppResponse } = await c1.apps.update({
        id,
        updateAppRequest: { app: { displayName: "B", description: "C" }, updateMask: "displayName" },
      });
      assert.equal(updateAppResponse.app.displayName, "B");
      assert.equal(updateAppResponse.app.description, "", "outside of the mask");
      await c1.apps.delete({ id, deleteAppRequest: {} });
      assert.equal((await assert.rejects(c1.apps.get({ id }))).code, "not_found");
    });

    it("a connector is made, changed, paused, resumed and deleted", async (c1, { appId }) => {
      const config = {
        atType: "type.googleapis.com/c1.api.app.v1.EnvConfig",
        additionalProperties: { configuration: { key: "value" } },
      };
      const { connectorServiceCreateResponse: made } = await c1.connector.create({
        appId,
        connectorServiceCreateRequest: {
          description: "A",
          catalogId: "catalog",
          config,
          expandMask: { paths: ["app_id"] },
        },
      });
      const { id } = made.connectorView.connector;
      assert.deepEqual(made.connectorView.connector.config, config);
      assert.equal(made.expanded[0].atType, "type.googleapis.com/c1.api.app.v1.App");
      assert.equal(made.expanded[0].additionalProperties.id, appId);

      const { connectorServiceUpdateResponse: updated } = await c1.connector.update({
        appId,
        id,
        connectorServiceUpdateRequest: { connector: { displayName: "B" }, updateMask: "displayName" },
      });
      assert.equal(updated.connectorView.connector.displayName, "B");

      const connector = async () =>
        (await c1.connector.get({ appId, id })).connectorServiceGetResponse.connectorView.connector;
      await c1.connector.pauseSync({ appId, connectorId: id });
      const paused = await connector();
      assert.equal(paused.status.status, "SYNC_STATUS_DISABLED");
      assert.ok(paused.syncDisabledAt instanceof Date);
      assert.equal((await assert.rejects(c1.connector.forceSync({ appId, connectorId: id }))).apiCode, "9");
      await c1.connector.resumeSync({ appId, connectorId: id });
      assert.equal((await connector()).syncDisabledAt, null);

      await c1.connector.delete({ appId, id });
      assert.equal((await assert.rejects(c1.connector.get({ appId, id }))).code, "not_found");
    });

    it(
      "lists go on over their pages",
      async (c1) => {
        const names = [];
        for await (const app of c1.apps.list({ pageSize: 15 })) names.push(app.displayName);
        assert.equal(names.length, 40);
        const first = await c1.apps.list({ pageSize: 15 });
        assert.equal(first.listAppsResponse.list.length, 15);
        const second = await first.next();
        assert.equal(second.listAppsResponse.list[0].displayName, names[15]);
        const pages = [];
        for await (const page of c1.apps.list({ pageSize: 15 }).pages()) pages.push(page.listAppsResponse.list.length);
        assert.deepEqual(pages, [15, 15, 10]);
        const found = [];
        for await (const app of c1.appSearch.search({ query: names[39], pageSize: 10 })) found.push(app.displayName);
        assert.ok(found.includes(names[39]));
      },
      { seed: "large" },
    );

    it("a personal client is made with its secret, read without it, changed, found and deleted", async (c1) => {
      const { personalClientServiceCreateResponse: made } = await c1.personalClient.create({
        displayName: "deploy",
        expires: "86400s",
        allowSourceCidr: ["10.0.0.0/8"],
      });
      const { id, expiresTime, createdAt } = made.client;
      assert.match(made.clientSecret, /^secret-token:/);
      assert.equal(expiresTime - createdAt, 86_400_000);
      await c1.personalClient.update({
        id,
        personalClientServiceUpdateRequest: { client: { displayName: "other" }, updateMask: "displayName" },
      });
      const { personalClientServiceGetResponse: read } = await c1.personalClient.get({ id });
      assert.equal(read.client.displayName, "other");
      assert.deepEqual(read.client.allowSourceCidr, ["10.0.0.0/8"]);
      const found = [];
      for await (const client of c1.personalClientSearch.search({ query: "other" })) found.push(client.id);
      assert.deepEqual(found, [id]);
      await c1.personalClient.delete({ id });
      assert.equal((await assert.rejects(c1.personalClient.get({ id }))).code, "not_found");
    });

    it("a service principal's credential logs in until it is revoked", async (c1, at) => {
      const { servicePrincipalServiceCreateResponse: made } = await c1.principal.create({ displayName: "robot" });
      const servicePrincipalId = made.servicePrincipal.id;
      const { servicePrincipalServiceCreateCredentialResponse: issued } = await c1.principal.createCredential({
        servicePrincipalId,
        servicePrincipalServiceCreateCredentialRequest: { displayName: "first", expires: "3600s" },
      });
      const robot = new ConductorOne({
        ...at.options,
        clientID: issued.credential.clientId,
        clientSecret: issued.clientSecret,
      });
      assert.equal((await robot.auth.introspect()).introspectResponse.userId, servicePrincipalId);
      robot.close();

      const listed = [];
      for await (const credential of c1.principal.listCredentials({ servicePrincipalId })) listed.push(credential);
      assert.equal(listed.length, 1);
      assert.ok(listed[0].expiresAt instanceof Date);

      await c1.principal.revokeCredential({ servicePrincipalId, id: issued.credential.id });
      const late = new ConductorOne({
        ...at.options,
        clientID: issued.credential.clientId,
        clientSecret: issued.clientSecret,
      });
      const error = await assert.rejects(late.auth.introspect());
      assert.equal(error.code, "authentication_failed");
      assert.equal(error.reason, "invalid_client");
      assert.equal(error.status, 401);
      late.close();
    });

    it("what the sandbox has no rows for is answered too", async (c1) => {
      const { contentType, rawResponse, ...rest } = await c1.vault.get({ id: "any" });
      assert.equal(rest.statusCode, 200);
      assert.ok(typeof rest.vaultServiceGetResponse === "object");
    });
  }
};
