// The Postgres that the tests start. Debian has its server's programs outside of PATH, in a folder for each version.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "./debian.mjs";
import { findProgram, StepError } from "./steps.mjs";

const VARIABLE = "POSTGRES_BIN";
const DEBIAN = "/usr/lib/postgresql";
const PACKAGE = "postgresql";
const END = process.platform === "win32" ? ".exe" : "";

function find(name) {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((one, other) => Number(other) - Number(one)) : [];
  const folders = [process.env[VARIABLE], ...versions.map((version) => join(DEBIAN, version, "bin"))];
  const paths = folders.flatMap((folder) => (folder ? [join(folder, name + END)] : []));
  return paths.find((path) => existsSync(path)) ?? findProgram(name);
}

/** The full path of one of its programs: `postgres`, `initdb`, `pg_dump`. A missing one is an error: no test is skipped for it. */
export function postgres(name) {
  const path = find(name);
  if (path === undefined)
    throw new StepError(
      `${name} is needed by the tests and not found. \`node xtask/setup.mjs --browsers\` installs it`,
    );
  return path;
}

/** Installs the server, unless one is there. */
export function setUpPostgres() {
  if (["postgres", "initdb", "pg_dump", "psql"].every(find)) return;
  installPackages(
    [PACKAGE],
    "a database server that the tests start",
    "the tests start a Postgres server (13 or newer), and its programs are missing.\n" +
      `  On Debian: sudo apt-get install ${PACKAGE}\n` +
      `  Elsewhere: install PostgreSQL, and put \`postgres\`, \`initdb\`, \`pg_dump\` and \`psql\` in PATH\n` +
      `  or name their folder in ${VARIABLE}`,
  );
}
