/** Reads `keyturn.json`: finds, parses and checks it, and reports the position of each problem. */

import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import { unreadable } from "../files.js";
import { type Path, type Problem, problemsOf } from "./check.js";
import { CONFIG_FILE, findConfig } from "./find.js";
import type { Config } from "./model.js";

export { CONFIG_FILE, findConfig };

const CONTENTS = "See docs/cli.md and the package's keyturn.schema.json for what the file may contain.";

/** The most problems that are reported at once. */
const MOST_PROBLEMS = 10;

/** The error for an invalid `keyturn.json`. Each line of the message names the file, the line and the column. */
export class ConfigError extends UsageError {}

/** A configuration, and the text from which it was read. */
export class ConfigFile {
  readonly path: string;
  readonly folder: string;
  /** The path as it is shown: relative to the current folder, if that is shorter. */
  readonly name: string;
  readonly config: Config;
  readonly #root: Node;
  readonly #text: string;

  /** @throws {@link ConfigError} if it is not JSON, or does not match the schema. */
  constructor(path: string, text: string, cwd: string) {
    this.path = path;
    this.folder = dirname(path);
    this.#text = text;
    const shorter = relative(cwd, path);
    this.name = shorter.length < path.length ? shorter : path;
    const errors: ParseError[] = [];
    const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
    const [broken] = errors;
    if (broken !== undefined || root === undefined) {
      const code = broken === undefined ? "the file is empty" : syntaxErrorText(printParseErrorCode(broken.error));
      throw new ConfigError(`${this.#at(broken?.offset ?? 0)}: this is not valid JSON: ${code}`, { hint: CONTENTS });
    }
    this.#root = root;
    const [value, twice] = built(root);
    const problems = [...twice, ...problemsOf(value)];
    if (problems.length > 0) throw this.error(problems);
    this.config = value as Config;
  }

  /** Returns whether the file still has this configuration. */
  isText(text: string): boolean {
    return withoutMark(text) === this.#text;
  }

  /** Returns the error for a list of problems. */
  error(problems: readonly Problem[]): ConfigError {
    const placed = problems.map((problem) => ({ ...problem, offset: problem.offset ?? this.#offset(problem.path) }));
    placed.sort((one, other) => one.offset - other.offset);
    const lines = placed.slice(0, MOST_PROBLEMS).map(({ path, message, offset }) => {
      const where = path.length === 0 ? "the file" : pathText(path);
      return `${this.#at(offset)}: ${where} ${message}`;
    });
    const more = problems.length - lines.length;
    return new ConfigError([...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"), {
      hint: CONTENTS,
    });
  }

  /** Returns the offset of a path in the text, or of its nearest parent that exists. */
  #offset(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const node = findNodeAtLocation(this.#root, path.slice(0, length) as (string | number)[]);
      if (node !== undefined)
        return node.parent?.type === "property" && length === path.length ? node.parent.offset : node.offset;
    }
    return this.#root.offset;
  }

  #at(offset: number): string {
    const { startLine, startColumn } = this.#position(offset);
    return `${this.name}:${startLine}:${startColumn}`;
  }

  /** Returns the line and the column of a path, counted from 1. */
  positionOf(path: Path): { readonly startLine: number; readonly startColumn: number } {
    return this.#position(this.#offset(path));
  }

  #position(offset: number): { readonly startLine: number; readonly startColumn: number } {
    const before = this.#text.slice(0, offset).split("\n");
    return { startLine: before.length, startColumn: (before.at(-1)?.length ?? 0) + 1 };
  }
}

/** Builds the value of a syntax tree, and reports names that an object has twice. */
function built(root: Node): [unknown, Problem[]] {
  const twice: Problem[] = [];
  const visit = (node: Node, path: Path): unknown => {
    if (node.type === "array") return (node.children ?? []).map((child, index) => visit(child, [...path, index]));
    if (node.type !== "object") return node.value;
    const fields = new Map<string, unknown>();
    for (const { children: [name, value] = [] } of node.children ?? []) {
      if (name === undefined || value === undefined) continue;
      const key = String(name.value);
      if (fields.has(key)) twice.push({ path: [...path, key], message: "appears twice", offset: name.offset });
      fields.set(key, visit(value, [...path, key]));
    }
    return Object.fromEntries(fields);
  };
  return [visit(root, []), twice];
}

function pathText(path: Path): string {
  return path
    .map((key, index) =>
      typeof key === "number"
        ? `[${key}]`
        : /^[\w$-]+$/.test(key)
          ? `${index ? "." : ""}${key}`
          : `[${JSON.stringify(key)}]`,
    )
    .join("");
}

function syntaxErrorText(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase();
}

/** Reads the configuration. @throws {@link ConfigError} if there is none, or it is invalid. */
export function readConfig(context: Context): ConfigFile {
  const path = findConfig(context);
  if (path === undefined)
    throw new ConfigError(`there is no ${CONFIG_FILE} in ${context.cwd} or a parent folder`, {
      hint: "Run `keyturn init` to create one.",
    });
  return new ConfigFile(path, configText(path), context.cwd);
}

/** Returns the text of a configuration. @throws {@link ConfigError} if it cannot be read, or is not UTF-8. */
export function configText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${path} cannot be read: ${unreadable(code)}`, {
      hint: code === "ENOENT" ? "Run `keyturn init` to create one." : undefined,
    });
  }
  try {
    // This also removes the byte order mark that some editors add.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    // A character that was replaced would silently name another file.
    if (!(cause instanceof TypeError)) throw cause;
    throw new ConfigError(`${path} is not UTF-8`, { hint: "Save it in that encoding." });
  }
}

/** Returns the text without the byte order mark that some editors add. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}
