// Importing the package does nothing: it works in environments that lack what later calls need, such as Jest's jsdom,
// and bundlers can leave out what is not used.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import vm from "node:vm";
import { transform } from "esbuild";
import { parseAst } from "rollup/parseAst";
import { root } from "../xtask/steps.mjs";
import { installed } from "./lib/installed.mjs";

const dist = join(installed(), "node_modules/keyturn/pkg/dist");
const { exports } = JSON.parse(readFileSync(join(installed(), "node_modules/keyturn/package.json"), "utf8"));

/** Returns each CommonJS file that the manifest names for `require`. */
const entries = (part) =>
  typeof part === "string"
    ? [...part.matchAll(/^\.\/pkg\/dist\/cjs\/(.*\.js)$/g)].map(([, file]) => file)
    : Object.values(part).flatMap(entries);

/** Creates a realm with only what an old version of the language has, and nothing of a platform. */
function bareRealm() {
  const context = vm.createContext({});
  vm.runInContext(
    `for (const name of ["WebAssembly", "FinalizationRegistry", "console"]) delete globalThis[name];
     delete Symbol.dispose; delete Symbol.asyncDispose;`,
    context,
  );
  return context;
}

/** Loads a CommonJS file into a realm. */
function load(file, context, loaded = new Map()) {
  const known = loaded.get(file);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(file, module);
  const code = `(function (module, exports, require) {${readFileSync(file, "utf8")}\n})`;
  const require = (name) => {
    assert.match(name, /^\./, `${file} needs ${name}`);
    return load(join(dirname(file), name), context, loaded);
  };
  vm.runInContext(code, context, { filename: file })(module, module.exports, require);
  return module.exports;
}

describe("an import needs no platform features", () => {
  for (const entry of new Set(entries(exports))) {
    // These are for Node, and for runtimes that have its modules.
    if (["sandbox-node.js", "lifecycle-node.js"].includes(entry)) continue;
    test(entry, () => {
      const exported = load(join(dist, "cjs", entry), bareRealm());
      assert.equal(typeof exported, "object");
    });
  }

  test("the first use reports what is missing", () => {
    // What Jest's jsdom has.
    const context = Object.assign(bareRealm(), { AbortController, URL, performance, crypto });
    const { ConductorOne, accessToken } = load(join(dist, "cjs/index.js"), context);
    const make = () => new ConductorOne({ credentials: accessToken("a-token"), serverURL: "https://acme.example" });
    assert.throws(make, { code: "invalid_configuration", option: "TextEncoder", message: /jsdom/ });
    Object.assign(context, { TextEncoder, TextDecoder });
    assert.throws(make, { code: "invalid_configuration", reason: "webassembly_missing" });
  });
});

describe("the browsers that the README names", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const version = (name) => Number(new RegExp(`\\b${name} (\\d+)`).exec(readme)[1]);
  const target = [`chrome${version("Chrome")}`, `firefox${version("Firefox")}`, `safari${version("Safari")}`];
  // Bundlers such as React Native's do not support static blocks.
  const supported = { "class-static-blocks": false };
  /** What at least one of those browsers lacks, according to MDN. */
  const LATER =
    /\b(?:AbortSignal\.any|Array\.fromAsync|(?:Map|Object)\.groupBy|Promise\.(?:try|withResolvers)|RegExp\.escape|Uint8Array\.from(?:Base64|Hex)|Iterator\.from)\b|\.(?:isWellFormed|toWellFormed|toBase64|toHex)\(/;

  for (const file of readdirSync(join(dist, "esm"), { recursive: true }).filter((name) => name.endsWith(".js"))) {
    if (file === "cli.js" || file.endsWith("-bytes.js")) continue;
    test(`can read ${file}`, async () => {
      const code = readFileSync(join(dist, "esm", file), "utf8");
      const plain = await transform(code, { target: "esnext" });
      const older = await transform(code, { target, supported });
      assert.ok(older.code === plain.code, "there is newer syntax in it");
      assert.doesNotMatch(code, LATER);
    });
  }

  test("detects newer syntax", async () => {
    const code = "class A { static { f(); } }";
    assert.notEqual((await transform(code, { target, supported })).code, (await transform(code)).code);
  });
});

/** Returns the code in an expression that has an effect when it is evaluated, if any. */
function work(node, code) {
  switch (node?.type) {
    case "ArrayExpression":
      return node.elements.map((element) => work(element, code)).find(Boolean);
    case "ObjectExpression":
      return node.properties.map((property) => work(property.value ?? property.argument, code)).find(Boolean);
    case "SpreadElement":
    case "UnaryExpression":
      return work(node.argument, code);
    case "BinaryExpression":
    case "LogicalExpression":
      return work(node.left, code) ?? work(node.right, code);
    case "CallExpression":
    case "NewExpression": {
      const free = /\/\* @__PURE__ \*\/ $/.test(code.slice(0, node.start));
      const empty = /^new (?:Weak)?(?:Map|Set)\(|^Symbol\.for\(/.test(code.slice(node.start, node.end));
      return free || empty ? undefined : code.slice(node.start, node.end);
    }
    case "AssignmentExpression":
    case "AwaitExpression":
    case "ImportExpression":
    case "TaggedTemplateExpression":
      return code.slice(node.start, node.end);
    default:
      return undefined;
  }
}

/**
 * Returns a module's statements that have an effect. Those of enumerations are the compiler's, and only fill their own
 * object.
 */
function effects(code) {
  return parseAst(code).body.flatMap((statement) => {
    const declared = statement.declaration ?? statement;
    const text = code.slice(declared.start, declared.end);
    switch (declared.type) {
      case "VariableDeclaration":
        return declared.declarations.map(({ init }) => work(init, code)).filter(Boolean);
      case "ClassDeclaration":
        return declared.body.body.some(({ type }) => type === "StaticBlock") ? [text] : [];
      case "FunctionDeclaration":
      case "ImportDeclaration":
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
      case "Identifier":
        return [];
      default:
        // An entry of the lifecycle registers its WebAssembly module; the manifest lists that as a side effect.
        if (/^provide\((inlineModule|module\$1)\);$/.test(text)) return [];
        return /^\(function \((\w+)\) \{[^]*\}\)\(\1 \|\| \(\1 = \{\}\)\);$/.test(text) ? [] : [text];
    }
  });
}

describe("no module has side effects at its top level", () => {
  for (const file of readdirSync(join(dist, "esm"), { recursive: true }).filter((name) => name.endsWith(".js"))) {
    // This is the program.
    if (file === "cli.js") continue;
    // Defining elements is what these are for. They and their base classes use the document only if there is one.
    if (/^(elements\/|chunks\/(elements|lit)\.js$)/.test(file)) continue;
    test(file, () => {
      const found = effects(readFileSync(join(dist, "esm", file), "utf8"));
      assert.deepEqual(
        found.map((code) => code.slice(0, 200)),
        [],
      );
    });
  }

  test("detects modules with side effects", () => {
    for (const code of [
      "const encoder = new TextEncoder();",
      "let x = [1, { y: make() }];",
      "provide(module);",
      "class A { static { make(); } }",
      "if (Symbol.dispose) A.prototype.b = c;",
      "const a = await b;",
    ]) {
      assert.equal(effects(code).length, 1, code);
    }
  });
});
