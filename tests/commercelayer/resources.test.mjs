// Resources: what is sent and what is refused where release 2.10.2 of the official SDK sends something unintended.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { answer, load, rejection, resource, server, TOKEN } from "./world.mjs";

const { CommerceLayerProvisioning, linksOf, metaOf, responseOf } = await load("keyturn/commercelayer");

const SECRET = "the-client-secret";
const attributes = {
  ...{
    name: "CI",
    kind: "integration",
    confidential: true,
    redirect_uri: null,
    client_id: "an-id",
    client_secret: SECRET,
    scopes: "market:all",
  },
  ...{
    expires_in: 7200,
    mode: "test",
    custom: false,
    created_at: "2024-01-01T00:00:00.000Z",
    updated_at: "2024-01-02T00:00:00.000Z",
  },
  ...{ reference: null, reference_origin: null, metadata: {} },
};
const credential = resource(
  "api_credentials",
  "c",
  attributes,
  { organization: "organizations/o", role: "roles/r" },
  {
    links: { self: "https://provisioning.commercelayer.io/api/api_credentials/c" },
    meta: { trace: "t" },
  },
);

const client = (fetch, options = {}) =>
  CommerceLayerProvisioning({ accessToken: TOKEN, fetch, retryConfig: { strategy: "none" }, ...options });
const isRequest = (error) => assert.deepStrictEqual([error.name, error.type], ["SdkError", "request"], inspect(error));

describe("ids", () => {
  test("are percent-encoded as one path segment", async () => {
    for (const [id, path] of [
      ["a b", "/api/memberships/a%20b"],
      ["../api_credentials/XYZ", "/api/memberships/..%2Fapi_credentials%2FXYZ"],
      ["x?y#z", "/api/memberships/x%3Fy%23z"],
      ["ü%", "/api/memberships/%C3%BC%25"],
    ]) {
      const { fetch, sent } = server(answer(null, { status: 204 }));
      await client(fetch).memberships.delete(id);
      assert.equal(sent[0].url.pathname + sent[0].url.search + sent[0].url.hash, path);
    }
  });

  test("that are not a path segment are refused", async () => {
    const { fetch, sent } = server([]);
    const cl = client(fetch);
    for (const id of ["", ".", "..", undefined, null, 7, {}, { type: "memberships" }]) {
      for (const call of [
        () => cl.memberships.retrieve(id),
        () => cl.memberships.delete(id),
        () => cl.memberships.resend(id),
        () => cl.memberships.role(id),
        () => cl.memberships.versions(id),
      ]) {
        isRequest(await rejection(call()));
      }
    }
    isRequest(await rejection(cl.memberships.update({ reference: "x" })));
    assert.equal(sent.length, 0);
  });

  test("are only taken from a resource of the same type", async () => {
    const { fetch, sent } = server(answer(null, { status: 204 }));
    const cl = client(fetch);
    const other = { id: "x", type: "api_credentials" };
    for (const call of [
      () => cl.memberships.delete(other),
      () => cl.memberships.retrieve(other),
      () => cl.memberships.organization(other),
      () => cl.memberships.versions(other),
      () => cl.memberships.update({ ...other, reference: "r" }),
      () => cl.roles.create(other),
      () => cl.identity_providers._disable(other),
      () => cl.organizations.transfer_ownership(other, { new_owner_email: "a@b.example" }),
    ]) {
      isRequest(await rejection(call()));
    }
    assert.throws(() => cl.roles.relationship({ id: "o", type: "organizations" }), { type: "request" });
    assert.throws(() => cl.roles.relationshipToMany("a", { id: "o", type: "organizations" }), { type: "request" });
    assert.equal(sent.length, 0);
    await cl.memberships.delete({ id: "m", type: "memberships" });
    assert.equal(sent[0].url.pathname, "/api/memberships/m");
  });
});

