// The Postgres that the tests start. Debian installs its server's programs outside of PATH, in a folder for each
// version.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "./debian.mjs";
import { findProgram, StepError } from "./steps.mjs";

const VARIABLE = "POSTGRES_BIN";
const DEBIAN = "/usr/lib/postgresql";
const PACKAGES = ["postgresql", "pgbouncer"];
const END = process.platform === "win32" ? ".exe" : "";

function find(name) {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((one, other) => Number(other) - Number(one)) : [];
  // Debian installs PgBouncer in a folder that is not in an ordinary user's PATH.
  const folders = [process.env[VARIABLE], ...versions.map((version) => join(DEBIAN, version, "bin")), "/usr/sbin"];
  const paths = folders.flatMap((folder) => (folder ? [join(folder, name + END)] : []));
  return paths.find((path) => existsSync(path)) ?? findProgram(name);
}

/**
 * Returns the full path of one of its programs: `postgres`, `initdb`, `pg_dump`. A missing one is an error: no test is
 * skipped because of it.
 */
export function postgres(name) {
  const path = find(name);
  if (path === undefined)
    throw new StepError(
      `${name} is needed by the tests and not found. \`node xtask/setup.mjs --browsers\` installs it`,
    );
  return path;
}

/** The programs that the tests start. */
const PROGRAMS = ["postgres", "initdb", "pg_basebackup", "pg_dump", "psql", "pgbouncer"];

/** Installs the server and its pooler, unless they are installed. */
export function setUpPostgres() {
  if (PROGRAMS.every(find)) return;
  installPackages(
    PACKAGES,
    "a database server and a pooler that the tests start",
    "the tests start a Postgres server (13 or newer) and PgBouncer, and some of their programs are missing.\n" +
      `  On Debian: sudo apt-get install ${PACKAGES.join(" ")}\n` +
      `  Elsewhere: install PostgreSQL and PgBouncer, and put ${PROGRAMS.map((name) => `\`${name}\``).join(", ")} in PATH\n` +
      `  or name the folder of PostgreSQL's programs in ${VARIABLE}`,
  );
}
