/** Checks who can read files with secrets, and who can change files that control rotations. Nothing is written. */

import { accessSync, constants, type Stats, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, resolve } from "node:path";
import { KeyturnError } from "../../base/errors.js";
import { aheadText, eventsAhead } from "../clocks.js";
import { readStatuses } from "../commands/report.js";
import { keyOf, sealFolder } from "../config/seal.js";
import {
  type Config,
  ConfigError,
  type ConfigFile,
  findConfig,
  openConfig,
  readConfig,
  type SinkConfig,
} from "../config.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import { exposure, profilesPath, readProfiles } from "../profiles/file.js";
import { quarrelsOf } from "../rivals.js";
import { quoted } from "../shell.js";
import { type Check, ok } from "./check.js";

/** Checks the file of profiles. */
export async function profileFileCheck({ env }: Context): Promise<Check> {
  const path = profilesPath(env);
  const stats = statOf(path);
  if (stats === undefined) return ok("profiles.none", path, "there are no profiles");
  const exposed = exposure(path, stats, "file") ?? exposedFolder(path);
  if (exposed !== undefined)
    return { code: "profiles.exposed", level: "error", about: path, message: exposed.problem, fix: exposed.fix };
  try {
    await readProfiles(path);
    return ok("profiles.file", path, "only its owner can read it");
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return { code: "profiles.unreadable", level: "error", about: path, message, fix: hint };
  }
}

function exposedFolder(path: string): ReturnType<typeof exposure> {
  const stats = statOf(dirname(path));
  return stats && exposure(dirname(path), stats, "folder");
}

