// Client ids, secrets, tenants, `Retry-After` and pages. The oracles are the platform's URL parser, `node:crypto`, jose and plain models.
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import fc from "fast-check";
import * as jose from "jose";
import { load } from "../commercelayer/world.mjs";
import { anyText, holds, parameter, wellFormed } from "../lib/fuzz.mjs";
import { answer, stub, stubClient } from "../lib/stub.mjs";

const keyturn = await load("keyturn");
const { ConductorOne, KeyturnError } = keyturn;

/** Runs something that may only fail with an error of the configuration; any other failure is a defect. */
async function configured(work) {
  try {
    return await work();
  } catch (error) {
    assert.ok(KeyturnError.is(error), error);
    assert.equal(error.kind, "invalid_configuration", error.message);
    return undefined;
  }
}

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const names = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
const hosts = fc.oneof(
  fc.domain(),
  fc.constantFrom(
    "acme.conductor.one",
    "localhost",
    "127.0.0.1",
    "0x7f.1",
    "2130706433",
    "[::1]",
    "a..b",
    "-a.b",
    "acme",
  ),
  fc.string({ maxLength: 8 }),
);
const ports = fc.oneof(
  fc.constant(""),
  fc.nat(70_000).map((port) => `:${port}`),
  fc.constantFrom(":", ":080", ":x"),
);
const around = fc.constantFrom("", " ", "\n", '"', "'");

/** Returns the JWK of a seed, by OpenSSL. */
function jwkOf(seed) {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return key.export({ format: "jwk" });
}

/** Returns a client that logs in with a secret, and what it sent. */
function withSecret(clientID, clientSecret, options = {}) {
  const sent = [];
  const fetch = async (url, init) => {
    sent.push({ url: String(url), body: String(init.body) });
    return Response.json(String(url).includes("/auth/") ? { access_token: "t", expires_in: 3600 } : {});
  };
  return { sent, c1: () => new ConductorOne({ clientID, clientSecret, fetch, ...options }) };
}

const SECRET = `secret-token:conductorone.com:v1:${Buffer.from(JSON.stringify(jwkOf(Buffer.alloc(32, 7)))).toString("base64url")}`;

holds(
  "requests go to the host that a client id names, as the platform reads it",
  fc.tuple(names, hosts, ports, fc.constantFrom("pcc", "spc", "x_1", "", "a b"), around),
  async ([name, host, port, kind, quote]) => {
    const { c1, sent } = withSecret(`${quote}${name}@${host}${port}/${kind}${quote}`, SECRET);
    await configured(() => c1().apps.list());
    if (sent.length === 0) return;
    const url = new URL(sent[0].url);
    const expected = new URL(`${url.protocol}//${host}${port}`);
    assert.equal(url.host, expected.host);
    const loopback = ["localhost", "[::1]"].includes(url.hostname) || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
    assert.equal(url.protocol, loopback ? "http:" : "https:");
  },
  { share: 0.5 },
);

const urls = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc
    .tuple(
      fc.constantFrom("http://", "https://", "HTTPS://", "ftp://", "", "//"),
      hosts,
      ports,
      fc.constantFrom("", "/", "/a/b/", "/../x", "/%2e%2e/", "\\x", "?q", "#f", "@b.example"),
    )
    .map((parts) => parts.join("")),
  anyText,
);

holds(
  "a server URL that is taken leads where the platform's parser says",
  urls,
  async (serverURL) => {
    const { c1, sent } = withSecret("a-b-1@acme.conductor.one/pcc", SECRET, { serverURL });
    await configured(() => c1().apps.list());
    if (sent.length === 0 || serverURL.trim() === "") return;
    const given = new URL(serverURL.trim());
    for (const { url } of sent) assert.equal(new URL(url).origin, given.origin);
    assert.ok(
      given.protocol === "https:" ||
        ["localhost", "[::1]"].includes(given.hostname) ||
        given.hostname.startsWith("127."),
    );
    assert.equal(given.username + given.password, "");
    assert.equal(sent.at(-1).url, `${given.origin}${given.pathname.replace(/\/+$/, "")}/api/v1/apps`);
  },
  { share: 0.5 },
);

