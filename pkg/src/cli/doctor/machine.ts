/** Checks the machine: its version of Node, its clock, and its network access. */

import { statSync } from "node:fs";
import type { Context } from "../context.js";
import { timeText } from "../times.js";
import { type Check, ok } from "./check.js";

/** Makes the checks that concern every command. */
export function machineChecks(context: Context, version = process.versions.node): Check[] {
  return [nodeCheck(version), clockCheck(context), ...proxyChecks(context.env, version)];
}

function atLeast(version: string, ...wanted: readonly [major: number, minor: number][]): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  // A minor version is required only within its major version. Every later major version is supported.
  const same = wanted.find(([one]) => one === major);
  return same === undefined ? major > Math.max(...wanted.map(([one]) => one)) : minor >= same[1];
}

function nodeCheck(version: string): Check {
  const about = `Node ${version}`;
  if (!atLeast(version, [20, 0]))
    return {
      code: "node.old",
      level: "error",
      about,
      message: "this version is too old: keyturn needs Node 20 or newer",
      fix: "Install a newer Node.",
    };
  if (!atLeast(version, [20, 12]))
    return {
      code: "node.questions",
      level: "warning",
      about,
      message: "questions need Node 20.12 or newer",
      fix: "Install a newer Node, or use flags and --yes.",
    };
  return ok("node.version", about, "this version is supported");
}

/** Checks the clock. A time before the build of the package is certainly wrong; other errors only a server can tell. */
function clockCheck({ clock, manner, env }: Context): Check {
  const now = clock.now();
  const about = new Date(now).toISOString();
  const made = madeAt();
  if (manner.now !== undefined)
    return {
      code: "clock.set",
      level: "note",
      about,
      message: `${env.KEYTURN_NOW ? "KEYTURN_NOW" : "--clock"} replaces the machine's clock`,
    };
  if (made !== undefined && now < made)
    return {
      code: "clock.behind",
      level: "error",
      about,
      message: `the machine's clock is behind: by it, this keyturn was built ${timeText(made, now)}`,
      fix: "Set it, for example with NTP. Servers reject assertions that are off by minutes.",
    };
  return ok("clock.plausible", about, "the machine's clock is plausible; --online compares it with the servers'");
}

/**
 * Returns the time at which the package was built, by the time of a file. In a package from npm it is a fixed date long
 * ago, so the check always passes.
 */
function madeAt(): number | undefined {
  try {
    const path = new URL("../../../package.json", import.meta.url);
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

const PROXIES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

function proxyChecks(env: NodeJS.ProcessEnv, version: string): Check[] {
  const name = PROXIES.find((one) => env[one]);
  if (name === undefined) return [ok("proxy.none", "environment", "no proxy is set")];
  if (!URL.canParse(env[name] ?? ""))
    return [
      {
        code: "proxy.invalid",
        level: "error",
        about: name,
        message: "this is not a URL",
        fix: `Set it as http://HOST:PORT.`,
      },
    ];
  if (!atLeast(version, [22, 21], [24, 0]))
    return [
      {
        code: "proxy.unsupported",
        level: "warning",
        about: name,
        message: `Node ${version} ignores it: requests go directly to the servers`,
        fix: "Use Node 22.21, 24 or newer, and set NODE_USE_ENV_PROXY=1.",
      },
    ];
  if (env.NODE_USE_ENV_PROXY !== "1")
    return [
      {
        code: "proxy.ignored",
        level: "warning",
        about: name,
        message: "Node ignores it by default: requests go directly to the servers",
        fix: "Set NODE_USE_ENV_PROXY=1.",
      },
    ];
  return [ok("proxy.used", name, "requests go through the proxy")];
}