/** Reads the configuration and has the engine check it, which knows more than the schema. */
export async function configCheck(context: Context): Promise<{ file: ConfigFile | undefined; checks: Check[] }> {
  const path = findConfig(context);
  if (path === undefined)
    return {
      file: undefined,
      checks: [
        {
          code: "config.none",
          level: "note",
          about: "keyturn.json",
          message: "there is no keyturn.json here or in a parent folder",
        },
      ],
    };
  const checks: Check[] = [];
  const stats = statOf(path);
  // The file names the programs that run and the destinations of secrets, so whoever can change it controls both.
  const exposed = stats && changeable(path, stats);
  if (exposed) checks.push({ code: "config.exposed", level: "error", about: path, ...exposed });
  try {
    const file = readConfig(context);
    await (await openConfig(context, { online: "none" })).close();
    return { file, checks: [...checks, ok("config.valid", path, "it is valid")] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { message, hint } = error;
    return {
      file: undefined,
      checks: [...checks, { code: "config.invalid", level: "error", about: path, message, fix: hint }],
    };
  }
}

/** Checks the journal and all sinks that are on this machine. */
export async function placeChecks(context: Context, { config, folder }: ConfigFile): Promise<Check[]> {
  const checks = await journalChecks(context, resolve(folder, config.journal));
  checks.push(...(await sealChecks(context, config, folder)));
  const targets: Config["targets"] = config.targets;
  for (const [name, { sinks }] of Object.entries(targets))
    for (const sink of sinks) checks.push(...sinkChecks(context, `target ${name}, sink ${sink.kind}`, sink, folder));
  return checks;
}

/** The codes of results that mean that a pair cannot be delivered to a sink, as found without touching the sink. */
const UNDELIVERABLE: ReadonlySet<string> = new Set([
  "sink.no_folder",
  "sink.unwritable",
  "sink.no_program",
  "sink.no_token",
]);

/** Returns the first sink of a target to which a pair cannot be delivered, and why. */
export function undeliverable(context: Context, { config, folder }: ConfigFile, target: string): string | undefined {
  const checks = (config.targets[target]?.sinks ?? []).flatMap((sink) => sinkChecks(context, "", sink, folder));
  return checks.find(({ code }) => UNDELIVERABLE.has(code))?.message;
}

async function journalChecks(context: Context, path: string): Promise<Check[]> {
  const stats = statOf(path);
  if (stats === undefined) return [ok("journal.none", path, "it does not exist yet; the first rotation creates it")];
  if (!may(path, constants.W_OK))
    return [{ code: "journal.unwritable", level: "error", about: path, message: "this user cannot write to it" }];
  const exposed = changeable(path, stats);
  const checks: Check[] = exposed ? [{ code: "journal.exposed", level: "error", about: path, ...exposed }] : [];
  try {
    await using opened = await openConfig(context, { online: "none" });
    for (const { target, broken } of await opened.lifecycle.verify())
      if (broken !== undefined)
        checks.push({
          code: "journal.damaged",
          level: "error",
          about: `target ${target}`,
          message: `event ${broken.sequence} of the journal: ${broken.message}`,
          fix: "Restore the journal from a backup.",
        });
    const { statuses } = await readStatuses(opened.lifecycle, opened.names);
    for (const [target, { message, hint }] of await quarrelsOf(opened, statuses.values()))
      checks.push({ code: "journal.quarrel", level: "error", about: `target ${target}`, message, fix: hint });
    const ahead = await eventsAhead(context, opened, statuses.values());
    if (ahead.length > 0) {
      const [message, fix] = aheadText(ahead, context.clock.now());
      checks.push({ code: "journal.ahead", level: "error", about: path, message, fix });
    }
  } catch (error) {
    if (!KeyturnError.is(error) && !(error instanceof ConfigError)) throw error;
    const { message, hint } = error as Error & { hint?: string };
    checks.push({ code: "journal.unreadable", level: "error", about: path, message, fix: hint });
  }
  return checks.length > 0 ? checks : [ok("journal.whole", path, "no event was changed")];
}

/** Checks the key and the folder of sealed copies, if `keyturn.json` names them. */
async function sealChecks(context: Context, { seal, journal }: Config, folder: string): Promise<Check[]> {
  if (seal === undefined) return [];
  const checks = secretChecks(context, "seal", seal.key, folder, {
    fine: "seal.key",
    none: "seal.no_key",
    exposed: "seal.key_exposed",
  });
  if (checks.every(({ level }) => level !== "error"))
    try {
      await keyOf(context, seal, folder);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      checks.push({ code: "seal.no_key", level: "error", about: "seal", message: error.message, fix: error.hint });
    }
  const path = sealFolder(folder, journal, seal);
  const stats = statOf(path);
  if (stats === undefined) return checks;
  if (!may(path, constants.W_OK))
    checks.push({ code: "seal.unwritable", level: "error", about: path, message: "this user cannot write to it" });
  const exposed = exposure(path, stats, "folder");
  if (exposed)
    checks.push({ code: "seal.exposed", level: "warning", about: path, message: exposed.problem, fix: exposed.fix });
  return checks;
}

function sinkChecks(context: Context, about: string, sink: SinkConfig, folder: string): Check[] {
  switch (sink.kind) {
    case "env-file":
    case "json-file":
    case "folder":
      return fileSinkChecks(about, resolve(folder, sink.path), sink);
    case "command":
      return [sink.run, ...(sink.read === undefined ? [] : [sink.read])].map(([program]) =>
        programCheck(context, about, program, folder),
      );
    case "kubernetes":
    case "vault":
    case "github":
    case "gitlab":
      return secretChecks(context, about, sink.token, folder, TOKEN);
    case "aws":
      return [];
  }
}

function fileSinkChecks(
  about: string,
  path: string,
  { mode, kind }: { readonly mode?: string | undefined; readonly kind: string },
): Check[] {
  const stats = statOf(path);
  // The sink of a folder creates it, including its parents.
  let place = kind === "folder" ? path : dirname(path);
  while (kind === "folder" && statOf(place) === undefined && place !== dirname(place)) place = dirname(place);
  const there = statOf(place)?.isDirectory() === true;
  if (!there || !may(place, constants.W_OK))
    return [
      {
        code: there ? "sink.unwritable" : "sink.no_folder",
        level: "error",
        about,
        message: `${place} ${there ? "is not writable for this user" : "is not a folder"}`,
        fix: there ? undefined : `mkdir -p ${quoted(place)}`,
      },
    ];
  if (stats === undefined) return [ok("sink.new", about, `${path} does not exist yet`)];
  // An explicit mode is a decision about who may read it.
  const exposed = mode === undefined ? exposure(path, stats, kind === "folder" ? "folder" : "file") : undefined;
  if (exposed !== undefined)
    return [{ code: "sink.exposed", level: "warning", about, message: exposed.problem, fix: exposed.fix }];
  return [ok("sink.file", about, `${path} is writable`)];
}

function programCheck({ env }: Context, about: string, program: string, folder: string): Check {
  const isPath = program.includes("/") || isAbsolute(program);
  const places = isPath
    ? [resolve(folder, program)]
    : (env.PATH ?? "").split(delimiter).map((one) => resolve(one, program));
  const path = places.find((one) => statOf(one)?.isFile() && may(one, constants.X_OK));
  if (path === undefined)
    return {
      code: "sink.no_program",
      level: "error",
      about,
      message: `${program} is not an executable program`,
      fix: isPath && statOf(places[0] ?? "") ? `chmod +x ${places[0]}` : "Install it, or correct the path.",
    };
  const exposed = changeable(path, statSync(path));
  if (exposed) return { code: "sink.program_exposed", level: "error", about, ...exposed };
  return ok("sink.program", about, `${path} can be run`);
}

/** The codes of the checks of a secret. */
interface SecretCodes {
  readonly fine: string;
  readonly none: string;
  readonly exposed: string;
}

const TOKEN: SecretCodes = { fine: "sink.token", none: "sink.no_token", exposed: "sink.token_exposed" };

function secretChecks(
  { env }: Context,
  about: string,
  source: { readonly env: string } | { readonly file: string },
  folder: string,
  codes: SecretCodes,
): Check[] {
  if ("env" in source)
    return env[source.env]
      ? [ok(codes.fine, about, `${source.env} is set`)]
      : [{ code: codes.none, level: "error", about, message: `the variable ${source.env} is not set` }];
  const path = resolve(folder, source.file);
  const stats = statOf(path);
  if (stats === undefined || !may(path, constants.R_OK))
    return [{ code: codes.none, level: "error", about, message: `${path} cannot be read` }];
  const exposed = exposure(path, stats, "file");
  if (exposed) return [{ code: codes.exposed, level: "warning", about, message: exposed.problem, fix: exposed.fix }];
  return [ok(codes.fine, about, `${path} can be read`)];
}

/** Returns the problem with the permissions of a file that anybody may read, but only its owner may change. */
function changeable(path: string, stats: Stats): { message: string; fix: string } | undefined {
  const exposed = exposure(path, stats, "folder");
  return exposed && { message: exposed.problem, fix: exposed.fix };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A component of the path is a file, or a folder that cannot be searched.
    return undefined;
  }
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
