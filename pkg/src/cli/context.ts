/** The context of a command: its environment, and how it communicates with people and programs. */

import type { Clock } from "../base/options.js";
import { CommandError, EXIT, type Interruption, UsageError } from "./exit.js";
import { blockText, type Column, isTooWide, type Sink, tableText, toldBelow } from "./output.js";
import { Progress } from "./progress.js";

/** The parts of the process that the command uses. Nothing else accesses them. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  cwd(): string;
  exitCode?: number | string | null | undefined;
  exit(code: number): never;
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** The values of the options that commands share. */
export interface Manner {
  /** One of the command's formats. */
  readonly format: string;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly reveal: boolean;
  /** The time at the start, in milliseconds since 1970, if it is not the machine's. */
  readonly now: number | undefined;
  readonly config: string | undefined;
  /** The database of the journal, if it is not in a folder, and the fleet's name there. */
  readonly database: string | undefined;
  readonly fleet: string | undefined;
  readonly profile: string | undefined;
}

/** Everything that a command may use of its environment. */
export class Context {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  /** Standard output, for data only. */
  readonly out: Sink;
  /** Standard error, for messages, questions and progress. */
  readonly err: Sink;
  readonly manner: Manner;
  /** Aborts when the command is asked to stop. Its reason is an {@link Interruption}. */
  readonly signal: AbortSignal;
  /** The current time. It starts at the value of `--clock` or `KEYTURN_NOW`, if one is set, and advances from there. */
  readonly clock: Clock;
  /** The line that shows the progress of a long operation. */
  readonly progress: Progress;

  constructor(around: Surroundings, manner: Manner, signal: AbortSignal, out: Sink, err: Sink) {
    this.env = around.env;
    this.cwd = around.cwd();
    this.stdin = around.stdin;
    this.out = out;
    this.err = err;
    this.manner = manner;
    this.signal = signal;
    const begun = performance.now();
    const { now } = manner;
    this.clock = { now: () => (now === undefined ? Date.now() : Math.trunc(now + performance.now() - begun)) };
    this.progress = new Progress(err, !manner.quiet);
  }

  /** Whether a person can be asked. */
  get interactive(): boolean {
    return this.stdin.isTTY === true && this.err.isTTY;
  }

  /** Writes a line for people to standard error. */
  async say(text: string): Promise<void> {
    this.progress.clear();
    await this.err.write(`${text}\n`);
  }

  /**
   * Writes the result: as a table, as one JSON document, or as a line of JSON for each row. `row` converts a row for
   * programs, and `json` is the document, if it is not the list of rows. With `blocks`, a table that does not fit
   * becomes a block of lines for each row.
   */
  async show<Row>(
    rows: readonly Row[],
    {
      columns,
      empty,
      row = (one) => one,
      json,
      blocks = false,
    }: {
      columns: readonly Column<Row>[];
      empty?: string;
      row?: (row: Row) => unknown;
      json?: (rows: readonly Row[]) => unknown;
      blocks?: boolean;
    },
  ): Promise<void> {
    this.progress.clear();
    switch (this.manner.format) {
      case "json":
        return this.out.write(`${JSON.stringify(json === undefined ? rows.map(row) : json(rows), undefined, 2)}\n`);
      case "ndjson":
        return this.out.write(rows.map((one) => `${JSON.stringify(row(one))}\n`).join(""));
      default: {
        if (rows.length === 0 && empty !== undefined) return this.say(empty);
        if (blocks && isTooWide(this.out, columns, rows)) return this.out.write(blockText(this.out, columns, rows));
        const table = tableText(this.out, columns, rows);
        await this.out.write(table);
        for (const line of toldBelow(table, columns, rows)) await this.say(line);
      }
    }
  }

  /**
   * Asks a person whether to continue. `--yes` answers for them. If nobody can be asked, it throws a usage error,
   * unless the question is `optional`.
   *
   * @throws {@link CommandError} if the answer is no.
   */
  async confirm(question: string, { optional = false }: { optional?: boolean } = {}): Promise<void> {
    if (this.manner.yes || (optional && !this.interactive)) return;
    this.unlessUnanswerable(question);
    const { ask } = await this.#prompts();
    if (!(await ask.confirm(this, question)))
      throw new CommandError(EXIT.failed, "nothing was done, because the answer was no");
  }

  /** Checks that a later question can be answered, before anything is done. */
  unlessUnanswerable(question: string): void {
    if (!this.manner.yes && !this.interactive)
      throw new UsageError(`${question} There is no terminal to ask on.`, { hint: "Pass --yes to answer yes." });
  }

  /** Asks questions on a terminal. Only for commands whose questions can also be answered by flags. */
  async ask(missing: string): Promise<typeof import("./ask.js")["ask"]> {
    if (!this.interactive) throw new UsageError(`${missing} is missing, and there is no terminal to ask on`);
    return (await this.#prompts()).ask;
  }

  /** Whether secrets may be shown: `--reveal` is given and standard output is a terminal. */
  get reveals(): boolean {
    if (!this.manner.reveal) return false;
    if (!this.out.isTTY)
      throw new UsageError("--reveal shows secrets only on a terminal, and standard output is not a terminal", {
        hint: "Deliver the secret to a sink in keyturn.json instead.",
      });
    return true;
  }

  /** Throws if the command has been asked to stop. */
  unlessInterrupted(): void {
    if (this.signal.aborted) throw this.signal.reason as Interruption;
  }

  async #prompts(): Promise<typeof import("./ask.js")> {
    this.progress.clear();
    try {
      return await import("./ask.js");
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new CommandError(EXIT.failed, "questions need Node 20.12 or newer", {
        cause,
        hint: "Use the flags instead.",
      });
    }
  }
}
