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
    answered(context, (around) => clack.confirm({ ...around, message, initialValue: initial })),

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
    answered(context, (around) =>
      clack.text({
        ...around,
        message,
        ...(initial === undefined ? {} : { initialValue: initial }),
        ...(placeholder === undefined ? {} : { placeholder }),
        ...(check === undefined ? {} : { validate: (text: string | undefined) => check(text ?? "") }),
      }),
    ),

  /** Asks for a line of text, which is not echoed. */
  secret: (context: Context, message: string): Promise<string> =>
    answered(context, (around) => clack.password({ ...around, message })),

  /** Asks for one of several choices. */
  select: <Value extends string>(
    context: Context,
    message: string,
    choices: readonly Choice<Value>[],
  ): Promise<Value> =>
    answered(context, (around) => clack.select({ ...around, message, options: choices as never })) as Promise<Value>,

  /** Asks for any number of several choices. */
  several: <Value extends string>(
    context: Context,
    message: string,
    choices: readonly Choice<Value>[],
  ): Promise<readonly Value[]> =>
    answered(context, (around) =>
      clack.multiselect({ ...around, message, options: choices as never, required: false }),
    ) as Promise<readonly Value[]>,
};

/** The streams of a question. It is written to standard error: standard output is for data. */
interface Around {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Asks a question. Ctrl-C interrupts the command, and so does Ctrl-D, the end of the input. */
async function answered<Value>(
  { stdin: input, err, signal }: Context,
  question: (around: Around) => Promise<Value>,
): Promise<Exclude<Value, symbol>> {
  // At the end of the input, the prompt's reader stops reading, and the prompt would wait for ever.
  const ended = new AbortController();
  let isAnswered = false;
  const end = (): void => {
    setImmediate(() => {
      if (!isAnswered) ended.abort();
    });
  };
  input.on("pause", end);
  try {
    const answer = await question({
      input,
      output: err.stream,
      signal: AbortSignal.any([signal, ended.signal]),
    });
    isAnswered = true;
    // In raw mode Ctrl-C is a key, not a signal.
    if (clack.isCancel(answer)) throw new Interruption("SIGINT");
    return answer as Exclude<Value, symbol>;
  } finally {
    input.off("pause", end);
  }
}
