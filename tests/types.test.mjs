// The types, as compilers see them: the files in `types`, with each way to resolve the installed package.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";

const scratch = mkdtempSync(join(installed(), "types-"));
after(() => rmSync(scratch, { recursive: true }));

const web = { lib: ["es2023", "dom", "dom.iterable"], types: [] };
const node = { lib: ["es2023"], types: ["node"], typeRoots: [join(root, "node_modules/@types")] };

/** Compiles one of the programs under a name, which determines its kind of module. The output is in `out`. */
function compile(compiler, name, program, options) {
  const folder = mkdtempSync(join(scratch, "tsc-"));
  copyFileSync(resolve(root, "tests/types", program), join(folder, name));
  const compilerOptions = { strict: true, target: "es2022", skipLibCheck: false, outDir: "out", ...options };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [name] }));
  const tsc = join(root, "node_modules", compiler, "bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--project", folder], { encoding: "utf8" });
  return { status, stdout, folder };
}

const bundled = { module: "esnext", moduleResolution: "bundler" };

/** Entries that need the types of Node's requests, and entries that need those of elements. */
const OF_NODE = ["./proxy/node"];
const OF_PAGES = [
  "./elements",
  "./elements/counters",
  "./elements/credentials",
  "./elements/rotate",
  "./elements/secret",
  "./elements/timeline",
];

/**
 * Writes a program that imports everything from every entry. Where an entry is a pattern, it imports one module that
 * matches.
 */
function everyEntry(file, except = []) {
  const { exports } = JSON.parse(readFileSync(join(installed(), "node_modules/keyturn/package.json"), "utf8"));
  const code = Object.keys(exports).filter(
    (entry) => !except.includes(entry) && !/\.(wasm|json)$|^\.\/types\//.test(entry),
  );
  assert.ok(code.length > 20);
  const lines = code.map((entry, index) => {
    const name = entry.replace(/^\./, "keyturn").replace("*", STARS[entry] ?? "");
    return `import * as entry${index} from ${JSON.stringify(name)};\nexport const names${index}: readonly string[] = Object.keys(entry${index});\n`;
  });
  writeFileSync(join(scratch, file), lines.join(""));
  return join(scratch, file);
}
/** One module for each entry that is a pattern. */
const STARS = {
  "./compat/funcs/*": "connectorRotateCredential.js",
  "./compat/sdk/*": "connector.js",
  "./compat/lib/*": "config.js",
  "./compat/hooks/*": "types.js",
  "./compat/sdk/types/*": "async.js",
  "./compat/sdk/models/shared/*": "app.js",
  "./compat/sdk/models/operations/*": "index.js",
  "./compat/sdk/models/errors/*": "index.js",
};
/** For each environment, a program that imports every entry. */
const every = {
  node: everyEntry("every-node.ts", OF_PAGES),
  page: everyEntry("every-page.ts", OF_NODE),
  worker: everyEntry("every-worker.ts", [...OF_NODE, ...OF_PAGES]),
};

/** The programs, and the least number of cases in each that must be refused. */
const refused = { "client.ts": 21, "commercelayer.ts": 23, "lifecycle.ts": 6, "proxy.ts": 7 };
const programs = Object.keys(refused);