describe("relationships", () => {
  test("are created from an id, a resource, null and lists", () => {
    const { roles } = client();
    assert.deepStrictEqual(roles.relationship("r"), { id: "r", type: "roles" });
    assert.deepStrictEqual(roles.relationship({ id: "r", type: "roles", name: "n" }), { id: "r", type: "roles" });
    assert.deepStrictEqual(roles.relationship(null), { id: null, type: "roles" });
    assert.deepStrictEqual(roles.relationshipToMany("a", { id: "b", type: "roles" }), [
      { id: "a", type: "roles" },
      { id: "b", type: "roles" },
    ]);
    assert.deepStrictEqual(roles.relationshipToMany(), [{ id: null, type: "roles" }]);
  });

  test("are set and cleared", async () => {
    const { fetch, sent } = server(resource("memberships", "m"));
    const cl = client(fetch);
    for (const [name, value, data] of [
      ["role", cl.roles.relationship("r"), { id: "r", type: "roles" }],
      ["membership_profile", cl.membership_profiles.relationship(null), null],
      ["membership_profile", null, null],
      [
        "application_memberships",
        cl.application_memberships.relationshipToMany("a"),
        [{ id: "a", type: "application_memberships" }],
      ],
      ["application_memberships", cl.application_memberships.relationshipToMany(), []],
      ["application_memberships", [], []],
    ]) {
      await cl.memberships.update({ id: "m", [name]: value });
      assert.deepStrictEqual(sent.at(-1).body, {
        data: { type: "memberships", attributes: {}, relationships: { [name]: { data } }, id: "m" },
      });
    }
  });
});

describe("what is sent of a resource", () => {
  test("a round trip sends back only writable attributes, and no secret", async () => {
    const { fetch, sent } = server(answer({ data: credential, included: [resource("roles", "r", { name: "Admin" })] }));
    const cl = client(fetch);
    const read = await cl.api_credentials.retrieve("c", { include: ["role"] });
    assert.equal(read.client_secret, SECRET);
    assert.equal(read.role.name, "Admin");
    read.name = "renamed";
    await cl.api_credentials.update(read);
    assert.deepStrictEqual(sent[1].body, {
      data: {
        type: "api_credentials",
        attributes: {
          name: "renamed",
          redirect_uri: null,
          expires_in: 7200,
          reference: null,
          reference_origin: null,
          metadata: {},
        },
        relationships: { role: { data: { id: "r", type: "roles" } } },
        id: "c",
      },
    });
  });

  test("metadata stays metadata, whatever its shape", async () => {
    const { fetch, sent } = server(credential);
    const metadata = { type: "roles", id: "x", at: new Date(0), deep: [{ id: "y", type: "roles" }] };
    await client(fetch).api_credentials.update({ id: "c", metadata });
    const { data } = sent[0].body;
    assert.deepStrictEqual(data.attributes, { metadata: JSON.parse(JSON.stringify(metadata)) });
    assert.deepStrictEqual(data.relationships, {});
  });

  test("unknown attributes are sent, since a newer server may know them", async () => {
    const { fetch, sent } = server(credential);
    await client(fetch).api_credentials.update({ id: "c", brand_new: [1], left_out: undefined });
    assert.deepStrictEqual(sent[0].body.data.attributes, { brand_new: [1] });
  });

  test("invalid attributes are refused by name, and nothing is sent", async () => {
    const { fetch, sent } = server(credential);
    const { api_credentials, organizations } = client(fetch);
    const organization = organizations.relationship("o");
    for (const [given, pattern] of [
      [{ name: 1, kind: "integration", organization }, /`name` must be a string, not a number/],
      [
        { name: "n", kind: "integration", organization, expires_in: 7199 },
        /`expires_in` must be from 7200 to 31536000/,
      ],
      [{ name: "n", kind: "integration", organization, expires_in: 31_536_001 }, /`expires_in`/],
      [
        { name: "n", kind: "integration", organization: { id: "r", type: "roles" } },
        /`organization` must have the type organizations/,
      ],
      ["text", /a resource must be an object/],
    ]) {
      const error = await rejection(api_credentials.create(given));
      isRequest(error);
      assert.match(error.message, pattern);
    }
    isRequest(await rejection(api_credentials.update({ id: "c", expires_in: 1 })));
    assert.equal(sent.length, 0);
    await api_credentials.create({ name: "n", kind: "integration", organization, expires_in: null });
    await api_credentials.create({ name: "n", kind: "integration", organization, expires_in: 31_536_000 });
    assert.equal(sent.length, 2);
  });

  test("create sends no id, and the singleton's update sends a given one", async () => {
    const { fetch, sent } = server(credential);
    const cl = client(fetch);
    await cl.api_credentials.create({
      id: "mine",
      name: "n",
      kind: "integration",
      organization: cl.organizations.relationship("o"),
    });
    assert.ok(!("id" in sent[0].body.data));
    await cl.user.update({ first_name: "A" });
    await cl.user.update({ id: "u", first_name: "A" });
    assert.deepStrictEqual(
      sent.slice(1).map(({ url, method, body }) => [method, url.pathname, body.data.id]),
      [
        ["PATCH", "/api/user", undefined],
        ["PATCH", "/api/user", "u"],
      ],
    );
    assert.equal(cl.user.path(), "user");
  });

  test("there is no method for what the API cannot do", () => {
    const cl = client();
    for (const [type, name] of [
      ["versions", "update"],
      ["versions", "create"],
      ["organizations", "delete"],
      ["roles", "delete"],
      ["permissions", "delete"],
      ["user", "list"],
    ]) {
      assert.equal(cl[type][name], undefined, `${type}.${name}`);
    }
  });
});

