// The third-party software that is compiled or bundled into the package: `node xtask/notices.mjs [--write]`. Writes
// THIRD-PARTY-NOTICES.txt and sbom.cdx.json (CycloneDX), which are part of the tarball, or reports how they differ from
// the tree. Nothing is downloaded: the facts are those of `cargo metadata`, `Cargo.lock` and the sources that Cargo has
// unpacked, and those of `package-lock.json` and node_modules for the libraries of the command line.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { drive, isMain, output, root, StepError, say } from "./steps.mjs";

/** The crates that become `.wasm` files of the package, as in the build, and the target that they are compiled for. */
const SHIPPED = [
  ...readFileSync(join(root, "xtask/src/build/mod.rs"), "utf8").matchAll(/Wasm \{\s*package: "([^"]+)"/g),
].map(([, name]) => name);
const TARGET = "wasm32-unknown-unknown";

/** Licences that require no more than a notice, the preferred ones first. `deny.toml` has the same list. */
export const ACCEPTED = [
  "MIT",
  "Apache-2.0",
  "BSD-3-Clause",
  "BSD-2-Clause",
  "ISC",
  "Zlib",
  "Unicode-3.0",
  "Unlicense",
  "Apache-2.0 WITH LLVM-exception",
];

const REGISTRY = "registry+https://github.com/rust-lang/crates.io-index";

const FILES = { notices: "THIRD-PARTY-NOTICES.txt", sbom: "sbom.cdx.json" };

/**
 * The facts about a third-party crate or library that the notices need.
 * @typedef {{ name: string, version: string, license: string, source: string | null, folder: string, authors: string[],
 * repository: string | null, checksum: string | undefined, needs: string[] }} Crate
 */

/** Returns Cargo's metadata of the workspace. */
function metadata() {
  const json = output("cargo", ["metadata", "--format-version=1", "--locked", `--filter-platform=${TARGET}`]);
  if (json === undefined) throw new StepError("`cargo metadata --locked` fails; is Cargo.lock up to date?");
  return JSON.parse(json);
}

/** Returns the source of each crate and its checksum. */
function lock() {
  const sections = readFileSync(join(root, "Cargo.lock"), "utf8").split("[[package]]").slice(1);
  const field = (section, name) => new RegExp(`^${name} = "(.*)"$`, "m").exec(section)?.[1];
  return sections.map((section) => ({
    name: field(section, "name"),
    version: field(section, "version"),
    source: field(section, "source"),
    checksum: field(section, "checksum"),
  }));
}

/**
 * Returns the crates that are linked into the `.wasm` files. Procedural macros and build scripts are not among them,
 * because they run in the compiler.
 * @returns {Crate[]}
 */
export function shipped() {
  const { packages, resolve } = metadata();
  const crates = new Map(packages.map((crate) => [crate.id, crate]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const isMacro = (id) => crates.get(id).targets.some(({ kind }) => kind.includes("proc-macro"));
  const needs = (id) =>
    nodes
      .get(id)
      .deps.filter(({ pkg, dep_kinds }) => dep_kinds.some(({ kind }) => kind === null) && !isMacro(pkg))
      .map(({ pkg }) => pkg);
  const found = new Set();
  const visit = (id) => {
    if (found.has(id)) return;
    found.add(id);
    for (const next of needs(id)) visit(next);
  };
  for (const { id, name } of packages) if (SHIPPED.includes(name)) visit(id);
  const sums = new Map(lock().map(({ name, version, checksum }) => [`${name}@${version}`, checksum]));
  const label = (id) => `${crates.get(id).name}@${crates.get(id).version}`;
  return [...found]
    .map((id) => {
      const { name, version, license, source, manifest_path, authors, repository } = crates.get(id);
      return {
        name,
        version,
        license: (license ?? "").replaceAll("/", " OR "),
        source,
        folder: dirname(manifest_path),
        authors,
        repository,
        checksum: sums.get(`${name}@${version}`),
        needs: needs(id).map(label).sort(),
      };
    })
    .sort((one, other) => compare(one.name, other.name) || compare(one.version, other.version));
}

/** Groups a list by a key. Node 20 does not have `Map.groupBy`. */
function grouped(list, key) {
  const groups = new Map();
  for (const item of list) {
    const at = key(item);
    groups.set(at, [...(groups.get(at) ?? []), item]);
  }
  return groups;
}

const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/**
 * Returns the npm packages whose code is bundled into the package: those that `pkg/src`, or a folder below it, imports
 * by name, except for types.
 */
export function bundled(below = "") {
  const folder = join(root, "pkg/src", below);
  const names = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("generated"))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      const imports =
        /^(?:import|export)\b(?! type\b)[^"';]*(?:\bfrom |^import )"([^".#][^"]*)"|(?<!typeof )\bimport\("([^".#][^"]*)"\)/gm;
      return [...text.matchAll(imports)].map(([, still, later]) => still ?? later);
    })
    .filter((name) => !name.startsWith("node:"));
  return [...new Set(names.map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)[0]))].sort();
}

