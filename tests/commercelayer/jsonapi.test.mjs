// `keyturn/commercelayer/jsonapi`: documents to objects and back, queries, and pages of lists.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { load, require, resource } from "./world.mjs";

const jsonapi = await load("keyturn/commercelayer/jsonapi");
const {
  ListResponse,
  denormalize,
  generateQueryStringParams,
  generateSearchString,
  isParamsList,
  isResourceId,
  isResourceType,
  linksOf,
  metaOf,
  normalize,
} = jsonapi;
const { pageMeta, sortObjectFields } = jsonapi;

const refused = (pattern) => (error) =>
  error.name === "SdkError" && error.type === "request" && pattern.test(error.message);

/** Returns how often the id of each resource and relationship target is read, on average. */
function looksAtEach(document) {
  let looks = 0;
  let places = 0;
  const watched = (object) => {
    const { id } = object;
    places++;
    return Object.defineProperty(object, "id", { enumerable: true, get: () => (looks++, id) });
  };
  for (const source of [document.data, document.included].flat()) {
    for (const { data } of Object.values(watched(source).relationships)) [data].flat().filter(Boolean).forEach(watched);
  }
  denormalize(document);
  return looks / places;
}

describe("denormalize", () => {
  test("merges attributes and relationships, and resolves included resources", () => {
    const document = {
      data: resource(
        "memberships",
        "m",
        { user_email: "a@b.example", metadata: {} },
        { organization: "organizations/o", role: null, versions: [] },
      ),
      included: [resource("organizations", "o", { name: "Acme" })],
      links: { self: "https://api.example/memberships/m" },
    };
    const before = structuredClone(document);
    const value = denormalize(document);
    assert.deepStrictEqual(value, {
      id: "m",
      type: "memberships",
      user_email: "a@b.example",
      metadata: {},
      organization: { id: "o", type: "organizations", name: "Acme" },
      role: null,
      versions: [],
    });
    assert.deepStrictEqual(Object.keys(value), [
      "id",
      "type",
      "user_email",
      "metadata",
      "organization",
      "role",
      "versions",
    ]);
    assert.deepStrictEqual(document, before, "the document stays as it was");
  });

  test("keeps type and id of resources that are not included, and omits relationships without linkage", () => {
    const source = resource("api_credentials", "c", {}, { organization: "organizations/o" });
    source.relationships.role = { links: { related: "https://api.example/role" } };
    assert.deepStrictEqual(denormalize({ data: source }), {
      id: "c",
      type: "api_credentials",
      organization: { id: "o", type: "organizations" },
    });
  });

  test("gives what `data` is when there is nothing in it", () => {
    assert.equal(denormalize({ data: null }), null);
    assert.equal(denormalize({}), undefined);
    assert.deepStrictEqual(denormalize({ data: [] }), []);
  });

  test("creates one object for each included resource, however many refer to it", () => {
    const [first, second] = denormalize({
      data: [
        resource("api_credentials", "a", {}, { organization: "organizations/o", role: "roles/r" }),
        resource("api_credentials", "b", {}, { organization: "organizations/o" }),
      ],
      included: [
        resource("roles", "r", { name: "Admin" }, { organization: "organizations/o" }),
        resource("organizations", "o", { name: "Acme" }),
      ],
    });
    assert.equal(first.organization, second.organization);
    assert.equal(first.role.organization, first.organization);
    assert.equal(JSON.parse(JSON.stringify(first)).role.organization.name, "Acme");
  });

  test("keeps cycles serializable and readable", () => {
    const value = denormalize({
      data: resource("memberships", "m", {}, { organization: "organizations/o" }),
      included: [
        resource(
          "organizations",
          "o",
          { name: "Acme" },
          { memberships: ["memberships/n", "memberships/m"], roles: ["roles/r"] },
        ),
        resource(
          "memberships",
          "n",
          { user_email: "n@b.example" },
          { organization: "organizations/o", role: "roles/r" },
        ),
        resource("roles", "r", { name: "Admin" }, { organization: "organizations/o", memberships: ["memberships/n"] }),
      ],
    });
    const [n, m] = value.organization.memberships;
    assert.deepStrictEqual(m, { id: "m", type: "memberships" }, "primary data is not searched");
    assert.equal(n.organization.name, "Acme");
    assert.equal(n.organization.memberships[0].organization.roles[0].memberships[0].user_email, "n@b.example");
    assert.deepStrictEqual(JSON.parse(JSON.stringify(value)), {
      id: "m",
      type: "memberships",
      organization: {
        id: "o",
        type: "organizations",
        name: "Acme",
        memberships: [
          {
            id: "n",
            type: "memberships",
            user_email: "n@b.example",
            organization: { id: "o", type: "organizations" },
            role: { id: "r", type: "roles" },
          },
          { id: "m", type: "memberships" },
        ],
        roles: [
          {
            id: "r",
            type: "roles",
            name: "Admin",
            organization: { id: "o", type: "organizations" },
            memberships: [{ id: "n", type: "memberships" }],
          },
        ],
      },
    });
    assert.doesNotThrow(() => structuredClone(value));
    assert.ok(inspect(value, { depth: null }).length < 2000);
  });

  test("uses the first of two copies of an included resource", () => {
    const included = ["first", "second"].map((name) => resource("roles", "r", { name }));
    assert.equal(
      denormalize({ data: resource("memberships", "m", {}, { role: "roles/r" }), included }).role.name,
      "first",
    );
  });

  test("a resource that refers to itself", () => {
    const value = denormalize({
      data: resource("versions", "v", {}, { role: "roles/r" }),
      included: [resource("roles", "r", { name: "Admin" }, { permissions: ["roles/r"] })],
    });
    assert.deepEqual(JSON.parse(JSON.stringify(value.role.permissions)), [{ id: "r", type: "roles" }]);
    assert.equal(value.role.permissions[0].permissions[0].name, "Admin");
  });

  test("a resource that refers to a cycle without being part of one is complete everywhere", () => {
    // p refers to q twice, the second time at the same depth as q; q refers to the cycle of r and s.
    const value = denormalize({
      data: resource("memberships", "m", {}, { organization: "organizations/q", role: "roles/p" }),
      included: [
        resource("roles", "p", {}, { organization: "organizations/q" }),
        resource("organizations", "q", { name: "Acme" }, { roles: ["roles/z"] }),
        resource("roles", "z", { name: "Last" }),
      ],
    });
    assert.equal(value.role.organization, value.organization);
  });

  test("100 mutually related members and lists take time linear in the document", () => {
    const clique = (count) => {
      const names = Array.from({ length: count }, (_, at) => `memberships/m${at}`);
      return {
        data: resource("organizations", "o", {}, { memberships: names }),
        included: names.map((name) =>
          resource(
            "memberships",
            name.split("/")[1],
            { user_email: `${name}@b.example` },
            { related: names, organization: "organizations/o" },
          ),
        ),
      };
    };
    const value = denormalize(clique(100));
    assert.equal(value.memberships[7].related[8].related[9].user_email, "memberships/m9@b.example");
    assert.equal(value.memberships.length, 100);
    assert.ok(
      JSON.stringify(value).length < JSON.stringify(clique(100)).length,
      "its JSON is not larger than the document",
    );
    // The average is the same for any number of them, since nothing is searched.
    for (const count of [10, 100, 300])
      assert.ok(looksAtEach(clique(count)) < 6, `${looksAtEach(clique(count))} looks at each of ${count}`);

    const list = (count) => ({
      data: Array.from({ length: count }, (_, at) =>
        resource("api_credentials", `c${at}`, { name: `n${at}` }, { organization: `organizations/o${at % 1000}` }),
      ),
      included: Array.from({ length: 1000 }, (_, at) => resource("organizations", `o${at}`, { name: `o${at}` })),
    });
    const items = denormalize(list(100_000));
    assert.equal(items.length, 100_000);
    assert.equal(items[99_999].organization, items[999].organization);
    for (const count of [100, 20_000])
      assert.ok(looksAtEach(list(count)) < 6, `${looksAtEach(list(count))} looks at each of ${count}`);
  });

  test("a chain of 100,000 included resources", () => {
    const included = Array.from({ length: 100_000 }, (_, at) =>
      resource("roles", `r${at}`, { name: `n${at}` }, { next: `roles/r${at + 1}` }),
    );
    let at = denormalize({ data: resource("memberships", "m", {}, { role: "roles/r0" }), included }).role;
    for (let steps = 0; steps < 99_999; steps++) at = at.next;
    assert.equal(at.name, "n99999");
  });

  test("links and meta exist, but are not enumerable", () => {
    const value = denormalize({
      data: resource(
        "api_credentials",
        "c",
        { name: "n" },
        {},
        { links: { self: "https://api.example/c" }, meta: { mode: "test" } },
      ),
    });
    assert.equal(value.links.self, "https://api.example/c");
    assert.deepStrictEqual(linksOf(value), { self: "https://api.example/c" });
    assert.deepStrictEqual(metaOf(value), { mode: "test" });
    assert.equal(JSON.stringify(value), '{"id":"c","type":"api_credentials","name":"n"}');
    assert.deepStrictEqual(value, { id: "c", type: "api_credentials", name: "n" });
  });

  test("names from a server change neither a resource's type nor its prototype", () => {
    const data = JSON.parse(
      '{"id":"c","type":"roles","attributes":{"id":"other","type":"users","__proto__":{"admin":true}},"relationships":{"__proto__":{"data":{"type":"users","id":"u"}},"id":{"data":null}}}',
    );
    const value = denormalize({ data });
    assert.equal(value.id, "c");
    assert.equal(value.type, "roles");
    assert.equal(value.admin, undefined);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal({}.admin, undefined);
  });

  test("a secret is readable and serialized, but not printed", () => {
    const value = denormalize({ data: resource("api_credentials", "c", { name: "n", client_secret: "the-secret" }) });
    assert.equal(value.client_secret, "the-secret");
    assert.ok(JSON.stringify(value).includes("the-secret"));
    for (const shown of [
      inspect(value),
      inspect([value]),
      inspect({ a: { b: value } }, { depth: 9 }),
      inspect(value, { showHidden: true }),
    ]) {
      assert.ok(!shown.includes("the-secret"), shown);
      assert.ok(shown.includes("[secret]") && shown.includes("'n'"), shown);
    }
    value.client_secret = undefined;
    assert.ok(inspect(value).includes("undefined"));
    assert.deepStrictEqual({ ...value }, { id: "c", type: "api_credentials", name: "n", client_secret: undefined });
  });

  test("camelCase names and dates, also in included resources, without changing metadata", () => {
    const created_at = "2023-10-01T05:53:29.296Z";
    const value = denormalize(
      {
        data: resource(
          "api_credentials",
          "c",
          {
            redirect_uri: null,
            created_at,
            updated_at: "soon",
            metadata: { some_key: 1, created_at },
            new_thing_at: created_at,
          },
          { role: "roles/r" },
        ),
        included: [resource("roles", "r", { created_at }, { api_credentials: ["api_credentials/c"] })],
      },
      { names: "camel" },
    );
    assert.deepStrictEqual(value, {
      id: "c",
      type: "api_credentials",
      redirectUri: null,
      createdAt: new Date(created_at),
      updatedAt: "soon",
      metadata: { some_key: 1, created_at },
      newThingAt: created_at,
      role: {
        id: "r",
        type: "roles",
        createdAt: new Date(created_at),
        apiCredentials: [{ id: "c", type: "api_credentials" }],
      },
    });
  });
});

