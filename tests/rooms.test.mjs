// Which room may import which, in the Rust crates and in the package's TypeScript. A file's room is its first folder;
// entries are beside the rooms and only export. Reversing a dependency is a design change: change the table and give
// the reason, or change the import.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { root } from "../xtask/steps.mjs";

/** Each room of `pkg/src`, and the rooms that it may import. Every room may import generated modules. */
const ROOMS = {
  base: [],
  core: ["base"],
  http: ["base", "core"],
  auth: ["base", "core", "http"],
  c1: ["base", "core", "http", "auth"],
  commercelayer: ["base", "core", "http", "auth"],
  // It gets its client as an argument, and imports none.
  proxy: ["base", "core", "http"],
  compat: ["base", "core", "http", "auth", "c1"],
  // It is a WebAssembly module like the core, and compiled in the same way.
  sandbox: ["base", "core"],
  lifecycle: ["base", "core", "http", "auth", "c1", "commercelayer"],
  remote: ["base", "lifecycle"],
  postgres: ["base", "core", "http", "auth", "lifecycle"],
  // It is a user of the package: except for errors, it imports only entries.
  cli: ["base", "entries"],
  fleet: ["base", "auth", "lifecycle", "postgres"],
  elements: ["base", "lifecycle"],
};

/** The crates, and the workspace's crates that each may depend on. `xtask` builds all and may use any of them. */
const CRATES = {
  api: [],
  wire: [],
  ".": ["keyturn-wire"],
  sandbox: ["keyturn-wire"],
  lifecycle: [],
  fuzz: ["keyturn-api", "keyturn-wire", "keyturn"],
};

const source = join(root, "pkg/src");

/**
 * Returns the package's modules as paths below `pkg/src`, with all imports of each, those that are loaded with it (all
 * but types), and those that it loads later, by calling `import()`.
 */
function modules() {
  return readdirSync(source, { recursive: true })
    .filter((path) => path.endsWith(".ts") && !path.startsWith("generated"))
    .map((path) => {
      const text = readFileSync(join(source, path), "utf8");
      const found = [...text.matchAll(/(^(?:im|ex)port type [^;]*?)?(?:\bfrom|\bimport) "(\.{1,2}\/[^"]+\.js)"/gm)];
      const fileOf = ([, , to]) => normalize(join(dirname(path), to)).replace(/\.js$/, ".ts");
      const later = [...text.matchAll(/(\bimport\()"(\.{1,2}\/[^"]+\.js)"/g)].map(fileOf);
      return { path, imports: found.map(fileOf), loads: found.filter(([, types]) => !types).map(fileOf), later };
    });
}

/**
 * Returns whether a module is an entry. Entries are beside the rooms, except for one that is in the room of its name.
 */
function isEntry(path) {
  return !path.includes("/") || path === "commercelayer/index.ts";
}

function roomOf(path) {
  return path.includes("/") ? path.split("/")[0] : undefined;
}

/** Returns descriptions of the imports in a list of modules that the table forbids. */
function offences(list) {
  return list.flatMap(({ path, imports, later = [] }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    return [...imports, ...later].flatMap((to) => {
      const other = roomOf(to);
      if (isEntry(to) && ROOMS[room]?.includes("entries")) return [];
      if (other === undefined) return [`${path} imports the entry ${to}`];
      const allowed = other === room || other === "generated" || ROOMS[room]?.includes(other);
      return allowed ? [] : [`${path} imports ${to}: ${room} may import ${ROOMS[room]?.join(", ") || "no other room"}`];
    });
  });
}

/** Returns an import cycle, or undefined. The table of commands loads a command later, which may read the table. */
function circle(list) {
  const imports = new Map(list.map(({ path, imports }) => [path, imports]));
  const done = new Set();
  const visit = (path, trail) => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const to of imports.get(path) ?? []) {
      const found = visit(to, [...trail, path]);
      if (found) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of imports.keys()) {
    const found = visit(path, []);
    if (found) return found.join(" -> ");
  }
  return undefined;
}

/** Returns the rooms that the README's table says a room may import. "`base/` to `http/`" includes those between. */
function permitted(text, room) {
  const [, imports = ""] = new RegExp(`^\\| \`${room}/\` +\\|[^|]*\\|([^|]*)\\|$`, "m").exec(text) ?? [];
  const layers = ["base", "core", "http", "auth"];
  const named = imports.split(",").flatMap((part) => {
    const [first, last = first] = [...part.matchAll(/`(\w+)\/`/g)].map(([, name]) => name);
    if (first === undefined) return part.includes("entries") ? ["entries"] : [];
    return first === last ? [first] : layers.slice(layers.indexOf(first), layers.indexOf(last) + 1);
  });
  return named.sort();
}

test("every folder of the package is a room, and its README says what lives there and what that may import", () => {
  const folders = readdirSync(source, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== "generated",
  );
  assert.deepEqual(folders.map(({ name }) => name).sort(), Object.keys(ROOMS).sort());
  const text = readFileSync(join(source, "README.md"), "utf8");
  for (const room of Object.keys(ROOMS))
    assert.deepEqual(permitted(text, room), ROOMS[room].toSorted(), `pkg/src/README.md on ${room}/`);
});

test("rooms import only the rooms below them", () => {
  assert.deepEqual(offences(modules()), []);
});

/** Returns every module that is loaded with an entry. */
function loaded(list, entry) {
  const loads = new Map(list.map(({ path, loads }) => [path, loads]));
  const along = new Set();
  const visit = (path) => {
    if (along.has(path)) return;
    along.add(path);
    for (const to of loads.get(path) ?? []) visit(to);
  };
  visit(entry);
  return along;
}

test("the lifecycle comes without the table of an API", () => {
  const tables = (entry) =>
    [...loaded(modules(), entry)].filter((path) => /^(c1|commercelayer)\/table\.ts$/.test(path));
  assert.deepEqual(tables("lifecycle.ts"), []);
  assert.deepEqual(tables("lifecycle-node.ts"), []);
  // The search does find a table.
  assert.deepEqual(tables("index.ts"), ["c1/table.ts"]);
  const own = [...loaded(modules(), "lifecycle.ts")].filter((path) => /^(c1|commercelayer)\//.test(path));
  assert.deepEqual(own.sort(), ["c1/auth/limits.ts", "commercelayer/succession.ts"]);
});

test("there are no import cycles", () => {
  assert.equal(circle(modules()), undefined);
});

test("detects a wrong import and a cycle", () => {
  assert.equal(offences([{ path: "base/errors.ts", imports: ["auth/session.ts"] }]).length, 1);
  assert.equal(offences([{ path: "http/driver.ts", imports: ["index.ts"] }]).length, 1);
  assert.equal(offences([{ path: "http/driver.ts", imports: [], later: ["c1/client.ts"] }]).length, 1);
  assert.equal(
    circle([
      { path: "a.ts", imports: ["b.ts"] },
      { path: "b.ts", imports: ["a.ts"] },
    ]),
    "a.ts -> b.ts -> a.ts",
  );
});

test("crates depend only on the crates below them", () => {
  for (const [folder, allowed] of Object.entries(CRATES)) {
    const manifest = readFileSync(join(root, folder, "Cargo.toml"), "utf8");
    const dependencies = manifest.split(/^\[/m).find((section) => section.startsWith("dependencies]")) ?? "";
    const own = [...dependencies.matchAll(/^(keyturn[\w-]*)\b/gm)].map((match) => match[1]);
    for (const name of own) assert.ok(allowed.includes(name), `${folder} depends on ${name}`);
  }
});
