/**
 * Detects configurations that conflict on one journal. The journal is the truth about a target, and `keyturn.json` says
 * where its credential goes: two files that differ about a target, or a file that has lost a sink, would end a
 * credential that somebody still reads. Both are detected before anything is begun.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { LifecycleEvent, LifecycleStatus } from "../lifecycle.js";
import type { Config, ConfigFile, Opened, SinkConfig } from "./config.js";
import { CommandError, EXIT } from "./exit.js";
import { quoted } from "./shell.js";

/** The folder of the journal in which each configuration that uses it records its path. */
const FOLDER = "configs";

/** Returns, for the targets of a configuration that conflict, why nothing may be begun. */
export async function quarrelsOf(
  opened: Opened,
  statuses: Iterable<LifecycleStatus>,
): Promise<ReadonlyMap<string, CommandError>> {
  const quarrels = new Map<string, CommandError>();
  const others = opened.database === undefined ? othersOf(opened) : [];
  for (const status of statuses) {
    const { target } = status;
    const found = disagreement(opened, others, target) ?? (await lostSink(opened, status));
    if (found !== undefined) quarrels.set(target, found);
  }
  return quarrels;
}

/**
 * Records the path of this file in the journal's folder, for users of other files. It does not create that folder: the
 * journal does, durably.
 */
export function announce({ file, config, database }: Opened): void {
  const place = resolve(file.folder, config.journal);
  if (database !== undefined || !existsSync(place)) return;
  try {
    const { own, name } = identityOf(file);
    const path = join(place, FOLDER, name);
    if (existsSync(path)) return;
    mkdirSync(join(place, FOLDER), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${own}\n`, { mode: 0o600 });
  } catch {
    // Ignored: a failure to write is reported by the writes that matter.
  }
}

function identityOf({ path }: ConfigFile): { readonly own: string; readonly name: string } {
  const own = realpathSync(path);
  return { own, name: createHash("sha256").update(own).digest("hex").slice(0, 16) };
}

/** Another configuration on the same journal. */
interface Other {
  readonly path: string;
  readonly config: Config;
}

/** Reads the other configurations that have announced themselves, in their current state. */
function othersOf({ file, config }: Opened): readonly Other[] {
  const place = resolve(file.folder, config.journal);
  const folder = join(place, FOLDER);
  try {
    const { name } = identityOf(file);
    const journal = realpathSync(place);
    return present(folder)
      .filter((one) => one !== name)
      .flatMap((one) => otherAt(join(folder, one), journal));
  } catch {
    // There is no journal yet.
    return [];
  }
}

function present(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Reads the configuration that a note names, if it still exists and still uses this journal. */
function otherAt(note: string, journal: string): readonly Other[] {
  try {
    const path = readFileSync(note, "utf8").trimEnd();
    const config = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, "")) as Config;
    return realpathSync(resolve(dirname(path), config.journal)) === journal ? [{ path, config }] : [];
  } catch {
    return [];
  }
}

function disagreement({ file, config }: Opened, others: readonly Other[], target: string): CommandError | undefined {
  const own = meaning(config, file.folder, target);
  for (const other of others) {
    const theirs = meaning(other.config, dirname(other.path), target);
    if (own === undefined || theirs === undefined) continue;
    const [what] = Object.entries(own).find(([name, value]) => !isDeepStrictEqual(value, theirs[name])) ?? [];
    if (what !== undefined)
      return new CommandError(
        EXIT.usage,
        `${other.path} has the same journal and names ${target} as well, with ${what}, so nothing was begun`,
        { hint: "Make both say the same, or leave the target to one of them." },
      );
  }
  return undefined;
}

/** Returns what a file says about a target, independent of the file's location and the order of fields. */
function meaning(
  { targets, tenants = {}, policy }: Config,
  folder: string,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const target = Object.hasOwn(targets ?? {}, name) ? targets[name] : undefined;
  if (target === undefined) return undefined;
  const { sinks, policy: own, tenant, owner: _, consumers: __, group: ___, ...place } = target;
  return {
    "another place at the control plane": place,
    "another tenant": tenant === undefined ? undefined : tenants[tenant],
    "other sinks": sinks.map((sink) => placed(sink, folder)),
    "another policy": { ...policy, ...own },
  };
}

/** Returns a sink with absolute paths. Its file may come from another version, which has kinds that this one lacks. */
function placed(sink: SinkConfig, folder: string): object {
  switch (sink.kind) {
    case "env-file":
    case "json-file":
    case "folder":
      return { ...sink, path: resolve(folder, sink.path) };
    case "command": {
      const placedIn = ([program, ...args]: readonly [string, ...string[]]): readonly string[] => [
        program.includes("/") ? resolve(folder, program) : program,
        ...args,
      ];
      return { ...sink, run: placedIn(sink.run), ...(sink.read && { read: placedIn(sink.read) }) };
    }
    default:
      return sink satisfies { readonly kind: "kubernetes" | "vault" | "github" | "gitlab" | "aws" };
  }
}

/** Reports sinks that have the target's credential according to the journal, and that the file no longer names. */
async function lostSink(
  { lifecycle, targets, file }: Opened,
  status: LifecycleStatus,
): Promise<CommandError | undefined> {
  const { target, current, phase, sequence } = status;
  // In the grace period, every sink has the new credential, and the rotation ends the old one.
  if (sequence === 0 || current === undefined || phase === "grace") return undefined;
  const names = new Set(targets[target]?.sinks.map(({ name }) => whole(name, file.folder)));
  const lost = [...deliveredTo(await lifecycle.history(target))].filter((sink) => !names.has(whole(sink, file.folder)));
  if (lost.length === 0) return undefined;
  const [verb, it] = lost.length === 1 ? ["has", "it"] : ["have", "them"];
  return new CommandError(
    EXIT.person,
    `${lost.join(", ")} ${verb} the credential of ${target}, and keyturn.json no longer names ${it}: what reads ${it} would be cut off`,
    {
      hint:
        phase === undefined
          ? `Name ${it} again. If nothing reads ${it} any more, \`keyturn adopt ${quoted(target)} ${quoted(current.id)}\` says so.`
          : `Name ${it} again, at least until the rotation is done.`,
    },
  );
}

/** Returns the name of a sink. A path in it is made absolute, so that a file has one name however it is written. */
function whole(name: string, folder: string): string {
  const [, kind, path] = /^(file|folder):(.*)$/.exec(name) ?? [];
  return path === undefined ? name : `${kind}:${resolve(folder, path)}`;
}

/** Returns the sinks that received the current or the next credential. Adopting one says nothing about sinks. */
function deliveredTo(events: readonly LifecycleEvent[]): ReadonlySet<string> {
  let before = new Set<string>();
  let now = new Set<string>();
  for (const { event, sink } of events) {
    if (event === "adopted") before = now = new Set();
    else if (event === "planned") now = new Set();
    else if (event === "delivered" && typeof sink === "string") now.add(sink);
    else if (event === "done") before = now;
    else if (event === "rolled-back") now = new Set();
  }
  return new Set([...before, ...now]);
}
