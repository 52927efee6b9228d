/** Reading JSON:API documents, compared with the JavaScript that a caller would write by hand. */

import { denormalize } from "keyturn/commercelayer/jsonapi";

/** Returns both sides for 10,000 credentials, each with one of 1,000 organizations and of 1,000 roles: about 12 MB. */
export function documentReading() {
  const text = JSON.stringify(credentials(10_000, 1_000));
  return {
    floor: () => byHand(JSON.parse(text)),
    ours: () => denormalize(JSON.parse(text)),
  };
}

/** Returns the times for both sizes and the factor between them; if the input grows tenfold, ten is linear. */
export function growthOf(make, small, large) {
  const time = (size) => {
    const text = JSON.stringify(make(size));
    const times = Array.from({ length: 7 }, () => {
      const document = JSON.parse(text);
      globalThis.gc?.();
      const begun = performance.now();
      denormalize(document);
      return performance.now() - begun;
    });
    return Math.min(...times);
  };
  time(small);
  const [before, after] = [time(small), time(large)];
  return { before, after, factor: after / before };
}

/** Returns a page of a list, larger than any server sends. */
export function credentials(count, others = 1) {
  const self = (type, id) => ({ self: `https://provisioning.example/api/${type}/${id}` });
  const data = Array.from({ length: count }, (_, i) => ({
    id: `cred${i}`,
    type: "api_credentials",
    links: self("api_credentials", `cred${i}`),
    attributes: {
      name: `Order export ${i}`,
      kind: "integration",
      confidential: true,
      redirect_uri: null,
      client_id: `client-id-of-credential-number-${i}-0123456789abcdef`,
      client_secret: `made-up-${i}-0123456789abcdef0123456789abcdef`,
      scopes: "market:all",
      expires_in: 7200,
      mode: "live",
      custom: false,
      created_at: "2026-01-02T03:04:05.678Z",
      updated_at: "2026-02-03T04:05:06.789Z",
      reference: `REF-${i}`,
      reference_origin: "erp",
      metadata: { team: "payments", number: i },
    },
    relationships: {
      organization: {
        links: self("api_credentials", `cred${i}/organization`),
        data: { type: "organizations", id: `org${i % others}` },
      },
      role: { links: self("api_credentials", `cred${i}/role`), data: { type: "roles", id: `role${i % others}` } },
    },
  }));
  const named = (type, id) => ({
    id,
    type,
    links: self(type, id),
    attributes: {
      name: `${type} ${id}`,
      created_at: "2026-01-02T03:04:05.678Z",
      updated_at: "2026-01-02T03:04:05.678Z",
    },
  });
  const included = Array.from({ length: others }, (_, i) => [
    named("organizations", `org${i}`),
    named("roles", `role${i}`),
  ]).flat();
  return { data, included, meta: { record_count: count, page_count: 1 } };
}

/** Returns an organization and its members, each of whom refers to the organization and thus to all others. */
export function members(count) {
  const ids = Array.from({ length: count }, (_, i) => ({ type: "memberships", id: `member${i}` }));
  const organization = {
    id: "org",
    type: "organizations",
    attributes: { name: "Acme" },
    relationships: { memberships: { data: ids } },
  };
  const included = ids.map(({ type, id }) => ({
    id,
    type,
    attributes: { user_email: `${id}@example.com`, status: "active" },
    relationships: { organization: { data: { type: "organizations", id: "org" } } },
  }));
  return {
    data: [
      {
        id: "m",
        type: "memberships",
        attributes: {},
        relationships: { organization: { data: { type: "organizations", id: "org" } } },
      },
    ],
    included: [organization, ...included],
  };
}

function byHand({ data, included }) {
  const index = new Map();
  for (const source of included) index.set(`${source.type} ${source.id}`, source);
  const made = new Map();
  const flat = (source) => {
    const value = { id: source.id, type: source.type, ...source.attributes };
    for (const name in source.relationships) {
      const to = source.relationships[name].data;
      if (to !== undefined) value[name] = Array.isArray(to) ? to.map(follow) : to && follow(to);
    }
    return value;
  };
  const follow = (linkage) => {
    const key = `${linkage.type} ${linkage.id}`;
    let value = made.get(key);
    if (value === undefined) {
      const source = index.get(key);
      if (source === undefined) return linkage;
      made.set(key, (value = flat(source)));
    }
    return value;
  };
  return data.map(flat);
}