describe("secrets", () => {
  const fieldsOf = ({ url }, type = "api_credentials") => url.searchParams.get(`fields[${type}]`);

  test("are left out of lists, counts, related and included resources", async () => {
    const { fetch, sent } = server(
      [],
      [],
      credential,
      [],
      [],
      resource("memberships", "m"),
      answer({ data: [], meta: { record_count: 4, page_count: 4 } }),
    );
    const cl = client(fetch);
    await cl.api_credentials.list();
    await cl.organizations.api_credentials("o");
    await cl.application_memberships.api_credential("a");
    await cl.identity_providers.list();
    await cl.roles.list({ include: ["api_credentials"] });
    await cl.memberships.retrieve("m", { include: ["organization.api_credentials"] });
    assert.equal(await cl.api_credentials.count(), 4);
    const asked = sent.map((request) => fieldsOf(request) ?? fieldsOf(request, "identity_providers"));
    for (const fields of asked) assert.ok(fields && !fields.split(",").includes("client_secret"), fields);
    assert.ok(asked.slice(0, 6).every((fields) => fields.split(",").includes("name")));
    assert.equal(asked[6], "id");
  });

  test("are included on request", async () => {
    const { fetch, sent } = server([], [], [], credential);
    const cl = client(fetch);
    await cl.api_credentials.list({}, { secrets: true });
    await client(fetch, { secrets: true }).api_credentials.list();
    await cl.api_credentials.list({ fields: ["name", "client_secret"] });
    await cl.api_credentials.retrieve("c");
    assert.deepStrictEqual(
      sent.map((request) => fieldsOf(request)),
      [null, null, "name,client_secret", null],
    );
  });

  test("are not shown when a result is printed", async () => {
    const cl = client(server(credential).fetch);
    const made = await cl.api_credentials.retrieve("c");
    assert.equal(made.client_secret, SECRET);
    assert.ok(!inspect(made).includes(SECRET) && !inspect([made], { depth: 9, showHidden: true }).includes(SECRET));
  });

  test("are not shown in a log", async () => {
    const lines = [];
    const debugLogger = { group() {}, groupEnd() {}, log: (...args) => lines.push(inspect(args)) };
    const cl = client(server(credential).fetch, { debugLogger });
    await cl.api_credentials.retrieve("c");
    await cl.identity_providers.update({ id: "i", client_secret: SECRET });
    assert.equal(lines.length, 2);
    assert.ok(!lines.join().includes(SECRET) && !lines.join().includes(TOKEN));
  });
});