describe("normalize", () => {
  const organization = { id: "o", type: "organizations" };

  test("separates attributes from relationships", () => {
    assert.deepStrictEqual(
      normalize({
        type: "memberships",
        id: "m",
        user_email: "a@b.example",
        metadata: { a: 1 },
        reference: null,
        organization,
      }),
      {
        type: "memberships",
        id: "m",
        attributes: { user_email: "a@b.example", metadata: { a: 1 }, reference: null },
        relationships: { organization: { data: organization } },
      },
    );
    assert.deepStrictEqual(normalize({ type: "roles" }), { type: "roles", attributes: {}, relationships: {} });
  });

  test("metadata that looks like a resource is an attribute", () => {
    const metadata = { type: "roles", id: "x" };
    assert.deepStrictEqual(normalize({ type: "roles", metadata }), {
      type: "roles",
      attributes: { metadata },
      relationships: {},
    });
    assert.deepStrictEqual(normalize({ type: "organizations", config: [metadata] }).relationships, {});
  });

  test("clears relationships with null, the null resource and an empty list", () => {
    const none = { id: null, type: "roles" };
    for (const role of [null, none]) {
      assert.deepStrictEqual(normalize({ type: "memberships", role }), {
        type: "memberships",
        attributes: {},
        relationships: { role: { data: null } },
      });
    }
    for (const application_memberships of [[], null, [{ id: null, type: "application_memberships" }]]) {
      const { attributes, relationships } = normalize({ type: "memberships", application_memberships });
      assert.deepStrictEqual([attributes, relationships], [{}, { application_memberships: { data: [] } }]);
    }
  });

  test("keeps only the type and the id of a related resource", () => {
    const role = { ...denormalize({ data: resource("roles", "r", { name: "Admin" }) }), client_secret: "s" };
    assert.deepStrictEqual(normalize({ type: "memberships", role }).relationships, {
      role: { data: { id: "r", type: "roles" } },
    });
    const many = [{ id: "a", type: "application_memberships", filters: {} }];
    assert.deepStrictEqual(normalize({ type: "memberships", application_memberships: many }).relationships, {
      application_memberships: { data: [{ id: "a", type: "application_memberships" }] },
    });
  });

  test("recognizes unknown relationships by their shape", () => {
    const { attributes, relationships } = normalize({
      type: "roles",
      team: organization,
      teams: [organization],
      clear: { id: null, type: "roles" },
      note: { id: 1 },
      tags: [],
    });
    assert.deepStrictEqual(attributes, { note: { id: 1 }, tags: [] });
    assert.deepStrictEqual(relationships, {
      team: { data: organization },
      teams: { data: [organization] },
      clear: { data: null },
    });
    assert.deepStrictEqual(normalize({ type: "gadgets", id: "g", role: organization }), {
      type: "gadgets",
      attributes: {},
      relationships: { role: { data: organization } },
    });
  });

  test("refuses invalid values of a relationship", () => {
    assert.throws(
      () => normalize({ type: "memberships", role: organization }),
      refused(/`role` must have the type roles, not organizations/),
    );
    assert.throws(() => normalize({ type: "memberships", role: "r" }), refused(/`role` must be a resource/));
    assert.throws(() => normalize({ type: "memberships", role: [] }), refused(/`role` must be one resource/));
    assert.throws(
      () => normalize({ type: "memberships", application_memberships: organization }),
      refused(/must be an array/),
    );
    assert.throws(
      () => normalize({ type: "memberships", application_memberships: [organization] }),
      refused(/must have the type application_memberships/),
    );
  });

  test("an identity provider's organization is a string", () => {
    assert.deepStrictEqual(normalize({ type: "identity_providers", organization: "org_1" }).attributes, {
      organization: "org_1",
    });
  });

  test("from camelCase and dates", () => {
    const given = {
      type: "api_credentials",
      redirectUri: "u",
      referenceOrigin: "x",
      metadata: { someKey: 1 },
      expires_in: 7200,
      createdAt: new Date(0),
    };
    const { attributes } = normalize(given, { names: "camel" });
    assert.deepStrictEqual(JSON.parse(JSON.stringify(attributes)), {
      redirect_uri: "u",
      reference_origin: "x",
      metadata: { someKey: 1 },
      expires_in: 7200,
      created_at: "1970-01-01T00:00:00.000Z",
    });
    const trigger = normalize({ type: "roles", id: "r", _addMissingBasePermissions: true }, { names: "camel" });
    assert.deepStrictEqual(trigger.attributes, { _add_missing_base_permissions: true });
    const back = normalize({ type: "memberships", applicationMemberships: [] }, { names: "camel" });
    assert.deepStrictEqual(back.relationships, { application_memberships: { data: [] } });
  });
});

