/** The arguments and options of a command, checked against its row of the table. */

/** The arguments and options of a command. Reading an option that its row lacks is a programming error, and throws. */
export class Given {
  /** The arguments, in order; a list is flat. */
  readonly args: readonly string[];
  readonly #options: ReadonlyMap<string, unknown>;
  readonly #known: ReadonlySet<string>;

  constructor(args: readonly string[], options: ReadonlyMap<string, unknown>, known: ReadonlySet<string>) {
    this.args = args;
    this.#options = options;
    this.#known = known;
  }

  /** Returns a text by the option's long name without dashes: `old-after-rotate`. */
  text(name: string): string | undefined {
    return this.#get(name) as string | undefined;
  }

  /** Returns a whole number. */
  count(name: string): number | undefined {
    return this.#get(name) as number | undefined;
  }

  /** Returns whether a flag is given. */
  flag(name: string): boolean {
    return this.#get(name) === true;
  }

  /** Returns all values of an option that may be repeated. */
  list(name: string): readonly string[] {
    return (this.#get(name) as readonly string[] | undefined) ?? [];
  }

  #get(name: string): unknown {
    if (!this.#known.has(name)) throw new Error(`the command table has no option --${name} for this command`);
    return this.#options.get(name);
  }
}