describe("results of a response", () => {
  test("the credential of the API reference, with links, meta and raw response", async () => {
    const { fetch } = server(
      answer({ data: credential }, { headers: { "x-request-id": "an-id", "x-ratelimit-remaining": "9" } }),
    );
    const read = await client(fetch).api_credentials.retrieve("c");
    assert.deepStrictEqual(Object.fromEntries(Object.entries(read)), {
      id: "c",
      type: "api_credentials",
      ...attributes,
      organization: { id: "o", type: "organizations" },
      role: { id: "r", type: "roles" },
    });
    assert.equal(read.links.self, "https://provisioning.commercelayer.io/api/api_credentials/c");
    assert.deepStrictEqual([linksOf(read).self, metaOf(read)], [read.links.self, { trace: "t" }]);
    const { status, requestId, headers, url } = responseOf(read);
    assert.deepStrictEqual(
      [status, requestId, headers.get("x-ratelimit-remaining"), new URL(url).pathname],
      [200, "an-id", "9", "/api/api_credentials/c"],
    );
    assert.equal(responseOf(read.organization), undefined);
  });

  test("a to-one relationship may be null", async () => {
    assert.equal(await client(server(answer({ data: null })).fetch).api_credentials.role("c"), null);
  });

  test("actions and deletions ignore the response body", async () => {
    for (const step of [
      answer(null, { status: 204 }),
      answer("", { status: 202 }),
      answer("<p>accepted</p>", { status: 202 }),
      answer({ data: credential }),
    ]) {
      const cl = client(server(step).fetch);
      assert.equal(await cl.memberships.resend("m"), undefined);
      assert.equal(await cl.memberships.delete("m"), undefined);
    }
  });

  test("in camelCase, both ways", async () => {
    const { fetch, sent } = server(credential);
    const cl = client(fetch, { names: "camel" });
    const read = await cl.api_credentials.retrieve("c");
    assert.deepStrictEqual(
      [read.redirectUri, read.createdAt, read.clientSecret, read.created_at],
      [null, new Date(attributes.created_at), SECRET, undefined],
    );
    assert.ok(!inspect(read).includes(SECRET));
    await cl.api_credentials.update({ ...read, redirectUri: "https://app.example", metadata: { someKey: 1 } });
    assert.deepStrictEqual(sent[1].body.data.attributes, {
      ...{
        name: "CI",
        redirect_uri: "https://app.example",
        expires_in: 7200,
        reference: null,
        reference_origin: null,
        metadata: { someKey: 1 },
      },
    });
    await cl.api_credentials.retrieve("c", { fields: ["redirectUri"], include: ["role"] });
    assert.equal(sent[2].url.searchParams.get("fields[api_credentials]"), "redirect_uri");
  });
});

describe("parse", () => {
  const { api_credentials } = client();

  test("reads the text of a document, of one resource and of a list", () => {
    assert.equal(api_credentials.parse(JSON.stringify({ data: credential })).name, "CI");
    const list = api_credentials.parse(JSON.stringify({ data: [credential, credential] }));
    assert.deepStrictEqual(
      list.map(({ id }) => id),
      ["c", "c"],
    );
    assert.deepStrictEqual(api_credentials.parse('{"data":[]}'), []);
  });

  test("refuses another type, and an invalid document", () => {
    for (const text of [
      JSON.stringify({ data: resource("roles", "r") }),
      JSON.stringify({ data: [credential, resource("roles", "r")] }),
      "{}",
      "null",
      "[]",
      "7",
      '{"data":null}',
      "{",
      "",
    ]) {
      assert.throws(() => api_credentials.parse(text), { name: "SdkError", type: "parse" }, text);
    }
  });
});
