// Sandbox tenants and their controls, the same for a tenant behind HTTP and for one in this process.

/** The initial values of the switches, which a reset does not change. */
const SWITCHES = {
  oldAfterRotate: "keep",
  bridgeAfterRotate: "revoke",
  revoked: "gone",
  systemLog: "full",
  systemLogDelayMs: 0,
};

/**
 * Resets the tenant at `url`: no faults, an empty log, the seed's rows.
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
    // The idle connection of a test that computes for seconds may have been closed; a second request opens another one.
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
    /**
     * Commerce Layer's side of the tenant: options with its address, the issuer of its tokens, and a client that may
     * request them.
     */
    commercelayer: { ...commercelayer, place: { serverURL: url }, issuer: commercelayer.serverURL },
    /** Adds a rule for faults. */
    fault: (rule) => control("POST", "faults", rule),
    clearFaults: () => control("DELETE", "faults"),
    /** Returns the requests to the API so far: `{ operation, method, path, status, at }` each. */
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
 * Creates a tenant in this process.
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
