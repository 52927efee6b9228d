/** Runs the command line: finds the command in the table, reads its options, and loads and runs its module. */

import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { KeyturnError } from "../base/errors.js";
import { Context, type Manner, type Surroundings } from "./context.js";
import { EXIT, type Exit, exitOf, Interruption, UsageError } from "./exit.js";
import { Given } from "./given.js";
import { nearest } from "./nearest.js";
import { oneLine, Sink } from "./output.js";
import { COMMANDS, type COMMON, type CommandSpec, FORMATS, type OptionSpec, optionsOf } from "./table.js";

/** The maximum width of the help, and its width without a terminal. */
const HELP_COLUMNS = 100;

/** Runs the command line of a process, and sets its exit code. */
export async function main(around: Surroundings): Promise<void> {
  const [out, err] = [new Sink(around.stdout, around.env), new Sink(around.stderr, around.env)];
  const stop = new AbortController();
  const ignore = listen(around, stop, err);
  let exit: Exit;
  try {
    exit = await run(around, stop.signal, out, err);
  } catch (error) {
    exit = await report(error, around.argv.slice(2), stop.signal, err);
  } finally {
    ignore();
  }
  if (out.failure !== undefined) {
    await err.write(`keyturn: cannot write to standard output: ${out.failure.message}\n`);
    if (exit === EXIT.done) exit = EXIT.failed;
  }
  around.exitCode = exit;
}

/** Asks the command to stop at the first signal. A second signal ends the process. */
function listen(around: Surroundings, stop: AbortController, err: Sink): () => void {
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const listener = (): void => {
      const interruption = new Interruption(signal);
      if (stop.signal.aborted) around.exit(interruption.exit);
      stop.abort(interruption);
      if (err.isTTY) void err.write("\r\u001b[Kstopping; press Ctrl-C again to stop immediately\n");
    };
    around.on(signal, listener);
    return () => around.off(signal, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}

async function run(around: Surroundings, signal: AbortSignal, out: Sink, err: Sink): Promise<Exit> {
  const args = around.argv.slice(2);
  let chosen: { spec: CommandSpec; args: readonly string[]; command: Command } | undefined;
  const program = programOf(args, out, (spec, given, command) => {
    chosen = { spec, args: given, command };
  });
  // The library passes help and version to this function and then throws. The text is written, and awaited, afterwards.
  const written: string[] = [];
  settle(program, (text) => void written.push(text));
  try {
    if (args.length === 0) throw new UsageError("no command was given");
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) {
      await out.write(written.join(""));
      return EXIT.done;
    }
    throw new UsageError(usageMessage(error, args));
  }
  if (chosen === undefined) throw new UsageError("no command was given");
  const { spec, command } = chosen;
  const given = givenOf(spec, chosen.args, command);
  const context = new Context(around, mannerOf(spec, given, around), signal, out, err);
  const { run } = await spec.load();
  try {
    return (await run(context, given)) ?? EXIT.done;
  } finally {
    context.progress.clear();
  }
}

/** Reports an error, and returns its exit code. */
async function report(error: unknown, args: readonly string[], signal: AbortSignal, err: Sink): Promise<Exit> {
  // A failure that the request to stop caused is not reported as a failure, unless its outcome is unknown.
  if (signal.aborted && exitOf(error) !== EXIT.unknown) {
    const { exit } = signal.reason as Interruption;
    await err.write("keyturn: interrupted\n");
    return exit;
  }
  if (error instanceof Interruption) {
    await err.write("keyturn: interrupted\n");
    return error.exit;
  }
  const { message, hint, code } = error as { message?: unknown; hint?: unknown; code?: unknown };
  const exit = exitOf(error);
  // A failure that a person can fix is reported in one line, any other with its stack.
  const known = exit !== EXIT.failed || "exit" in (error as object) || KeyturnError.is(error) || code !== undefined;
  if (!known) {
    await err.write(`${(error as Error).stack ?? String(error)}\n`);
    return exit;
  }
  const lines = [...String(message).split("\n"), ...detailsOf(error)].map(oneLine);
  await err.write(`${err.paint("red", "keyturn:")} ${lines.join("\n")}\n`);
  if (typeof hint === "string") await err.write(`${oneLine(hint)}\n`);
  if (error instanceof UsageError && hint === undefined)
    await err.write(`Run \`${["keyturn", ...commandIn(args), "--help"].join(" ")}\` for usage.\n`);
  return exit;
}

