// Rotating a connector's credential: the call that this package is for.

export default ({ test, assert, keyturn, tenant }) => {
  test("gives the new secret once", async () => {
    const { options, appId, connectorId } = await tenant();
    const c1 = new keyturn.ConductorOne(options);
    const answer = await c1.connector.rotateCredential({ appId, connectorId });
    assert.equal(answer.statusCode, 200);
    assert.match(answer.contentType, /^application\/json/);
    const credential = answer.connectorServiceRotateCredentialResponse?.credential;
    const { clientSecret } = credential;
    assert.ok(clientSecret.length > 20);
    assert.ok(credential.createdAt instanceof Date);

    const again = await c1.connector.getCredentials({ appId, connectorId, id: credential.id });
    assert.excludes(JSON.stringify(again), clientSecret);
    c1.close();
  });
};
