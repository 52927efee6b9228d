// Output for other systems, read by those systems' own parsers: a thousand hostile values come back unchanged, or are
// refused.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import dotenv from "dotenv";
import dotenv17 from "dotenv-17";
import yaml from "yaml";
import { python } from "../../xtask/python.mjs";
import { hostileValues } from "../lib/hostile.mjs";
import { installed } from "../lib/installed.mjs";

const folder = installed();
const require = createRequire(join(folder, "load.cjs"));
const { importClientIds, render } = require("keyturn/lifecycle");

const scratch = mkdtempSync(join(tmpdir(), "keyturn-formats-"));
after(() => rmSync(scratch, { recursive: true }));

const values = hostileValues();

/** Renders each value alone, and omits those that are refused. */
function rendered(document) {
  const carried = [];
  for (const value of values) {
    try {
      carried.push({ value, text: render(document(value)) });
    } catch (error) {
      assert.deepEqual([error.name, error.code, error.reason], ["SinkError", "sink_failed", "refused"], error.stack);
      if (value.length > 3) assert.ok(!error.message.includes(value), "the message has the value");
    }
  }
  return carried;
}

const env = (dialect) => rendered((V) => ({ kind: "env", dialect, values: { BEFORE: "1", V, AFTER: "2" } }));

/** Parses lines as readers do that do not support quotes. */
function docker(text) {
  const found = {};
  for (const line of text.split("\n").map((line) => line.replace(/\r$/, ""))) {
    const begun = line.replace(/^\s+/, "");
    if (begun === "" || begun.startsWith("#")) continue;
    const at = begun.indexOf("=");
    found[begun.slice(0, at)] = begun.slice(at + 1);
  }
  return found;
}

