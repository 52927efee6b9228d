/** Output: data goes to standard output, everything else to standard error. */

import width from "fast-string-width";

/** A text style on a terminal. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const SGR: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** A stream to which the command writes. It keeps working after the reader has closed it. */
export class Sink {
  /** The underlying stream, for libraries that write themselves. */
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

  /** The columns of the terminal; `Infinity` without one, so that output for programs is not truncated. */
  get columns(): number {
    return this.isTTY ? this.stream.columns || 80 : Number.POSITIVE_INFINITY;
  }

  /** The error of a write, if one failed. A reader that closes the stream early is not a failure. */
  get failure(): Error | undefined {
    return (this.#failure as NodeJS.ErrnoException | undefined)?.code === "EPIPE" ? undefined : this.#failure;
  }

  /** Whether the stream no longer accepts anything. */
  get closed(): boolean {
    return this.#failure !== undefined;
  }

  /** Writes text, and resolves once it is written or the stream is closed. */
  write(text: string): Promise<void> {
    if (this.#failure !== undefined || text === "") return Promise.resolve();
    return new Promise((resolve) => {
      this.stream.write(text, (error) => {
        if (error) this.#failure ??= error;
        resolve();
      });
    });
  }

  /** Returns the text in a style, if colours are on. */
  paint(style: Style | undefined, text: string): string {
    if (style === undefined || !this.color) return text;
    const [on, off] = SGR[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }
}

/** Returns whether colours are on: by `NO_COLOR` and `FORCE_COLOR`, otherwise if the terminal supports them. */
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
  /** Whether it may be truncated, with an ellipsis, on a narrow terminal. Default: true, except for the first column. */
  readonly shrinks?: boolean | undefined;
  /** Selects the rows whose text in this column must be readable: it is repeated below the table if it is truncated. */
  readonly told?: ((row: Row) => boolean) | undefined;
}

/** The minimal width of a column. */
const NARROWEST = 8;
const GAP = "  ";

/**
 * Formats a table as text, at most as wide as the terminal. It is empty if there are no rows. If the table does not
 * fit, columns that are empty in all rows are left out.
 */
export function tableText<Row>(sink: Sink, all: readonly Column<Row>[], rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const says = (column: Column<Row>, at: number): boolean =>
    at === 0 || rows.some((row) => !["", "-"].includes(column.text(row)));
  const columns = isTooWide(sink, all, rows) ? all.filter(says) : all;
  const cells = rows.map((row) => columns.map(({ text }) => oneLine(text(row))));
  const widths = widthsOf(columns, rows);
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

function widthsOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number[] {
  return columns.map(({ head, text }) =>
    rows.reduce((most, row) => Math.max(most, width(oneLine(text(row)))), width(head)),
  );
}

/** Returns a line for each text that must be readable but that the table truncates, after the row's first cell. */
export function toldBelow<Row>(table: string, columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return rows.flatMap((row) =>
    columns.flatMap(({ text, told }) => {
      const whole = oneLine(text(row));
      return told?.(row) && !table.includes(whole) ? [`${oneLine(columns[0]?.text(row) ?? "")}: ${whole}`] : [];
    }),
  );
}

/** Formats rows as blocks with a line for each field, for a few rows with many long fields, which no table can show. */
export function blockText<Row>(sink: Sink, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const most = Math.max(...columns.map(({ head }) => width(head)));
  const blocks = rows.map((row) =>
    columns.flatMap(({ head, text, style }) => {
      const value = oneLine(text(row));
      return value === ""
        ? []
        : [`${sink.paint("bold", padded(head, most, false))}${GAP}${sink.paint(style?.(row), value)}\n`];
    }),
  );
  return blocks.map((lines) => lines.join("")).join("\n");
}

/** Returns whether a table of these rows is wider than the terminal. */
export function isTooWide<Row>(sink: Sink, columns: readonly Column<Row>[], rows: readonly Row[]): boolean {
  return excessOf(widthsOf(columns, rows), sink.columns) > 0;
}

/** Returns by how many columns a table is too wide. */
function excessOf(widths: readonly number[], most: number): number {
  return widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - most;
}

/** Narrows the widest of the columns that may shrink, until all fit. */
function fit<Row>(widths: number[], columns: readonly Column<Row>[], most: number): void {
  let excess = excessOf(widths, most);
  while (excess > 0) {
    let widest = -1;
    for (const [at, column] of columns.entries())
      if ((column.shrinks ?? at > 0) && (widths[at] ?? 0) > Math.max(NARROWEST, widths[widest] ?? 0)) widest = at;
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
}

/** Truncates or pads a text to exactly this many columns. The last cell of a line is not padded. */
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

/** Removes control characters, which could move the cursor or hide text, from texts of servers and files. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}
