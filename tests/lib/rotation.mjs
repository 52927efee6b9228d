// A rotation over the package's own providers: a sandbox tenant behind a proxy, the journal in a folder, a `.env` file
// as the sink. The invariants that must hold whatever was killed and lost are here, for all tests of it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { inspect } from "node:util";
import { startProxy } from "./proxy.mjs";

/** Short times, so that the tenant's clock need not advance far. */
const POLICY = {
  grace: 0,
  callDeadline: 60_000,
  margin: 5_000,
  hold: 90_000,
  poll: 10_000,
  backoff: 1_000,
  maxBackoff: 8_000,
};

/** The key that seals copies of responses, in tests that seal them. */
const SEAL_KEY = new Uint8Array(32).fill(7);

/** The path at which C1 issues a connector's credential. */
const ROTATE = "/api/v1/apps/connectors/credentials";

/** The events that record the progress of an attempt to issue. */
const ATTEMPTS = ["issuing", "unknown", "not-issued", "issued", "settled", "late"];

/** Loads the installed package's entries that a rotation needs, as CommonJS. */
export function entries(folder) {
  const require = createRequire(join(folder, "load.cjs"));
  return {
    ...require("keyturn"),
    ...require("keyturn/commercelayer"),
    ...require("keyturn/lifecycle"),
    ...require("keyturn/lifecycle/node"),
  };
}

/** Creates a target's provider, in any process that has the target's description. */
function providerOf(keyturn, { kind, url, pair, ids }, { clock, fetch }) {
  const common = { serverURL: url, clock, fetch, retryConfig: { strategy: "none" } };
  if (kind === "connector") {
    const client = new keyturn.ConductorOne({ ...common, clientID: pair.clientId, clientSecret: pair.clientSecret });
    return keyturn.connectorProvider({ client, ...ids, clock });
  }
  if (kind === "sso-client") {
    const client = new keyturn.ConductorOne({ ...common, clientID: pair.clientId, clientSecret: pair.clientSecret });
    return keyturn.ssoClientProvider({ client, ...ids, clock });
  }
  const client = keyturn.CommerceLayerProvisioning({ ...common, credentials: keyturn.clientCredentials(pair) });
  return keyturn.apiCredentialProvider({ client, ...ids });
}

/**
 * Opens the lifecycle of some targets. `watched` may wrap each port.
 *
 * @param {ReturnType<typeof entries>} keyturn
 * @param {object} task `{ journal, targets, worker }`, where each target is a description as JSON; `sealed` is a folder
 *   for copies.
 */
export function openAt(
  keyturn,
  { journal, targets, worker, policy, sealed },
  { clock, fetch, watched = (port) => port },
) {
  const seal = sealed && { store: watched(keyturn.directorySeals(sealed)), key: SEAL_KEY };
  const open = ([name, place]) => [
    name,
    {
      provider: watched(providerOf(keyturn, place, { clock, fetch })),
      sinks: [watched(keyturn.envFile({ name: "env", path: place.env }))],
      policy: { ...POLICY, ...policy },
      owner: "team",
    },
  ];
  return keyturn.openLifecycle({
    journal: watched(keyturn.directoryJournal(journal)),
    seal,
    clock,
    worker,
    targets: Object.fromEntries(Object.entries(targets).map(open)),
  });
}