holds(
  "a secret of any seed signs assertions that jose verifies, for the client and the tenant",
  fc.tuple(seeds, names, fc.domain(), fc.boolean(), fc.nat(1e9)),
  async ([seed, name, host, padded, later]) => {
    const jwk = jwkOf(Buffer.from(seed));
    const text = Buffer.from(JSON.stringify(jwk)).toString(padded ? "base64" : "base64url");
    const clientID = `${name}@${host}/pcc`;
    const now = 1.7e12 + later * 1000;
    const { c1, sent } = withSecret(clientID, `secret-token:conductorone.com:v1:${text}`, {
      clock: { now: () => now },
    });
    await c1().apps.list();
    const assertion = new URLSearchParams(sent[0].body).get("client_assertion");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: jwk.x }, format: "jwk" });
    const { payload, protectedHeader } = await jose.jwtVerify(assertion, key, {
      issuer: clientID,
      subject: clientID,
      audience: host.toLowerCase(),
      currentDate: new Date(now),
    });
    assert.equal(protectedHeader.alg, "EdDSA");
    assert.ok(payload.exp * 1000 - now <= 300_000);
    assert.ok(!sent.some(({ body }) => body.includes(jwk.d)));
  },
  { share: 0.2 },
);

holds(
  "a secret with a character changed is refused, and no error repeats a part of it",
  fc.tuple(fc.nat(), fc.string({ minLength: 0, maxLength: 2 })),
  async ([at, instead]) => {
    const place = at % SECRET.length;
    const changed = SECRET.slice(0, place) + instead + SECRET.slice(place + 1);
    if (changed === SECRET) return;
    const { c1, sent } = withSecret("a-b-1@acme.conductor.one/pcc", changed);
    try {
      await c1().apps.list();
    } catch (error) {
      assert.ok(KeyturnError.is(error), error);
      assert.equal(error.kind, "invalid_configuration");
      const shown = `${error.message} ${JSON.stringify(error)} ${error.cause}`;
      for (let from = 40; from + 12 < changed.length; from += 12)
        assert.ok(!shown.includes(changed.slice(from, from + 12)));
      return;
    }
    // If the changed secret still signs, the key is the same: the changed character had no meaning.
    const jwk = jwkOf(Buffer.alloc(32, 7));
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: jwk.x }, format: "jwk" });
    await jose.jwtVerify(new URLSearchParams(sent[0].body).get("client_assertion"), key, { clockTolerance: 1 });
  },
);

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const retryAfter = fc.oneof(
  fc.nat(200_000).map((seconds) => [String(seconds), seconds <= 86_400 ? seconds * 1000 : undefined]),
  fc.integer({ min: -100_000, max: 100_000 }).map((seconds) => {
    const ms = Math.max(0, seconds * 1000);
    return [new Date(NOW + seconds * 1000).toUTCString(), ms <= 86_400_000 ? ms : undefined];
  }),
  fc.constantFrom(
    ["soon", undefined],
    ["-1", undefined],
    ["1e9", undefined],
    ["NaN", undefined],
    ["", undefined],
    ["0x10", undefined],
    ["1,2", undefined],
  ),
);

holds("retryAfterMs is what the header says, to a day", retryAfter, async ([value, ms]) => {
  const c1 = stubClient(keyturn, stub(answer(429, { code: 8, message: "slow down" }, { "retry-after": value })), {
    clock: { now: () => NOW },
    retryConfig: { strategy: "none" },
  });
  const error = await c1.apps.list().then(
    () => assert.fail("429 is an answer"),
    (error) => error,
  );
  assert.equal(error.kind, "rate_limited");
  assert.equal(error.retryAfterMs, ms);
});

const tokens = fc.array(
  fc.oneof(
    wellFormed.filter((text) => text.trim() !== ""),
    fc.constantFrom("a", "b"),
  ),
  { maxLength: 6 },
);

holds("pages are followed by their tokens, each once, whatever the tokens say", tokens, async (list) => {
  const pages = [...list, ""].map((nextPageToken, page) => ({ list: [{ id: `${page}` }], nextPageToken }));
  const server = stub(...pages);
  const seen = [];
  const twice = list.findIndex((token, at) => list.indexOf(token) < at);
  const read = async () => {
    for await (const { id } of stubClient(keyturn, server).apps.list()) seen.push(id);
  };
  if (twice < 0) await read();
  else await assert.rejects(read, (error) => KeyturnError.is(error));
  const asked = server.sent.map(({ url }) => parameter(url, "page_token"));
  const expected = [null, ...list];
  assert.deepEqual(asked, expected.slice(0, asked.length));
  assert.equal(new Set(asked).size, asked.length, "a page was asked for twice");
  assert.equal(seen.length, twice < 0 ? pages.length : asked.length);
});
