// The rows of the matrix: one for each tool or runtime. Each builds and runs the application of `app.mjs` as its users
// would, with no plugin, polyfill or alias, and says what ran. `core` rows are part of `npm test`; `impossible` ones
// say why they cannot run here.
import { join } from "node:path";
import { program } from "../lib/runtimes.mjs";
import { startWorker } from "../lib/worker.mjs";
import { ESM, INTO_PAGE, PRINTED, WORKS } from "./app.mjs";
import { tenantOf, useNextConsole } from "./next-console.mjs";
import { expect } from "./place.mjs";

const kB = (bytes) => `${Math.round(bytes / 1000)} kB`;
const page = (script) =>
  `<!doctype html><meta charset="utf-8"><title>app</title><script type="module" src="${script}"></script>`;

/** @typedef {{ name: string, group: string, core?: boolean, from?: "core", says: string, impossible?: string, run?: (at: import("./place.mjs").Place) => Promise<string | void> }} Row */

function vite(name, core) {
  return {
    name,
    package: core ? "vite" : name.toLowerCase().replace(" ", ""),
    group: "Bundlers",
    core,
    says: "served by its development server, and built; both driven in Chromium",
    async run(at) {
      at.write({ "index.html": page("/main.mjs"), "main.mjs": INTO_PAGE });
      const bin = at.tool(`${this.package}/bin/vite.js`);
      await at.browse(await at.start(process.execPath, [bin, "--host", "127.0.0.1", "--port", "PORT", "--strictPort"]));
      at.node([bin, "build", "--logLevel", "error"]);
      await at.browse(`${await at.serve("dist")}/index.html`);
      return kB(at.size("dist"));
    },
  };
}

/** Returns the row of a bundler with a function that is called with only an entry and a folder. */
function bundler(name, { package: from, core, script, note }) {
  return {
    name,
    package: from,
    group: "Bundlers",
    core,
    note,
    says: "built; driven in Chromium",
    async run(at) {
      at.write({ "dist/index.html": page("/main.js"), "main.mjs": INTO_PAGE, "build.mjs": script });
      at.node(["build.mjs"]);
      await at.browse(`${await at.serve("dist")}/index.html`);
      return kB(at.size("dist"));
    },
  };
}

const likeWebpack = (from) => `
  import pack from "${from}";
  const { default: it = pack } = pack;
  const run = it.rspack ?? it;
  run({ context: import.meta.dirname ?? process.cwd(), mode: "production", entry: "./main.mjs", performance: false }, (error, stats) => {
    if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1); }
  });
`;

/** A test file for a test runner. */
const TEST = `
  test("a credential is rotated", async () => {
    expect(await works()).toBe(${JSON.stringify(WORKS)});
  });
`;

function vitest(environment, more = "") {
  return {
    name: `Vitest, ${environment}`,
    group: "Test runners",
    core: true,
    says: "a test that rotates",
    async run(at) {
      at.write({
        "app.test.mjs": `// @vitest-environment ${environment}\nimport { expect, test } from "vitest";\nimport { works } from "./app.mjs";\n${more}${TEST}`,
      });
      expect(at.node([at.tool("vitest/vitest.mjs"), "run"]), "1 passed");
    },
  };
}

const NEXT = {
  "app/works/page.jsx": `"use client";
    import { useEffect } from "react";
    import { works } from "../../app.mjs";
    export default function Page() {
      useEffect(() => { works().catch((error) => "failed: " + error.message).then((text) => { document.title = text; }); }, []);
      return <p>page</p>;
    }
  `,
  "app/node/route.js":
    'import { works } from "../../app.mjs";\nexport const dynamic = "force-dynamic";\nexport const GET = async () => new Response(await works());\n',
  "app/edge/route.js":
    'import { works } from "../../app.mjs";\nexport const runtime = "edge";\nexport const GET = async () => new Response(await works());\n',
};

async function visitNext(at, url, routes = ["node", "edge"]) {
  for (const route of routes) await at.ask(`${url}/${route}`);
  await at.browse(`${url}/works`);
}