/** Returns the words of the command line that name a command. */
function commandIn(args: readonly string[]): readonly string[] {
  const words = args.filter((arg) => !arg.startsWith("-"));
  const named = (length: number): boolean => {
    const name = words.slice(0, length).join(" ");
    return COMMANDS.some((spec) => spec.name === name || spec.name.startsWith(`${name} `));
  };
  return words.length > 1 && named(2) ? words.slice(0, 2) : words.length > 0 && named(1) ? words.slice(0, 1) : [];
}

/** Returns what a JSON:API server says about each problem that it reports. */
function detailsOf(error: unknown): readonly string[] {
  const { errors } = error as { errors?: unknown };
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((one: { detail?: unknown; title?: unknown } | null) => {
    const text = one?.detail ?? one?.title;
    return typeof text === "string" ? [text] : [];
  });
}

/** Creates the parser. Only the selected command gets its options; the help lists the others by name. */
export function programOf(
  args: readonly string[],
  out: Sink,
  found: (spec: CommandSpec, args: readonly string[], command: Command) => void,
): Command {
  const program = new Command("keyturn");
  program
    .description("Rotate the machine credentials of C1 and Commerce Layer.")
    .usage("COMMAND [options]")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpCommand(
      new Command("help").argument("[command]").summary("print the help of a command").helpGroup("Shell:"),
    )
    .addHelpText("after", () => programExamples());
  const words = args.filter((arg) => !arg.startsWith("-"));
  if (words[0] === "help") {
    words.shift();
    const names = COMMANDS.map(({ name }) => name.split(" ")[0] ?? "");
    const [asked] = words;
    if (asked !== undefined && asked !== "help" && !names.includes(asked)) {
      const [close] = nearest(asked, names, 1);
      throw new UsageError(`there is no command ${asked}${close === undefined ? "" : `. Did you mean ${close}?`}`);
    }
  }
  for (const spec of COMMANDS) {
    const [name = "", second] = spec.name.split(" ");
    const parent = second === undefined ? program : family(program, name, spec);
    const command = parent.command(second ?? name).summary(spec.summary);
    if (second === undefined) command.helpGroup(`${spec.group}:`);
    const meant = words[0] === name && (second === undefined || words[1] === second);
    if (!meant) continue;
    describe(command, spec, (given) => found(spec, given, command));
    // The command itself parses what is not in the table, including `--help`.
    if (spec.open !== undefined) command.allowUnknownOption();
    if (spec.open !== undefined && words.length > spec.open) command.helpOption(false);
  }
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.configureHelp({
      helpWidth: Math.min(HELP_COLUMNS, out.columns),
      styleTitle: (text) => out.paint("bold", text),
      sortSubcommands: false,
      subcommandTerm: (sub) => sub.name(),
    });
  return program;
}

/** Returns the parent command of commands with the same first word, such as `journal`. */
function family(program: Command, name: string, { group }: CommandSpec): Command {
  const there = program.commands.find((one) => one.name() === name);
  if (there !== undefined) return there;
  const first = COMMANDS.filter((one) => one.name.startsWith(`${name} `)).map((one) => one.name.split(" ")[1]);
  return program
    .command(name)
    .summary(`${first.join(", ")}: see \`keyturn ${name} --help\``)
    .helpGroup(`${group}:`)
    .helpOption("-h, --help", "print this help")
    .helpCommand(false);
}

/** Gives a command its arguments, options and help. */
function describe(command: Command, spec: CommandSpec, found: (args: readonly string[]) => void): void {
  command.description(spec.description ?? `${spec.summary[0]?.toUpperCase()}${spec.summary.slice(1)}.`);
  command.helpOption("-h, --help", "print this help");
  for (const { name, description, choices } of spec.arguments ?? []) {
    command.argument(name, description);
    if (choices !== undefined) command.registeredArguments.at(-1)?.choices(choices);
  }
  for (const option of optionsOf(spec)) command.addOption(optionOf(option));
  command.allowExcessArguments(false);
  command.addHelpText("after", () => examplesText(spec.examples));
  command.action((...values: unknown[]) => {
    found(
      values
        .slice(0, -2)
        .flat()
        .filter((value): value is string => typeof value === "string"),
    );
  });
}

