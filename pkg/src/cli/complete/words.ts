/** The completions at the cursor, from the table of commands. */

import { type ArgumentSpec, COMMANDS, type CommandSpec, type Completes, type OptionSpec, optionsOf } from "../table.js";
import { FILES, FOLDERS } from "./scripts.js";

/** A completion, and its description. */
export interface Candidate {
  readonly word: string;
  readonly about?: string | undefined;
}

/** The sources of names that are not in the table. Each is called only if it is needed. */
export interface Sources {
  targets(): Promise<readonly string[]>;
  profiles(): Promise<readonly string[]>;
  operations(api: string): Promise<readonly Candidate[]>;
  /** Returns the flags of an operation. */
  fields(api: string, operation: string): Promise<readonly Candidate[]>;
}

/** Returns candidates for the last word, which may be empty, or one of the markers for files and folders. */
export async function candidates(words: readonly string[], sources: Sources): Promise<readonly Candidate[] | string> {
  const current = words.at(-1) ?? "";
  const found = await find(joined(words), sources);
  if (typeof found === "string") return found;
  const start = current === "=" ? "" : current;
  return found.filter(({ word }) => word.startsWith(start));
}

/** Joins the three words into which Bash splits `--output=json`. */
function joined(words: readonly string[]): readonly string[] {
  const list: string[] = [];
  for (const [at, word] of words.entries()) {
    if (word !== "=" || !words[at - 1]?.startsWith("--")) list.push(word);
    else if (at === words.length - 1) list.push("");
  }
  return list;
}

async function find(words: readonly string[], sources: Sources): Promise<readonly Candidate[] | string> {
  const [first = "", second = ""] = words;
  if (words.length < 2) return first.startsWith("-") ? GLOBAL : commands();
  if (first === "help") return words.length === 2 ? commands() : [];
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (family.length > 0 && words.length === 2)
    return family.map(({ name, summary }) => ({ word: name.slice(first.length + 1), about: summary }));
  const spec = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  return spec === undefined ? [] : inCommand(spec, words.slice(spec.name.split(" ").length), sources);
}

/** What `--fail-on` accepts. Other durations and severities are possible too. */
const CONDITIONS = ["expiring:14d", "due", "stopped", "finding", "finding:high"];

const GLOBAL: readonly Candidate[] = [
  { word: "--help", about: "print the help" },
  { word: "--version", about: "print the version" },
];

function commands(): Candidate[] {
  const list = new Map<string, string>();
  for (const { name, summary } of COMMANDS) {
    const [first = "", second] = name.split(" ");
    if (!list.has(first)) list.set(first, second === undefined ? summary : `see \`keyturn ${first} --help\``);
  }
  list.set("help", "print the help of a command");
  return [...list].map(([word, about]) => ({ word, about }));
}

async function inCommand(
  spec: CommandSpec,
  words: readonly string[],
  sources: Sources,
): Promise<readonly Candidate[] | string> {
  const options = optionsOf(spec).filter(({ hidden }) => !hidden);
  const current = words.at(-1) ?? "";
  const whole = /^(--[\w-]+)=/.exec(current)?.[1];
  if (whole !== undefined) {
    const found = await valuesOf(optionOf(options, whole), sources, []);
    return typeof found === "string" ? found : found.map(({ word, about }) => ({ word: `${whole}=${word}`, about }));
  }
  const places: string[] = [];
  let waiting: OptionSpec | undefined;
  for (const word of words.slice(0, -1)) {
    if (waiting !== undefined) waiting = undefined;
    else if (!word.startsWith("-")) places.push(word);
    else {
      const option = optionOf(options, word);
      // Flags that are not in the table are fields of an operation, and each takes a value.
      const takes = option === undefined ? spec.open !== undefined && !word.includes("=") : takesValue(option);
      waiting = takes && !word.includes("=") ? (option ?? { flags: word, description: "" }) : undefined;
    }
  }
  if (waiting !== undefined) return valuesOf(waiting, sources, places);
  if (!current.startsWith("-")) return valuesOf(argumentAt(spec, places.length), sources, places);
  const given = new Set(words);
  const own = options
    .filter(({ flags }) => flags.endsWith("...") || !namesOf(flags).some((name) => given.has(name) && name !== current))
    .map(({ flags, description }) => ({ word: namesOf(flags).at(-1) ?? "", about: description }));
  const [api, operation] = places;
  const fields = spec.open !== undefined && api && operation ? await sources.fields(api, operation) : [];
  return [...fields, ...own, { word: "--help", about: "print the help" }];
}

function namesOf(flags: string): string[] {
  return flags.match(/-{1,2}[a-zA-Z][\w-]*/g) ?? [];
}

function optionOf(options: readonly OptionSpec[], word: string): OptionSpec | undefined {
  return options.find(({ flags }) => namesOf(flags).includes(word.replace(/=.*/, "")));
}

function takesValue({ flags }: OptionSpec): boolean {
  return flags.includes("<");
}

function argumentAt({ arguments: list = [] }: CommandSpec, place: number): ArgumentSpec | undefined {
  const last = list.at(-1);
  return list[place] ?? (last?.name.includes("...") ? last : undefined);
}

async function valuesOf(
  what: { readonly choices?: readonly string[] | undefined; readonly completes?: Completes | undefined } | undefined,
  sources: Sources,
  places: readonly string[],
): Promise<readonly Candidate[] | string> {
  if (what?.choices !== undefined) return what.choices.map((word) => ({ word }));
  switch (what?.completes) {
    case "file":
      return FILES;
    case "folder":
      return FOLDERS;
    case "target":
      return (await sources.targets()).map((word) => ({ word }));
    case "profile":
      return (await sources.profiles()).map((word) => ({ word }));
    case "command":
      return commands();
    case "condition":
      return CONDITIONS.map((word) => ({ word }));
    case "operation":
      return sources.operations(places[0] ?? "");
    default:
      return [];
  }
}
