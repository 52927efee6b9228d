// Workers: bundled as Wrangler bundles them, and run on loopback by workerd, the runtime of Cloudflare Workers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { root } from "../../xtask/steps.mjs";
import { program } from "./runtimes.mjs";

/** The default compatibility date of a Worker that is created now. */
const COMPATIBILITY_DATE = "2026-01-01";

/**
 * Bundles a Worker and starts it.
 *
 * @param {string} folder Where the package is installed.
 * @param {{ file: string } | { source: string }} main The Worker's module.
 * @param {Record<string, string>} [modules] The sources of further modules, by the names under which it imports them.
 * @param {Record<string, string>} [variables] The Worker's environment variables.
 * @returns {Promise<{ url: string, size: number, stop(): Promise<void> }>} `size` is that of its script in bytes.
 */
export async function startWorker(folder, main, modules = {}, variables = {}) {
  const place = mkdtempSync(join(tmpdir(), "keyturn-worker-"));
  const wasm = new Set();
  const plugin = {
    name: "keyturn",
    setup(build) {
      // Resolves to the installed package, and not to the repository that contains the tests.
      build.onResolve({ filter: /^keyturn(\/|$)/ }, ({ path, kind, resolveDir }) =>
        resolveDir === folder ? undefined : build.resolve(path, { kind, resolveDir: folder }),
      );
      // WebAssembly modules stay files, which workerd compiles in advance.
      build.onResolve({ filter: /\.wasm$/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData === plugin) return undefined;
        const found = await build.resolve(path, {
          kind,
          resolveDir: path.startsWith("keyturn/") ? folder : resolveDir,
          pluginData: plugin,
        });
        wasm.add(found.path);
        return { path: `./${basename(found.path)}`, external: true };
      });
      const names = Object.keys(modules);
      build.onResolve({ filter: /./ }, ({ path }) => (names.includes(path) ? { path, namespace: "given" } : undefined));
      build.onLoad({ filter: /./, namespace: "given" }, ({ path }) => ({ contents: modules[path], resolveDir: root }));
    },
  };
  const entry =
    "file" in main ? { entryPoints: [main.file] } : { stdin: { contents: main.source, resolveDir: folder } };
  const { outputFiles } = await build({
    ...entry,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    plugins: [plugin],
    logLevel: "silent",
  });
  writeFileSync(join(place, "worker.mjs"), outputFiles[0].contents);
  for (const file of wasm) copyFileSync(file, join(place, basename(file)));
  writeFileSync(
    join(place, "config.capnp"),
    config(
      [...wasm].map((file) => basename(file)),
      variables,
    ),
  );
  return { size: outputFiles[0].contents.length, ...(await serve(place)) };
}

/**
 * Returns a configuration with only the Worker, on a loopback port. It can reach nothing but loopback, and can read the
 * repository.
 */
function config(wasm, variables) {
  const text = ([name, value]) => `, (name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`;
  const modules = wasm.map((name) => `, (name = "${name}", wasm = embed "${name}")`).join("");
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["local"])),
    (name = "repository", disk = (path = ${JSON.stringify(root)})),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")${modules}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [(name = "REPOSITORY", service = "repository")${Object.entries(variables).map(text).join("")}],
);
`;
}

async function serve(place) {
  const child = spawn(program("workerd"), ["serve", join(place, "config.capnp"), "--control-fd=3"], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const ended = once(child, "exit");
  const early = ended.then(([code, signal]) => {
    throw new Error(`workerd ended with ${code ?? signal} before it was ready`);
  });
  early.catch(() => {});
  const [line] = await Promise.race([once(createInterface(child.stdio[3]), "line"), early]);
  return {
    url: `http://127.0.0.1:${JSON.parse(line).port}`,
    async stop() {
      child.kill();
      await ended;
      rmSync(place, { recursive: true, force: true });
    },
  };
}