function optionOf({ flags, description, choices, kind, hidden }: OptionSpec): Option {
  const option = new Option(flags.replace(/>\.\.\.$/, ">"), description);
  if (choices !== undefined) option.choices([...choices]);
  else if (flags.endsWith("...")) option.argParser((text: string, before?: string[]) => [...(before ?? []), text]);
  else if (kind !== undefined) option.argParser((text: string) => PARSERS[kind](text));
  return option.hideHelp(hidden ?? false);
}

const PARSERS = {
  count: (text: string): number => {
    if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be an integer.");
    return Number(text);
  },
  // The sandbox checks the range.
  port: (text: string): number => PARSERS.count(text),
  date: (text: string): number => {
    const at = Date.parse(text);
    if (Number.isNaN(at)) throw new InvalidArgumentError("It must be a date such as 2030-01-01T00:00:00Z.");
    return at;
  },
};

/** Returns an option's name without dashes. */
function longName({ flags }: OptionSpec): string {
  return /--([\w-]+)/.exec(flags)?.[1] ?? "";
}

function givenOf(spec: CommandSpec, args: readonly string[], command: Command): Given {
  const known = new Set(optionsOf(spec).map(longName));
  const options = new Map<string, unknown>();
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    // The parser represents `--no-begin` by an option `begin` that is false.
    options.set(option.name(), option.negate ? value === false : value);
  }
  return new Given(args, options, known);
}

function mannerOf(spec: CommandSpec, given: Given, { env }: Surroundings): Manner {
  const takes = (name: keyof typeof COMMON): boolean => spec.takes?.includes(name) ?? false;
  const text = (name: "config" | "profile"): string | undefined => (takes(name) ? given.text(name) : undefined);
  const flag = (name: "yes" | "quiet" | "reveal"): boolean => takes(name) && given.flag(name);
  const format = (takes("output") ? given.text("output") : undefined) ?? (spec.formats ?? FORMATS)[0] ?? "table";
  return {
    format,
    yes: flag("yes"),
    quiet: flag("quiet"),
    reveal: flag("reveal"),
    now: takes("clock") ? (given.count("clock") ?? nowOf(env.KEYTURN_NOW)) : undefined,
    config: text("config"),
    database: takes("config") ? given.text("database") : undefined,
    fleet: takes("config") ? given.text("fleet") : undefined,
    profile: text("profile"),
  };
}

function nowOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new UsageError(`KEYTURN_NOW is not a valid date: ${text}`);
  return at;
}

/** Keeps the parser from writing or exiting by itself. */
function settle(command: Command, write: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: write, writeErr: () => undefined, outputError: () => undefined });
  for (const sub of command.commands) settle(sub, write);
}

/** Rewords the parser's error message. */
function usageMessage({ code, message }: CommanderError, args: readonly string[]): string {
  const plain = message.replace(/^error: /, "").replace(/\n\(Did you mean (.*)\?\)$/, ". Did you mean $1?");
  if (code === "commander.unknownCommand" || (code === "commander.excessArguments" && args[0]?.startsWith("-")))
    return plain.replace(/^unknown command '(.*?)'/, "there is no command $1");
  if (code === "commander.help" || code === "commander.helpDisplayed") return "no command was given";
  return `${plain[0]?.toUpperCase()}${plain.slice(1)}`;
}

function examplesText(examples: CommandSpec["examples"]): string {
  return `\nExamples:\n${examples.map(([line, does]) => `  # ${does}\n  keyturn ${line}`).join("\n")}\n`;
}

function programExamples(): string {
  const examples = COMMANDS.flatMap(({ shown, examples }) => (shown ? examples.slice(-1) : []));
  const width = Math.max(...examples.map(([line]) => line.length));
  return `\nExamples:\n${examples.map(([line, does]) => `  keyturn ${line.padEnd(width)}  ${does}`).join("\n")}\n`;
}

function version(): string {
  const manifest = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
