// Malformed credentials and token responses: each causes an error that says what is wrong; none shows the value, none
// makes the core trap, and invalid credentials are never sent.
import { answer, stub } from "../lib/stub.mjs";

const HOST = "tenant.conductor.one";
const ID = `steady-heron-1@${HOST}/spc`;
const CANARY = "canary7f3a";

/** Encodes a text as base64url. */
const encode = (text) => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

export default ({ test, assert, keyturn, inProcess }) => {
  const { ConductorOne, KeyturnError } = keyturn;
  const shown = (error) =>
    `${error.name} ${error.message} ${error.stack} ${error.hint} ${JSON.stringify(error)} ${JSON.stringify({ ...error })}`;

  /** Creates a client, which may fail; either way, nothing is sent. */
  function refused(options, option, reason) {
    const { fetch, sent } = stub();
    const error = assert.throws(() => new ConductorOne({ fetch, ...options }), `${option} ${reason}`);
    assert.ok(KeyturnError.is(error));
    assert.equal(`${error.code} ${error.option} ${error.reason}`, `invalid_configuration ${option} ${reason}`);
    assert.excludes(shown(error), CANARY);
    assert.equal(sent.length, 0);
  }

  const CLIENT_IDS = [
    ["", "client_id_empty"],
    [" \n", "client_id_empty"],
    ['""', "client_id_empty"],
    [CANARY, "client_id_at"],
    [`${CANARY}.${HOST}/spc`, "client_id_at"],
    [`${CANARY}@${HOST}@x/spc`, "client_id_ats"],
    [`@${HOST}/spc`, "client_id_name_empty"],
    [`${CANARY} x@${HOST}/spc`, "client_id_name_character"],
    [`${CANARY}\u0000@${HOST}/spc`, "client_id_name_character"],
    [`${CANARY}:x@${HOST}/spc`, "client_id_name_character"],
    [`${CANARY}@${HOST}`, "client_id_slash"],
    [`${CANARY}@${HOST}/`, "client_id_kind_empty"],
    [`${CANARY}@${HOST}/s pc`, "client_id_kind_character"],
    [`${CANARY}@${HOST}/spc/x`, "client_id_kind_character"],
    [`https://${CANARY}@${HOST}/spc`, "client_id_is_url"],
    [`secret-token:conductorone.com:v1:${CANARY}`, "client_id_is_secret"],
    [`eyJhbGciOiJSUzI1NiJ9.${CANARY}.c2ln`, "client_id_is_token"],
    [`${CANARY}${"a".repeat(600)}@${HOST}/spc`, "client_id_long"],
    [`${CANARY}@/spc`, "host_empty"],
    [`${CANARY}@ho st/spc`, "host_space"],
    [`${CANARY}@-x.example/spc`, "host_hyphen"],
    [`${CANARY}@x..example/spc`, "host_empty_label"],
    [`${CANARY}@x.example:0/spc`, "host_port"],
    [`${CANARY}@127.1/spc`, "host_ipv4"],
    [`${CANARY}@t\u00e9nant.example/spc`, "host_not_ascii"],
    [`${CANARY}@evil.example#.${HOST}/spc`, "host_path"],
    [`${CANARY}@evil.example\\.${HOST}/spc`, "host_backslash"],
    [`${CANARY}@evil%2eexample/spc`, "host_percent"],
  ];

  test("client ids", async () => {
    const { clientSecret } = await inProcess();
    for (const [clientID, reason] of CLIENT_IDS) {
      refused({ clientID, clientSecret }, "clientID", reason);
      refused({ credentials: keyturn.tokenExchange({ clientID, subjectToken: () => CANARY }) }, "clientID", reason);
      refused({ credentials: keyturn.clientSecretPost({ clientID, clientSecret }) }, "clientID", reason);
    }
  });

  const SECRETS = (jwk) => {
    const of = (members) =>
      `secret-token:conductorone.com:v1:${encode(typeof members === "string" ? members : JSON.stringify(members))}`;
    const { x, d } = jwk;
    const good = of(jwk);
    return [
      ["", "secret_empty"],
      ["  ", "secret_empty"],
      [CANARY, "secret_prefix_missing"],
      [good.slice("secret-token:".length), "secret_prefix_missing"],
      [`x${good}`, "secret_prefix_missing"],
      [JSON.stringify(jwk), "secret_is_jwk"],
      [ID, "secret_is_client_id"],
      [`eyJhbGciOiJSUzI1NiJ9.${CANARY}.c2ln`, "secret_is_token"],
      [`secret-token:${CANARY}`, "secret_parts"],
      [`secret-token:conductorone.com:${CANARY}`, "secret_parts"],
      [`secret-token:evil.example:v1:${CANARY}`, "secret_issuer"],
      [`secret-token:conductorone.com:v2:${CANARY}`, "secret_version"],
      ["secret-token:conductorone.com:v1:", "secret_key_empty"],
      [`secret-token:conductorone.com:v1:${CANARY} x`, "secret_space"],
      [`secret-token:conductorone.com:v1:${CANARY}!`, "secret_key_character"],
      [`${good.slice(0, 60)}\n${good.slice(60)}`, "secret_space"],
      [`secret-token:conductorone.com:v1:${"A".repeat(4097)}`, "secret_long"],
      ["secret-token:conductorone.com:v1:abcde", "secret_key_length"],
      ["secret-token:conductorone.com:v1:ab", "secret_key_bits"],
      [of(JSON.stringify(jwk).slice(0, -4)), "secret_jwk_truncated"],
      [of("not json"), "secret_jwk_syntax"],
      [of("[]"), "secret_jwk_object"],
      [of(`{"kty":"OKP","kty":"OKP","crv":"Ed25519","x":"${x}","d":"${d}"}`), "secret_jwk_twice"],
      [of({ crv: "Ed25519", x, d }), "secret_jwk_kty_missing"],
      [of({ kty: "EC", crv: "Ed25519", x, d }), "secret_jwk_kty"],
      [of({ kty: "OKP", x, d }), "secret_jwk_crv_missing"],
      [of({ kty: "OKP", crv: "X25519", x, d }), "secret_jwk_crv"],
      [of({ kty: "OKP", crv: "Ed25519", x }), "secret_jwk_public"],
      [of({ kty: "OKP", crv: "Ed25519", x, d: "!!" }), "secret_jwk_d"],
      [of({ kty: "OKP", crv: "Ed25519", x, d: "AAAA" }), "secret_jwk_d_length"],
      [of({ kty: "OKP", crv: "Ed25519", d }), "secret_jwk_x_missing"],
      [of({ kty: "OKP", crv: "Ed25519", x: 7, d }), "secret_jwk_x"],
      [of({ kty: "OKP", crv: "Ed25519", x: "AAAA", d }), "secret_jwk_x_length"],
      [of({ kty: "OKP", crv: "Ed25519", x: d, d }), "secret_jwk_mismatch"],
    ];
  };

  test("client secrets and the keys in them", async () => {
    const { clientSecret } = await inProcess();
    const jwk = JSON.parse(atob(clientSecret.split(":")[3].replaceAll("-", "+").replaceAll("_", "/")));
    for (const [secret, reason] of SECRETS(jwk)) {
      for (const given of [secret, new TextEncoder().encode(secret)]) {
        refused({ clientID: ID, clientSecret: given }, "clientSecret", reason);
        refused(
          { credentials: keyturn.clientSecretPost({ clientID: ID, clientSecret: given }) },
          "clientSecret",
          reason,
        );
      }
    }
    refused({ clientID: ID, clientSecret: new Uint8Array([0xff, 0xfe, 0]) }, "clientSecret", "secret_prefix_missing");
  });

  test("tokens", async () => {
    for (const [token, reason] of [
      [" ", "bearer_empty"],
      ["Bearer ", "bearer_empty"],
      [`${CANARY} x`, "bearer_space"],
      [`${CANARY}\r\nx-evil: 1`, "bearer_space"],
      [`${CANARY}\u0000`, "bearer_character"],
      [`${CANARY}\u00e9`, "bearer_character"],
      [`secret-token:conductorone.com:v1:${CANARY}`, "bearer_is_secret"],
      [CANARY.repeat(7000), "bearer_long"],
    ]) {
      refused({ credentials: keyturn.accessToken(token), tenantDomain: "tenant" }, "security", reason);
      refused({ security: { bearerAuth: token }, tenantDomain: "tenant" }, "security", reason);
      const { fetch, sent } = stub();
      const c1 = new ConductorOne({ credentials: keyturn.tokenFunction(() => token), tenantDomain: "tenant", fetch });
      const error = await assert.rejects(c1.auth.introspect());
      assert.equal(`${error.code} ${error.reason}`, `invalid_configuration ${reason}`);
      assert.excludes(shown(error), CANARY);
      assert.equal(sent.length, 0);
    }
  });

  const ANSWERS = [
    [200, "", "token_empty_body"],
    [200, "{", "token_truncated"],
    [200, `{"access_token":"${CANARY}`, "token_truncated"],
    [200, "ok", "token_not_json"],
    [200, `access_token=${CANARY}`, "token_not_json"],
    [200, "<!doctype html>", "token_html"],
    [200, "[]", "token_not_object"],
    [200, "null", "token_not_object"],
    [200, "{}", "token_missing"],
    [200, '{"access_token":null}', "token_missing"],
    [200, '{"access_token":7}', "token_not_text"],
    [200, '{"access_token":""}', "token_blank"],
    [200, `{"access_token":"${CANARY}\\r\\nx: 1"}`, "token_unsafe"],
    [200, `{"access_token":"secret-token:${CANARY}"}`, "token_unsafe"],
    [200, `{"access_token":"${CANARY}","token_type":"mac"}`, "token_type_unknown"],
    [200, `{"access_token":"${CANARY}","token_type":"DPoP"}`, "token_type_dpop"],
    [200, `{"access_token":"${CANARY}","expires_in":0}`, "token_expired_on_arrival"],
    [200, `{"access_token":"${CANARY}","padding":"${"a".repeat(1 << 20)}"}`, "token_too_large"],
    [400, '{"error":"invalid_grant"}', "invalid_grant"],
    [401, '{"error":"invalid_client","error_description":"no"}', "invalid_client"],
    [401, '{"code":16,"message":"unauthenticated"}', "token_refused"],
    [403, "Forbidden", "token_refused"],
    [404, "", "token_endpoint_not_found"],
    [429, "", "token_rate_limited"],
    [503, "<html>", "token_server_error"],
    [302, "", "token_unexpected_status"],
  ];

  test("answers of the token endpoint", async () => {
    for (const [status, body, reason] of ANSWERS) {
      const { fetch, sent } = stub(answer(status, body));
      const credentials = keyturn.tokenExchange({ clientID: ID, subjectToken: () => "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" });
      const c1 = new ConductorOne({ credentials, fetch, retryConfig: { strategy: "none" } });
      const error = await assert.rejects(c1.auth.introspect());
      assert.equal(`${error.code} ${error.reason} ${error.status}`, `authentication_failed ${reason} ${status}`);
      assert.excludes(shown(error), CANARY);
      assert.equal(sent.length, 1, "the API is not called");
      c1.close();
    }
  });

  test("answers to the beginning of a device login", async () => {
    const page = '"verification_uri":"https://a.example/device"';
    for (const [status, body, reason] of [
      [200, "{}", "device_codes"],
      [200, `{"device_code":"${CANARY}"}`, "device_codes"],
      [200, `{"device_code":"${CANARY}","verification_uri":"javascript:alert(1)"}`, "device_codes"],
      [200, `{"device_code":"${CANARY}","verification_uri":"http://a.example"}`, "device_codes"],
      [200, `{"device_code":"",${page}}`, "device_codes"],
      [200, `{"access_token":"${CANARY}"}`, "device_codes"],
      [200, `{"device_code":"${CANARY}",${page}`, "token_truncated"],
      [400, '{"error":"unauthorized_client"}', "unauthorized_client"],
      [404, "<html>", "token_endpoint_not_found"],
    ]) {
      const { fetch, sent } = stub(answer(status, body));
      const credentials = keyturn.deviceLogin({ clientID: "program", onCode: () => assert.equal("no code", "shown") });
      const error = await assert.rejects(
        new ConductorOne({ credentials, tenantDomain: "tenant", fetch }).auth.introspect(),
      );
      assert.equal(`${error.code} ${error.reason}`, `authentication_failed ${reason}`);
      assert.excludes(shown(error), CANARY);
      assert.equal(sent.length, 1);
    }
    for (const [clientID, reason] of [
      ["", "client_id_empty"],
      ["a b", "client_id_name_character"],
      ["secret-token:x", "client_id_is_secret"],
    ]) {
      refused(
        { credentials: keyturn.deviceLogin({ clientID, onCode() {} }), tenantDomain: "tenant" },
        "clientID",
        reason,
      );
    }
  });

  test("a secret in its box does not show", async () => {
    const at = await inProcess();
    const c1 = new ConductorOne(at.options);
    const { appId, connectorId } = at;
    const envelope = await c1.connector.rotateCredential({ appId, connectorId });
    const { credential } = envelope.connectorServiceRotateCredentialResponse;
    const text = credential.clientSecret;
    const secret = keyturn.Secret.take(credential, "clientSecret");
    assert.equal(credential.clientSecret, undefined);
    assert.equal(secret.length, text.length);
    assert.ok(secret.reveal() === text);
    const thrown = new Error(`could not store ${secret}`, { cause: secret });
    for (const print of [
      String(secret),
      `${secret}`,
      `${secret}`,
      JSON.stringify({ secret, envelope }),
      thrown.stack,
      Object.values(secret).join(),
      Object.keys(secret).join(),
    ]) {
      assert.excludes(print, text.slice(40));
    }
    assert.equal(keyturn.Secret.take({ clientSecret: "" }, "clientSecret"), undefined);
    assert.equal(keyturn.Secret.take(undefined, "clientSecret"), undefined);
    secret.forget();
    assert.equal(secret.reveal(), "");
    c1.close();
  });

  test("a page that is given a long-lived secret is warned once, with safer ways", async () => {
    const { clientSecret } = await inProcess();
    for (let client = 0; client < 3; client++) new ConductorOne({ clientID: ID, clientSecret }).close();
    const warnings = (globalThis.warnings ?? []).filter((text) => text.startsWith("keyturn:"));
    if (!("document" in globalThis)) return assert.equal(warnings.length, 0);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /deviceLogin/);
    assert.excludes(warnings[0], clientSecret.slice(40));
  });
};
