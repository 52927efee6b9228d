/** `keyturn import`: lists the client ids in files of other systems, and ignores their secrets. */

import { basename } from "node:path";
import { type EnvDialect, type ImportedCredential, type ImportKind, importClientIds } from "../../lifecycle.js";
import { findConfig, openConfig } from "../config.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import { fileLabel, textOf } from "../files.js";
import type { Given } from "../given.js";
import { quoted } from "../shell.js";

/** A client id that was found, and its relation to `keyturn.json`. */
interface Row extends ImportedCredential {
  /** The target that has this credential, by the journal, or whose connector it belongs to, by the file. */
  readonly target: string | undefined;
  /** Whether the journal has it as a credential of that target that has not ended. */
  readonly known: boolean;
}

/** Reads the files and lists their client ids. */
export async function run(context: Context, given: Given): Promise<void> {
  const found: ImportedCredential[] = [];
  for (const file of given.args) found.push(...(await read(context, given, file)));
  const rows = await matched(context, found);
  await context.show(rows, {
    columns: [
      { head: "CLIENT ID", text: ({ clientId }) => clientId },
      { head: "WHAT", text: ({ clientId }) => useOf(clientId) },
      { head: "WHERE", text: ({ where }) => `${where.source}: ${where.place}` },
      { head: "TARGET", text: ({ target, known }) => (target === undefined ? "-" : known ? target : `${target}?`) },
    ],
    empty: "no client ids found",
  });
  for (const { target, known, credentialId, clientId } of rows)
    if (target !== undefined && !known)
      await context.say(`to manage it: keyturn adopt ${quoted(target)} ${credentialId ?? clientId.split("@")[0]}`);
}

async function read(context: Context, given: Given, file: string): Promise<ImportedCredential[]> {
  const text = await textOf(context, file);
  const kind = (given.text("kind") as ImportKind | undefined) ?? kindOf(file, text);
  if (kind === undefined)
    throw new UsageError(`${file}: the format is unknown`, { hint: "Pass --kind env, kubernetes, terraform or csv." });
  return importClientIds(kind, text, {
    source: fileLabel(file),
    dialect: given.text("dialect") as EnvDialect | undefined,
    column: given.text("column"),
  });
}

/** Returns the kind of a file, by its name, and for JSON by its contents. */
function kindOf(file: string, text: string): ImportKind | undefined {
  const name = basename(file).toLowerCase();
  if (/^\.env\b|\.env$/.test(name)) return "env";
  if (/\.ya?ml$/.test(name)) return "kubernetes";
  if (/\.tfstate(\.backup)?$/.test(name)) return "terraform";
  if (/\.[ct]sv$/.test(name)) return "csv";
  if (!name.endsWith(".json")) return undefined;
  return text.includes('"terraform_version"') ? "terraform" : "kubernetes";
}

const USES: Readonly<Record<string, string>> = {
  ccc: "connector",
  tcc: "bridge",
  spc: "service principal",
  pcc: "personal client",
  wfe: "federation trust",
};

/** Returns the use of a client id of C1. */
function useOf(clientId: string): string {
  return USES[/\/(\w+)$/.exec(clientId)?.[1] ?? ""] ?? "-";
}

/** Finds the targets of the client ids, if there is a configuration. It calls no server: a client id may be a decoy. */
async function matched(context: Context, found: readonly ImportedCredential[]): Promise<Row[]> {
  if (findConfig(context) === undefined) return found.map((one) => ({ ...one, target: undefined, known: false }));
  await using opened = await openConfig(context, { online: "none" });
  const statuses = await opened.lifecycle.status();
  const targets = Object.entries(opened.config.targets);
  return found.map((one) => {
    // In a grace period consumers have the new one, and some still the old one.
    const owner = statuses.find(({ credentials }) =>
      credentials.some(({ clientId, role }) => clientId === one.clientId && role !== "ended"),
    );
    if (owner !== undefined) return { ...one, target: owner.target, known: true };
    const { appId, connectorId } = one.facts;
    const [target] =
      targets.find(
        ([, config]) =>
          config.kind === "c1-connector" &&
          connectorId !== undefined &&
          config.connectorId === connectorId &&
          config.appId === appId,
      ) ?? [];
    return { ...one, target, known: false };
  });
}
