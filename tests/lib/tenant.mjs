// Sandbox tenants and their controls, the same for one that is reached over HTTP and for one in this process.

/** What a reset leaves as it is, as it is at first. */
const SWITCHES = {
  oldAfterRotate: "keep",
  bridgeAfterRotate: "revoke",
  revoked: "gone",
  systemLog: "full",
  systemLogDelayMs: 0,
};

/**
 * Starts the tenant at `url` afresh: no faults, an empty log, the seed's rows.
 *
 * @param {string} url
 * @param {{ seed?: "demo" | "empty" | "large", tokenTtl?: number }} [options]
 */
export async function tenantAt(url, { seed = "demo", tokenTtl } = {}) {
  async function control(method, path, body) {
    const init =
      body === undefined
        ? { method }
        : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    // Tests that compute for seconds find their idle connection closed under their hands. Another one helps.
    const ask = () => fetch(`${url}/_sandbox/${path}`, init);
    const response = await ask().catch(ask);
    if (!response.ok) throw new Error(`the sandbox's ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
  const { clientId, clientSecret, appId, connectorId, commercelayer } = await control("POST", "reset", { seed });
  await control("POST", "switches", SWITCHES);
  const tenant = {
    url,
    clientId,
    clientSecret,
    appId,
    connectorId,
    /** The options of a client of this tenant. */
    options: { clientID: clientId, clientSecret, serverURL: url },
    /** Commerce Layer's side of it: the options that say where it is, who issues its tokens, and who may ask for them. */
    commercelayer: { ...commercelayer, place: { serverURL: url }, issuer: commercelayer.serverURL },
    /** Adds a rule of what goes wrong. */
    fault: (rule) => control("POST", "faults", rule),
    clearFaults: () => control("DELETE", "faults"),
    /** What was asked of the API so far: `{ operation, method, path, status, at }` each. */
    requests: (filter = {}) => control("GET", `requests?${new URLSearchParams(filter)}`),
    setTokenTtl: (seconds) => control("POST", "token-ttl", { seconds }),
    configure: (switches) => control("POST", "switches", switches),
    consume: (consumer) => control("POST", "consume", consumer),
    setClock: (to) => control("POST", "clock", { set: to }),
    advanceClock: (ms) => control("POST", "clock", { advance: ms }),
  };
  if (tokenTtl !== undefined) await tenant.setTokenTtl(tokenTtl);
  return tenant;
}

/**
 * A tenant in this process.
 *
 * @param {typeof import("keyturn/sandbox")} sandbox
 * @param {{ seed?: "demo" | "empty" | "large", tokenTtl?: number }} [options]
 */
export async function tenantIn({ createSandbox }, options) {
  const tenant = await createSandbox(options);
  const { url, clientId, clientSecret, appId, connectorId, fetch } = tenant;
  const { commercelayer } = tenant;
  return {
    url,
    clientId,
    clientSecret,
    appId,
    connectorId,
    options: { clientID: clientId, clientSecret, serverURL: url, fetch },
    commercelayer: {
      clientId: commercelayer.clientId,
      clientSecret: commercelayer.clientSecret,
      customer: commercelayer.customer,
      place: { serverURL: commercelayer.serverURL, fetch },
      issuer: commercelayer.serverURL,
    },
    fault: async (rule) => tenant.fault(rule),
    clearFaults: async () => tenant.clearFaults(),
    requests: async (filter) => tenant.requests(filter),
    setTokenTtl: async (seconds) => tenant.setTokenTtl(seconds),
    configure: async (switches) => tenant.configure(switches),
    consume: async (consumer) => tenant.consume(consumer),
    setClock: async (to) => tenant.clock.set(to),
    advanceClock: async (ms) => tenant.clock.advance(ms),
  };
}
