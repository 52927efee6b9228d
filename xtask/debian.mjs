// Debian packages, for users who may install them.
import { existsSync } from "node:fs";
import { findProgram, output, run, StepError, say } from "./steps.mjs";

/**
 * Installs packages (as root on Debian).
 * @param why what the packages are for, as the object of "installing"
 * @param otherwise the message for users who cannot install them this way
 */
export function installPackages(packages, why, otherwise) {
  const isRoot = typeof process.getuid === "function" && process.getuid() === 0;
  if (!isRoot || !existsSync("/etc/debian_version") || !findProgram("apt-get")) throw new StepError(otherwise);
  say(`installing ${why}: ${packages.join(", ")}`);
  // apt passes dpkg's whole output to its standard output; errors go to standard error.
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
    // The lists may be older than the content of the archive.
    run("apt-get", ["update", "-qq"], options);
    run("apt-get", install, options);
  }
}
