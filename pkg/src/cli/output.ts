/** What the command writes: data to standard output, everything else to standard error. */

import width from "fast-string-width";

/** The look of a text on a terminal. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const SGR: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** A stream that the command writes to. It goes on to work when the reader has gone. */
export class Sink {
  /** For libraries that write by themselves. */
  readonly stream: NodeJS.WriteStream;
  readonly isTTY: boolean;
  readonly color: boolean;
  #failure: Error | undefined;

  constructor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv) {
    this.stream = stream;
    this.isTTY = stream.isTTY === true;
    this.color = colored(this.isTTY, env);
    stream.on("error", (error: Error) => {
      this.#failure ??= error;
    });
  }

  /** The columns of the terminal; `Infinity` where there is none, so that nothing is cut off that a program reads. */
  get columns(): number {
    return this.isTTY ? this.stream.columns || 80 : Number.POSITIVE_INFINITY;
  }

  /** Why not everything could be written. A reader that has seen enough is no failure. */
  get failure(): Error | undefined {
    return (this.#failure as NodeJS.ErrnoException | undefined)?.code === "EPIPE" ? undefined : this.#failure;
  }

  /** Whether nothing that is written arrives any more. */
  get closed(): boolean {
    return this.#failure !== undefined;
  }

  /** Writes text, and resolves when it is out or cannot be any more. */
  write(text: string): Promise<void> {
    if (this.#failure !== undefined || text === "") return Promise.resolve();
    return new Promise((resolve) => {
      this.stream.write(text, (error) => {
        if (error) this.#failure ??= error;
        resolve();
      });
    });
  }

  /** The text in a style, where there are colours. */
  paint(style: Style | undefined, text: string): string {
    if (style === undefined || !this.color) return text;
    const [on, off] = SGR[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }
}

/** By `NO_COLOR` and `FORCE_COLOR`, and else on terminals that can. */
function colored(isTTY: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0";
  return isTTY && TERM !== "dumb";
}

/** A column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly text: (row: Row) => string;
  readonly style?: ((row: Row) => Style | undefined) | undefined;
  /** May be cut off, with an ellipsis, where the terminal is too narrow. Default: true, but for the first column. */
  readonly shrinks?: boolean | undefined;
}

/** What a column keeps at least. */
const NARROWEST = 8;
const GAP = "  ";

/** A table as text, at most as wide as `columns`; without a head line if there are no rows. */
export function tableText<Row>(sink: Sink, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => columns.map(({ text }) => oneLine(text(row))));
  const widths = columns.map(({ head }, at) => Math.max(width(head), ...cells.map((line) => width(line[at] ?? ""))));
  fit(widths, columns, sink.columns);
  const lines = [
    columns.map(({ head }, at) => sink.paint("bold", padded(head, widths[at] ?? 0, at === columns.length - 1))),
    ...rows.map((row, index) =>
      columns.map(({ style }, at) => {
        const text = padded(cells[index]?.[at] ?? "", widths[at] ?? 0, at === columns.length - 1);
        return sink.paint(style?.(row), text);
      }),
    ),
  ];
  return `${lines.map((line) => line.join(GAP).trimEnd()).join("\n")}\n`;
}

/** Makes the widest of the columns that may shrink narrower, until all fit. */
function fit<Row>(widths: number[], columns: readonly Column<Row>[], most: number): void {
  let excess = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - most;
  while (excess > 0) {
    let widest = -1;
    for (const [at, column] of columns.entries())
      if ((column.shrinks ?? at > 0) && (widths[at] ?? 0) > Math.max(NARROWEST, widths[widest] ?? 0)) widest = at;
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
}

/** The text in exactly this many columns; the last cell of a line needs no padding. */
function padded(text: string, columns: number, last: boolean): string {
  const has = width(text);
  if (has <= columns) return last ? text : text + " ".repeat(columns - has);
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (width(cut + segment) > columns - 1) break;
    cut += segment;
  }
  return `${cut}…${" ".repeat(columns - 1 - width(cut))}`;
}

/** Control characters could move the cursor or hide text; what servers and files say is shown without. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}
