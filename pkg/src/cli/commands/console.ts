/** `keyturn console`: serves the targets of `keyturn.json` to a browser. The credentials stay in this process. */

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { discover } from "../candidates.js";
import { sayAhead, unlessClocksDiffer } from "../clocks.js";
import { openConfig } from "../config.js";
import { checkedCalls } from "../console/calls.js";
import { serveConsole } from "../console/server.js";
import type { Context } from "../context.js";
import { EXIT, type Exit } from "../exit.js";
import type { Given } from "../given.js";
import { announce, quarrelsOf } from "../rivals.js";
import { readStatuses } from "./report.js";

/** The command that opens a link, by operating system. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
  linux: ["xdg-open"],
};

/** Serves until the command is stopped. */
export async function run(context: Context, given: Given): Promise<Exit> {
  await using opened = await openConfig(context);
  const { lifecycle, file, config } = opened;
  const { statuses } = await readStatuses(lifecycle, opened.names);
  await sayAhead(context, opened, statuses.values());
  await unlessClocksDiffer(context, opened, statuses.values());
  announce(opened);
  const [quarrel] = (await quarrelsOf(opened, statuses.values())).values();
  if (quarrel !== undefined) throw quarrel;
  const served = await serveConsole({
    lifecycle: checkedCalls(context, opened),
    about: { config: file.path, journal: config.journal },
    changed: () =>
      readFile(file.path, "utf8").then(
        (text) => !file.isText(text),
        () => true,
      ),
    discover: () => discover(context, config),
    port: given.count("port") ?? 0,
    now: () => context.clock.now(),
    // The files are beside the bundle of the command line.
    assets: new URL("../console/", import.meta.url),
  });
  try {
    const link = served.link();
    if (given.flag("json")) await context.out.write(`${JSON.stringify({ url: served.url, link })}\n`);
    else
      await context.out.write(
        `The console is ready. Open this link, which works once:\n\n  ${link}\n\nPress Ctrl-C to stop it.\n`,
      );
    if (given.flag("open")) openLink(link);
    await stopped(context.signal);
    return EXIT.done;
  } finally {
    await served.close();
  }
}

/** Opens the link in the system's browser. If there is none, the terminal shows the link. */
function openLink(link: string): void {
  const [program, ...args] = OPENERS[process.platform] ?? [];
  if (program === undefined) return;
  const child = spawn(program, [...args, link], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
