/** `keyturn init`: writes `keyturn.json`, or adds targets to it. */

import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { applyEdits, modify } from "jsonc-parser";
import { apiCredentials, type Candidate, connectors, keyOf, targetsOf, USUAL, type Written } from "../candidates.js";
import { CONFIG_FILE, ConfigFile, configText } from "../config.js";
import type { Context } from "../context.js";
import { EXIT, type Exit, UsageError } from "../exit.js";
import type { Given } from "../given.js";
import type { Column } from "../output.js";
import { spanOf } from "../times.js";

/** Searches for credentials that can be rotated, asks which of them to rotate, and writes the file. */
export async function run(context: Context, given: Given): Promise<Exit> {
  const policy = {
    rotateEvery: durationOf(given, "rotate-every") ?? USUAL.rotateEvery,
    grace: durationOf(given, "grace") ?? USUAL.grace,
  };
  const path = resolve(context.cwd, context.manner.config ?? CONFIG_FILE);
  const before = existsSync(path) ? configText(path) : undefined;
  const there = before === undefined ? undefined : new ConfigFile(path, before, context.cwd);
  const named = [...given.list("connector").map(connectorOf), ...given.list("credential").map(credentialOf)];
  const candidates = named.length > 0 ? named : await discovered(context, given);
  const known = Object.values(there?.config.targets ?? {}).map(keyOf);
  const fresh = candidates.filter(({ place }) => !known.includes(keyOf(place)));
  const chosen = named.length > 0 || given.flag("all") ? fresh : await selected(context, fresh);
  const targets = targetsOf(chosen, new Set(Object.keys(there?.config.targets ?? {})), policy);
  const text = before === undefined ? newText(given, path, targets) : addedTo(before, targets);
  // Throws for an invalid text, so that it is not written.
  const file = new ConfigFile(path, text, context.cwd);
  await replaced(path, text);
  const rows = Object.entries(targets);
  await context.show(rows, {
    columns: COLUMNS,
    empty: emptyText(file, there !== undefined, fresh),
    row: ([target, config]) => ({ target, ...config }),
  });
  if (rows.length > 0) await context.say(`wrote ${file.name}; \`keyturn plan\` shows what a rotation would change.`);
  return EXIT.done;
}

/** Explains why no target was added. */
function emptyText({ name }: ConfigFile, isOld: boolean, fresh: readonly Candidate[]): string {
  const why = fresh.length > 0 ? "nothing was chosen" : "found nothing new";
  return isOld ? `${why}, so ${name} is unchanged` : `${why}: wrote ${name} without targets`;
}

function durationOf(given: Given, option: string): string | undefined {
  const text = given.text(option);
  if (text !== undefined && spanOf(text) === undefined && !(option === "rotate-every" && text === "never"))
    throw new UsageError(`--${option}: ${text} is not a duration such as 60d or 24h`);
  return text;
}

const COLUMNS: readonly Column<[string, Written]>[] = [
  { head: "TARGET", text: ([name]) => name },
  { head: "KIND", text: ([, { kind }]) => kind, shrinks: false },
  { head: "OF", text: ([, target]) => keyOf(target) },
  { head: "SINK", text: ([, { sinks }]) => sinks.map((sink) => ("path" in sink ? sink.path : sink.kind)).join(", ") },
];

function connectorOf(text: string): Candidate {
  const [, appId, connectorId] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (appId === undefined || connectorId === undefined)
    throw new UsageError(`--connector: ${text} is not APP_ID/CONNECTOR_ID`);
  return { name: connectorId, api: "c1", label: text, place: { kind: "c1-connector", appId, connectorId } };
}

function credentialOf(id: string): Candidate {
  return { name: id, api: "commercelayer", label: id, place: { kind: "commercelayer-api-credential", id } };
}

/** Lists what can be rotated in the tenants for which there are credentials. */
async function discovered(context: Context, given: Given): Promise<readonly Candidate[]> {
  if (!given.flag("all") && !context.interactive)
    throw new UsageError("no credentials were chosen, and there is no terminal to ask on", {
      hint: "Pass --all, or choose some with --connector APP_ID/CONNECTOR_ID and --credential ID.",
    });
  const found: Candidate[] = [];
  const missing: unknown[] = [];
  for (const look of [connectors, apiCredentials]) {
    try {
      for await (const one of look(context)) {
        found.push(one);
        context.progress.update(`found ${found.length}: ${one.label}`);
      }
    } catch (error) {
      // Few people have credentials for both.
      if (!(error instanceof UsageError)) throw error;
      missing.push(error);
    }
  }
  context.progress.clear();
  if (missing.length === 2) throw missing[0];
  return found;
}

async function selected(context: Context, fresh: readonly Candidate[]): Promise<readonly Candidate[]> {
  if (fresh.length === 0 || !context.interactive) return [];
  const ask = await context.ask("the choice of credentials");
  const choices = fresh.map(({ label, place }, index) => ({ value: String(index), label, hint: keyOf(place) }));
  const indices = await ask.several(context, "Which credentials do you want to rotate?", choices);
  return indices.flatMap((index) => fresh[Number(index)] ?? []);
}

function newText(given: Given, path: string, targets: Readonly<Record<string, Written>>): string {
  const $schema = schemaFrom(dirname(path));
  const journal = given.text("journal") ?? "./keyturn-journal";
  const config = { ...($schema === undefined ? {} : { $schema }), journal, targets };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/**
 * Returns the path of the schema from the file's folder, if the package is installed there. The path of a global
 * installation is not stable.
 */
function schemaFrom(folder: string): string | undefined {
  try {
    const manifest = createRequire(join(folder, CONFIG_FILE)).resolve("keyturn/package.json");
    const own = fileURLToPath(new URL("../../../package.json", import.meta.url));
    const shown = relative(folder, join(dirname(manifest), "pkg/dist/cli/keyturn.schema.json"));
    const path = shown.replaceAll("\\", "/");
    return manifest === own || path.startsWith("node_modules") ? path.replace(/^(?!\.)/, "./") : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the text with targets added. Everything else is unchanged. */
function addedTo(text: string, targets: Readonly<Record<string, Written>>): string {
  return Object.entries(targets).reduce(
    (whole, [name, target]) =>
      applyEdits(
        whole,
        modify(whole, ["targets", name], target, { formattingOptions: { insertSpaces: true, tabSize: 2, eol: "\n" } }),
      ),
    text,
  );
}

/** Replaces a file atomically. */
async function replaced(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
