// `npm run matrix [-- NAME ...]`: builds and runs a small application from the tarball in every tool and runtime,
// prints a table and, if all of them ran, writes docs/runtimes.md from it. Tools that the tests do not have are
// installed into a temporary folder.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed } from "../tests/lib/installed.mjs";
import { Place } from "../tests/matrix/place.mjs";
import { ROWS, table } from "../tests/matrix/rows.mjs";
import { setUpBrowsers } from "./browsers.mjs";
import { core, definition, QUIET, setUpMatrix } from "./matrix-tools.mjs";
import { setUpNode } from "./node.mjs";
import { drive, isMain, npm, root, run, StepError, say } from "./steps.mjs";

/**
 * Installs the other tools, each in the version of the definition. A folder that the user names is kept for the next
 * time.
 */
function setUpRest() {
  const given = process.env.KEYTURN_MATRIX;
  const folder = given ?? mkdtempSync(join(tmpdir(), "keyturn-matrix-"));
  if (!existsSync(join(folder, "node_modules"))) {
    say(`installing the others into ${folder}`);
    mkdirSync(folder, { recursive: true });
    cpSync(join(definition, "rest/package.json"), join(folder, "package.json"));
    npm(["install", ...QUIET, "--legacy-peer-deps"], { cwd: folder });
  }
  return { folder: realpathSync(folder), remove: given === undefined };
}

/** Returns whether a row's tools are among those of the core. */
function isOfCore({ core: isCore, from }) {
  return isCore || from === "core";
}

/** Runs one row. */
export async function runRow(row, tools) {
  const at = new Place(tools, installed(), row.name);
  try {
    return await row.run(at);
  } finally {
    await at.close();
  }
}

/** Returns the version of the tool that a row is about, if it has one. */
function versionOf(row, tools) {
  const name = row.package ?? row.name.split(",")[0].toLowerCase().replace(" ", "");
  const path = [join(tools, "node_modules", name), join(root, "node_modules", name)].find((folder) =>
    existsSync(join(folder, "package.json")),
  );
  if (path) return JSON.parse(readFileSync(join(path, "package.json"), "utf8")).version;
  return row.name.startsWith("Node") ? process.versions.node : "";
}

async function matrix() {
  const names = process.argv.slice(2);
  const wanted = ROWS.filter(
    ({ name }) => names.length === 0 || names.some((one) => name.toLowerCase().includes(one.toLowerCase())),
  );
  if (wanted.length === 0)
    throw new StepError(`no row is called ${names.join(" or ")}: ${ROWS.map(({ name }) => name).join(", ")}`);
  setUpBrowsers();
  setUpNode();
  run("cargo", ["xtask", "build"]);
  setUpMatrix();
  const needsRest = wanted.some((row) => row.run && !isOfCore(row));
  const rest = needsRest ? setUpRest() : undefined;
  const results = {};
  const failed = [];
  for (const row of wanted) {
    if (row.impossible) {
      results[row.name] = { came: "not possible here" };
      continue;
    }
    const tools = isOfCore(row) || !rest ? core : rest.folder;
    try {
      const size = row.elsewhere
        ? run(process.execPath, ["--test", row.elsewhere], { stdio: ["ignore", "ignore", "inherit"] })
        : await runRow(row, tools);
      results[row.name] = { came: "ran", size, version: versionOf(row, tools) };
    } catch (error) {
      failed.push(row.name);
      results[row.name] = { came: "FAILED", version: versionOf(row, tools) };
      console.error(`\n${row.name}: ${error.message}\n`);
    }
    say(`${row.name}: ${results[row.name].came}`);
  }
  console.log(`\n| row | version | | what runs | scripts |\n| --- | --- | --- | --- | --- |`);
  for (const row of wanted) {
    const { came, version = "", size = "" } = results[row.name];
    console.log(`| ${row.name} | ${version} | ${came} | ${row.impossible ?? row.says} | ${size} |`);
  }
  if (rest?.remove) rmSync(rest.folder, { recursive: true, force: true });
  if (failed.length > 0) throw new StepError(`failed: ${failed.join(", ")}`);
  if (names.length > 0) return;
  writeFileSync(join(root, "docs/runtimes.md"), runtimes(results));
  run(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "format", "--write", "docs/runtimes.md"]);
}

/** Returns the text of docs/runtimes.md. */
function runtimes(results) {
  return `${readFileSync(join(definition, "runtimes.md"), "utf8")}\n${table(results)}`;
}

if (isMain(import.meta.url)) await drive(matrix);
