// The tarball: its contents, and that every way to resolve, type, import and bundle it works.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { rollup } from "rollup";
import { root } from "../xtask/steps.mjs";
import { chunk, installed } from "./lib/installed.mjs";
import { program } from "./lib/runtimes.mjs";

const folder = installed();
const keyturn = join(folder, "node_modules/keyturn");
const manifest = JSON.parse(readFileSync(join(keyturn, "package.json"), "utf8"));
const esm = join(keyturn, "pkg/dist/esm");
const tarball = join(
  folder,
  readdirSync(folder).find((name) => name.endsWith(".tgz")),
);

/** A folder for sources that use the package. */
const scratch = mkdtempSync(join(folder, "scratch-"));
after(() => rmSync(scratch, { recursive: true }));

function node(...args) {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
}

/** Returns the files that a part of the manifest names. */
function named(part) {
  return typeof part === "string" ? [part] : Object.values(part).flatMap(named);
}

/** Returns every module that an entry loads, including itself. */
function graph(entry, seen = new Set()) {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const source = readFileSync(entry, "utf8");
  for (const [, from] of source.matchAll(/^(?:import|export)[^"';]*["'](\.[^"']+)["']/gm))
    graph(join(dirname(entry), from), seen);
  return seen;
}

describe("contents", () => {
  const files = readdirSync(keyturn, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(keyturn.length + 1));

  test("contains only the build, the manifest, the README, the licence and the third-party notices", () => {
    const others = files.filter((name) => !name.startsWith("pkg/dist/"));
    const expected = ["LICENSE", "README.md", "THIRD-PARTY-NOTICES.txt", "package.json", "sbom.cdx.json"];
    assert.deepEqual(others.sort(), expected);
  });

  test("contains each .wasm file once", () => {
    const found = files.filter((name) => name.endsWith(".wasm"));
    assert.deepEqual(found.sort(), ["pkg/dist/core.wasm", "pkg/dist/lifecycle.wasm", "pkg/dist/sandbox.wasm"]);
  });

  test("has no dependencies and no install scripts", () => {
    assert.equal(manifest.dependencies, undefined);
    for (const hook of ["preinstall", "install", "postinstall", "prepare"])
      assert.equal(manifest.scripts[hook], undefined);
  });

  test("the version is that of the Rust workspace", () => {
    const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
    assert.equal(manifest.version, /^version = "(.*)"/m.exec(cargo)[1]);
  });

  test("every file that the manifest names exists", () => {
    for (const file of [
      manifest.main,
      manifest.module,
      manifest.types,
      ...named(manifest.bin),
      ...named(manifest.exports),
      ...named(manifest.imports),
    ]) {
      // A pattern for all files of types, by which TypeScript names types.
      if (file === "./pkg/dist/cjs/*.d.ts") continue;
      assert.ok(existsSync(join(keyturn, file)), file);
    }
  });
});

describe("the entries", () => {
  // `import.meta` is an error in a classic script, and edge runtimes refuse or rewrite scripts that mention
  // `WebAssembly.compile` or `instantiate`, even if they never call it.
  const REFUSED =
    /\bimport\s*\(|\bimport\.meta\b|\beval\s*\(|new Function\b|["']node:|\brequire\s*\(|^await\b|WebAssembly\.(?:compile|instantiate)/m;
  for (const entry of [
    ...[
      "index.js",
      "slim.js",
      "workerd.js",
      "proxy.js",
      "redis.js",
      "postgres.js",
      "lifecycle-remote.js",
      "sandbox.js",
      "sandbox-slim.js",
      "generated/enums.js",
    ],
    ...[
      "commercelayer/index.js",
      "commercelayer/slim.js",
      "commercelayer/workerd.js",
      "commercelayer/jsonapi/index.js",
    ],
    ...["compat/index.js", "compat/workerd.js", "compat/core.js", "compat/funcs.js", "compat/shared.js"],
  ]) {
    test(`${entry} loads nothing at run time, and nothing of Node's`, () => {
      for (const file of graph(join(esm, entry))) {
        if (file.endsWith("-bytes.js") || file.endsWith(".wasm")) continue;
        const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
        assert.doesNotMatch(code, REFUSED, file);
      }
    });
  }

  for (const entry of ["slim.js", "commercelayer/slim.js", "sandbox-slim.js"]) {
    test(`${entry} contains no inline bytes`, () => {
      assert.ok(![...graph(join(esm, entry))].some((file) => file.endsWith("-bytes.js")));
    });
  }

  test("slim says that the core must be loaded, and the sandbox where its module is", () => {
    const code = `
      import { ConductorOne, accessToken } from "keyturn/slim";
      import { createSandbox } from "keyturn/sandbox/slim";
      const told = (error) => console.log(error.code, error.reason, error.message);
      try { new ConductorOne({ tenantDomain: "acme", credentials: accessToken("a-token") }); } catch (error) { told(error); }
      await createSandbox({}).catch(told);
    `;
    const lines = node("--input-type=module", "--eval", code).stdout.split("\n");
    assert.match(lines[0], /^invalid_configuration not_loaded .*load/);
    assert.match(lines[1], /^invalid_configuration missing .*createSandbox\({ wasm: "\/sandbox.wasm" }\)/);
  });

  test("reports a policy or old runtime that refuses WebAssembly, and what to change", () => {
    const code = (valid) => `
      import { ConductorOne, accessToken } from "keyturn";
      const { CompileError } = WebAssembly;
      WebAssembly.Module = class { constructor() { throw new CompileError("'unsafe-eval' is not an allowed source"); } };
      WebAssembly.validate = () => ${valid};
      try { new ConductorOne({ tenantDomain: "acme", credentials: accessToken("a-token") }); }
      catch (error) { console.log(error.code, error.reason, error.cause instanceof CompileError, error.message); }
    `;
    const told = (valid) => node("--input-type=module", "--eval", code(valid)).stdout;
    assert.match(told(true), /^invalid_configuration webassembly_forbidden true .*'wasm-unsafe-eval'/);
    assert.doesNotMatch(told(true), /'unsafe-eval'/);
    assert.match(told(false), /^invalid_configuration webassembly_unsupported true .*too old/);
  });

  for (const [kind, file, load] of [
    ["import", "quiet.mjs", 'await import("keyturn");'],
    ["require", "quiet.cjs", 'require("keyturn");'],
  ]) {
    test(`${kind} does no I/O, no compiling, draws no random number and reads no clock`, () => {
      const trap = `
        const refuse = (name) => () => { throw new Error(name + " at import"); };
        for (const [object, names] of [
          [globalThis, ["fetch", "setTimeout", "setInterval", "queueMicrotask"]],
          [WebAssembly, ["Module", "Instance", "compile", "instantiate"]],
          [crypto, ["getRandomValues", "randomUUID"]],
          [Math, ["random"]], [Date, ["now"]], [performance, ["now"]], [process, ["hrtime"]],
        ]) for (const name of names) Object.defineProperty(object, name, { value: refuse(name), configurable: true });
      `;
      writeFileSync(join(scratch, file), `${trap}${load}`);
      const { status, stderr } = node(join(scratch, file));
      assert.equal(status, 0, stderr);
    });
  }
});

describe("what is loaded", () => {
  const loads = (entry) => [...graph(join(esm, entry))].map((file) => relative(esm, file).replaceAll(sep, "/")).sort();
  const chunks = (...names) => names.map((name) => `chunks/${name}.js`);
  const core = chunks("core");

  // Each file adds about a millisecond to a program's start. No entry may load what it does not need, above all the
  // table of the other API.
  for (const [entry, files] of [
    ["index.js", [...chunks("c1", "core-bytes"), ...core]],
    ["slim.js", [...chunks("c1", "core-load"), ...core]],
    ["workerd.js", ["../core.wasm", ...chunks("c1"), ...core]],
    ["commercelayer/index.js", [...chunks("commercelayer", "core-bytes", "failure", "jsonapi"), ...core]],
    ["commercelayer/slim.js", [...chunks("commercelayer", "core-load", "failure", "jsonapi"), ...core]],
    ["commercelayer/jsonapi/index.js", chunks("failure", "jsonapi")],
    ["compat/index.js", [...chunks("compat", "core-bytes", "failure"), ...core]],
    ["generated/enums.js", []],
    ["proxy.js", core],
    ["proxy-node.js", []],
    ["redis.js", core],
    ["postgres.js", [...chunks("postgres", "provider-error"), ...core]],
    ["sandbox.js", [...chunks("sandbox", "sandbox-bytes"), ...core]],
    ["sandbox-slim.js", [...chunks("sandbox"), ...core]],
    [
      "lifecycle-workerd.js",
      ["../lifecycle.wasm", ...chunks("lifecycle", "lifecycle-glue", "provider-error"), ...core],
    ],
    ["lifecycle.js", [...chunks("lifecycle", "lifecycle-bytes", "lifecycle-glue", "provider-error"), ...core]],
    ["lifecycle-node.js", [...chunks("lifecycle", "lifecycle-bytes", "lifecycle-glue", "provider-error"), ...core]],
    ["lifecycle-testing.js", []],
    ["fleet.js", [...chunks("lifecycle", "lifecycle-bytes", "lifecycle-glue", "postgres", "provider-error"), ...core]],
    ["lifecycle-remote.js", core],
    ["elements/credentials.js", ["elements/counters.js", ...chunks("elements", "lit")]],
    ["elements/counters.js", chunks("elements", "lit")],
    ["elements/timeline.js", chunks("elements", "lit")],
    ["elements/secret.js", chunks("elements", "lit")],
    ["elements/texts.js", chunks("elements", "lit")],
    ["elements/de.js", chunks("elements", "lit")],
    [
      "elements/rotate.js",
      ["elements/secret.js", ...chunks("elements", "lifecycle", "lifecycle-glue", "lit", "provider-error"), ...core],
    ],
  ]) {
    test(`${entry} loads ${files.length} files besides itself`, () =>
      assert.deepEqual(loads(entry), [entry, ...files].sort()));
  }

  test("every chunk is loaded by an entry", () => {
    const entries = named([manifest.exports, manifest.imports]).flatMap(
      (path) => /^\.\/pkg\/dist\/esm\/(.*\.js)$/.exec(path)?.[1] ?? [],
    );
    const loaded = new Set(entries.flatMap(loads).filter((file) => file.startsWith("chunks/")));
    assert.deepEqual(
      [...loaded].sort(),
      readdirSync(join(esm, "chunks"))
        .map((name) => `chunks/${name}`)
        .sort(),
    );
  });

  // What several APIs or kinds of modules share has state, so there must be only one instance of it.
  test("no class and no documented constant is in two files", () => {
    const places = new Map();
    for (const file of readdirSync(esm, { recursive: true })) {
      // An entry for workerd has the same declarations as the default one, which it replaces.
      if (!file.endsWith(".js") || file.endsWith("workerd.js")) continue;
      const text = readFileSync(join(esm, file), "utf8");
      for (const [declaration] of text.matchAll(/^\/\*\*[^]*?\*\/\n(?:class|const|let) .*$/gm)) {
        places.set(declaration, new Set(places.get(declaration)).add(file));
      }
    }
    assert.ok(places.size > 100);
    for (const [declaration, files] of places) assert.equal(files.size, 1, `${declaration} in ${[...files]}`);
  });
});

describe("the inline bytes", () => {
  for (const name of ["core", "sandbox"])
    test(`are those of ${name}.wasm`, async () => {
      const { unpack } = await chunk(folder, "core");
      const chunkOf = join(esm, `chunks/${name}-bytes.js`);
      const source = readFileSync(chunkOf, "utf8").replaceAll(/^(?:import|export) .*$/gm, "");
      const { text, shift, length } = new Function(`${source}; return { text, shift, length };`)();
      assert.ok(readFileSync(join(keyturn, `pkg/dist/${name}.wasm`)).equals(unpack(text, shift, length)));
      // Outside of Node, and for bytes that are in no table.
      const { Buffer } = globalThis;
      const all = Uint8Array.from({ length: 1023 }, (_, index) => (index * 7) % 256);
      for (const shift of [0, 1, 41, 127, 128, 200, 255]) {
        const shifted = Buffer.from(all.map((byte) => byte + shift)).toString("latin1");
        assert.deepEqual(unpack(shifted, shift, all.length), all);
        globalThis.Buffer = undefined;
        try {
          assert.deepEqual(unpack(shifted, shift, all.length), all);
        } finally {
          globalThis.Buffer = Buffer;
        }
      }
      // The text as a classic script in a page without a declared encoding would have it.
      const garbled = new TextDecoder("windows-1252").decode(new TextEncoder().encode(text));
      assert.throws(() => unpack(garbled, shift, length), { reason: "not_utf8", message: /<meta charset="utf-8">/ });
    });
});

describe("resolution", () => {
  for (const [condition, file] of [
    ["workerd", "esm/workerd.js"],
    ["browser", "esm/index.js"],
    ["deno", "esm/index.js"],
    ["react-server", "esm/index.js"],
  ]) {
    test(`import under the condition ${condition} gives ${file}`, () => {
      writeFileSync(join(scratch, "where.mjs"), 'console.log(import.meta.resolve("keyturn"));');
      const { stdout } = node(`--conditions=${condition}`, join(scratch, "where.mjs"));
      assert.ok(stdout.trimEnd().endsWith(`pkg/dist/${file}`), stdout);
    });
  }

  test("require gives the CommonJS files", () => {
    const { stdout } = node(
      "--print",
      'require.resolve("keyturn") + " " + require.resolve("keyturn/slim") + " " + require.resolve("keyturn/core.wasm")',
    );
    assert.match(stdout, /pkg\/dist\/cjs\/index\.js .*pkg\/dist\/cjs\/slim\.js .*pkg\/dist\/core\.wasm/);
  });

  test("import and require export the same names", () => {
    const code =
      'import("keyturn").then((m) => console.log(JSON.stringify([Object.keys(m).sort(), Object.keys(require("keyturn")).sort()])))';
    const [imported, required] = JSON.parse(node("--eval", code).stdout);
    const ours = (names) =>
      names.filter((name) => name !== "default" && name !== "module.exports" && name !== "__esModule");
    assert.ok(imported.includes("ConductorOne"));
    assert.deepEqual(ours(imported), ours(required));
  });
});

describe("two copies in one program", () => {
  test("objects of the ES module work in the CommonJS one, and vice versa", () => {
    const code = `
      import { createRequire } from "node:module";
      import { inspect } from "node:util";
      import * as esm from "keyturn";
      import * as esmCL from "keyturn/commercelayer";
      const require = createRequire(process.cwd() + "/x.js");
      const cjs = require("keyturn"), cjsCL = require("keyturn/commercelayer");
      const made = [];
      for (const [one, other] of [[esm, cjs], [cjs, esm]]) {
        const credentials = [one.accessToken("held-secret"), one.signedAssertion({ clientID: "ci@acme.conductor.one/spc", clientSecret: "held-secret" })];
        made.push(...credentials);
        console.log(new other.ConductorOne({ tenantDomain: "acme", credentials: credentials[0] }).authentication.method);
        // It is looked at, and not taken for something else.
        try { new other.ConductorOne({ credentials: credentials[1] }); } catch (error) { console.log(error.option); }
      }
      for (const [one, other] of [[esmCL, cjsCL], [cjsCL, esmCL]]) {
        const credentials = one.clientCredentials({ clientId: "an-id", clientSecret: "held-secret" });
        made.push(credentials);
        console.log(other.default({ credentials }).currentAccessToken === "");
      }
      console.log(made.some((one) => inspect(one, { showHidden: true, depth: 9, getters: true }).includes("held-secret")),
        made.some((one) => JSON.stringify(one).includes("held-secret") || inspect(structuredClone(one), { showHidden: true }).includes("held-secret")));
      for (const foreign of [{ method: "token" }, null, "text", structuredClone(made[0])])
        try { new esm.ConductorOne({ credentials: foreign ?? {} }); } catch (error) { console.log(error.reason); }
    `;
    const { stdout, stderr } = node("--input-type=module", "--eval", code);
    assert.deepEqual(
      stdout.trim().split("\n"),
      [
        ...["token", "clientSecret", "token", "clientSecret", "true", "true", "false false"],
        ...Array(4).fill("not_credentials"),
      ],
      stderr,
    );
  });
});

test("a hiccup of a token source is one to the client of the other copy too", () => {
  const code = `
    import { createRequire } from "node:module";
    import * as esm from "keyturn";
    const cjs = createRequire(process.cwd() + "/x.js")("keyturn");
    const environment = { ACTIONS_ID_TOKEN_REQUEST_URL: "https://runner.example", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "runner" };
    for (const [one, other] of [[esm, cjs], [cjs, esm]]) {
      let asked = 0;
      const gitHub = async () => asked++ ? Response.json({ value: "eyJhbGciOiJSUzI1NiJ9.e30.c2ln" }) : Response.json({}, { status: 503, headers: { "retry-after": "0" } });
      const subjectToken = one.gitHubActionsToken({ environment, fetch: gitHub });
      const credentials = one.tokenExchange({ clientID: "a-trust@acme.conductor.one/wfe", subjectToken });
      const fetch = async (url) => Response.json(String(url).endsWith("/token") ? { access_token: "an-access-token", expires_in: 600 } : {});
      await new other.ConductorOne({ credentials, fetch }).apps.list().then(() => console.log("ok", asked), (error) => console.log(error.message));
    }
  `;
  const { stdout, stderr } = node("--input-type=module", "--eval", code);
  assert.deepEqual(stdout.trim().split("\n"), ["ok 2", "ok 2"], stderr);
});

describe("bundlers", () => {
  // The core is provided in the module that re-exports the client, which a bundler must not drop.
  const source =
    'import { ConductorOne } from "keyturn"; try { new ConductorOne({ clientID: "x", clientSecret: "y" }); } catch (error) { console.log(error.code); }';
  for (const [format, name, charset] of [
    ["esm", "out.mjs", "utf8"],
    ["esm", "out-ascii.mjs", "ascii"],
    ["cjs", "out.cjs", "utf8"],
    ["iife", "out-iife.cjs", "utf8"],
  ]) {
    test(`a minified ${format} bundle (${charset}) contains the core and runs`, async () => {
      const outfile = join(scratch, name);
      await build({
        stdin: { contents: source, resolveDir: folder },
        bundle: true,
        minify: true,
        format,
        charset,
        outfile,
        platform: "neutral",
        logLevel: "error",
      });
      const { stdout, stderr } = node(outfile);
      assert.equal(stdout, "invalid_configuration\n", stderr);
    });
  }
});

describe("the sandbox needs no configuration", () => {
  const source = `
    import { ConductorOne } from "keyturn";
    import { createSandbox } from "keyturn/sandbox";
    createSandbox()
      .then(async ({ clientId, clientSecret, url, fetch, appId, connectorId }) => {
        const c1 = new ConductorOne({ clientID: clientId, clientSecret, serverURL: url, fetch });
        return (await c1.connector.rotateCredential({ appId, connectorId })).statusCode;
      })
      .catch((error) => error.stack)
      .then((said) => console.log(said));
  `;
  const entry = join(scratch, "sandboxed.mjs");
  before(() => writeFileSync(entry, source));
  const works = (file) => {
    const { stdout, stderr } = node(file);
    assert.equal(stdout, "200\n", stderr);
  };

  for (const [format, platform, extension] of [
    ["esm", "browser", "mjs"],
    ["iife", "browser", "cjs"],
    ["esm", "node", "mjs"],
    ["cjs", "node", "cjs"],
  ]) {
    test(`esbuild, ${format} for ${platform}`, async () => {
      const outfile = join(scratch, `esbuild-${format}-${platform}.${extension}`);
      await build({ entryPoints: [entry], bundle: true, format, platform, outfile, logLevel: "error" });
      works(outfile);
    });
  }

  for (const format of ["iife", "esm"]) {
    test(`Bun, ${format}`, () => {
      const outfile = join(scratch, `bun-${format}.${format === "esm" ? "mjs" : "cjs"}`);
      const args = ["build", entry, "--target=browser", `--format=${format}`, `--outfile=${outfile}`];
      execFileSync(program("bun"), args, { cwd: folder, stdio: "pipe" });
      works(outfile);
    });
  }

  for (const format of ["iife", "es"]) {
    test(`Rollup, ${format}`, async () => {
      const resolution = {
        name: "the installed package",
        resolveId: (id) => {
          const { exports } = manifest;
          const target = id.startsWith("keyturn") && exports[id.replace("keyturn", ".")].default;
          return target ? join(keyturn, typeof target === "string" ? target : target.default) : null;
        },
      };
      const onwarn = ({ message }) => assert.fail(message);
      const bundle = await rollup({ input: entry, plugins: [resolution], onwarn });
      const file = join(scratch, `rollup-${format}.${format === "es" ? "mjs" : "cjs"}`);
      await bundle.write({ file, format });
      works(file);
    });
  }
});

describe("a bundle of one declaration contains little else", () => {
  for (const [source, most] of [
    ['import "keyturn"; import "keyturn/compat"; import "keyturn/commercelayer"; import "keyturn/sandbox";', 10],
    ['export { KeyturnError } from "keyturn";', 1_000],
    ['export { Secret, memoryStore } from "keyturn";', 2_000],
    ['export { jwtDecode } from "keyturn/commercelayer";', 2_000],
    ['export { ServerList } from "keyturn/compat";', 200],
    ['export { KeyturnError } from "keyturn/slim";', 1_000],
    ['export { Secret, memoryStore } from "keyturn/slim";', 2_000],
    ['export { jwtDecode } from "keyturn/commercelayer/slim";', 2_500],
    ['export { ApiError } from "keyturn/commercelayer/slim";', 2_500],
    ['export { HTTPClient } from "keyturn/compat/lib/http";', 1_000],
    ['export { ConnectionError } from "keyturn/compat/sdk/models/errors";', 1_500],
    ['export { redisStore } from "keyturn/redis";', 3_000],
    ['export { postgresStore } from "keyturn/postgres";', 8_000],
  ]) {
    test(source, async () => {
      const { outputFiles } = await build({
        stdin: { contents: source, resolveDir: folder },
        bundle: true,
        minify: true,
        write: false,
        format: "esm",
        charset: "utf8",
        platform: "neutral",
        logLevel: "error",
      });
      assert.ok(outputFiles[0].contents.length < most, `${outputFiles[0].contents.length} bytes`);
    });
  }
});

describe("types", () => {
  const use = `
    import { ConductorOne, KeyturnError, type RequestOptions } from "keyturn";
    export async function rotate(appId: string, connectorId: string, options: RequestOptions): Promise<string | null | undefined> {
      const c1 = new ConductorOne({ clientID: "id", clientSecret: "secret" });
      try {
        const answer = await c1.connector.rotateCredential({ appId, connectorId }, options);
        return answer.connectorServiceRotateCredentialResponse?.credential?.clientSecret;
      } catch (error) {
        if (KeyturnError.is(error) && error.outcome === "unknown") return undefined;
        throw error;
      } finally {
        c1.close();
      }
    }
    // @ts-expect-error there is no such field
    new ConductorOne({ clientIdd: "id" });
  `;
  const web = { lib: ["es2022", "dom", "dom.iterable"], types: [] };
  const server = { lib: ["es2022"], types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  for (const [name, file, options] of [
    ["an ES module under node16", "use.mts", { ...server, module: "node16" }],
    ["a CommonJS module under node16", "use.cts", { ...server, module: "node16" }],
    ["a page's module under a bundler", "use.ts", { ...web, module: "esnext", moduleResolution: "bundler" }],
  ]) {
    // Without `skipLibCheck`, the package's own types have to compile with only what a project has.
    test(`check in ${name}`, () => {
      writeFileSync(join(scratch, file), use);
      const compilerOptions = {
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        target: "es2022",
        skipLibCheck: false,
        ...options,
      };
      writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
      const { status, stdout } = spawnSync(
        process.execPath,
        [join(root, "node_modules/typescript/bin/tsc"), "--project", scratch],
        { encoding: "utf8" },
      );
      assert.equal(status, 0, stdout);
    });
  }

  test("resolve in every module system (attw)", () => {
    const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
    const args = [
      attw,
      tarball,
      "--no-definitely-typed",
      "--exclude-entrypoints",
      "core.wasm",
      "lifecycle.wasm",
      "sandbox.wasm",
      // Only types, so that the compiler can name them.
      "types/*",
    ];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...args, "--format", "ascii", "--no-color", "--no-emoji"],
      { encoding: "utf8", env: { ...process.env, HOME: tmpdir() } },
    );
    assert.equal(status, 0, stdout + stderr);
  });

  test("the manifest is valid (publint)", async () => {
    const { publint } = await import("publint");
    const { formatMessage } = await import("publint/utils");
    const { messages } = await publint({ pkgDir: keyturn, pack: false, strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, manifest, { color: false })),
      [],
    );
  });
});

describe("the command", () => {
  test("is installed under its name", () => {
    const help = execFileSync(join(folder, "node_modules/.bin/keyturn"), ["--help"], { encoding: "utf8" });
    assert.match(help, /keyturn sandbox/);
  });
});
