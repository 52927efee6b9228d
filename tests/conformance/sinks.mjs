// Delivery of credentials in every runtime: documents, client ids in texts, sinks that use `fetch`.
export default (t) => {
  const { assert, lifecycle } = t;
  const { githubSecret, gitlabVariables, importClientIds, kubernetesSecret, render, sinkList, vaultSecret } = lifecycle;
  const { signal } = new AbortController();
  const pair = { clientId: "blue-whale-1@acme.conductor.one/pcc", clientSecret: "secret-token:canary" };
  const names = { BATON_CLIENT_ID: pair.clientId, BATON_CLIENT_SECRET: pair.clientSecret };

  /** Returns the `fetch` of a server that is a function. */
  const serving = (handle) => async (url, init) => {
    const body = init.body === undefined ? undefined : JSON.parse(init.body);
    const [status, answer] = handle(init.method, new URL(url).pathname, body);
    return new Response(status === 204 ? null : JSON.stringify(answer ?? {}), { status });
  };

  t.test("a document is rendered, and its client id is found again", () => {
    const text = render({ kind: "kubernetes-secret", name: "s", values: names });
    const found = importClientIds("kubernetes", text, { source: "s.yaml" });
    assert.deepEqual(found, [
      {
        clientId: pair.clientId,
        where: { kind: "kubernetes", source: "s.yaml", place: "Secret s, BATON_CLIENT_ID" },
        facts: {},
      },
    ]);
  });

  t.test("what a format cannot carry is refused", () => {
    assert.throws(() => render({ kind: "env", dialect: "docker", values: { A: "canary\n" } }), {
      name: "SinkError",
      code: "sink_failed",
      reason: "refused",
    });
  });

  t.test("Vault and Kubernetes get a pair, and a late writer does not change it", async () => {
    let kv = { version: 0, data: {} };
    const vault = vaultSecret({
      url: "https://vault.example/",
      token: "t",
      path: "orders",
      fetch: serving((method, path, body) => {
        if (path !== "/v1/secret/data/orders") return [404];
        if (method === "GET")
          return kv.version === 0 ? [404] : [200, { data: { data: kv.data, metadata: { version: kv.version } } }];
        if (body.options.cas !== kv.version)
          return [400, { errors: ["check-and-set parameter did not match the current version"] }];
        kv = { version: kv.version + 1, data: body.data };
        return [200];
      }),
    });
    let secret;
    const cluster = kubernetesSecret({
      url: "https://cluster.example",
      token: "t",
      namespace: "apps",
      secret: "orders",
      fetch: serving((method, _path, body) => {
        if (method === "GET") return secret ? [200, secret] : [404];
        if (method === "POST" && secret) return [409];
        if (method === "PATCH" && body.metadata.resourceVersion !== secret.metadata.resourceVersion) return [409];
        const version = Number(secret?.metadata.resourceVersion ?? 0) + 1;
        secret = { data: { ...secret?.data, ...body.data }, metadata: { resourceVersion: String(version) } };
        return [200, secret];
      }),
    });
    const list = sinkList([vault, cluster]);
    assert.deepEqual([list.name, list.compares], ["vault:secret/orders+kubernetes:apps/orders", true]);
    const { version } = await list.read(signal);
    assert.equal(await list.write(pair, version, signal), true);
    assert.equal(await list.holds(pair, signal), true);
    assert.deepEqual(kv.data, names);
    assert.equal(atob(secret.data.BATON_CLIENT_SECRET), pair.clientSecret);
    assert.equal(await list.write({ ...pair, clientSecret: "late" }, version, signal), false);
    assert.equal(await list.holds(pair, signal), true);
  });

  t.test("GitLab gets two variables, the client id last", async () => {
    const variables = {};
    const order = [];
    const sink = gitlabVariables({
      token: "t",
      project: "acme/orders",
      environment: "production",
      fetch: serving((method, path, body) => {
        const key = body?.key ?? path.split("/").at(-1);
        if (method !== "GET") order.push(`${method} ${key}`);
        if (method === "POST") variables[key] = body;
        else if (!variables[key]) return [404];
        else if (method === "PUT") Object.assign(variables[key], body);
        return [method === "POST" ? 201 : 200, variables[key]];
      }),
    });
    assert.deepEqual([sink.name, sink.compares, sink.readback], ["gitlab:acme/orders/production", false, "pair"]);
    assert.deepEqual(await sink.read(signal), { clientId: undefined, version: "none" });
    assert.equal(await sink.write(pair, "none", signal), true);
    assert.deepEqual(order.slice(-2), ["PUT BATON_CLIENT_ID", "POST BATON_CLIENT_ID"]);
    assert.deepEqual(variables.BATON_CLIENT_SECRET, {
      ...{ key: "BATON_CLIENT_SECRET", value: pair.clientSecret, environment_scope: "production" },
      ...{ masked: true, raw: true, protected: true },
    });
    assert.equal(variables.BATON_CLIENT_ID.masked, false);
    assert.equal(await sink.holds(pair, signal), true);
    const next = { clientId: "blue-whale-2@acme.conductor.one/pcc", clientSecret: "secret-token:other" };
    assert.equal(await sink.write(next, pair.clientId, signal), true);
    assert.equal(await sink.holds(pair, signal), false);
    assert.equal(await sink.holds({ ...next, clientSecret: "third" }, signal), false);
    assert.equal(await sink.holds(next, signal), true);
  });

  t.test("GitHub gets a sealed box and the client id", async () => {
    const got = {};
    const key = btoa(String.fromCharCode(9, ...new Uint8Array(31)));
    const sink = githubSecret({
      token: "t",
      repository: "acme/orders",
      fetch: serving((method, path, body) => {
        if (path.endsWith("/public-key")) return [200, { key, key_id: "1" }];
        if (method === "GET") return got.variable ? [200, { value: got.variable }] : [404];
        if (method === "PUT") got.sealed = atob(body.encrypted_value);
        else if (method === "PATCH") return [404];
        else got.variable = body.value;
        return [201];
      }),
    });
    assert.equal(await sink.write(pair, "none", signal), true);
    assert.equal(got.sealed.length, pair.clientSecret.length + 48);
    assert.equal(await sink.holds(pair, signal), true);
  });
};
