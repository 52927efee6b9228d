// What `keyturn status` writes for other systems, read by independent parsers: calendars, metrics, SARIF and JUnit
// reports. The targets have names that each of the formats has to escape.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import ICAL from "ical.js";
import parsePrometheus from "parse-prometheus-text-format";
import { run, scratch, tenant } from "../lib/cli.mjs";

const require = createRequire(import.meta.url);

/** Names with special characters. */
const NAMES = [
  "github-production",
  'q"uote\\back;semi,comma',
  "<b>&amp;</b>",
  "two\nlines\rand\ttab",
  "ünï 😀 日本語の長い名前、行を折り返す",
  "bell\u0007",
  "constructor",
];
// A folder whose name must be escaped in a URI.
const cwd = join(scratch("formats"), "a b#c?d%20é");
let sandbox;
let env;
let statuses;
const status = async (format, ...more) => {
  const told = await run(["status", "-o", format, ...more], { cwd, env });
  assert.equal(told.status, 0, told.stderr);
  return told.stdout;
};

before(async () => {
  sandbox = await tenant();
  env = { ...sandbox.env };
  mkdirSync(cwd);
  const { appId, connectorId } = sandbox;
  const target = (_, index) => ({
    kind: "c1-connector",
    appId,
    connectorId,
    sinks: [{ kind: "env-file", path: `./${index}.env` }],
    policy: { rotateEvery: "30d" },
    ...(index === 0 ? { owner: "sre" } : {}),
  });
  const targets = Object.fromEntries(NAMES.map((name, index) => [name, target(name, index)]));
  writeFileSync(join(cwd, "keyturn.json"), JSON.stringify({ journal: "j", targets }, undefined, 2));
  // One of them is in its grace period, the last one has no credential yet.
  const rotated = await run(["rotate", ...NAMES.slice(0, -1)], { cwd, env });
  assert.equal(rotated.status, 0, rotated.stderr);
  assert.equal((await run(["rotate", NAMES[0]], { cwd, env })).status, 0);
  statuses = JSON.parse(await status("json"));
  assert.equal(statuses.length, NAMES.length);
});
after(async () => {
  await sandbox.stop();
  rmSync(join(cwd, ".."), { recursive: true });
});

/** Returns the credential in use: during a grace period every sink has the new one. */
const usedOf = ({ phase, current, credentials }) =>
  phase === "grace" ? credentials.find(({ role }) => role === "new") : current;

/** Returns a name as calendars and reports can contain it: without control characters other than white space. */
const written = (name) => name.replace(/\r\n?/g, "\n").replaceAll("\u0007", " ");

test("iCalendar, by ical.js", async () => {
  const text = await status("ical");
  for (const line of text.split("\r\n")) assert.ok(Buffer.byteLength(line) <= 75 && !/[\r\n]/.test(line), line);
  assert.ok(text.endsWith("\r\n"));
  const calendar = new ICAL.Component(ICAL.parse(text));
  assert.equal(calendar.name, "vcalendar");
  assert.equal(calendar.getFirstPropertyValue("version"), "2.0");
  assert.ok(calendar.getFirstPropertyValue("prodid"));
  const events = calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
  const [first] = statuses;
  const wanted = statuses.flatMap((one) => {
    const { target, due, progress, phase } = one;
    const used = usedOf(one);
    return [
      ...(used ? [[used.expiresAt, `${target}: ${used.clientId} expires`]] : []),
      ...(due ? [[due.at, `${target}: rotate`]] : []),
      ...(phase === "grace" ? [[progress.until, `${target}: the old credential ends`]] : []),
    ];
  });
  assert.equal(first.phase, "grace");
  assert.equal(wanted.length, NAMES.length * 2 - 2);
  const seconds = (at) => new Date(Math.floor(at / 1000) * 1000).toISOString();
  assert.deepEqual(
    events.map(({ startDate, summary }) => [startDate.toJSDate().toISOString(), summary]),
    wanted.map(([at, summary]) => [seconds(at), written(summary)]),
  );
  for (const { startDate, component } of events) {
    assert.equal(startDate.zone, ICAL.Timezone.utcTimezone);
    assert.ok(component.getFirstPropertyValue("dtstamp") instanceof ICAL.Time);
  }
  // Ids are stable, so that reading a calendar again moves its events.
  assert.equal(new Set(events.map(({ uid }) => uid)).size, events.length);
  const later = new ICAL.Component(
    ICAL.parse(await status("ical", "--clock", new Date(Date.now() + 3_600_000).toISOString())),
  );
  assert.deepEqual(
    later.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one).uid),
    events.map(({ uid }) => uid),
  );
});

