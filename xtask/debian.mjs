// Debian's packages, for who may install them.
import { existsSync } from "node:fs";
import { findProgram, output, run, StepError, say } from "./steps.mjs";

/**
 * Installs packages (root on Debian).
 *
 * @param why what they are for, in words that "installing" may stand before
 * @param otherwise what is said to somebody who cannot install them this way
 */
export function installPackages(packages, why, otherwise) {
  const isRoot = typeof process.getuid === "function" && process.getuid() === 0;
  if (!isRoot || !existsSync("/etc/debian_version") || !findProgram("apt-get")) throw new StepError(otherwise);
  say(`installing ${why}: ${packages.join(", ")}`);
  // apt tells dpkg's whole story on its standard output; errors go to the other one.
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
  };
  const known = packages.every((name) => /Candidate: \d/.test(output("apt-cache", ["policy", name]) ?? ""));
  const install = ["install", "--yes", "--no-install-recommends", "-qq", ...packages];
  if (!known) run("apt-get", ["update", "-qq"], options);
  try {
    run("apt-get", install, options);
  } catch {
    // The lists may be older than what the archive still holds.
    run("apt-get", ["update", "-qq"], options);
    run("apt-get", install, options);
  }
}
