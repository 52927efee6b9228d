/** `keyturn completion`: writes the completion script of a shell, and the candidates that the script asks for. */

import { readFile } from "node:fs/promises";
import { SCRIPTS, SHELLS, type Shell, USES } from "../complete/scripts.js";
import { candidates, type Sources } from "../complete/words.js";
import { findConfig } from "../config/find.js";
import type { Context } from "../context.js";
import type { Given } from "../given.js";
import { oneLine } from "../output.js";
import { profilesPath, readProfiles } from "../profiles/file.js";

/** Writes the script of a shell, or the candidates for the last word. */
export async function run(context: Context, given: Given): Promise<void> {
  const [what, ...words] = given.args;
  if ((SHELLS as readonly (string | undefined)[]).includes(what)) {
    await context.out.write(SCRIPTS[what as Shell]);
    if (context.out.isTTY) await context.say(`# to use it: ${USES[what as Shell]}`);
    return;
  }
  const found = await candidates(words, sources(context));
  if (typeof found === "string") return context.out.write(`${found}\n`);
  const lines = found.map(({ word, about }) => `${word}${about ? `\t${oneLine(about)}` : ""}\n`);
  await context.out.write(lines.join(""));
}

/** Returns the sources of names. Unreadable ones are empty: a shell cannot show an error while it completes. */
function sources(context: Context): Sources {
  const none = (): [] => [];
  const api = () => import("../api/catalogue.js");
  const isApi = (name: string): name is "c1" | "commercelayer" => name === "c1" || name === "commercelayer";
  return {
    targets: () => targets(context).catch(none),
    async profiles() {
      const { profiles } = await readProfiles(profilesPath(context.env)).catch(() => ({ profiles: {} }));
      return [...new Set(Object.values(profiles).flatMap((list) => Object.keys(list)))];
    },
    async operations(name) {
      if (!isApi(name)) return [];
      const { namesOf } = await api();
      return namesOf(name).map((word) => ({ word }));
    },
    async fields(name, operation) {
      const found = isApi(name) ? (await api()).find(name, operation) : undefined;
      if (found === undefined) return [];
      const { flagsOf } = await import("../api/request.js");
      return flagsOf(found)
        .filter(({ field }) => !field.secret && !field.whole)
        .map(({ flag, field }) => ({ word: `--${flag}`, about: field.about ?? field.type }));
    },
  };
}

async function targets(context: Context): Promise<string[]> {
  const path = findConfig(context);
  if (path === undefined) return [];
  const config = JSON.parse(await readFile(path, "utf8")) as { targets?: object };
  return Object.keys(config.targets ?? {});
}
