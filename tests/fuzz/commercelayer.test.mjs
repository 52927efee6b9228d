// Commerce Layer: parameters of lists against URLSearchParams, tokens against jose.
import assert from "node:assert/strict";
import fc from "fast-check";
import * as jose from "jose";
import { load } from "../commercelayer/world.mjs";
import { anyText, holds, parameter, wellFormed } from "../lib/fuzz.mjs";

const { default: CommerceLayerProvisioning, jwtDecode, jwtVerify } = await load("keyturn/commercelayer");
const { KeyturnError } = await load("keyturn");

const SERVER = "https://provisioning.commercelayer.io";
const words = fc.stringMatching(/^[a-z_]{1,12}$/).filter((word) => !word.startsWith("_"));
const filterValues = fc.oneof(
  anyText,
  fc.integer(),
  fc.boolean(),
  fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
);
const lists = fc.record(
  {
    filters: fc.dictionary(
      words.map((word) => `${word}_eq`),
      filterValues,
      { maxKeys: 4 },
    ),
    sort: fc.array(
      fc.tuple(fc.boolean(), words).map(([down, word]) => (down ? `-${word}` : word)),
      { minLength: 1, maxLength: 3 },
    ),
    include: fc.array(words, { minLength: 1, maxLength: 3 }),
    pageNumber: fc.integer({ min: 1, max: 1000 }),
    pageSize: fc.integer({ min: 1, max: 25 }),
  },
  { requiredKeys: [] },
);

holds("a list asks for what its parameters say", lists, async (params) => {
  const sent = [];
  const fetch = async (url) => {
    sent.push(String(url));
    return Response.json({ data: [], meta: { record_count: 0, page_count: 1 } });
  };
  const cl = CommerceLayerProvisioning({ accessToken: "a-token-for-tests", fetch });
  const text = (value) => (value instanceof Date ? value.toISOString() : String(value));
  const filters = Object.entries(params.filters ?? {});
  const halved = filters.some(([, value]) => !text(value).isWellFormed());
  try {
    await cl.organizations.list(params);
  } catch (error) {
    assert.ok(halved && KeyturnError.is(error), error);
    assert.equal(sent.length, 0);
    return;
  }
  assert.ok(!halved);
  const url = new URL(sent[0]);
  assert.equal(url.origin + url.pathname, `${SERVER}/api/organizations`);
  const query = { get: (name) => parameter(url, name) };
  for (const [name, value] of filters) assert.equal(query.get(`filter[q][${name}]`), text(value));
  assert.equal(query.get("sort"), params.sort?.join(",") ?? null);
  assert.equal(query.get("include"), params.include?.join(",") ?? null);
  assert.equal(query.get("page[number]"), params.pageNumber === undefined ? null : String(params.pageNumber));
  assert.equal(query.get("page[size]"), params.pageSize === undefined ? null : String(params.pageSize));
});

const ISSUER = "https://auth.commercelayer.io";
const pairs = await Promise.all(
  ["EdDSA", "ES256", "RS512"].map(async (alg) => {
    const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    return { alg, privateKey, publicKey, jwk: { ...(await jose.exportJWK(publicKey)), kid: "k1" } };
  }),
);

/** The edits of a token: none, a changed character, or a replaced part. */
const edits = fc.oneof(
  fc.constant({}),
  fc.record({ at: fc.nat(), to: fc.constantFrom(..."AZaz09-_.=+/ é") }),
  fc.record({
    part: fc.nat(2),
    instead: fc.oneof(
      anyText,
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
    ),
  }),
);
const tokens = fc.record({
  which: fc.nat(2),
  claims: fc.dictionary(wellFormed, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
  exp: fc.integer({ min: -100, max: 100 }),
  edit: edits,
});

holds(
  "a token is verified exactly if jose verifies it",
  tokens,
  async ({ which, claims, exp, edit }) => {
    const { alg, privateKey, publicKey, jwk } = pairs[which];
    const now = 1.8e9;
    const good = await new jose.SignJWT(claims)
      .setProtectedHeader({ alg, kid: "k1" })
      .setIssuer(ISSUER)
      .setNotBefore(now - 1000)
      .setExpirationTime(now + exp)
      .sign(privateKey);
    let token = good;
    if (edit.at !== undefined) {
      const at = edit.at % good.length;
      token = good.slice(0, at) + edit.to + good.slice(at + 1);
    } else if (edit.part !== undefined) token = good.split(".").with(edit.part, edit.instead).join(".");
    const oracle = await jose
      .jwtVerify(token, publicKey, {
        issuer: ISSUER,
        algorithms: [alg],
        clockTolerance: 10,
        currentDate: new Date(now * 1000),
        requiredClaims: ["exp"],
      })
      .then(
        ({ payload }) => payload,
        () => undefined,
      );
    const clock = { now: () => now * 1000 };
    const ours = await jwtVerify(token, { jwk, issuer: ISSUER, clock }).then(
      ({ payload }) => payload,
      (error) => assert.ok(KeyturnError.is(error), error),
    );
    // In the very second at which a token expires, libraries differ.
    if (exp === -10) return;
    if (token.trim() !== token) return;
    assert.deepEqual(ours, oracle);
  },
  { share: 0.5 },
);

holds(
  "whatever is decoded is a token of two JSON objects, or an error of the package",
  fc.oneof(
    anyText,
    fc.json(),
    fc
      .array(anyText, { minLength: 3, maxLength: 3 })
      .map((parts) => parts.map((part) => Buffer.from(part).toString("base64url")).join(".")),
  ),
  (text) => {
    try {
      const { header, payload } = jwtDecode(text);
      assert.deepEqual(header, jose.decodeProtectedHeader(text.trim()));
      assert.deepEqual(payload, jose.decodeJwt(text.trim()));
    } catch (error) {
      assert.ok(KeyturnError.is(error), error);
    }
  },
);
