// Commerce Layer's two servers as one on loopback: /oauth/token, /oauth/revoke, the keys, and an API that checks tokens.
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Creates an issuer's key, which signs tokens and has a public half. */
export function makeKey(alg = "RS512", kid = randomUUID()) {
  const pair = {
    RS512: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    RS512short: () => generateKeyPairSync("rsa", { modulusLength: 1024 }),
    ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: () => generateKeyPairSync("ed25519"),
  }[alg]();
  const real = alg.replace("short", "");
  const options = { RS512: "sha512", ES256: "sha256", EdDSA: null }[real];
  return {
    kid,
    jwk: { ...pair.publicKey.export({ format: "jwk" }), kid, alg: real, use: "sig" },
    token(payload, header = {}) {
      const signed = `${part({ alg: real, typ: "JWT", kid, ...header })}.${part(payload)}`;
      const signature = sign(options, Buffer.from(signed), { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
      return `${signed}.${signature.toString("base64url")}`;
    },
  };
}

/**
 * @param {{ token?: (body: object, number: number) => unknown }} answers What the token endpoint returns: a body, or
 *   `{ status, headers, body }`.
 */
export async function authServer(answers = {}) {
  const key = makeKey();
  const good = new Set();
  const at = { key, keys: [key.jwk], requests: [], good, now: () => Math.floor(Date.now() / 1000), delayMs: 0 };
  /** Issues a token that the API accepts. */
  at.issue = (claims = {}, life = 7200) => {
    const iat = at.now();
    const token = key.token({
      iss: at.url,
      iat,
      exp: iat + life,
      scope: "provisioning-api",
      test: false,
      rand: Math.random(),
      application: { id: "app", kind: "user", public: false, client_id: "client", confidential: true },
      user: { id: "user" },
      ...claims,
    });
    good.add(token);
    return token;
  };
  at.grant = (more = {}) => ({
    access_token: at.issue(),
    token_type: "bearer",
    expires_in: 7200,
    scope: "provisioning-api",
    created_at: at.now(),
    ...more,
  });
  at.of = (path) => at.requests.filter((request) => request.path === path);

  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const path = request.url.split("?")[0];
    const seen = {
      method: request.method,
      path,
      headers: request.headers,
      text,
      body: text.startsWith("{") ? JSON.parse(text) : undefined,
      at: Date.now(),
    };
    at.requests.push(seen);
    if (at.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, at.delayMs));
    const answer = (await handle(seen)) ?? {};
    const {
      status = 200,
      headers = {},
      body = answer,
    } = "status" in answer || "headers" in answer ? answer : { body: answer };
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body ?? {}));
  });

  async function handle(seen) {
    const { path, headers, body } = seen;
    if (path === "/oauth/token") return answers.token ? answers.token(body, at.of(path).length) : at.grant();
    if (path === "/oauth/revoke") return answers.revoke ? answers.revoke(body) : (good.delete(body.token), {});
    if (path === "/.well-known/jwks.json") return answers.keys ? answers.keys() : { keys: at.keys };
    const token = (headers.authorization ?? "").replace("Bearer ", "");
    if (good.has(token)) return { data: [] };
    const error = {
      title: "Invalid token",
      detail: "The access token is invalid",
      code: "INVALID_TOKEN",
      status: "401",
    };
    return { status: 401, body: { errors: [error] } };
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  at.url = `http://127.0.0.1:${server.address().port}`;
  at.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return at;
}
