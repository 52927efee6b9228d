/** `keyturn doctor`: finds problems before they interrupt a rotation. */

import type { Context } from "../context.js";
import type { Check, Level } from "../doctor/check.js";
import { credentialChecks } from "../doctor/credentials.js";
import { configCheck, placeChecks, profileFileCheck } from "../doctor/files.js";
import { machineChecks } from "../doctor/machine.js";
import { EXIT, type Exit } from "../exit.js";
import type { Given } from "../given.js";
import type { Style } from "../output.js";

const STYLES: Readonly<Record<Level, Style | undefined>> = {
  ok: "green",
  note: "cyan",
  warning: "yellow",
  error: "red",
};
const ORDER: readonly Level[] = ["error", "warning", "note", "ok"];

/** Runs all checks, and shows the problems. */
export async function run(context: Context, given: Given): Promise<Exit> {
  const { file, checks: configured } = await configCheck(context);
  const checks: Check[] = [
    ...machineChecks(context),
    await profileFileCheck(context),
    ...(await credentialChecks(context, file?.config)),
    ...configured,
    ...(file === undefined ? [] : await placeChecks(context, file)),
  ];
  if (given.flag("online")) {
    const { onlineChecks } = await import("../doctor/online.js");
    checks.push(...(await onlineChecks(context, file)));
  }
  checks.sort((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level));
  const count = (level: Level): number => checks.filter((one) => one.level === level).length;
  const { format } = context.manner;
  // People see only the problems; programs get everything.
  const shown = format === "table" && !given.flag("all") ? checks.filter(({ level }) => level !== "ok") : checks;
  await context.show(shown, {
    columns: [
      { head: "LEVEL", text: ({ level }) => level, style: ({ level }) => STYLES[level] },
      { head: "CHECK", text: ({ code }) => code, shrinks: false },
      { head: "ABOUT", text: ({ about }) => about },
      // A check with a fix is written below the table in any case.
      { head: "WHAT", text: ({ message }) => message, told: ({ fix }) => fix === undefined },
    ],
  });
  if (format === "table") {
    const fixes = shown.filter(({ fix }) => fix !== undefined);
    for (const { code, message, fix } of fixes) await context.say(`${code}: ${message}\n  ${fix}`);
    await context.say(
      `${counted(checks.length, "check")}: ${counted(count("error"), "error")}, ${counted(count("warning"), "warning")}`,
    );
  }
  return count("error") + count("warning") > 0 ? EXIT.found : EXIT.done;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