/** Dependencies of libraries that are not bundled: types, and code of their variants for Node. */
const NOT_JOINED = /^@types\/|^@lit-labs\/ssr-dom-shim$/;

/**
 * Returns the npm packages that are bundled into the package, including their dependencies, in the form of {@link
 * shipped}.
 * @returns {Crate[]}
 */
export function libraries(names = bundled()) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const found = new Map();
  const visit = (name, from) => {
    // Resolved like Node does: beside the dependent package, then above it.
    const own = `${from}/node_modules/${name}`;
    const path = packages[own] ? own : `node_modules/${name}`;
    const label = `${name}@${packages[path].version}`;
    if (found.has(label)) return label;
    const folder = join(root, path);
    const {
      version,
      license,
      author,
      repository,
      dependencies = {},
    } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const library = {
      name,
      version,
      license: license ?? "",
      source: "npm",
      folder,
      authors: [typeof author === "string" ? author : author?.name].filter(Boolean),
      repository:
        (typeof repository === "string" ? repository : repository?.url)?.replace(/^git\+|\.git$/g, "") ?? null,
      checksum: packages[path].integrity,
      needs: [],
    };
    found.set(label, library);
    library.needs = Object.keys(dependencies)
      .filter((needed) => !NOT_JOINED.test(needed))
      .map((needed) => visit(needed, path))
      .sort();
    return label;
  };
  for (const name of names) visit(name, "");
  return [...found.values()].sort((one, other) => compare(one.name, other.name));
}

/**
 * Returns the licences under which something may be used, by an SPDX expression: one for each choice between
 * alternatives.
 * @returns {string[] | undefined} `undefined` if it requires a licence that is not accepted
 */
export function chosen(expression, accepted = ACCEPTED) {
  const tokens = expression.match(/\(|\)|\bAND\b|\bOR\b|[\w.+-]+(?: WITH [\w.+-]+)?/g) ?? [];
  let at = 0;
  const rank = (ids) => Math.max(...ids.map((id) => accepted.indexOf(id)));
  const one = () => {
    const token = tokens[at++];
    if (token === "(") {
      const inner = any();
      at++;
      return inner;
    }
    return accepted.includes(token) ? [token] : undefined;
  };
  const all = () => {
    let ids = one();
    while (tokens[at] === "AND") {
      at++;
      const more = one();
      ids = ids && more && [...new Set([...ids, ...more])];
    }
    return ids;
  };
  const any = () => {
    let best = all();
    while (tokens[at] === "OR") {
      at++;
      const other = all();
      if (other && (!best || rank(other) < rank(best))) best = other;
    }
    return best;
  };
  return any();
}

/** Returns the violations of the policy by crates, both the shipped ones and all others, and by libraries. */
export function offences(crates = shipped(), locked = lock(), joined = libraries()) {
  const found = [];
  for (const { name, version, license } of [...crates, ...joined])
    if (chosen(license) === undefined) found.push(`${name} ${version} has the licence ${license || "(none)"}`);
  for (const { name, version, source } of locked)
    if (source !== undefined && source !== REGISTRY) found.push(`${name} ${version} comes from ${source}`);
  for (const { name, version, source, checksum } of locked)
    if (source === REGISTRY && checksum === undefined) found.push(`${name} ${version} has no checksum`);
  const versions = grouped(crates, ({ name }) => name);
  for (const [name, all] of versions)
    if (all.length > 1) found.push(`${name} is shipped in ${all.length} versions: ${all.map((one) => one.version)}`);
  return found;
}

/** Returns the texts that a crate or library has to be shipped with, for the chosen licences. */
export function licenceText({ name, version, folder, license, authors }) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|unlicense|notice|copyright)/i.test(file));
  const read = (file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  const plain = files.filter((file) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(file));
  const notices = files.filter((file) => /^notice/i.test(file));
  const named = {
    MIT: /mit/i,
    "Apache-2.0": /apache/i,
    // encoding_rs names this file after the licensor.
    "BSD-3-Clause": /bsd|whatwg/i,
    Zlib: /zlib/i,
    Unlicense: /unlicense/i,
    "Unicode-3.0": /unicode/i,
  };
  const ids = chosen(license) ?? [];
  const found = ids.flatMap((id) => {
    const file = files.find((file) => named[id]?.test(file)) ?? plain[0];
    if (file !== undefined) return [read(file)];
    if (id === "MIT") return [mit(authors.length > 0 ? authors.join(", ") : `the authors of ${name}`)];
    throw new StepError(`${name} ${version} lacks the text of its licence ${id}; add one to xtask/notices.mjs`);
  });
  return [...new Set([...found, ...notices.map(read)])].join("\n\n");
}

