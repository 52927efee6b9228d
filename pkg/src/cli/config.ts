/** Opens the configuration of a command: the lifecycle of the targets in `keyturn.json`. */

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
  type SealOptions,
} from "../lifecycle.js";
import { directoryJournal, directorySeals } from "../lifecycle-node.js";
import { serverOf } from "./clients.js";
import type { Path } from "./config/check.js";
import type { Config, TargetConfig } from "./config/model.js";
import { Clients, OFFLINE, providerOf } from "./config/providers.js";
import { ConfigError, type ConfigFile, readConfig } from "./config/read.js";
import { keyOf, sealFolder } from "./config/seal.js";
import { type SinkSurroundings, secretVariables, sinkOf } from "./config/sinks.js";
import type { Context } from "./context.js";
import { type Database, openDatabase } from "./database.js";
import { UsageError } from "./exit.js";
import { Failures } from "./failures.js";
import { nearest } from "./nearest.js";
import { pool } from "./pool.js";
import { spanOf } from "./times.js";

export type { Config, SinkConfig, TargetConfig } from "./config/model.js";
export { CONFIG_FILE, ConfigError, ConfigFile, configText, findConfig, readConfig } from "./config/read.js";

/** An open configuration. */
export interface Opened extends AsyncDisposable {
  readonly file: ConfigFile;
  readonly config: Config;
  readonly journal: Journal;
  /** The database of the journal, if it is not in a folder. */
  readonly database: Database | undefined;
  /** How secrets survive a restart, if `keyturn.json` configures it. */
  readonly seal: SealOptions | undefined;
  readonly lifecycle: Lifecycle;
  /** The targets with which the lifecycle was opened. */
  readonly targets: Readonly<Record<string, LifecycleTarget>>;
  /**
   * Why the control planes of some targets cannot be called: there are no credentials for them. No rotation may begin
   * or continue there, because the engine would mistake the missing credentials for a failure of the call.
   */
  readonly unreachable: ReadonlyMap<string, unknown>;
  /** What failed while this command ran. */
  readonly failures: Failures;
  /** The base URL of each target's control plane for which there is a client. */
  readonly servers: ReadonlyMap<string, string>;
  /** The names of all targets. */
  readonly names: readonly string[];
  /** Ends all work in progress, and discards all secrets. */
  close(): Promise<void>;
}

/** Options of {@link openConfig}. */
export interface OpenOptions {
  /** The targets whose control planes will be called. The others need no credentials. Default: all. */
  readonly online?: readonly string[] | "none" | undefined;
}

/**
 * Reads `keyturn.json` and opens the lifecycle of its targets. Clients are created for the targets that need one.
 *
 * @throws {@link ConfigError} if it is invalid.
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
    const servers = new Map<string, string>();
    const failures = new Failures();
    const keep = (name: string, error: unknown): unknown => {
      if (error instanceof ConfigError) throw error;
      unreachable.set(name, error);
      return OFFLINE;
    };
    for (const [name, target] of Object.entries(config.targets)) {
      const needs = online === undefined || (online !== "none" && online.includes(name));
      const client = needs ? await clients.of(name, target).catch((error: unknown) => keep(name, error)) : OFFLINE;
      const server = client === OFFLINE ? undefined : serverOf(client as object);
      if (server !== undefined) servers.set(name, server);
      targets[name] = await targetOf(name, target, { context, file, around, client, failures });
    }
    const seal = await sealOf(context, file, database, online === "none");
    const options: LifecycleOptions = { journal, targets, clock: context.clock, worker: worker(), seal };
    const lifecycle = fitting(file, ["caps"], () => openLifecycle({ ...options, ...capsOf(config) }));
    const close = async (): Promise<void> => {
      await lifecycle.close();
      await clients.close();
      await journal.close?.();
      await database?.close();
    };
    return {
      ...{ file, config, journal, database, seal, lifecycle, targets, unreachable, failures, servers, names },
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
  readonly failures: Failures;
}

async function targetOf(
  name: string,
  target: TargetConfig,
  { context, file, around, client, failures }: TargetSurroundings,
): Promise<LifecycleTarget> {
  const path = ["targets", name];
  const made = await Promise.all(target.sinks.map((sink) => sinkOf(sink, around)));
  const sinks = made.map((sink) => failures.noting(name, sink));
  const provider = failures.noting(
    name,
    fitting(file, path, () => providerOf(context, target, client)),
  );
  const policy: LifecyclePolicy = { ...file.config.policy, ...target.policy };
  const deadline = policy.callDeadline ?? "1m";
  const ms = typeof deadline === "number" ? deadline : (spanOf(deadline) ?? Number.POSITIVE_INFINITY);
  for (const [index, sink] of target.sinks.entries())
    if (sink.kind === "command" && (sink.timeoutSeconds ?? 0) * 1000 > ms)
      throw file.error([
        {
          path: [...path, "sinks", index, "timeoutSeconds"],
          message: `is more than the policy's callDeadline, ${deadline}, after which the program is killed anyway`,
        },
      ]);
  const { owner, consumers, group } = target;
  const whole = { provider, sinks, policy, owner, consumers, group };
  // Each target separately, so that the error names the one that is invalid.
  fitting(file, path, () => void openLifecycle({ journal: NOWHERE, targets: { [name]: whole } }));
  return whole;
}

/**
 * Returns the store and the key of sealed copies. A command that issues nothing reads the key only if there is a copy
 * to open.
 *
 * @throws {@link UsageError} if the key is not where `keyturn.json` says. Otherwise, secrets would silently be left
 *   unsealed.
 */
