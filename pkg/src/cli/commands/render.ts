/** `keyturn render`: writes a client id and secret in the format that a consumer reads. */

import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type EnvDialect, type RenderedDocument, render } from "../../lifecycle.js";
import { namesOf, openConfig } from "../config.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import { createFile, fileLabel, textOf } from "../files.js";
import type { Given } from "../given.js";

/** The placeholder of a secret that is filled in later. */
const PLACEHOLDER = "CLIENT_SECRET_GOES_HERE";

/** Writes the document. */
export async function run(context: Context, given: Given): Promise<void> {
  const [format = ""] = given.args;
  const credential = await credentialOf(context, given);
  const from = given.text("secret-from");
  const secret = from === undefined ? PLACEHOLDER : await secretIn(context, from);
  const text = render(documentOf(format, given, credential, secret)).replace(/\n*$/, "\n");
  const to = given.text("to");
  if (to !== undefined) {
    await writeNew(context, to, text);
    await context.say(`written to ${to}, which only you can read`);
    return;
  }
  // A search of the text for the secret would not work: a format may quote it. Terraform's resource contains none.
  if (from !== undefined && format !== "terraform" && !context.reveals)
    throw new UsageError("the document contains the secret, and no destination was given", {
      hint: "Pass --to FILE. On a terminal, --reveal shows it.",
    });
  await context.out.write(text);
  if (text.includes(PLACEHOLDER))
    await context.say(`${PLACEHOLDER} stands for the secret: pass --secret-from FILE, or insert the secret later`);
}

/** What is known about the credential. */
interface Known {
  readonly clientId?: string | undefined;
  readonly credentialId?: string | undefined;
  readonly appId?: string | undefined;
  readonly connectorId?: string | undefined;
  /** The name of the target. */
  readonly target?: string | undefined;
}

/** Reads the flags; the rest comes from a target of `keyturn.json` and its journal. */
async function credentialOf(context: Context, given: Given): Promise<Known> {
  const flags: Known = {
    clientId: given.text("client-id"),
    credentialId: given.text("credential-id"),
    appId: given.text("app-id"),
    connectorId: given.text("connector-id"),
  };
  const name = given.text("target");
  if (name === undefined) return flags;
  await using opened = await openConfig(context, { online: "none" });
  const names = namesOf(opened, [name]);
  const [status] = await opened.lifecycle.status(names);
  const target = opened.config.targets[name];
  const connector = target?.kind === "c1-connector" ? target : undefined;
  return {
    target: name,
    clientId: flags.clientId ?? status?.current?.clientId,
    credentialId: flags.credentialId ?? status?.current?.id,
    appId: flags.appId ?? connector?.appId,
    connectorId: flags.connectorId ?? connector?.connectorId,
  };
}

const DIALECTS: Readonly<Record<string, EnvDialect>> = {
  env: "portable",
  dotenv: "dotenv",
  docker: "docker",
  systemd: "systemd",
  shell: "shell",
};

function documentOf(format: string, given: Given, known: Known, secret: string): RenderedDocument {
  const name = given.text("name") ?? known.target;
  if (format === "terraform") {
    return {
      kind: "terraform-connector-credential",
      name: (name ?? "connector").replace(/\W/g, "_"),
      appId: needed(known.appId, "--app-id"),
      connectorId: needed(known.connectorId, "--connector-id"),
      credentialId: known.credentialId,
    };
  }
  const values = {
    [given.text("id-name") ?? "BATON_CLIENT_ID"]: needed(known.clientId, "--client-id"),
    [given.text("secret-name") ?? "BATON_CLIENT_SECRET"]: secret,
  };
  const dialect = DIALECTS[format];
  if (dialect !== undefined) return { kind: "env", dialect, values };
  switch (format) {
    case "kubernetes":
      return { kind: "kubernetes-secret", name: needed(name, "--name"), namespace: given.text("namespace"), values };
    case "compose":
      return { kind: "compose", service: needed(name, "--name"), values };
    case "terraform-variables":
      // Terraform's variables have lowercase names.
      return { kind: "terraform-variables", values: lowered(values) };
    default:
      return { kind: "baton-runner", values };
  }
}

function lowered(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
}

function needed(value: string | undefined, flag: string): string {
  if (value === undefined)
    throw new UsageError(`${flag} is missing; pass it, or --target with a target that provides it`);
  return value;
}

async function secretIn(context: Context, file: string): Promise<string> {
  const text = await textOf(context, file);
  // The line end belongs to the file, not to the secret.
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw new UsageError(`${fileLabel(file)} is empty`);
  return secret;
}

/** Writes a new file, completely or not at all. */
async function writeNew(context: Context, path: string, text: string): Promise<void> {
  const full = resolve(context.cwd, path);
  const file = await createFile(context, path, "--to");
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(full, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