describe("queries", () => {
  const query = (params, type = "api_credentials", ...more) => generateQueryStringParams(params, type, ...more);

  test("every part", () => {
    assert.deepStrictEqual(query({ include: ["organization", "role.organization"] }), {
      include: "organization,role.organization",
    });
    assert.deepStrictEqual(query({ fields: ["id", "name"] }), { "fields[api_credentials]": "id,name" });
    assert.deepStrictEqual(query({ fields: ["name"] }, { type: "roles" }), { "fields[roles]": "name" });
    assert.deepStrictEqual(query({ fields: { roles: ["name"], organizations: ["slug"] } }), {
      "fields[roles]": "name",
      "fields[organizations]": "slug",
    });
    assert.deepStrictEqual(query({ sort: ["name", "-created_at"] }), { sort: "name,-created_at" });
    assert.deepStrictEqual(query({ sort: { updated_at: "desc", created_at: "asc" } }), {
      sort: "-updated_at,created_at",
    });
    assert.deepStrictEqual(query({ pageNumber: 3, pageSize: 25 }), { "page[number]": "3", "page[size]": "25" });
    assert.deepStrictEqual(query(undefined), {});
    assert.deepStrictEqual(query({}), {});
  });

  test("does not change the caller's parameters, which can be reused for another resource", () => {
    const params = Object.freeze({ fields: Object.freeze(["name"]) });
    assert.deepStrictEqual(query(params, "roles"), { "fields[roles]": "name" });
    assert.deepStrictEqual(query(params, "memberships"), { "fields[memberships]": "name" });
  });

  test("filters with every kind of value", () => {
    const one = (name, value) => query({ filters: { [name]: value } })[`filter[q][${name}]`];
    for (const predicate of [
      "eq",
      "not_eq",
      "eq_or_null",
      "matches",
      "lt",
      "gteq",
      "start",
      "not_end",
      "cont",
      "i_cont",
    ]) {
      assert.equal(one(`name_${predicate}`, "a b,c"), "a b,c");
    }
    assert.equal(one("expires_in_gt", 7200), "7200");
    assert.equal(one("confidential_true", true), "true");
    assert.equal(one("created_at_gteq", new Date(0)), "1970-01-01T00:00:00.000Z");
    for (const predicate of ["in", "not_in", "matches_any", "cont_all", "not_in_or_null"])
      assert.equal(one(`name_${predicate}`, ["a", 1, true]), "a,1,true");
    assert.equal(one("created_at_in", [new Date(0)]), "1970-01-01T00:00:00.000Z");
    assert.equal(one("metadata_jcont", { a: [1, "x,y"] }), '{"a":[1,"x,y"]}');
    assert.equal(one("name_in", "a,b"), "a,b", "a text is sent as it is");
  });

  test("null is sent as its own predicate", () => {
    assert.deepStrictEqual(query({ filters: { reference_eq: null, redirect_uri_not_eq: null } }), {
      "filter[q][reference_null]": "true",
      "filter[q][redirect_uri_not_null]": "true",
    });
    assert.throws(() => query({ filters: { name_lt: null } }), refused(/name_lt` is null/));
  });

  test("refuses what no server could understand", () => {
    for (const [filters, pattern] of [
      [{ name_eq: ["a"] }, /has an array/],
      [{ name_eq: { a: 1 } }, /has an object/],
      [{ name_eq: undefined }, /undefined/],
      [{ name_in: ["a,b"] }, /comma/],
      [{ name_in: [null] }, /has an item that is not/],
      [{ name_in: [{}] }, /has an item that is not/],
      [{ created_at_eq: new Date(Number.NaN) }, /invalid date/],
      [{ expires_in_eq: Number.NaN }, /cannot be sent/],
      [{ name_eq: () => 1 }, /cannot be sent/],
    ]) {
      assert.throws(() => query({ filters }), refused(pattern), inspect(filters));
    }
    for (const pageSize of [0, 26, 1000, -1, 1.5, "10", Number.NaN])
      assert.throws(() => query({ pageSize }), refused(/`pageSize` must be an integer from 1 to 25/));
    for (const pageNumber of [0, -1, 1.5]) assert.throws(() => query({ pageNumber }), refused(/`pageNumber`/));
  });

  test("excludes secrets by naming all other fields, unless the caller names fields", () => {
    const { "fields[api_credentials]": fields } = query(undefined, "api_credentials", { own: false });
    assert.deepStrictEqual(fields.split(",").sort(), [
      ...[
        "client_id",
        "confidential",
        "created_at",
        "custom",
        "expires_in",
        "kind",
        "metadata",
        "mode",
        "name",
        "organization",
      ],
      ...["redirect_uri", "reference", "reference_origin", "role", "scopes", "updated_at"],
    ]);
    assert.deepStrictEqual(query({ fields: ["client_secret"] }, "api_credentials", { own: false }), {
      "fields[api_credentials]": "client_secret",
    });
    assert.deepStrictEqual(query(undefined, "roles", { own: false }), {});
    assert.deepStrictEqual(query({ fields: {} }, "users", { own: false }), {});
    const included = query({ include: ["organization.api_credentials", "role"] }, "memberships", { own: true });
    assert.deepStrictEqual(Object.keys(included), ["include", "fields[api_credentials]"]);
    assert.deepStrictEqual(query({ include: ["organization"] }, "api_credentials", { own: true }), {
      include: "organization",
    });
    assert.ok(
      !query(undefined, "identity_providers", { own: false })["fields[identity_providers]"].includes("client_secret"),
    );
    assert.equal(
      query(undefined, "identity_providers", { own: false })
        ["fields[identity_providers]"].split(",")
        .filter((name) => name === "organization").length,
      1,
    );
  });

  test("camelCase names", () => {
    const params = {
      fields: ["redirectUri"],
      sort: ["-createdAt"],
      filters: { createdAtGteq: new Date(0), metadataJcont: {} },
      include: ["apiCredentials"],
    };
    assert.deepStrictEqual(query(params, "roles", undefined, { names: "camel" }), {
      include: "api_credentials",
      "fields[roles]": "redirect_uri",
      sort: "-created_at",
      "filter[q][created_at_gteq]": "1970-01-01T00:00:00.000Z",
      "filter[q][metadata_jcont]": "{}",
    });
  });

  test("encodes as a string", () => {
    assert.equal(generateSearchString({ a: "1", b: "x y" }), "?a=1&b=x y");
    assert.equal(generateSearchString({ a: "1" }, false), "a=1");
    assert.equal(generateSearchString({}), "");
    assert.equal(generateSearchString(undefined), "");
    assert.ok(
      isParamsList({ filters: {} }) &&
        isParamsList({ pageSize: 1 }) &&
        !isParamsList({ fields: [] }) &&
        !isParamsList(undefined),
    );
  });
});

describe("a page of a list", () => {
  const meta = { pageCount: 3, recordCount: 25, currentPage: 2, recordsPerPage: 10 };
  const items = [{ id: "a" }, { id: "b" }, { id: "c" }];
  const list = new ListResponse(meta, items, { links: { next: "n" }, meta: { page_count: 3 } });

  test("is an array with its page number and counts", () => {
    assert.ok(Array.isArray(list) && list instanceof ListResponse);
    assert.equal(list.length, 3);
    assert.deepStrictEqual(
      [list.first(), list.last(), list.get(1), list.get(-1), list.get(9)],
      [items[0], items[2], items[1], undefined, undefined],
    );
    assert.deepStrictEqual(
      [list.recordCount, list.pageCount, list.getRecordCount(), list.getPageCount()],
      [25, 3, 25, 3],
    );
    assert.deepStrictEqual([list.hasNextPage(), list.hasPrevPage()], [true, true]);
    assert.deepStrictEqual(list.meta, meta);
    assert.equal(JSON.stringify(list), JSON.stringify(items));
    assert.deepStrictEqual(linksOf(list), { next: "n" });
    assert.deepStrictEqual(metaOf(list), { page_count: 3 });
    assert.deepStrictEqual(Object.keys(list), ["0", "1", "2", "meta"]);
    const empty = new ListResponse({ ...meta, currentPage: 3 }, []);
    assert.deepStrictEqual(
      [empty.first(), empty.last(), empty.get(0), empty.hasNextPage()],
      [undefined, undefined, undefined, false],
    );
    assert.equal(new ListResponse(meta, [7]).length, 1, "a number alone is an item");
  });

  test("map, filter, slice and similar methods return plain arrays", () => {
    for (const made of [
      list.map((item) => item.id),
      list.filter(Boolean),
      list.slice(1),
      list.concat([1]),
      list.flatMap((item) => [item]),
      list.splice(0, 0),
    ]) {
      assert.equal(Object.getPrototypeOf(made), Array.prototype);
      assert.equal(made.meta, undefined);
    }
  });

  test("100,000 items", () => {
    assert.equal(
      new ListResponse(
        meta,
        Array.from({ length: 100_000 }, (_, at) => ({ id: at })),
      ).last().id,
      99_999,
    );
  });

  test("has the server's counts, or derives them from the page", () => {
    assert.deepStrictEqual(pageMeta({ page_count: 7, record_count: 61 }, { number: "2", size: "9" }, 9, false), {
      pageCount: 7,
      recordCount: 61,
      currentPage: 2,
      recordsPerPage: 9,
    });
    assert.deepStrictEqual(pageMeta({ page_count: "7", record_count: "61" }, {}, 10, false), {
      pageCount: 7,
      recordCount: 61,
      currentPage: 1,
      recordsPerPage: 10,
    });
    assert.deepStrictEqual(pageMeta(undefined, { number: 2 }, 4, true), {
      pageCount: 2,
      recordCount: 14,
      currentPage: 2,
      recordsPerPage: 10,
    });
    const unknown = pageMeta(undefined, {}, 10, false);
    assert.deepStrictEqual([unknown.pageCount, unknown.recordCount], [Number.NaN, Number.NaN]);
    assert.equal(new ListResponse(unknown, items, { links: { next: "https://api.example/next" } }).hasNextPage(), true);
  });

  test("loads other pages", async () => {
    const pages = [["a", "b"], ["c", "d"], ["e"]];
    const fetch = async (number) => page(number);
    const page = (number) =>
      new ListResponse({ pageCount: 3, recordCount: 5, currentPage: number, recordsPerPage: 2 }, pages[number - 1], {
        fetch,
      });
    assert.deepStrictEqual((await Array.fromAsync?.(page(1).all())) ?? (await collect(page(1).all())), [
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
    assert.deepStrictEqual((await collect(page(2).pages())).length, 2);
    assert.equal((await page(2).prevPage()).first(), "a");
    assert.equal(await page(1).prevPage(), null);
    assert.equal(await page(3).nextPage(), null);
    assert.deepStrictEqual(await collect(page(1)), ["a", "b"], "the page itself is what it holds");
    await assert.rejects(new ListResponse({ ...meta, currentPage: 1 }, []).nextPage(), TypeError);
  });
});

async function collect(iterable) {
  const all = [];
  for await (const item of iterable) all.push(item);
  return all;
}

test("what values are", () => {
  for (const value of [
    undefined,
    null,
    "roles",
    1,
    [],
    {},
    { type: "gadgets", id: "x" },
    { type: "constructor" },
    { type: ["roles"] },
  ]) {
    assert.ok(!isResourceType(value) && !isResourceId(value), inspect(value));
  }
  assert.ok(
    isResourceType({ type: "roles" }) &&
      !isResourceId({ type: "roles" }) &&
      !isResourceId({ type: "roles", id: "" }) &&
      isResourceId({ type: "roles", id: "r" }),
  );
  assert.deepStrictEqual(Object.entries(sortObjectFields({ b: 1, a: 2, c: 3 })), [
    ["a", 2],
    ["b", 1],
    ["c", 3],
  ]);
  assert.equal(jsonapi.resourceList.length, 10);
  assert.deepStrictEqual(jsonapi.singletonList, ["users"]);
});

test("the same by `require`", () => {
  const required = require("keyturn/commercelayer/jsonapi");
  assert.deepStrictEqual(Object.keys(required).sort(), Object.keys(jsonapi).sort());
});
