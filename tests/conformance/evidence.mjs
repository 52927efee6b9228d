// What a program that rotates credentials can observe afterwards: the system log, the last use, a successful
// synchronization, and the end of older credentials.

import { onEachTenant } from "../lib/each-tenant.mjs";

export default (suite) => {
  const { assert, keyturn } = suite;
  const { ConductorOne } = keyturn;
  onEachTenant(suite, (it) => {
    const rotate = async (c1, { appId, connectorId }) =>
      (await c1.connector.rotateCredential({ appId, connectorId })).connectorServiceRotateCredentialResponse.credential;

    /** Returns the error code of a login with a pair; `undefined` if it succeeds. */
    const logIn = async (at, { clientId, clientSecret }) => {
      const consumer = new ConductorOne({ ...at.options, clientID: clientId, clientSecret });
      try {
        await consumer.auth.introspect();
        return undefined;
      } catch (error) {
        return error.code;
      } finally {
        consumer.close();
      }
    };

    const changes = async (c1, filter = {}) => {
      const events = [];
      for await (const event of c1.systemLog.listEvents(filter)) events.push(event);
      return events.filter(({ class_uid }) => class_uid === 6003);
    };

    it("a rotation whose answer was lost is in the system log, with the new id", async (c1, at) => {
      const since = (await rotate(c1, at)).createdAt;
      await at.advanceClock(60_000);
      await at.fault({ operation: "connector.rotateCredential", action: "drop-answer" });
      assert.equal((await assert.rejects(rotate(c1, at))).code, "outcome_unknown");
      const [lost, ...others] = await changes(c1, { since: new Date(since.getTime() + 30_000) });
      assert.equal(others.length, 0);
      assert.equal(lost.api.operation, "c1.api.app.v1.ConnectorService.RotateCredential");
      assert.equal(lost.actor.app_uid, at.clientId);
      const [made] = lost.resources;
      assert.equal(made.type, "connector_credential");
      // The window of doubt ends when the lost credential is revoked.
      const id = { appId: at.appId, connectorId: at.connectorId, id: made.uid };
      const read = await c1.connector.getCredentials(id);
      assert.equal(read.connectorServiceGetCredentialsResponse.credential.clientId, made.data.client_id);
      await c1.connector.revokeCredential(id);
      const [revoked] = await changes(c1, { sortDirection: "SORT_DIRECTION_DESC" });
      assert.deepEqual([revoked.activity_name, revoked.resources[0].uid], ["Delete", made.uid]);

      await at.configure({ systemLog: "off" });
      await rotate(c1, at);
      assert.equal((await changes(c1)).length, 3);
    });

    it("a consumer's use and synchronisation can be told from silence", async (c1, at) => {
      const { appId, connectorId } = at;
      const pair = await rotate(c1, at);
      const look = async () => {
        const read = await c1.connector.getCredentials({ appId, connectorId, id: pair.id });
        const { connectorServiceGetResponse: got } = await c1.connector.get({ appId, id: connectorId });
        return [read.connectorServiceGetCredentialsResponse.credential.lastUsedAt, got.connectorView.connector.status];
      };
      assert.equal((await look())[0], null);
      await at.advanceClock(60_000);
      const consumed = await at.consume(pair);
      assert.deepEqual(consumed, { accepted: true, sync: { appId, connectorId, status: "SYNC_STATUS_DONE" } });
      const [used, synced] = await look();
      assert.ok(used > pair.createdAt && synced.completedAt > pair.createdAt);
      assert.equal(synced.status, "SYNC_STATUS_DONE");
      await at.consume({ ...pair, syncError: "the source answered 503" });
      assert.equal((await look())[1].lastError, "the source answered 503");
      const wrong = await at.consume({ clientId: pair.clientId, clientSecret: "secret-token:conductorone.com:v1:e30" });
      assert.equal(wrong.accepted, false);
    });

    it("a tenant can end the old credential at once, from one moment to the next", async (c1, at) => {
      let old = await rotate(c1, at);
      for (const [oldAfterRotate, code] of [
        ["keep", undefined],
        ["revoke", "authentication_failed"],
        ["keep", undefined],
        ["expire", "authentication_failed"],
      ]) {
        await at.configure({ oldAfterRotate });
        const next = await rotate(c1, at);
        assert.equal(await logIn(at, old), code, oldAfterRotate);
        assert.equal(await logIn(at, next), undefined);
        old = next;
      }
    });

    it("a bridge's credentials are listed with their state", async (c1, at) => {
      const { tunnelCredentials: tunnels } = c1;
      const made = await tunnels.createBridge({ displayName: "North" });
      const { id: bridgeId } = made.tunnelCredentialsServiceCreateBridgeResponse.bridge;
      const issue = async () =>
        (await tunnels.createBridgeCredential({ bridgeId })).tunnelCredentialsServiceCreateBridgeCredentialResponse
          .credential;
      const list = async () => {
        const found = [];
        for await (const one of tunnels.listBridgeCredentials({ bridgeId })) found.push(one);
        return found;
      };
      const first = await issue();
      assert.equal(await logIn(at, first), undefined);
      await at.configure({ bridgeAfterRotate: "keep" });
      const second = await issue();
      assert.equal(await logIn(at, first), undefined);
      await tunnels.revokeBridgeCredential({ id: first.id });
      assert.equal(await logIn(at, first), "authentication_failed");
      assert.equal(await logIn(at, second), undefined);
      const [one, two] = await list();
      assert.deepEqual(
        [one.id, one.credentialStatus, two.id, two.credentialStatus],
        [first.id, "TUNNEL_CREDENTIAL_STATUS_REVOKED", second.id, "TUNNEL_CREDENTIAL_STATUS_ACTIVE"],
      );
      assert.ok(one.revokedAt >= one.lastUsedAt && one.clientSecret === "");
    });

    it("an SSO client's secret is replaced", async (c1, at) => {
      const { appId } = at;
      const created = await c1.ssoApplication.create({
        appId,
        ssoApplicationServiceCreateRequest: {
          displayName: "Shop",
          oidc: {},
          initialClient: { displayName: "Web", authentication: { clientSecretPost: {} } },
        },
      });
      const { application, client, clientSecret } = created.ssoApplicationServiceCreateResponse;
      const place = { appId, id: application.id };
      const { clientId } = client;
      const rotated = await c1.ssoApplication.rotateClientSecret({
        ...place,
        ssoApplicationServiceRotateClientSecretRequest: { clientId },
      });
      const { clientSecret: renewed } = rotated.ssoApplicationServiceRotateClientSecretResponse;
      const send = at.options.fetch ?? fetch;
      const probe = async (secret) => {
        const fields = { client_id: clientId, client_secret: secret, code: "x" };
        const body = String(new URLSearchParams({ grant_type: "authorization_code", ...fields }));
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        return (await (await send(`${at.url}/auth/v1/token`, { method: "POST", headers, body })).json()).error;
      };
      assert.deepEqual([await probe(clientSecret), await probe(renewed)], ["invalid_client", "invalid_grant"]);
      await c1.ssoApplication.deleteClient({ ...place, ssoApplicationServiceDeleteClientRequest: { clientId } });
      assert.equal(await probe(renewed), "invalid_client");
    });
  });
};