describe("types", { concurrency: true }, () => {
  for (const [where, file, options] of [
    ["an ES module of Node's", "nodenext.mts", { ...node, module: "nodenext" }],
    ["a CommonJS module of Node's", "nodenext.cts", { ...node, module: "nodenext" }],
    ["a module for a bundler", "bundler.ts", { ...web, module: "esnext", moduleResolution: "bundler" }],
  ]) {
    test(where, () => {
      const folder = mkdtempSync(join(scratch, "tsc-"));
      const files = programs.map((program) => `${program.slice(0, -3)}-${file}`);
      programs.forEach((program, at) => copyFileSync(join(root, "tests/types", program), join(folder, files[at])));
      const compilerOptions = {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        target: "es2022",
        ...options,
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      const { status, stdout } = spawnSync(
        process.execPath,
        [join(root, "node_modules/typescript/bin/tsc"), "--project", folder],
        { encoding: "utf8" },
      );
      assert.equal(status, 0, stdout);
    });
  }

  test("the pools of `pg` and the clients of `postgres`", () => {
    const modules = join(root, "node_modules");
    const paths = {
      "pg-boss": [join(modules, "pg-boss/dist/index.d.ts")],
      pg: [join(modules, "@types/pg/index.d.mts")],
      postgres: [join(modules, "postgres/types/index.d.ts")],
    };
    const options = { ...node, module: "nodenext", paths, skipLibCheck: true };
    const { status, stdout } = compile("typescript", "postgres.mts", "postgres.ts", options);
    assert.equal(status, 0, stdout);
  });

  // The oldest compiler that can name everything. Without `skipLibCheck`, the package's types have to compile with only
  // what a project has. `node10` is TypeScript 5's default for CommonJS.
  const plain = { lib: ["es2022", "dom", "dom.iterable"], types: [] };
  const server = { lib: ["es2022"], types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  for (const [where, extension, options] of [
    ["an ES module", "mts", { ...server, module: "node16" }],
    ["a module for a bundler", "ts", { ...plain, module: "esnext", moduleResolution: "bundler" }],
    ["the legacy resolution", "ts", { ...plain, module: "commonjs", moduleResolution: "node10" }],
  ]) {
    test(`declarations are written: ${where}`, () => {
      const { status, stdout } = compile("typescript-5.4", `declarations.${extension}`, "declarations.ts", {
        ...options,
        declaration: true,
        emitDeclarationOnly: true,
      });
      assert.equal(status, 0, stdout);
    });
  }

  // A program that names every entry, with only the types of Node, of pages, or of workers, which have neither of the
  // others. One of them is required: no compiler knows `Response` by itself.
  const worker = { lib: ["es2022", "webworker", "webworker.iterable"], types: [] };
  for (const [compiler, where, name, options] of [
    ["typescript-5.4", "an ES module, with a worker's types", "every.mts", { ...worker, module: "nodenext" }],
    ["typescript-5.4", "a CommonJS module with Node's types", "every.cts", { ...server, module: "node16" }],
    ["typescript-5.4", "a bundler, with a page's types", "every.ts", { ...plain, ...bundled }],
    [
      "typescript-5.4",
      "the legacy resolution",
      "every.ts",
      { ...worker, module: "commonjs", moduleResolution: "node10" },
    ],
    ["typescript", "an ES module with Node's types", "every.mts", { ...server, module: "nodenext" }],
    ["typescript", "a CommonJS module, with a worker's types", "every.cts", { ...worker, module: "node16" }],
    ["typescript", "a bundler, with a worker's types", "every.ts", { ...worker, ...bundled }],
  ]) {
    test(`every entry has types: ${where}, ${compiler}`, () => {
      const exact = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true };
      const place = options.types.length > 0 ? "node" : options.lib.includes("dom") ? "page" : "worker";
      const { status, stdout } = compile(compiler, name, every[place], { ...options, ...exact });
      assert.equal(status, 0, stdout);
    });
  }

  for (const compiler of ["typescript-5.4", "typescript"]) {
    test(`\`using\` compiles and closes: ${compiler}`, async () => {
      const options = {
        lib: ["es2022", "esnext.disposable", "dom"],
        types: [],
        module: "esnext",
        moduleResolution: "bundler",
      };
      const { status, stdout, folder } = compile(compiler, "using.mts", "using.ts", options);
      assert.equal(status, 0, stdout);
      const { closing } = await import(pathToFileURL(join(folder, "out/using.mjs")).href);
      assert.deepEqual((await closing()).slice(0, 2), Array(2).fill("https://acme.conductor.one"));
      const { ConductorOne, accessToken } = await import(pathToFileURL(join(installed(), "load.mjs")).href).then(
        ({ keyturn }) => keyturn,
      );
      const c1 = new ConductorOne({ tenantDomain: "acme", credentials: accessToken("a-token") });
      if (Symbol.dispose === undefined) return;
      c1[Symbol.dispose]();
      assert.throws(() => c1.serverURL, { code: "closed" });
    });
  }

  test("the files contain cases that must be refused", () => {
    for (const program of programs) {
      const source = readFileSync(join(root, "tests/types", program), "utf8");
      assert.ok(source.match(/@ts-expect-error/g).length >= refused[program]);
    }
  });
});

describe("the elements", { concurrency: true }, () => {
  const library = (path) => [join(root, "node_modules", path)];
  const paths = {
    react: library("@types/react/index.d.ts"),
    "react/jsx-runtime": library("@types/react/jsx-runtime.d.ts"),
    vue: library("vue/dist/vue.d.mts"),
  };
  for (const [where, program, options] of [
    ["in a page of no framework", "elements.ts", {}],
    ["in React 19", "elements-react.tsx", { jsx: "react-jsx", paths }],
    // Without it, Vue's own types do not compile.
    ["in Vue", "elements-vue.ts", { paths, skipLibCheck: true }],
  ])
    test(where, () => {
      const { status, stdout } = compile("typescript", program, program, { ...web, ...bundled, ...options });
      assert.equal(status, 0, stdout);
    });
});