async function sealOf(
  context: Context,
  { config: { seal, journal }, folder }: ConfigFile,
  database: Database | undefined,
  isOffline: boolean,
): Promise<SealOptions | undefined> {
  if (seal === undefined) return undefined;
  const store = database?.seals ?? directorySeals(sealFolder(folder, journal, seal));
  const read = (): Promise<Uint8Array> => keyOf(context, seal, folder);
  return { store, key: isOffline ? read : await read() };
}

/** Adds the position in the file to an error of the engine about an option. */
function fitting<T>(file: ConfigFile, path: Path, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!KeyturnError.is(error) || error.kind !== "invalid_configuration") throw error;
    const { option } = error as { option?: unknown };
    throw file.error([
      { path: placeOf(file, path, String(option), error.message), message: `is not valid: ${error.message}` },
    ]);
  }
}

/** Returns the field that an error is about. A field of a policy may come from the defaults of all targets. */
function placeOf({ config }: ConfigFile, path: Path, option: string, message: string): Path {
  const field = /^the \w+(?: of .*?)?: (\w+)/.exec(message)?.[1] ?? "";
  const own = option === "policy" && Object.hasOwn(config.targets[String(path[1])]?.policy ?? {}, field);
  if (option === "policy") return own ? [...path, "policy", field] : ["policy", field];
  return [...path, ...(path.at(-1) === option ? [field] : [option])];
}

/** The journal of lifecycles that are opened only to check their options. */
const NOWHERE: Journal = {
  append: () => Promise.reject(new Error("nothing is written here")),
  read: () => Promise.resolve([]),
  streams: () => Promise.resolve([]),
};

function capsOf({ caps }: Config): object {
  return caps === undefined ? {} : { caps };
}

/** Returns the worker's name for the journal: the command line, and its user. */
function worker(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    return "cli";
  }
}

/** Returns the name of an event's writer, without the suffix that distinguishes processes. */
export function workerText(by: string): string {
  return by.replace(/:[\w-]{22}$/, "");
}

/** The most names that a hint lists. */
const FEW = 8;

/** Returns the named targets, or all if none is named. @throws {@link UsageError} for an unknown name. */
export function namesOf({ names }: Pick<Opened, "names">, given: readonly string[]): readonly string[] {
  for (const name of given)
    if (!names.includes(name))
      throw new UsageError(`keyturn.json has no target ${name}`, { hint: hintOf(name, names) });
  return given.length === 0 ? names : [...new Set(given)];
}

function hintOf(name: string, names: readonly string[]): string {
  const close = names.length > FEW ? nearest(name, names) : [];
  if (close.length > 0) return `Did you mean ${close.join(", or ")}?`;
  const more = names.length - FEW;
  return `Its targets are ${names.slice(0, FEW).join(", ") || "none"}${more > 0 ? `, and ${more} more` : ""}.`;
}

/**
 * Returns the targets that the journal has and `keyturn.json` does not, except forgotten ones: nobody continues their
 * rotations or ends their credentials.
 */
async function straysOf({ journal, names }: Pick<Opened, "journal" | "names">): Promise<readonly string[]> {
  const known = new Set(names);
  const others = (await journal.streams()).map(({ stream }) => stream).filter((stream) => !known.has(stream));
  const last = await pool(others, FEW, async (stream) => (await journal.read(stream, 1)).at(-1) ?? "{}");
  return others.filter((_, index) => (JSON.parse(last[index] ?? "{}") as { event?: unknown }).event !== "forgotten");
}

/** Reports targets of the journal that `keyturn.json` does not name. Returns whether there are any. */
export async function sayStrays(context: Context, opened: Pick<Opened, "journal" | "names">): Promise<boolean> {
  // Problems of the journal are reported when its targets are read.
  const strays = await straysOf(opened).catch(() => []);
  if (strays.length === 0) return false;
  const shown = strays.slice(0, FEW).join(", ") + (strays.length > FEW ? `, and ${strays.length - FEW} more` : "");
  await context.say(
    `keyturn: the journal has ${shown}, but keyturn.json does not, so nothing continues there. Add it to keyturn.json again, or run ` +
      "`keyturn forget` before removing a target.",
  );
  return true;
}