/** Runs a Python script with input as JSON, and returns its output, parsed as JSON. */
function inPython(script, input) {
  const { stdout, stderr, status } = spawnSync(python("python"), ["-c", script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** Runs a shell script for each text, and returns the values that it printed. */
function inShell(shell, carried) {
  return carried.map(({ text }) => {
    const file = join(scratch, "env");
    writeFileSync(file, text);
    const script = `. "${file}"; printf '%s\\0%s\\0%s\\0' "$BEFORE" "$V" "$AFTER"`;
    return execFileSync(shell, ["-c", script], { encoding: "utf8", env: { HOME: "/nowhere", PATH: process.env.PATH } })
      .split("\0")
      .slice(0, 3);
  });
}

describe("files of NAME=value lines", () => {
  /**
   * The least number of the thousand values that each dialect must accept, so that one that refuses everything is
   * noticed.
   */
  const least = { portable: 20, dotenv: 500, docker: 600, systemd: 600, shell: 900 };

  const readers = {
    "dotenv 18": { dialects: ["portable", "dotenv"], read: (text) => dotenv.parse(text) },
    "dotenv 17": { dialects: ["portable", "dotenv"], read: (text) => dotenv17.parse(text) },
    "docker --env-file": { dialects: ["portable", "docker"], read: docker },
    "systemd's rules": { dialects: ["portable", "systemd"], read: systemd },
  };
  for (const [reader, { dialects, read }] of Object.entries(readers)) {
    for (const dialect of dialects) {
      test(`${reader} reads what is written for ${dialect}`, () => {
        const carried = env(dialect);
        assert.ok(carried.length >= least[dialect], `${carried.length} of ${values.length}`);
        for (const { value, text } of carried) {
          assert.deepEqual({ ...read(text) }, { BEFORE: "1", V: value, AFTER: "2" }, JSON.stringify(text));
          assert.deepEqual({ ...read(text.replace(/^/, "# a comment\n\n")) }.V, value);
        }
      });
    }
  }

  for (const shell of ["bash", "sh"]) {
    for (const dialect of ["portable", "shell"]) {
      test(`${shell} reads what is written for ${dialect}`, () => {
        const carried = env(dialect).slice(0, shell === "bash" ? 1000 : 200);
        assert.ok(carried.length >= Math.min(least[dialect], 200));
        const found = inShell(shell, carried);
        carried.forEach(({ value, text }, at) => {
          assert.deepEqual(found[at], ["1", value, "2"], JSON.stringify(text));
        });
      });
    }
  }

  test("a secret of C1 and one of Commerce Layer need no dialect", () => {
    const V = "secret-token:conductorone.com:v1:eyJrdHkiOiJPS1AifQ";
    assert.equal(render({ kind: "env", dialect: "portable", values: { V } }), `V=${V}\n`);
  });
});

describe("YAML", () => {
  const own = {
    "kubernetes-secret": (found) => found.stringData.V,
    compose: (found) => found.services.web.environment.V.replaceAll("$$", "$"),
    "baton-runner": (found) => found.V,
  };
  const documents = {
    "kubernetes-secret": (V) => ({
      kind: "kubernetes-secret",
      name: "yes",
      namespace: "no",
      values: { V, AFTER: "2" },
    }),
    compose: (V) => ({ kind: "compose", service: "web", values: { V, AFTER: "2" } }),
    "baton-runner": (V) => ({ kind: "baton-runner", values: { V, AFTER: "2" } }),
  };
  for (const [kind, document] of Object.entries(documents)) {
    test(`npm yaml and PyYAML read ${kind}`, () => {
      const carried = rendered(document);
      assert.ok(carried.length >= 700, String(carried.length));
      for (const { value, text } of carried) assert.equal(own[kind](yaml.parse(text)), value, JSON.stringify(text));
      const found = inPython(
        "import json,sys,yaml; print(json.dumps([yaml.safe_load(text) for text in json.load(sys.stdin)]))",
        carried.map(({ text }) => text),
      );
      carried.forEach(({ value }, at) => {
        assert.equal(own[kind](found[at]), value);
      });
    });
  }

  test("names are texts, whatever they look like", () => {
    const text = render({ kind: "kubernetes-secret", name: "yes", namespace: "no", values: { 1: "on" } });
    const found = inPython("import json,sys,yaml; print(json.dumps(yaml.safe_load(json.load(sys.stdin))))", text);
    assert.deepEqual(found, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "yes", namespace: "no" },
      type: "Opaque",
      stringData: { 1: "on" },
    });
  });
});

describe("Terraform", () => {
  /** Decodes a quoted string of HCL by its specification: escapes, and no template. */
  const hcl = (literal) => {
    let out = "";
    for (let at = 1; at < literal.length - 1; at++) {
      const two = literal.slice(at, at + 3);
      if (two === "$${" || two === "%%{") {
        out += two.slice(1);
        at += 2;
      } else if (two.startsWith("${") || two.startsWith("%{")) {
        assert.fail(`a template in ${literal}`);
      } else if (literal[at] === "\\") {
        const c = literal[++at];
        if (c === "u") {
          out += String.fromCharCode(Number.parseInt(literal.slice(at + 1, at + 5), 16));
          at += 4;
        } else out += { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" }[c] ?? assert.fail(c);
      } else {
        assert.notEqual(literal[at], '"');
        assert.notEqual(literal[at], "\n");
        out += literal[at];
      }
    }
    return out.normalize("NFC");
  };

  test("its strings hold no template and come back", () => {
    const carried = rendered((v) => ({ kind: "terraform-variables", values: { v } }));
    assert.ok(carried.length >= 300, String(carried.length));
    for (const { value, text } of carried) assert.equal(hcl(/^v = ([^]*)\n$/.exec(text)[1]), value, text);
  });

  test("a connector's credential is made before the old one is destroyed", () => {
    const text = render({
      kind: "terraform-connector-credential",
      name: "orders",
      appId: "a1",
      connectorId: "c1",
      credentialId: "blue-whale-1",
    });
    assert.match(text, /resource "conductorone_connector_credential" "orders"/);
    assert.match(text, /create_before_destroy = true/);
    const id = JSON.parse(hcl(/^ {2}id = (.*)$/m.exec(text)[1]));
    assert.deepEqual(id, { app_id: "a1", connector_id: "c1", id: "blue-whale-1" });
  });
});

test("half of a surrogate pair is refused, and a document that is none", () => {
  for (const document of [
    { kind: "env", dialect: "shell", values: { V: "\ud800" } },
    { kind: "env", dialect: "fish", values: { V: "1" } },
    { kind: "env", dialect: "shell", values: { "V 1": "1" } },
    { kind: "kubernetes-secret", name: "s", values: { "a/b": "1" } },
    { kind: "terraform-variables", values: { 1: "1" } },
    { kind: "nothing", values: {} },
  ])
    assert.throws(() => render(document), { name: "SinkError", reason: "refused" });
});

describe("client ids in other systems' files", () => {
  const id = "strange-hydra-68836@acme.conductor.one/pcc";
  const source = "the file";

  test("from .env files", () => {
    const text = `# BATON_CLIENT_ID=old@acme.conductor.one/pcc\nexport BATON_CLIENT_ID='${id}'\nBATON_CLIENT_SECRET=secret-token:x\nWHO=${id}\nURL=https://u@h.example/p\n`;
    assert.deepEqual(importClientIds("env", text, { source }), [
      { clientId: id, where: { kind: "env", source, place: "line 2, BATON_CLIENT_ID" }, facts: {} },
      { clientId: id, where: { kind: "env", source, place: "line 4, WHO" }, facts: {} },
    ]);
  });

  test("from what is rendered for Kubernetes, and from what kubectl gives", () => {
    const names = { BATON_CLIENT_ID: id, BATON_CLIENT_SECRET: "secret-token:canary" };
    const text = render({ kind: "kubernetes-secret", name: "s", namespace: "n", values: names });
    const [entry, ...more] = importClientIds("kubernetes", text, { source });
    assert.deepEqual([entry.clientId, entry.where.place, more], [id, "Secret n/s, BATON_CLIENT_ID", []]);
    const data = Object.fromEntries(Object.entries(names).map(([key, value]) => [key, btoa(value)]));
    const list = { kind: "List", items: [{ kind: "Secret", metadata: { name: "s", namespace: "n" }, data }] };
    for (const written of [JSON.stringify(list), yaml.stringify(list)]) {
      const found = importClientIds("kubernetes", written, { source });
      assert.deepEqual(found, [entry]);
      assert.ok(!JSON.stringify(found).includes("canary"));
    }
  });

  test("from a Terraform state", () => {
    const attributes = {
      id: "strange-hydra-68836",
      app_id: "a",
      connector_id: "c",
      client_id: id,
      client_secret: "canary",
    };
    const resource = {
      mode: "managed",
      type: "conductorone_connector_credential",
      name: "x",
      instances: [{ attributes }],
    };
    const found = importClientIds("terraform", JSON.stringify({ version: 4, resources: [resource] }), { source });
    assert.deepEqual(found, [
      {
        clientId: id,
        where: { kind: "terraform", source, place: "conductorone_connector_credential.x, client_id" },
        credentialId: "strange-hydra-68836",
        facts: { appId: "a", connectorId: "c" },
      },
    ]);
  });

  test("from a table", () => {
    const text = `owner,Client-ID,client_secret,note\n"Ann, ops",${id},canary,"two\nlines"\n,other-1,,\n`;
    const found = importClientIds("csv", text, { source });
    assert.deepEqual(
      found.map(({ clientId, where, facts }) => [clientId, where.place, facts]),
      [
        [id, "line 2", { owner: "Ann, ops", note: "two\nlines" }],
        ["other-1", "line 4", {}],
      ],
    );
    assert.equal(importClientIds("csv", text, { source, column: "owner" })[0].clientId, "Ann, ops");
  });

  test("what is not of the kind is an error that names the source and a line, and quotes nothing", () => {
    for (const [kind, text] of [
      ["kubernetes", "a: [canary\n"],
      ["terraform", '{"version": canary}'],
      ["terraform", '{"version": 3}'],
      ["csv", "client_id,b\ncanary\n"],
      ["csv", "a,b\n1,canary\n"],
    ])
      assert.throws(
        () => importClientIds(kind, text, { source }),
        (error) => {
          assert.deepEqual([error.name, error.reason], ["SinkError", "malformed"]);
          assert.ok(error.message.startsWith("the file: ") && !error.message.includes("canary"), error.message);
          return true;
        },
      );
  });

  test("hostile texts are read or refused, and nothing breaks", () => {
    for (const text of values)
      for (const kind of ["env", "kubernetes", "terraform", "csv"])
        try {
          importClientIds(kind, text, { source });
        } catch (error) {
          assert.equal(error.reason, "malformed", error.stack);
        }
  });
});

/** Parses an `EnvironmentFile=` with the state machine of systemd's `src/basic/env-file.c`. */
function systemd(text) {
  const found = {};
  let state = "pre-key";
  let [key, value, kept] = ["", "", 0];
  const push = () => {
    found[key.trimEnd()] = value;
    [key, value, kept, state] = ["", "", 0, "pre-key"];
  };
  const trim = () => {
    value = value.slice(0, kept);
  };
  for (const c of text) {
    const newline = c === "\n" || c === "\r";
    const white = newline || c === " " || c === "\t";
    switch (state) {
      case "pre-key":
        if (c === "#" || c === ";") state = "comment";
        else if (!white) [state, key] = ["key", c];
        break;
      case "key":
        if (newline) [state, key] = ["pre-key", ""];
        else if (c === "=") state = "pre-value";
        else key += c;
        break;
      case "pre-value":
        if (newline) push();
        else if (c === "'") state = "single";
        else if (c === '"') state = "double";
        else if (c === "\\") state = "escape";
        else if (!white) {
          state = "value";
          value += c;
          kept = value.length;
        }
        break;
      case "value":
        if (newline) {
          trim();
          push();
        } else if (c === "\\") state = "escape";
        else {
          value += c;
          if (!white) kept = value.length;
        }
        break;
      case "escape":
        state = "value";
        if (!newline) value += c;
        kept = value.length;
        break;
      case "single":
        if (c === "'") [state, kept] = ["pre-value", value.length];
        else value += c;
        break;
      case "double":
        if (c === '"') [state, kept] = ["pre-value", value.length];
        else if (c === "\\") state = "double-escape";
        else value += c;
        break;
      case "double-escape":
        state = "double";
        if ('"\\`$'.includes(c)) value += c;
        else if (c !== "\n") value += `\\${c}`;
        break;
      case "comment":
        if (c === "\\") state = "comment-escape";
        else if (newline) state = "pre-key";
        break;
      case "comment-escape":
        state = "comment";
        break;
    }
  }
  if (state !== "pre-key" && state !== "key" && !state.startsWith("comment")) {
    if (state === "value") trim();
    push();
  }
  return found;
}
