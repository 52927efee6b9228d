/** The help of an operation, of a group, and of an API. */

import type { Context } from "../context.js";
import { type ApiName, type Field, groupsOf, type Operation, typeOf } from "./catalogue.js";
import { flagsOf, shapeOf } from "./request.js";

const EFFECTS = {
  read: "Reads data.",
  write: "Changes data.",
  secret: "Issues a secret that is shown only once: pass --secret-to FILE, or --reveal on a terminal.",
};

/** The most types that the help of an operation explains. */
const MOST_TYPES = 12;
/** The most values of an enumeration that the help lists. */
const MOST_VALUES = 12;

/** Returns the help of an operation. */
export function operationHelp(context: Context, operation: Operation): string {
  const { api, group, name, method, path, about = "", effect } = operation;
  const heading = (text: string): string => context.out.paint("bold", text);
  // If a field is the whole body, its own fields are listed at the top level.
  const flags = flagsOf(operation).filter(({ field }) => !field.whole || shapeOf(field.type).kind !== "message");
  const required = flags.filter(({ field }) => field.required).map(({ flag }) => ` --${flag} VALUE`);
  const lines = [
    `Usage: keyturn api ${api} ${group}.${name}${required.join("")} [options]`,
    "",
    ...(about === "" ? [] : [about.replaceAll("`", ""), ""]),
    `${method} ${path}`,
    [
      EFFECTS[effect],
      operation.final && "Asks for confirmation unless --yes is given, since it cannot be undone.",
      operation.deprecated && "This operation is deprecated.",
      operation.stability && operation.stability !== "stable" && `Stability: ${operation.stability}.`,
    ]
      .filter(Boolean)
      .join(" "),
    "",
    heading("Fields:"),
    ...(flags.length === 0 ? ["  none"] : aligned(flags.map(({ flag, field }) => [`--${flag}`, described(field)]))),
    ...typesHelp(
      flags.map(({ field }) => field.type),
      heading,
    ),
    "",
    heading("Options:"),
    ...aligned([
      ["--input <file>", "a file with the request as JSON; - for standard input. Flags add to it"],
      ...(operation.paged
        ? [
            ["--all", "fetch every page"],
            ["--limit <n>", "fetch at most this many items, from as many pages as needed; default with --all: 10000"],
          ]
        : []),
      ...(operation.final ? [["-y, --yes", "do not ask for confirmation"]] : []),
      ...(operation.secrets.length > 0
        ? [
            ["--reveal", "show secrets; works only on a terminal"],
            ["--secret-to <file>", "write the secrets to a new file that only its owner can read"],
          ]
        : []),
      ["-o, --output <format>", "table, json or ndjson"],
      ["--profile <name>", "log in with this profile"],
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Lists the fields of the types to which the request refers, the nearest first. */
function typesHelp(types: readonly string[], heading: (text: string) => string): string[] {
  const lines: string[] = [];
  const met = new Set<string>();
  const open = types.flatMap(namesIn);
  for (let name = open.shift(); name !== undefined && met.size < MOST_TYPES; name = open.shift()) {
    const type = typeOf(name);
    if (type === undefined || met.has(name)) continue;
    met.add(name);
    lines.push("", heading(`${name}:`));
    if (!("fields" in type)) {
      const values = type.slice(0, MOST_VALUES).join(", ");
      lines.push(`  ${values}${type.length > MOST_VALUES ? `, and ${type.length - MOST_VALUES} more` : ""}`);
      continue;
    }
    lines.push(...aligned(type.fields.map((field) => [field.name, described(field)])));
    open.push(...type.fields.flatMap((field) => namesIn(field.type)));
  }
  return lines;
}

function namesIn(type: string): string[] {
  return type.match(/[A-Z]\w*/g) ?? [];
}

function described({ type, required, secret, deprecated, about = "" }: Field): string {
  const text = about.replaceAll("`", "");
  const notes = [
    required && "required",
    secret && "a secret: give it with --input",
    deprecated && "deprecated",
    shapeOf(type).kind === "list" && "may be repeated",
  ].filter(Boolean);
  return [typeText(type), notes.join(", "), text].filter((part) => part !== "").join("; ");
}

/** Formats a type for people. */
function typeText(type: string): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) return `list of ${typeText(list)}`;
  const map = /^\{ \[key: string\]: (.*) \}$/.exec(type)?.[1];
  if (map !== undefined) return `object of ${typeText(map)}`;
  const words: Readonly<Record<string, string>> = {
    Date: "date",
    any: "JSON",
    string: "text",
    Names: "comma-separated names",
    Filters: "ATTRIBUTE_PREDICATE=VALUE",
    Related: "id",
  };
  return words[type] ?? type;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(40, Math.max(...rows.map(([term = ""]) => term.length)));
  return rows.map(([term = "", text = ""]) => `  ${term.padEnd(width)}  ${text}`.trimEnd());
}

/** Lists the operations of one group, or all groups. */
export function listHelp(context: Context, api: ApiName, group: string | undefined): string {
  const groups = groupsOf(api).filter(({ name }) => group === undefined || name === group);
  const lines = groups.flatMap(({ name, about, operations }) => [
    context.out.paint("bold", name) + (group === undefined || about === "" ? "" : `: ${about.replaceAll("`", "")}`),
    ...(group === undefined ? [`  ${operations.join(" ")}`] : operations.map((one) => `  ${name}.${one}`)),
  ]);
  return `${lines.join("\n")}\n`;
}
