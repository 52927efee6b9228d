/** The configuration of a command, opened: the lifecycle of the targets of `keyturn.json`. */

import { userInfo } from "node:os";
import { resolve } from "node:path";
import { KeyturnError } from "../base/errors.js";
import {
  type Journal,
  type Lifecycle,
  type LifecycleOptions,
  type LifecyclePolicy,
  type LifecycleTarget,
  openLifecycle,
} from "../lifecycle.js";
import { directoryJournal } from "../lifecycle-node.js";
import type { Path } from "./config/check.js";
import type { Config, TargetConfig } from "./config/model.js";
import { Clients, OFFLINE, providerOf } from "./config/providers.js";
import { ConfigError, type ConfigFile, readConfig } from "./config/read.js";
import { type SinkSurroundings, secretVariables, sinkOf } from "./config/sinks.js";
import type { Context } from "./context.js";
import { type Database, openDatabase } from "./database.js";
import { UsageError } from "./exit.js";

export type { Config, SinkConfig, TargetConfig } from "./config/model.js";
export { CONFIG_FILE, ConfigError, ConfigFile, findConfig, readConfig } from "./config/read.js";

/** What commands work with. */
export interface Opened extends AsyncDisposable {
  readonly file: ConfigFile;
  readonly config: Config;
  readonly journal: Journal;
  /** Where the journal is, if that is no folder. */
  readonly database: Database | undefined;
  readonly lifecycle: Lifecycle;
  /** What the lifecycle was opened with. */
  readonly targets: Readonly<Record<string, LifecycleTarget>>;
  /**
   * Why a target's control plane cannot be called: there are no credentials for it. Nothing may be begun or gone on with there: the engine
   * would take what fails then for a failure of the call.
   */
  readonly unreachable: ReadonlyMap<string, unknown>;
  /** The names of all targets. */
  readonly names: readonly string[];
  /** Ends what is under way, and lets go of all secrets. */
  close(): Promise<void>;
}

/** How to open it. */
export interface OpenOptions {
  /** The targets whose control plane will be called; default: all. Those of others need no credentials. */
  readonly online?: readonly string[] | "none" | undefined;
}

/**
 * Reads `keyturn.json` and opens the lifecycle of its targets. Clients are made for the targets that need one.
 *
 * @throws {@link ConfigError} if it makes no sense.
 */
export async function openConfig(context: Context, { online }: OpenOptions = {}): Promise<Opened> {
  const file = readConfig(context);
  const { config, folder } = file;
  const names = Object.keys(config.targets);
  const clients = new Clients(context, file);
  const around: SinkSurroundings = { context, folder, secretVariables: secretVariables(config) };
  const database = await openDatabase(context);
  const journal = database?.journal ?? directoryJournal(resolve(folder, config.journal));
  try {
    const targets: Record<string, LifecycleTarget> = {};
    const unreachable = new Map<string, unknown>();
    const keep = (name: string, error: unknown): unknown => {
      if (error instanceof ConfigError) throw error;
      unreachable.set(name, error);
      return OFFLINE;
    };
    for (const [name, target] of Object.entries(config.targets)) {
      const needs = online === undefined || (online !== "none" && online.includes(name));
      const client = needs ? await clients.of(name, target).catch((error: unknown) => keep(name, error)) : OFFLINE;
      targets[name] = await targetOf(name, target, { context, file, around, client });
    }
    const options: LifecycleOptions = { journal, targets, clock: context.clock, worker: worker() };
    const lifecycle = fitting(file, ["caps"], () => openLifecycle({ ...options, ...capsOf(config) }));
    const close = async (): Promise<void> => {
      await lifecycle.close();
      await clients.close();
      await journal.close?.();
      await database?.close();
    };
    return {
      ...{ file, config, journal, database, lifecycle, targets, unreachable, names },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await clients.close();
    await database?.close();
    throw error;
  }
}

interface TargetSurroundings {
  readonly context: Context;
  readonly file: ConfigFile;
  readonly around: SinkSurroundings;
  readonly client: unknown;
}

async function targetOf(
  name: string,
  target: TargetConfig,
  { context, file, around, client }: TargetSurroundings,
): Promise<LifecycleTarget> {
  const path = ["targets", name];
  const sinks = await Promise.all(target.sinks.map((sink) => sinkOf(sink, around)));
  const provider = fitting(file, path, () => providerOf(context, target, client));
  const policy: LifecyclePolicy = { ...file.config.policy, ...target.policy };
  const { owner, consumers, group } = target;
  const whole = { provider, sinks, policy, owner, consumers, group };
  // Each by itself, so that the one is named that does not fit.
  fitting(file, path, () => void openLifecycle({ journal: NOWHERE, targets: { [name]: whole } }));
  return whole;
}

/** The engine's complaint about an option, where it stands in the file. */
function fitting<T>(file: ConfigFile, path: Path, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!KeyturnError.is(error) || error.kind !== "invalid_configuration") throw error;
    const { option } = error as { option?: unknown };
    throw file.error([
      { path: placeOf(file, path, String(option), error.message), message: `does not fit: ${error.message}` },
    ]);
  }
}

/** The field that a complaint is about. A policy's may be one that all targets have. */
function placeOf({ config }: ConfigFile, path: Path, option: string, message: string): Path {
  const field = /^the \w+(?: of .*?)?: (\w+)/.exec(message)?.[1] ?? "";
  const own = option === "policy" && Object.hasOwn(config.targets[String(path[1])]?.policy ?? {}, field);
  if (option === "policy") return own ? [...path, "policy", field] : ["policy", field];
  return [...path, ...(path.at(-1) === option ? [field] : [option])];
}

/** A journal for lifecycles that are opened to be checked. */
const NOWHERE: Journal = {
  append: () => Promise.reject(new Error("nothing is written here")),
  read: () => Promise.resolve([]),
  streams: () => Promise.resolve([]),
};

function capsOf({ caps }: Config): object {
  return caps === undefined ? {} : { caps };
}

/** Who is named in the journal: the command, and who runs it. */
function worker(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    return "cli";
  }
}

/** The targets that are meant: those named, or all if none is. @throws {@link UsageError} for a name that is not there. */
export function namesOf({ names }: Pick<Opened, "names">, given: readonly string[]): readonly string[] {
  for (const name of given) {
    if (!names.includes(name))
      throw new UsageError(`keyturn.json has no target ${name}`, { hint: `It has ${names.join(", ") || "none"}.` });
  }
  return given.length === 0 ? names : [...new Set(given)];
}