test("Prometheus, by a parser of its text format", async () => {
  // Twice: from the journal, and from the cache.
  for (const text of [await status("prometheus"), await status("prometheus")]) {
    assert.ok(text.endsWith("\n"));
    const families = parsePrometheus(text);
    assert.equal(families.length, text.match(/^# TYPE /gm).length);
    const of = (name) => families.find((one) => one.name === name).metrics;
    for (const { name, type, help, metrics } of families) {
      assert.match(name, /^keyturn_[a-z_]+$/);
      assert.ok(type === "GAUGE" && help);
      const labels = metrics.map((one) => JSON.stringify(one.labels ?? {}));
      assert.equal(new Set(labels).size, labels.length, `${name} has a series twice`);
    }
    const states = of("keyturn_rotation_state");
    for (const { target, progress } of statuses) {
      const own = states.filter(({ labels }) => labels.target === target);
      assert.equal(own.length, 5, target);
      assert.deepEqual(
        own.filter(({ value }) => value === "1").map(({ labels }) => labels.state),
        [progress.state],
      );
    }
    const expires = of("keyturn_credential_expires_timestamp_seconds");
    const since = of("keyturn_credential_since_timestamp_seconds");
    for (const status of statuses.slice(0, -1)) {
      const used = usedOf(status);
      const { labels, value } = expires.find((one) => one.labels.target === status.target);
      assert.deepEqual([labels.client_id, Number(value)], [used.clientId, used.expiresAt / 1000]);
      const first = since.find((one) => one.labels.target === status.target);
      assert.deepEqual([first.labels.client_id, Number(first.value)], [used.clientId, used.since / 1000]);
    }
    assert.equal(expires.length, NAMES.length - 1);
  }
});

test("SARIF, by its schema", async () => {
  // The validator's build for the schema's draft, in the version that the schema's package depends on.
  const place = require.resolve("@microsoft/jest-sarif/package.json");
  const Ajv = createRequire(place)("ajv");
  const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
  const ajv = new Ajv({ schemaId: "auto", meta: false, unknownFormats: "ignore" });
  ajv.addMetaSchema(createRequire(place)("ajv/lib/refs/json-schema-draft-04.json"));
  ajv._opts.defaultMeta = "http://json-schema.org/draft-04/schema";
  const validate = ajv.compile(schema);
  const text = await status("sarif");
  const log = JSON.parse(text);
  // The schema names an earlier version of the same format.
  assert.equal(validate(log), true, JSON.stringify(validate.errors));
  const [{ results, tool }] = log.runs;
  // All targets but the first have no owner.
  const missing = results.filter(({ ruleId }) => ruleId === "owner-missing");
  assert.deepEqual(missing.map(({ locations }) => locations[0].logicalLocations[0].name).sort(), NAMES.slice(1).sort());
  const lines = readFileSync(join(cwd, "keyturn.json"), "utf8").split("\n");
  for (const { ruleId, locations, level } of results) {
    assert.ok(tool.driver.rules.some(({ id }) => id === ruleId));
    assert.ok(["error", "warning", "note"].includes(level));
    const [{ physicalLocation, logicalLocations }] = locations;
    const { startLine, startColumn } = physicalLocation.region;
    const there = lines[startLine - 1].slice(startColumn - 1);
    assert.ok(there.startsWith(JSON.stringify(logicalLocations[0].name)), there);
    assert.equal(physicalLocation.artifactLocation.uri, "keyturn.json");
  }
  // From another folder, the reference still resolves to the same file.
  const outside = await run(["status", "-o", "sarif", "-c", join(cwd, "keyturn.json")], { cwd: "/", env });
  const { uri } = JSON.parse(outside.stdout).runs[0].results[0].locations[0].physicalLocation.artifactLocation;
  assert.equal(
    new URL(uri, "file:///").pathname,
    new URL(`file://${encodeURI(cwd).replace("#", "%23").replace("?", "%3F")}/keyturn.json`).pathname,
  );
});

test("JUnit, by a parser of XML", async () => {
  const text = await status("junit");
  assert.equal(XMLValidator.validate(text), true);
  const options = {
    ignoreAttributes: false,
    attributeNamePrefix: "",
    isArray: (name) => ["testcase", "failure"].includes(name),
  };
  const { testsuite } = new XMLParser({ ...options, htmlEntities: true, parseAttributeValue: false }).parse(
    text,
  ).testsuites;
  const cases = testsuite.testcase;
  assert.deepEqual(
    cases.map(({ name }) => name),
    NAMES.map((name) => name.replaceAll("\u0007", "?")),
  );
  assert.equal(testsuite.tests, String(NAMES.length));
  const failed = cases.filter(({ failure }) => failure !== undefined);
  assert.equal(testsuite.failures, String(failed.length));
  assert.equal(failed.length, NAMES.length - 1);
  for (const { failure } of failed) for (const { type, message } of failure) assert.ok(type && message);
});
