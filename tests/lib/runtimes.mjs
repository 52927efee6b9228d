// JavaScript runtimes that come as npm packages. Their binaries are in platform-specific packages; what their install
// scripts would add is not needed.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../xtask/steps.mjs";

const END = process.platform === "win32" ? ".exe" : "";

/** The scope of the packages that contain each binary, and the binary's path in them. */
const PROGRAMS = {
  deno: ["@deno", `deno${END}`],
  bun: ["@oven", join("bin", `bun${END}`)],
  workerd: ["@cloudflare", join("bin", `workerd${END}`)],
};

/** Returns the path of a program: only packages for this platform get installed. */
export function program(name) {
  const [scope, file] = PROGRAMS[name];
  const folder = join(root, "node_modules", scope);
  const found = (existsSync(folder) ? readdirSync(folder) : [])
    .map((entry) => join(folder, entry, file))
    .find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(
      `${name} is missing: \`npm ci\` brings it, if there is a ${name} for this platform and optional packages are not left out`,
    );
  return found;
}
