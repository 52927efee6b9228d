// The public surface as text: `node xtask/surface.mjs [--write]`. For each entry of the package, tests/surface contains
// the declarations that its users can reach, without comments, sorted by name. A change there is a change for users.
// Generated declarations are one line each with a hash, because their content is reviewed in api/*.idl. The
// declarations are those of the last build.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { drive, isMain, root, StepError, say } from "./steps.mjs";
import { ts } from "./typescript.mjs";

const FOLDER = join(root, "tests/surface");

const kindOf = (node) =>
  ts.isSourceFile(node) ? "namespace" : ts.SyntaxKind[node.kind].replace(/Declaration$|Statement$/, "").toLowerCase();

/** The description of a generated declaration. */
const GENERATED = / \(generated, \w{8}\)$/;

/**
 * Returns each entry's name, with the file of its types below `pkg/dist/esm`, and what a program imports to get it:
 * the specifier, with the conditions under which that is this file. Specifiers that share a file are one entry, under
 * the first of them.
 * @returns {Map<string, { file: string, specifier: string }>}
 */
export function entries() {
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const found = new Map();
  const types = (value, conditions = []) =>
    typeof value !== "object"
      ? []
      : Object.entries(value).flatMap(([key, inner]) =>
          key === "types" ? [[inner, conditions]] : types(inner, key === "default" ? conditions : [...conditions, key]),
        );
  for (const [path, value] of Object.entries(exports)) {
    for (const [declarations, conditions] of types(value)) {
      const [, file] = /^\.\/pkg\/dist\/esm\/(.*)\.d\.ts$/.exec(declarations) ?? [];
      const entry = file?.replace(/\/index$/, "").replaceAll("/", "-");
      if (entry === undefined || found.has(entry)) continue;
      const specifier = [path.replace(".", name), ...conditions.map((condition) => `(${condition})`)].join(" ");
      found.set(entry, { file: `${file}.d.ts`, specifier });
    }
  }
  return found;
}

/**
 * Returns the report of every entry, by its name.
 * @param {string} dist the folder with the declarations of the ES modules
 * @param {{ comments?: boolean }} [options] whether the doc comments are kept
 * @returns {Map<string, string>}
 */
