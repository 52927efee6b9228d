/** `keyturn api`: calls any operation of either API by its name. */

import { parseArgs } from "node:util";
import { KeyturnError } from "../../base/errors.js";
import { APIS, type ApiName, find, groupsOf, namesOf, normalized, type Operation } from "../api/catalogue.js";
import { listHelp, operationHelp } from "../api/help.js";
import { type Answer, invoke } from "../api/invoke.js";
import { type Flag, flagsOf, kebab, requestOf, shapeOf } from "../api/request.js";
import { SecretFile, withoutSecrets } from "../api/secrets.js";
import { showBody, showItems } from "../api/show.js";
import type { Context } from "../context.js";
import { CommandError, EXIT, UsageError } from "../exit.js";
import { fileLabel, textOf } from "../files.js";
import type { Given } from "../given.js";
import { nearest } from "../nearest.js";

/** The most items that `--all` fetches without `--limit`. */
const MOST_ITEMS = 10_000;

/** Makes the call, or lists the operations. */
export async function run(context: Context, given: Given): Promise<void> {
  const [api, name, ...rest] = given.args;
  if (!isApi(api)) throw new UsageError(`no API was given: ${APIS.join(" or ")}`);
  if (name === undefined || name.startsWith("-")) return context.out.write(listHelp(context, api, undefined));
  if (!name.includes(".")) {
    const group = groupsOf(api).find((one) => normalized(one.name) === normalized(name));
    if (group !== undefined) return context.out.write(listHelp(context, api, group.name));
  }
  const operation = find(api, name);
  if (operation === undefined) throw unknown(api, name);
  if (rest.includes("--help") || rest.includes("-h")) return context.out.write(operationHelp(context, operation));
  await call(context, given, operation, rest);
}

function isApi(name: string | undefined): name is ApiName {
  return (APIS as readonly (string | undefined)[]).includes(name);
}

function unknown(api: ApiName, name: string): UsageError {
  const [group = "", method = ""] = name.split(".");
  const inGroup = groupsOf(api).find((one) => normalized(one.name) === normalized(group));
  const near =
    inGroup === undefined
      ? nearest(name, name.includes(".") ? namesOf(api) : groupsOf(api).map((one) => one.name))
      : nearest(method, inGroup.operations).map((one) => `${inGroup.name}.${one}`);
  return new UsageError(`${api} has no operation ${name}`, {
    hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `\`keyturn api ${api}\` lists its operations.`,
  });
}

async function call(context: Context, given: Given, operation: Operation, rest: readonly string[]): Promise<void> {
  const title = `${operation.group}.${operation.name}`;
  const flags = flagsIn(operation, rest);
  const limit = given.count("limit");
  const every = given.flag("all") || limit !== undefined;
  if (every && !operation.paged) throw new UsageError(`${title} does not return a paged list`);
  if (limit === 0) throw new UsageError("--limit must be 1 or more");
  const input = given.text("input");
  const request = requestOf(operation, flags, input === undefined ? undefined : await json(context, input));
  const destination = await place(context, operation, given.text("secret-to"));
  if (operation.final)
    await context.confirm(`${operation.method} ${filled(operation, request)} cannot be undone. Continue?`);
  // Created before the call, so that a failure to write is detected before there is anything to lose.
  const file = typeof destination === "object" ? await SecretFile.reserve(destination.path, context.cwd) : undefined;
  let kept = false;
  const shown = async (value: unknown): Promise<unknown> => {
    if (destination === "terminal") return value;
    const { masked, found } = withoutSecrets(value, operation.secrets);
    if (file !== undefined && found.length > 0) {
      kept = true;
      await file.keep(found, masked);
    }
    return masked;
  };
  try {
    await invoke(context, operation, request, { every, secrets: destination !== "nowhere" }, (answer) =>
      show(context, title, answer, shown, limit, file !== undefined),
    );
  } catch (error) {
    throw asFlag(error, operation);
  } finally {
    if (!kept) await file?.drop();
  }
  if (kept) await context.say(`the secret is in ${file?.path}`);
  else if (file !== undefined) await context.say("the response has no secret, so no file was written");
}

/** Rewords the error for an invalid field to name its flag. */
function asFlag(error: unknown, { api, group, name }: Operation): unknown {
  if (!KeyturnError.is(error) || error.kind !== "invalid_request") return error;
  const { path } = error as { path?: unknown };
  if (typeof path !== "string" || path === "") return error;
  // The problem follows the field and a space.
  const problem = error.message.slice(error.message.indexOf(`\`${path}\` `) + path.length + 3);
  return new UsageError(`--${path.split(".").map(kebab).join(".")}: it ${problem}`, {
    hint: `\`keyturn api ${api} ${group}.${name} --help\` lists the fields.`,
  });
}

