// The sandbox does not refuse a request because a field is missing that the API's description leaves optional.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";
import { readFacts } from "./vectors/facts.mjs";

const { keyturn, sandbox } = await import(pathToFileURL(join(installed(), "load.mjs")).href);
const read = (path) => readFileSync(join(root, path), "utf8");
const facts = readFacts(read("api/c1.idl"), read("tests/facts/c1-surface.tsv"));

/** Operations that are refused because of the tenant's state and not because of the request, with their messages. */
const BY_STATE = new Map([["connector.confirmSyncValid", /last sync did not fail/]]);
/** Fields in the body that other operations have in the path. */
const NAMED_IN_BODY = new Map([["connector.rotateCredential", ["appId", "connectorId"]]]);

const VALUES = {
  string: "text",
  bool: true,
  int32: 7,
  uint32: 7,
  int64: 7,
  uint64: "7",
  double: 0.5,
  date: new Date("2026-01-31T10:20:30Z"),
  duration: "3600s",
  bytes: "AP+/",
  any: {},
  struct: {},
  value: [],
  empty: {},
};

function sample({ kind, ref, shape }) {
  if (shape !== "one") return shape === "list" ? [] : {};
  if (kind === "enum") return facts.enums.get(ref).at(-1);
  return kind === "msg" ? required(ref) : VALUES[kind];
}

/** Returns a message with its required fields. */
function required(key) {
  const fields = facts.messages.get(key).filter((field) => field.required && !field.readOnly);
  return Object.fromEntries(fields.map((field) => [field.name, sample(field)]));
}

test("each operation takes the smallest request that its description allows", async () => {
  const tenant = await sandbox.createSandbox({ seed: "demo" });
  const { clientId: clientID, clientSecret, url: serverURL, fetch, appId, connectorId } = tenant;
  const c1 = new keyturn.ConductorOne({ clientID, clientSecret, serverURL, fetch, retryConfig: { strategy: "none" } });
  const known = { appId, connectorId };
  const refused = [];
  for (const { property, method, params, body, bodyField } of facts.operations) {
    const name = `${property}.${method}`;
    const path = params
      .filter(({ place }) => place === "path")
      .map((param) => [param.name, known[param.name] ?? sample({ ...param, shape: "one" })]);
    const named = (NAMED_IN_BODY.get(name) ?? []).map((field) => [field, known[field]]);
    const whole = body === undefined ? {} : required(body);
    const request = Object.fromEntries([...path, ...named]);
    if (body !== undefined) Object.assign(request, bodyField === "" ? whole : { [bodyField]: whole });
    try {
      await c1[property][method](request);
    } catch (error) {
      assert.ok(error instanceof keyturn.ApiError, `${name}: ${error}`);
      if (error.status === 404 || BY_STATE.get(name)?.test(error.message)) continue;
      refused.push(`${name}: ${error.message}`);
    }
  }
  assert.equal(facts.operations.length, 638);
  assert.deepEqual(refused, []);
  tenant.close();
});