export function surface(dist, { comments = false } = {}) {
  const files = entries();
  const program = ts.createProgram(
    [...files.values()].map(({ file }) => join(dist, file)),
    { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, noLib: true, types: [] },
  );
  const checker = program.getTypeChecker();
  const printer = ts.createPrinter({ removeComments: !comments });
  // The declarations are in one of the folders of the two kinds of modules; those in the other folder re-export them.
  const path = (node) => relative(dirname(dist), node.getSourceFile().fileName);
  const inPackage = (node) => !path(node).startsWith("..");
  const isGenerated = (node) => path(node).split(sep)[1] === "generated";
  const isInternal = (node) => ts.getJSDocTags(node).some(({ tagName }) => tagName.text === "internal");
  const isPrivate = (node) =>
    isInternal(node) ||
    (node.name && ts.isPrivateIdentifier(node.name)) ||
    (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword));

  /** Returns a declaration without members that are unreachable from outside. */
  const reachable = (node) =>
    ts.transform(node, [
      (context) => (top) => {
        const visit = (child) =>
          child !== top && (ts.isClassElement(child) || ts.isTypeElement(child)) && isPrivate(child)
            ? undefined
            : ts.visitEachChild(child, visit, context);
        return visit(top);
      },
    ]).transformed[0];
  const print = (node) =>
    printer
      .printNode(ts.EmitHint.Unspecified, reachable(node), node.getSourceFile())
      .replace(/^export (default )?|^declare /gm, "")
      .replace(/^declare /gm, "");

  const statement = (declaration) => (ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration);
  const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

  /** Returns the symbols of the package that a symbol's declarations name. */
  const named = (symbol) => {
    const found = new Set();
    const visit = (node) => {
      if (isPrivate(node)) return;
      if (ts.isIdentifier(node)) {
        const other = checker.getSymbolAtLocation(node);
        if (other) found.add(resolved(other));
      }
      ts.forEachChild(node, visit);
    };
    for (const node of (symbol.declarations ?? []).filter(inPackage)) visit(statement(node));
    return found;
  };
  const isTopLevel = (symbol) =>
    symbol.declarations?.some(
      (node) => inPackage(node) && statement(node).parent !== undefined && ts.isSourceFile(statement(node).parent),
    ) ?? false;

  /** The printed text of every top-level declaration. */
  const texts = new Map();
  const textOf = (symbol) => {
    if (!texts.has(symbol)) {
      const statements = new Set((symbol.declarations ?? []).filter(inPackage).map(statement));
      texts.set(symbol, [...statements].map(print).join("\n"));
    }
    return texts.get(symbol);
  };
  /** Returns the generated symbols that a symbol names. */
  const children = new Map();
  const childrenOf = (symbol) => {
    if (!children.has(symbol))
      children.set(
        symbol,
        [...named(symbol)].filter((other) => isTopLevel(other)),
      );
    return children.get(symbol);
  };
  /** Returns a generated declaration with everything that it leads to. */
  const generatedBelow = (symbol) => {
    const seen = new Set([symbol]);
    for (const at of seen) for (const other of childrenOf(at)) seen.add(other);
    return [...seen].map(textOf).sort().join("\n");
  };

  /** Returns the declarations of a symbol. A generated one is a single line. */
  const described = (name, symbol) => {
    const statements = [...new Set((symbol.declarations ?? []).filter(inPackage).map(statement))];
    const open = statements.filter((node) => !isInternal(node));
    if (open.length === 0) return undefined;
    const text = open.map(print).join("\n");
    if (!open.some(isGenerated)) return symbol.name === name ? text : `${name} is\n${text}`;
    const hash = createHash("sha256").update(generatedBelow(symbol)).digest("hex").slice(0, 8);
    return `${kindOf(open[0])} ${name} (generated, ${hash})`;
  };

  const reports = new Map();
  for (const [entry, { file }] of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(join(dist, file)));
    const exported = new Map(
      (module ? checker.getExportsOfModule(module) : []).map((symbol) => [symbol.name, resolved(symbol)]),
    );
    const known = new Set(exported.values());
    const further = new Map();
    const follow = (symbol) => {
      if (symbol.declarations?.some((node) => inPackage(node) && isGenerated(node))) return;
      for (const other of childrenOf(symbol)) {
        if (known.has(other)) continue;
        known.add(other);
        further.set(other.name, other);
        follow(other);
      }
    };
    for (const symbol of exported.values()) follow(symbol);
    const list = (symbols) => {
      const all = [...symbols]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .flatMap(([name, symbol]) => described(name, symbol) ?? []);
      const [lines, texts] = [true, false].map((is) => all.filter((text) => GENERATED.test(text) === is));
      return lines.length > 0 ? [...texts, lines.join("\n")] : texts;
    };
    const [open, behind] = [list(exported), list(further)];
    const hidden = behind.length > 0 ? ["# Not exported here, and named by the above", ...behind] : [];
    const where = `# ${file.replace(/\.d\.ts$/, "")}: what this entry exports. Written by xtask/surface.mjs`;
    reports.set(entry, `${[where, ...open, ...hidden].join("\n\n")}\n`);
  }
  return reports;
}

/** Returns the committed reports. */
export function committed() {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));
  return new Map(names.map((name) => [name.slice(0, -4), readFileSync(join(FOLDER, name), "utf8")]));
}

function main() {
  const reports = surface(join(root, "pkg/dist/esm"));
  if (process.argv.includes("--write")) {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER);
    for (const [name, text] of reports) writeFileSync(join(FOLDER, `${name}.txt`), text);
  } else {
    const old = committed();
    const changed = [...new Set([...reports.keys(), ...old.keys()])].filter(
      (name) => reports.get(name) !== old.get(name),
    );
    if (changed.length > 0)
      throw new StepError(
        `the surface of ${changed.join(", ")} changed: node xtask/surface.mjs --write, and look at the diff`,
      );
  }
  say(`the surface of ${reports.size} entries`);
}

if (isMain(import.meta.url)) await drive(main);