/** Returns the text for crates that name this licence but do not include it. */
function mit(holder) {
  return `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}

const line = (char) => char.repeat(100);

/** Returns the text of the notices. Crates and libraries with the same text share it. */
export function notices(crates = shipped(), joined = libraries()) {
  const others = [...crates.filter(({ source }) => source !== null), ...joined];
  const groups = grouped(others, licenceText);
  const std = "The Rust standard library (core, alloc, std) and compiler-builtins, as far as they are linked";
  const entries = [
    [std, mit("The Rust Project Developers")],
    ...[...groups].map(([text, group]) => [
      group.map(({ name, version, license }) => `${name} ${version} (${license})`).join("\n"),
      text,
    ]),
  ];
  return `Third-party notices of keyturn

The files core.wasm and sandbox.wasm, and what the package carries of them as text, contain the software below, each under its licence.
Where there is a choice, the text is that of the licence under which it is used here. The command line, pkg/dist/cli, contains
${list(libraries(bundled("cli")).map(({ name }) => name))}; the entries of keyturn/elements contain
${list(libraries(bundled("elements")).map(({ name }) => name))}. The rest of the package's JavaScript contains no software of others
but the glue that wasm-bindgen generates. Written by xtask/notices.mjs.

${entries.map(([title, text]) => `${line("=")}\n${title}\n${line("-")}\n\n${text}\n`).join("\n")}`;
}

function list(names) {
  return names.length < 2 ? (names[0] ?? "no library") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/**
 * Returns the software bill of materials, as CycloneDX 1.6. It has no time and no serial number, so the same tree gives
 * the same file.
 */
export function sbom(crates = shipped(), joined = libraries()) {
  const { name, version, license, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const ref = (label) => `pkg:cargo/${label}`;
  // The at sign of a scope is escaped in a package URL.
  const npm = (label) => `pkg:npm/${label.replace(/^@/, "%40")}`;
  const component = {
    type: "library",
    "bom-ref": `pkg:npm/${name}@${version}`,
    name,
    version,
    description,
    licenses: [{ expression: license }],
    purl: `pkg:npm/${name}@${version}`,
  };
  const own = crates.filter((crate) => SHIPPED.includes(crate.name)).map((crate) => `${crate.name}@${crate.version}`);
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component },
    components: crates
      .map((crate) => ({
        type: "library",
        "bom-ref": ref(`${crate.name}@${crate.version}`),
        name: crate.name,
        version: crate.version,
        ...(crate.checksum ? { hashes: [{ alg: "SHA-256", content: crate.checksum }] } : {}),
        licenses: [{ expression: crate.license }],
        ...(crate.source === null ? {} : { purl: ref(`${crate.name}@${crate.version}`) }),
        ...(crate.repository ? { externalReferences: [{ type: "vcs", url: crate.repository }] } : {}),
      }))
      .concat(
        joined.map(({ name, version, checksum, license, repository }) => ({
          type: "library",
          "bom-ref": npm(`${name}@${version}`),
          name,
          version,
          hashes: [
            { alg: "SHA-512", content: Buffer.from(checksum.replace(/^sha512-/, ""), "base64").toString("hex") },
          ],
          licenses: [{ expression: license }],
          purl: npm(`${name}@${version}`),
          ...(repository ? { externalReferences: [{ type: "vcs", url: repository }] } : {}),
        })),
      ),
    dependencies: [
      {
        ref: component["bom-ref"],
        dependsOn: [...own.map(ref), ...joined.map((one) => npm(`${one.name}@${one.version}`))],
      },
      ...crates.map((crate) => ({ ref: ref(`${crate.name}@${crate.version}`), dependsOn: crate.needs.map(ref) })),
      ...joined.map((one) => ({ ref: npm(`${one.name}@${one.version}`), dependsOn: one.needs.map(npm) })),
    ],
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function main() {
  const crates = shipped();
  const found = offences(crates);
  if (found.length > 0) throw new StepError(found.join("\n"));
  const texts = { [FILES.notices]: notices(crates), [FILES.sbom]: sbom(crates) };
  for (const [file, text] of Object.entries(texts)) {
    const path = join(root, file);
    if (process.argv.includes("--write")) writeFileSync(path, text);
    else if (readFileSync(path, "utf8") !== text)
      throw new StepError(`${file} is not what the tree says: node xtask/notices.mjs --write`);
    say(`${file}: ${text.length} characters`);
  }
}

if (isMain(import.meta.url)) await drive(main);