/** Reads the pair in a `.env` file. */
export async function pairIn(env) {
  const text = await readFile(env, "utf8");
  assert.match(text, /^# kept$/m);
  const value = (name) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1].replace(/^(["'])(.*)\1$/, "$2");
  return { clientId: value("BATON_CLIENT_ID"), clientSecret: value("BATON_CLIENT_SECRET") };
}

const envText = ({ clientId, clientSecret }) =>
  `# kept\nBATON_CLIENT_ID=${clientId}\nBATON_CLIENT_SECRET=${clientSecret}\n`;

const isLive = ({ deletedAt, revokedAt }) => deletedAt == null && revokedAt == null;

function connectorCredentials(sandbox, connectorId) {
  const { connectorCredentials: rows } = sandbox.snapshot();
  return rows.filter((row) => row.connectorId === connectorId && isLive(row)).map(({ id }) => id);
}

/** Returns the number of rows that depend on an API credential. */
function dependents(sandbox, id) {
  const { application_memberships: rows } = sandbox.snapshot().commercelayer.resources;
  return rows.filter(({ links }) => links.api_credential === id).length;
}

function apiCredentials(sandbox, first) {
  const { api_credentials: rows } = sandbox.snapshot().commercelayer.resources;
  const origin = `keyturn-line-${first}`;
  return rows
    .filter(({ id, attributes }) => id === first || attributes.reference_origin === origin)
    .map(({ id }) => id);
}

function ssoClients(sandbox, { ssoApplicationId, clientId }) {
  return sandbox
    .snapshot()
    .ssoClients.filter((row) => row.ssoApplicationId === ssoApplicationId && isLive(row))
    .filter((row) => row.clientId === clientId || row.displayName.includes(`[${clientId} keyturn:`))
    .map((row) => row.clientId);
}

/** Returns whether a pair is accepted: a client of an SSO application is authenticated before its code is checked. */
async function exchanges(url, { clientId, clientSecret }) {
  const body = new URLSearchParams({ grant_type: "authorization_code", code: "none" });
  const authorization = `Basic ${btoa(`${clientId}:${clientSecret}`)}`;
  const answer = await fetch(`${url}/auth/v1/token`, { method: "POST", headers: { authorization }, body });
  return (await answer.json()).error === "invalid_grant";
}

async function logsIn(url, { clientId, clientSecret }) {
  const body = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/oauth/token`, { method: "POST", headers, body: JSON.stringify(body) });
  await answer.arrayBuffer();
  return answer.ok;
}

/**
 * How to make a target of each kind: `first` is its sink's first pair, `others` are credentials that are not the
 * target's.
 */
const MAKERS = {
  async connector({ sandbox }, { c1 }, number) {
    const { appId, id: connectorId } = sandbox.snapshot().connectors.filter(isLive)[number];
    const others = connectorCredentials(sandbox, connectorId);
    const answer = await c1.connector.rotateCredential({ appId, connectorId });
    const { id, clientId, clientSecret } = answer.connectorServiceRotateCredentialResponse.credential;
    const pair = { clientId: sandbox.clientId, clientSecret: sandbox.clientSecret };
    return { pair, ids: { appId, connectorId }, first: { clientId, clientSecret }, adopt: id, others };
  },
  async "sso-client"({ sandbox }, { c1 }) {
    const { appId } = sandbox.snapshot().ssoApplications.filter(isLive)[0];
    const client = {
      displayName: "Web",
      authentication: { clientSecretBasic: {} },
      redirectUris: ["https://shop.example.com/callback", "https://shop.example.com/other"],
    };
    const ssoApplicationServiceCreateRequest = { displayName: "Shop", oidc: {}, initialClient: client };
    const made = await c1.ssoApplication.create({ appId, ssoApplicationServiceCreateRequest });
    const { application, client: first, clientSecret } = made.ssoApplicationServiceCreateResponse;
    const { clientId } = first;
    const pair = { clientId: sandbox.clientId, clientSecret: sandbox.clientSecret };
    const ids = { appId, ssoApplicationId: application.id, clientId };
    return { pair, ids, first: { clientId, clientSecret }, others: [] };
  },
  async "api-credential"({ sandbox }, { cl }, number) {
    const { api_credentials: rows, application_memberships: uses } = sandbox.snapshot().commercelayer.resources;
    const kind = rows.filter(({ attributes }) => attributes.kind === "integration");
    let { id } = kind.find(({ id }) => uses.some(({ links }) => links.api_credential === id)) ?? kind[0];
    if (number > 0) {
      const { name, organization, role } = await cl.api_credentials.retrieve(id, { include: ["organization", "role"] });
      const to = ({ type, id }) => ({ type, id });
      const copy = { name: `${name} ${number}`, kind: "integration", organization: to(organization), role: to(role) };
      ({ id } = await cl.api_credentials.create(copy));
    }
    const { client_id: clientId, client_secret: clientSecret } = await cl.api_credentials.retrieve(id);
    const pair = { clientId: sandbox.commercelayer.clientId, clientSecret: sandbox.commercelayer.clientSecret };
    return { pair, ids: { id }, first: { clientId, clientSecret }, others: [], uses: dependents(sandbox, id) };
  },
};

/**
 * Starts a tenant behind a proxy. Its clock runs by itself, and is set forward when a rotation waits.
 *
 * @param {ReturnType<typeof entries>} keyturn
 * @param {typeof import("keyturn/sandbox").serveSandbox} serveSandbox
 */
export async function startWorld(keyturn, serveSandbox, scratch, { seed = "demo", sealed } = {}) {
  const server = await serveSandbox({ seed });
  /** Facts about each target from when it was made. */
  const before = new Map();
  const { sandbox } = server;
  const clock = { now: () => sandbox.clock.now() };
  const proxy = await startProxy(server.url, clock.now);
  await mkdir(scratch, { recursive: true });
  const journal = join(scratch, "journal");
  const world = { keyturn, sandbox, clock, proxy, journal, scratch, targets: {}, sealed };
  const c1 = new keyturn.ConductorOne({
    serverURL: server.url,
    clientID: sandbox.clientId,
    clientSecret: sandbox.clientSecret,
    clock,
  });
  const { clientId, clientSecret } = sandbox.commercelayer;
  const cl = keyturn.CommerceLayerProvisioning({
    serverURL: server.url,
    credentials: keyturn.clientCredentials({ clientId, clientSecret }),
    clock,
  });
  return Object.assign(world, {
    /** Returns the difference between the tenant's clock and the machine's, for other processes. */
    offset: () => clock.now() - Date.now(),
    /**
     * Makes a target with a credential in its sink. The journal already knows the credential if the control plane has
     * no list in which to find it.
     */
    async add(name, kind, number = 0) {
      const env = join(scratch, `${name}.env`);
      const { first, pair, ids, adopt, ...facts } = await MAKERS[kind](world, { c1, cl }, number);
      await writeFile(env, envText(first));
      world.targets[name] = { kind, url: proxy.url, env, pair, ids };
      before.set(name, facts);
      for (const { clientSecret } of [first, pair]) proxy.secrets.add(clientSecret);
      if (adopt === undefined) return;
      const lifecycle = world.open("setup", { targets: { [name]: world.targets[name] } });
      await lifecycle.adopt(name, adopt);
      await lifecycle.close();
    },
    open: (worker, more = {}, ports = {}) =>
      openAt(keyturn, { journal, sealed, targets: world.targets, worker, ...more }, { clock, ...ports }),
    /** Returns the existing sealed copies, and asserts that none of them shows a secret. */
    copies() {
      let files = [];
      try {
        files = readdirSync(sealed);
      } catch (error) {
        if (error.code !== "ENOENT") throw error;
      }
      for (const file of files) {
        const text = readFileSync(join(sealed, file), "latin1");
        for (const secret of proxy.secrets) assert.ok(!text.includes(secret), "a copy shows a secret");
      }
      return files;
    },
    /** Returns the pair in a target's sink, and asserts that it logs in. */
    async works(name) {
      const { kind, env } = world.targets[name];
      for (;;) {
        const pair = await pairIn(env);
        const accepted = await {
          connector: () => sandbox.consume(pair).accepted,
          "sso-client": () => exchanges(server.url, pair),
          "api-credential": () => logsIn(server.url, pair),
        }[kind]();
        // A rotation may have progressed between reading the file and the login.
        if (!accepted && (await pairIn(env)).clientId !== pair.clientId) continue;
        assert.ok(accepted, `the sink's pair logs in: ${pair.clientId}`);
        return pair;
      }
    },
    /** Returns a target's living credentials, except for those that existed before the target was made. */
    alive(name) {
      const { kind, ids } = world.targets[name];
      const all = {
        connector: () => connectorCredentials(sandbox, ids.connectorId),
        "sso-client": () => ssoClients(sandbox, ids),
        "api-credential": () => apiCredentials(sandbox, ids.id),
      }[kind]();
      return all.filter((id) => !before.get(name).others.includes(id));
    },
    /** Returns a target's events, read from the files. */
    events(name) {
      const folder = join(journal, "streams", name);
      let files = [];
      try {
        files = readdirSync(folder).sort();
      } catch (error) {
        if (error.code !== "ENOENT") throw error;
      }
      return files.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
    },
    /**
     * Asserts that every living credential is named by the journal, was there before it, or may come from an attempt
     * that the journal leaves open.
     */
    accounted(name) {
      const events = world.events(name);
      const known = new Set(
        events.flatMap(({ credential, found = [] }) => [credential, ...found]).map((one) => one?.id),
      );
      const strangers = world.alive(name).filter((id) => !known.has(id));
      const { event } = events.findLast(({ event }) => ATTEMPTS.includes(event)) ?? {};
      const doubted = ["issuing", "unknown"].includes(event) ? 1 : 0;
      const before = events.length === 0 ? 1 : 0;
      assert.ok(strangers.length <= doubted + before, `${name}: nobody knows of ${strangers}`);
    },
    /**
     * Asserts that at most one issuing request arrived for each intent, and none without an intent. Returns the number
     * of requests.
     */
    issuedOnce(name) {
      const { kind, ids } = world.targets[name];
      const issuing = world.events(name).filter(({ event }) => event === "issuing");
      if (kind === "connector") {
        // These requests do not name their intent, but each is sent in its intent's time: until its deadline, and
        // before the next intent.
        const named = `"${ids.connectorId}"`;
        const sent = proxy.passed.filter((one) => one.path === ROTATE && one.body.includes(named));
        const intents = sent.map((one) => issuing.findLast(({ at }) => at <= one.at));
        assert.ok(
          intents.every((intent, index) => intent && sent[index].at <= intent.until + POLICY.margin),
          `${name}: a request without an intent`,
        );
        assert.equal(new Set(intents).size, intents.length, `${name}: two requests for one intent`);
        return sent.length;
      }
      const sso = kind === "sso-client";
      const [path, origin] = sso
        ? [/\/clients$/, `[${ids.clientId} `]
        : [/\/api_credentials$/, `"keyturn-line-${ids.id}"`];
      const sent = proxy.passed.filter((one) => path.test(one.path) && one.body.includes(origin));
      const markers = sent.map(({ body }) => {
        const { client, data } = JSON.parse(body);
        return sso ? client.displayName.slice(client.displayName.indexOf("keyturn:"), -1) : data.attributes.reference;
      });
      assert.equal(new Set(markers).size, markers.length, `${name}: ${markers}`);
      const known = new Set(issuing.map(({ marker }) => marker));
      assert.ok(
        markers.every((marker) => known.has(marker)),
        `${name}: ${markers}`,
      );
      return sent.length;
    },
    /**
     * Advances until the rotation is over, and sets the clock forward when it waits. After each step, the sink's pair
     * has to log in.
     */
    async finish(name, lifecycle) {
      for (let turn = 0; turn < 60; turn++) {
        const progress = await lifecycle.advance(name);
        await world.works(name);
        world.accounted(name);
        if (progress.state === "idle") return progress;
        assert.equal(progress.state, "waiting", inspect([progress, world.events(name)], { depth: 5 }));
        sandbox.clock.set(Math.max(clock.now(), progress.until));
      }
      assert.fail(`${name} never comes to its end: ${inspect(world.events(name).slice(-12))}`);
    },
    /**
     * Asserts what has to hold once nothing is under way: exactly one credential is alive, and it is the one in the
     * sink.
     */
    async settled(name, lifecycle) {
      const pair = await world.works(name);
      const [{ current, credentials, doubt }] = await lifecycle.status([name]);
      const alive = world.alive(name);
      assert.equal(alive.length, 1, `${name}: ${alive}`);
      assert.equal(doubt, undefined);
      if (world.targets[name].kind === "api-credential")
        assert.equal(dependents(sandbox, alive[0]), before.get(name).uses, `${name}: what depends on it came along`);
      if (current === undefined) assert.deepEqual(credentials, []);
      else {
        assert.deepEqual([current.id, current.clientId], [alive[0], pair.clientId]);
        assert.ok(credentials.every(({ id, role }) => role === (id === current.id ? "current" : "ended")));
      }
      const broken = (await lifecycle.verify()).find(({ target }) => target === name)?.broken;
      assert.equal(broken, undefined);
    },
    /** Asserts that no secret that the control plane ever returned is in the journal, or in any of these values. */
    secretless(name, ...shown) {
      const whole = { depth: 30, showHidden: true, maxStringLength: null, maxArrayLength: null };
      const texts = shown.flatMap((one) => [inspect(one, whole), JSON.stringify(one) ?? ""]);
      texts.push(JSON.stringify(world.events(name)));
      assert.ok(proxy.secrets.size > 0);
      for (const secret of proxy.secrets)
        for (const text of texts) assert.ok(!text.includes(secret), `${name}: a secret shows`);
    },
    async close() {
      c1.close();
      cl.close?.();
      await proxy.close();
      await server.close();
    },
  });
}
