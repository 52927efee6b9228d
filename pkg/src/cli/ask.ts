/** Questions to a person. It is loaded with the first question, because it contains the prompt library. */

import * as clack from "@clack/prompts";
import type { Context } from "./context.js";
import { Interruption } from "./exit.js";

/** A possible answer to a question. */
export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string | undefined;
}

/** The kinds of questions. An interrupted question rejects with an {@link Interruption}. */
export const ask = {
  /** Asks yes or no. Enter alone means no. */
  confirm: (context: Context, message: string, { initial = false }: { initial?: boolean } = {}): Promise<boolean> =>
    answered(clack.confirm({ ...around(context), message, initialValue: initial })),

  /** Asks for a line of text. `check` returns what is wrong with it. */
  text: (
    context: Context,
    message: string,
    {
      initial,
      placeholder,
      check,
    }: { initial?: string; placeholder?: string; check?: (text: string) => string | undefined } = {},
  ): Promise<string> =>
    answered(
      clack.text({
        ...around(context),
        message,
        ...(initial === undefined ? {} : { initialValue: initial }),
        ...(placeholder === undefined ? {} : { placeholder }),
        ...(check === undefined ? {} : { validate: (text: string | undefined) => check(text ?? "") }),
      }),
    ),

  /** Asks for a line of text, which is not echoed. */
  secret: (context: Context, message: string): Promise<string> =>
    answered(clack.password({ ...around(context), message })),

  /** Asks for one of several choices. */
  select: <Value extends string>(
    context: Context,
    message: string,
    choices: readonly Choice<Value>[],
  ): Promise<Value> =>
    answered(clack.select({ ...around(context), message, options: choices as never })) as Promise<Value>,

  /** Asks for any number of several choices. */
  several: <Value extends string>(
    context: Context,
    message: string,
    choices: readonly Choice<Value>[],
  ): Promise<readonly Value[]> =>
    answered(clack.multiselect({ ...around(context), message, options: choices as never, required: false })) as Promise<
      readonly Value[]
    >,
};

/** Returns the streams of a question. It is written to standard error: standard output is for data. */
function around(context: Context): { input: NodeJS.ReadStream; output: NodeJS.WriteStream; signal: AbortSignal } {
  return { input: context.stdin, output: context.err.stream, signal: context.signal };
}

async function answered<Value>(question: Promise<Value>): Promise<Exclude<Value, symbol>> {
  const answer = await question;
  // In raw mode Ctrl-C is a key, not a signal.
  if (clack.isCancel(answer)) throw new Interruption("SIGINT");
  return answer as Exclude<Value, symbol>;
}