/** @type {Row[]} */
export const ROWS = [
  vite("Vite 7", true),
  vite("Vite 5"),
  vite("Vite 6"),
  vite("Vite 8"),
  bundler("webpack", { core: true, script: likeWebpack("webpack") }),
  bundler("Rspack", {
    package: "@rspack/core",
    script: likeWebpack("@rspack/core"),
  }),
  bundler("esbuild", {
    script:
      'import { build } from "esbuild";\nawait build({ entryPoints: ["main.mjs"], bundle: true, format: "esm", outfile: "dist/main.js" });\n',
  }),
  bundler("Rollup", {
    note: "Rollup itself looks into no `node_modules`: `@rollup/plugin-node-resolve` does, for this package as for any.",
    script: `
      import { rollup } from "rollup";
      import { nodeResolve } from "@rollup/plugin-node-resolve";
      const bundle = await rollup({ input: "main.mjs", plugins: [nodeResolve()] });
      await bundle.write({ file: "dist/main.js" });
    `,
  }),
  {
    name: "Parcel",
    group: "Bundlers",
    says: "built; driven in Chromium",
    note: 'Parcel 2 reads `exports` only if the application\'s `package.json` has `"@parcel/resolver-default": { "packageExports": true }`.',
    async run(at) {
      at.write({
        "index.html": page("./main.mjs"),
        "main.mjs": INTO_PAGE,
        "package.json": JSON.stringify({ private: true, "@parcel/resolver-default": { packageExports: true } }),
        // Parcel takes the folder of the nearest lock file for the project's root, and reads its `package.json`.
        "package-lock.json": "{}",
      });
      at.node([at.tool("parcel/lib/bin.js"), "build", "index.html", "--no-cache", "--log-level", "error"]);
      await at.browse(`${await at.serve("dist")}/index.html`);
      return kB(at.size("dist"));
    },
  },
  {
    name: "Metro and Hermes",
    package: "metro",
    group: "Bundlers",
    says: "bundled for React Native with its own configuration; in Hermes, the entries load, and a client says what is missing",
    note: "Hermes, React Native's own engine, has neither WebAssembly nor `crypto`: let a server of yours make the calls. It runs here by itself, with stand-ins for what React Native adds to it.",
    async run(at) {
      at.write({
        "babel.config.cjs": 'module.exports = { presets: ["module:@react-native/babel-preset"] };\n',
        "globals.js": `
          // What React Native adds to Hermes, as far as it is used.
          class URL {
            constructor(url) {
              const [, protocol, host, pathname] = /^(\\w+:)\\/\\/([^/]+)(.*)$/.exec(url);
              Object.assign(this, { protocol, host, hostname: host, pathname, search: "", origin: protocol + "//" + host, href: url });
            }
            static canParse() { return true; }
            toString() { return this.href; }
          }
          class AbortController {
            signal = { aborted: false, addEventListener() {}, removeEventListener() {} };
            abort() {}
          }
          class TextEncoder {
            encode(text) { return Uint8Array.from(text, (letter) => letter.charCodeAt(0)); }
          }
          Object.assign(globalThis, { URL, AbortController, TextEncoder, TextDecoder: class {}, fetch() {} });
        `,
        "main.js": `
          import "./globals";
          import { accessToken, ConductorOne } from "keyturn";
          import { memoryJournal, openLifecycle } from "keyturn/lifecycle";
          for (const make of [
            () => new ConductorOne({ tenantDomain: "acme", credentials: accessToken("a-token") }),
            () => new ConductorOne({ proxy: "https://app.example/keyturn" }),
            () => openLifecycle({ journal: memoryJournal(), targets: {} }),
          ])
            try {
              make();
              print("made");
            } catch (error) {
              print(error.code, error.message);
            }
        `,
        "build.cjs": `
          const Metro = require("metro");
          const { getDefaultConfig, mergeConfig } = require("@react-native/metro-config");
          (async () => {
            const own = { projectRoot: __dirname, watchFolders: [${JSON.stringify(at.tools)}], resetCache: true };
            const config = await Metro.loadConfig({ cwd: __dirname }, mergeConfig(getDefaultConfig(__dirname), own));
            // Those of React Native itself, which is not here.
            Object.assign(config.serializer, { getModulesRunBeforeMainModule: () => [], getPolyfills: () => [] });
            await Metro.runBuild(config, { entry: "main.js", platform: "android", dev: false, minify: false, out: "bundle.js" });
          })().catch((error) => { console.error(error); process.exit(1); });
        `,
      });
      at.node(["build.cjs"]);
      const told = at.run(at.tool("hermes-engine-cli/linux64-bin/hermes"), ["bundle.js"]).trim().split("\n");
      for (const line of told)
        if (!/^invalid_configuration this runtime (lacks WebAssembly|has no `crypto`)/.test(line))
          throw new Error(told.join("\n"));
      return kB(Buffer.byteLength(at.read("bundle.js")));
    },
  },
  {
    name: "Next",
    group: "Frameworks",
    core: true,
    says: "built and started: a route in Node, one in the edge runtime, a page in Chromium, and `examples/next` with its proxy",
    note: "In Vercel's own edge runtime, which compiles no WebAssembly at run time, use `keyturn/slim` with a module of the platform.",
    async run(at) {
      at.copy("next");
      at.write(NEXT);
      const bin = at.tool("next/dist/bin/next");
      at.node([bin, "build"]);
      const env = await tenantOf(at);
      const args = [bin, "start", "--hostname", "127.0.0.1", "--port", "PORT"];
      const url = await at.start(process.execPath, args, { env });
      await visitNext(at, url);
      await useNextConsole(at, url);
    },
  },
  {
    name: "Next, development",
    group: "Frameworks",
    from: "core",
    says: "`next dev`: both routes and the page with Turbopack; the route in Node and the page with webpack",
    async run(at) {
      at.write({
        "app/layout.jsx": "export default ({ children }) => <html lang='en'><body>{children}</body></html>;\n",
        ...NEXT,
      });
      const bin = at.tool("next/dist/bin/next");
      for (const how of ["--turbopack", "--webpack"]) {
        at.remove(".next");
        const url = await at.start(process.execPath, [bin, "dev", how, "--hostname", "127.0.0.1", "--port", "PORT"]);
        // In development, Next 16 with webpack responds to any edge route with 500, even to an empty one.
        await visitNext(at, url, how === "--turbopack" ? ["node", "edge"] : ["node"]);
        await at.stop();
      }
    },
  },
  {
    name: "Astro",
    group: "Frameworks",
    says: "built, with a rotation at build time and one in the page",
    async run(at) {
      at.write({
        "src/pages/index.astro": `---\nimport { works } from "../../app.mjs";\nconst told = await works();\n---\n<html lang="en"><head><title>app</title></head><body><p>{told}</p><script>import "../../main.mjs";</script></body></html>\n`,
        "main.mjs": INTO_PAGE,
      });
      at.run(at.newerNode, [at.tool("astro/bin/astro.mjs"), "build", "--silent"]);
      expect(at.read("dist/index.html"));
      await at.browse(`${await at.serve("dist")}/index.html`);
      return kB(at.size("dist"));
    },
  },
  {
    name: "Nuxt",
    group: "Frameworks",
    says: "built and started: a route of its server, and a page in Chromium",
    async run(at) {
      at.write({
        // Nuxt uses `app.mjs` for its own purposes.
        "works/app.mjs": ESM,
        "server/api/works.ts":
          'import { works } from "../../works/app.mjs";\nexport default defineEventHandler(() => works());\n',
        "app.vue": `<script setup>\nimport { works } from "./works/app.mjs";\nonMounted(() => works().catch((error) => "failed: " + error.message).then((text) => { document.title = text; }));\n</script>\n<template><p>page</p></template>\n`,
      });
      for (const file of ["app.mjs", "app.cjs"]) at.remove(file);
      at.run(at.newerNode, [at.tool("nuxt/bin/nuxt.mjs"), "build", "--logLevel", "silent"]);
      const url = await at.start(at.newerNode, [".output/server/index.mjs"]);
      await at.ask(`${url}/api/works`);
      await at.browse(url);
    },
  },
  {
    name: "Jest, node",
    group: "Test runners",
    core: true,
    says: "a test that rotates",
    async run(at) {
      at.write({
        "package.json": '{ "private": true }\n',
        "app.test.js": `const { works } = require("./app.cjs");\n${TEST}`,
      });
      at.node([at.tool("jest/bin/jest.js"), "--rootDir", at.folder, "--config", "{}"]);
    },
  },
  {
    name: "Jest, jsdom",
    group: "Test runners",
    core: true,
    says: "importing, and the message that says what is missing",
    note: "Jest's jsdom has neither `TextEncoder` nor `fetch`. Put `@jest-environment node` at the top of files that use a client.",
    async run(at) {
      at.write({
        "package.json": '{ "private": true }\n',
        "app.test.js": `/** @jest-environment ${at.tool("jest-environment-jsdom/build/index.js")} */
          const { ConductorOne, accessToken } = require("keyturn");
          test("reports what is missing", () => {
            expect(() => new ConductorOne({ tenantDomain: "acme", credentials: accessToken("a-token") })).toThrow(/@jest-environment node/);
          });
        `,
      });
      at.node([at.tool("jest/bin/jest.js"), "--rootDir", at.folder, "--config", "{}"]);
    },
  },
  vitest("node"),
  vitest("jsdom"),
  vitest("happy-dom"),
  {
    name: "Node, `import`",
    group: "Runtimes",
    core: true,
    says: "a rotation",
    async run(at) {
      at.write({ "main.mjs": PRINTED });
      at.says(["main.mjs"]);
    },
  },
  {
    name: "Node, `require`",
    group: "Runtimes",
    core: true,
    says: "a rotation",
    async run(at) {
      at.write({ "main.cjs": 'require("./app.cjs").works().then(console.log);\n' });
      at.says(["main.cjs"]);
    },
  },
  {
    name: "Node, `worker_threads`",
    group: "Runtimes",
    core: true,
    says: "rotations in four threads at a time",
    async run(at) {
      at.write({
        "main.mjs": `
          import { once } from "node:events";
          import { Worker } from "node:worker_threads";
          const workers = Array.from({ length: 4 }, () => new Worker("./thread.mjs"));
          console.log(...(await Promise.all(workers.map((worker) => once(worker, "message")))).flat());
        `,
        "thread.mjs":
          'import { parentPort } from "node:worker_threads";\nimport { works } from "./app.mjs";\nparentPort.postMessage(await works());\n',
      });
      at.says(["main.mjs"]);
    },
  },
  {
    name: "Node, permission model",
    group: "Runtimes",
    core: true,
    says: "a rotation, with the right to read the application's folder and no other",
    async run(at) {
      at.write({ "main.mjs": PRINTED });
      const flag = process.allowedNodeEnvironmentFlags.has("--permission")
        ? "--permission"
        : "--experimental-permission";
      at.says([flag, `--allow-fs-read=${at.folder}/*`, "main.mjs"]);
    },
  },
  {
    name: "Node, fake timers",
    package: "@sinonjs/fake-timers",
    group: "Runtimes",
    says: "a rotation under `@sinonjs/fake-timers`",
    note: "Leave `queueMicrotask` as it is (`toNotFake`, `doNotFake`): with a fake one the body of Node's own `Response` never ends.",
    async run(at) {
      at.write({
        "main.mjs": `
          import fake from "@sinonjs/fake-timers";
          import { works } from "./app.mjs";
          const clock = fake.install({ now: 1_800_000_000_000, toNotFake: ["queueMicrotask"] });
          let told;
          works().catch((error) => "failed: " + error.stack).then((text) => { told = text; });
          while (told === undefined) await clock.tickAsync(100);
          clock.uninstall();
          console.log(told);
        `,
      });
      at.says(["main.mjs"]);
    },
  },
  {
    name: "Node, single executable",
    group: "Runtimes",
    says: "a rotation in one file that has Node in it",
    async run(at) {
      at.write({
        "main.cjs": 'require("./app.cjs").works().then(console.log);\n',
        "build.mjs":
          'import { build } from "esbuild";\nawait build({ entryPoints: ["main.cjs"], bundle: true, platform: "node", outfile: "one.cjs" });\n',
        "sea.json": '{ "main": "one.cjs", "output": "one.blob", "disableExperimentalSEAWarning": true }',
      });
      at.node(["build.mjs"]);
      at.node(["--experimental-sea-config", "sea.json"]);
      at.run("cp", [process.execPath, "one"]);
      at.run("chmod", ["755", "one"]);
      at.node([
        at.tool("postject/dist/cli.js"),
        "one",
        "NODE_SEA_BLOB",
        "one.blob",
        "--sentinel-fuse",
        "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2",
      ]);
      expect(at.run(join(at.folder, "one"), []));
    },
  },
  {
    name: "Deno",
    group: "Runtimes",
    core: true,
    says: "a rotation, with no permission at all",
    async run(at) {
      at.write({ "main.mjs": PRINTED });
      expect(at.run(program("deno"), ["run", "--no-remote", "--no-prompt", "main.mjs"]));
    },
  },
  {
    name: "Bun",
    group: "Runtimes",
    core: true,
    says: "a rotation",
    async run(at) {
      at.write({ "main.mjs": PRINTED });
      expect(at.run(program("bun"), ["main.mjs"]));
    },
  },
  {
    name: "Workers of Cloudflare",
    package: "workerd",
    group: "Runtimes",
    core: true,
    says: "bundled as Wrangler does it; a rotation in workerd",
    note: "Workers compile no bytes: the condition `workerd` imports the module instead. For the sandbox that is `keyturn/sandbox/slim`.",
    async run(at) {
      const tenant = `import wasm from "keyturn/sandbox.wasm";\nimport { createSandbox as create } from "keyturn/sandbox/slim";\nconst createSandbox = () => create({ wasm });\n`;
      const app = at.read("app.mjs").replace(/^import .*"keyturn\/sandbox";$/m, tenant);
      const source = `${app}\nexport default { fetch: async () => new Response(await works().catch((error) => error.stack)) };\n`;
      const worker = await startWorker(at.folder, { source });
      try {
        await at.ask(worker.url);
        return kB(worker.size);
      } finally {
        await worker.stop();
      }
    },
  },
  {
    name: "Chrome and Firefox extensions",
    group: "Runtimes",
    says: "`examples/extension`, in both browsers, by `tests/extension.test.mjs`",
    note: "The policy needs `'wasm-unsafe-eval'`.",
    elsewhere: "tests/extension.test.mjs",
  },
  {
    name: "undici's MockAgent",
    package: "undici",
    group: "Mocks and instrumentation",
    says: "a call that the agent answers, by `fetchOptions.dispatcher` and as the global dispatcher",
    async run(at) {
      at.write({
        "main.mjs": `
          import { MockAgent, fetch, setGlobalDispatcher } from "undici";
          import { ConductorOne, accessToken } from "keyturn";
          const agent = new MockAgent();
          agent.disableNetConnect();
          agent.get("https://acme.conductor.one").intercept({ path: "/api/v1/apps/a" }).reply(200, { app: { id: "a" } }, { headers: { "content-type": "application/json" } }).times(2);
          const options = { tenantDomain: "acme", credentials: accessToken("a-token"), fetch };
          for (const more of [{ fetchOptions: { dispatcher: agent } }, {}]) {
            if (!more.fetchOptions) setGlobalDispatcher(agent);
            const { getAppResponse } = await new ConductorOne({ ...options, ...more }).apps.get({ id: "a" });
            console.log("got", getAppResponse.app.id);
          }
        `,
      });
      expect(at.node(["main.mjs"]), "got a\ngot a");
    },
  },
  ...["msw", "nock"].map((name) => ({
    name: { msw: "MSW", nock: "nock" }[name],
    group: "Mocks and instrumentation",
    says: "a log-in and a call that it answers",
    async run(at) {
      const token = { access_token: "a-token", token_type: "Bearer", expires_in: 600 };
      const server = {
        msw: `
          import { http, HttpResponse } from "msw";
          import { setupServer } from "msw/node";
          setupServer(
            http.post("https://acme.conductor.one/auth/v1/token", () => HttpResponse.json(${JSON.stringify(token)})),
            http.get("https://acme.conductor.one/api/v1/apps/a", () => HttpResponse.json({ app: { id: "a" } })),
          ).listen({ onUnhandledRequest: "error" });
        `,
        nock: `
          import nock from "nock";
          nock.disableNetConnect();
          nock("https://acme.conductor.one").post("/auth/v1/token").reply(200, ${JSON.stringify(token)}).get("/api/v1/apps/a").reply(200, { app: { id: "a" } }, { "content-type": "application/json" });
        `,
      }[name];
      at.write({
        "main.mjs": `
          ${server}
          import { ConductorOne } from "keyturn";
          import { createSandbox } from "keyturn/sandbox";
          const { clientId: clientID, clientSecret } = await createSandbox();
          const { getAppResponse } = await new ConductorOne({ clientID, clientSecret, serverURL: "https://acme.conductor.one" }).apps.get({ id: "a" });
          console.log("got", getAppResponse.app.id);
        `,
      });
      // MSW 3 and nock 15 need a newer Node than the package does.
      expect(at.run(at.newerNode, ["main.mjs"]), "got a");
    },
  })),
  {
    name: "OpenTelemetry",
    package: "@opentelemetry/instrumentation-undici",
    group: "Mocks and instrumentation",
    says: "spans of a log-in and a call by the instrumentation of `fetch`, without a secret in them",
    async run(at) {
      at.write({
        "main.mjs": `
          import { createServer } from "node:http";
          import { registerInstrumentations } from "@opentelemetry/instrumentation";
          import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
          import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
          import { ConductorOne } from "keyturn";
          import { createSandbox } from "keyturn/sandbox";
          const exporter = new InMemorySpanExporter();
          new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
          registerInstrumentations({ instrumentations: [new UndiciInstrumentation()] });
          const { clientId: clientID, clientSecret } = await createSandbox();
          const server = createServer((request, response) => {
            response.writeHead(200, { "content-type": "application/json" });
            response.end(JSON.stringify(request.url === "/auth/v1/token" ? ${JSON.stringify({ access_token: "a-token", token_type: "Bearer", expires_in: 600 })} : { app: { id: "a" } }));
          });
          await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
          const c1 = new ConductorOne({ clientID, clientSecret, serverURL: "http://127.0.0.1:" + server.address().port });
          await c1.apps.get({ id: "a" });
          server.close();
          server.closeAllConnections();
          await new Promise((resolve) => setTimeout(resolve, 100));
          const spans = exporter.getFinishedSpans().map(({ name, attributes }) => JSON.stringify([name, attributes]));
          console.log(spans.length, spans.some((span) => span.includes("secret-token") || span.includes("a-token")), spans.map((span) => /"url.path":"([^"]*)"/.exec(span)?.[1]).join(" "));
        `,
      });
      expect(at.node(["main.mjs"]), "2 false /auth/v1/token /api/v1/apps/a");
    },
  },
  {
    name: "Electron",
    group: "Runtimes",
    says: "`examples/electron`: its main process in Node, with stand-ins for Electron's own objects; not Electron itself",
    note: "The package `electron` contains no program, but downloads one from outside of npm, which these tests cannot; we found no package of npm, PyPI or Debian that contains one.",
    elsewhere: "tests/examples.test.mjs",
  },
  {
    name: "Safari",
    group: "Runtimes",
    impossible: "It is for Apple's systems alone.",
    says: "nothing",
  },
  {
    name: "Edge networks of Vercel and Cloudflare",
    group: "Runtimes",
    impossible: "They are services. Their runtimes are tested as npm has them: Next's edge runtime, and workerd.",
    says: "nothing",
  },
];

/** Returns the tables of `docs/runtimes.md`, from each row's result. */
export function table(results) {
  const groups = [...new Set(ROWS.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = ROWS.filter((row) => row.group === group).map((row) => {
        const { version = "", size = "" } = results[row.name] ?? {};
        const note = [row.impossible, row.note].filter(Boolean).join(" ");
        return `| ${row.core ? `**${row.name}**` : row.name} | ${version} | ${row.says} | ${size} | ${note} |`;
      });
      return `## ${group}\n\n| where | version | what runs | scripts | what to know |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
    })
    .join("\n");
}