/** The destination of the answer's secrets. */
type Destination = "nowhere" | "terminal" | { readonly path: string };

/**
 * Decides where the secrets of the answer go.
 *
 * @throws {@link UsageError} if a secret that is shown only once would have no destination. Then no call is made.
 */
async function place(
  context: Context,
  { group, name, effect }: Operation,
  file: string | undefined,
): Promise<Destination> {
  if (file !== undefined) return { path: file };
  if (context.reveals) return "terminal";
  if (effect !== "secret") return "nowhere";
  const missing = `${group}.${name} issues a secret that is shown only once, and no destination was given`;
  if (!context.out.isTTY || !context.interactive)
    throw new UsageError(missing, { hint: "Pass --secret-to FILE. On a terminal, --reveal shows it." });
  const ask = await context.ask("--secret-to");
  const choice = await ask.select(
    context,
    "The response contains a secret that is shown only once. Where should it go?",
    [
      { value: "file", label: "to a new file that only you can read" },
      { value: "terminal", label: "to this terminal" },
    ],
  );
  if (choice === "terminal") return "terminal";
  const check = (text: string): string | undefined => (text.trim() === "" ? "Enter a file name." : undefined);
  return { path: await ask.text(context, "Which file?", { check }) };
}

/** Returns the flags among the arguments for which the table has no option. */
function flagsIn(operation: Operation, rest: readonly string[]): Flag[] {
  const booleans = new Set(
    flagsOf(operation).flatMap(({ flag, field }) => (shapeOf(field.type).kind === "boolean" ? [flag] : [])),
  );
  const isBoolean = (name: string): boolean => booleans.has(name) || booleans.has(kebab(name));
  const names = rest.flatMap((arg) => /^--([^=]+)/.exec(arg)?.[1] ?? []);
  const options = Object.fromEntries(
    names.map((name) => {
      const flag = isBoolean(name) || (name.startsWith("no-") && isBoolean(name.slice(3)));
      return [name, { type: flag ? "boolean" : "string" } as const];
    }),
  );
  const { tokens } = parseArgs({ args: [...rest], options, strict: false, allowPositionals: true, tokens: true });
  return tokens.map((token): Flag => {
    if (token.kind !== "option")
      throw new UsageError(
        `unexpected argument ${token.kind === "positional" ? token.value : "--"}: give fields as --NAME VALUE`,
      );
    const { name, value, inlineValue, rawName } = token;
    if (!rawName.startsWith("--")) throw new UsageError(`there is no option ${rawName}`);
    if (value !== undefined && !inlineValue && value.startsWith("--"))
      throw new UsageError(`${rawName} needs a value`, {
        hint: `For a value that starts with dashes, use ${rawName}=${value}`,
      });
    if (value === undefined && name.startsWith("no-") && isBoolean(name.slice(3)))
      return { name: name.slice(3), text: "false" };
    return { name, text: value };
  });
}

/** Reads the JSON of a file, or of standard input. */
async function json(context: Context, file: string): Promise<unknown> {
  const text = await textOf(context, file);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message would quote part of the text, which may be a secret.
    throw new UsageError(`${fileLabel(file)} is not JSON`);
  }
}

/** Returns the path of a call with its parameters filled in. */
function filled({ path, fields }: Operation, request: Readonly<Record<string, unknown>>): string {
  return path.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const field = fields.find((one) => one.place === "path" && normalized(one.name) === normalized(name));
    const value = request[field?.name ?? name];
    return typeof value === "string" && value !== "" ? value : whole;
  });
}

/** Writes the answer. If secrets go to a file, all items are collected first, because one file contains all secrets. */
async function show(
  context: Context,
  title: string,
  answer: Answer,
  shown: (value: unknown) => Promise<unknown>,
  limit: number | undefined,
  collected: boolean,
): Promise<void> {
  if ("body" in answer) return showBody(context, await shown(answer.body));
  const most = limit ?? MOST_ITEMS;
  let more = false;
  async function* bounded(items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    let left = most;
    for await (const item of items) {
      if (left-- === 0) {
        more = true;
        return;
      }
      yield item;
    }
  }
  if (collected) {
    const all: unknown[] = [];
    for await (const item of bounded(answer.items)) all.push(item);
    await showBody(context, await shown(all));
  } else {
    await showItems(context, mapped(bounded(answer.items), shown));
  }
  if (!more) return;
  if (limit === undefined)
    throw new CommandError(EXIT.failed, `${title} has more than ${MOST_ITEMS} items; the rest was left out`, {
      hint: "Raise the limit with --limit N.",
    });
  await context.say(`there are more than ${most}`);
}

async function* mapped(
  items: AsyncIterable<unknown>,
  change: (item: unknown) => Promise<unknown>,
): AsyncGenerator<unknown> {
  for await (const item of items) yield await change(item);
}
