/**
 * The parts of Node that programs of the documents use, as far as they make sense in a page: files are kept in memory
 * and shown beside the program.
 */

import { memoryJournal, type Pair, type Sink } from "keyturn/lifecycle";

/** The files, by path. */
const files = new Map<string, string>();
let changed: (path: string, text: string | undefined) => void = () => {};

/** Puts files in place, and sets the function that is called whenever the program changes one. */
export function furnish(given: Readonly<Record<string, string>>, onChange: typeof changed): void {
  for (const [path, text] of Object.entries(given)) files.set(path, text);
  changed = onChange;
}

function put(path: string, text: string): void {
  files.set(path, text);
  changed(path, text);
}

const missing = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: "ENOENT" });

const nameOf = (path: unknown): string => (path instanceof URL ? path.pathname : String(path));

export const fs = {
  mkdtemp: async (prefix: string): Promise<string> => `${prefix}${Math.random().toString(36).slice(2, 8)}`,
  mkdir: async (): Promise<void> => {},
  readFile: async (path: unknown): Promise<string> => {
    const text = files.get(nameOf(path));
    if (text === undefined) throw missing(nameOf(path));
    return text;
  },
  writeFile: async (path: unknown, text: unknown): Promise<void> => put(nameOf(path), String(text)),
  readdir: async (path: unknown): Promise<string[]> => {
    const folder = `${nameOf(path).replace(/\/$/, "")}/`;
    const below = [...files.keys()].filter((file) => file.startsWith(folder));
    return [...new Set(below.map((file) => file.slice(folder.length).split("/", 1)[0] ?? ""))];
  },
  rm: async (path: unknown): Promise<void> => {
    for (const file of [...files.keys()])
      if (file === nameOf(path) || file.startsWith(`${nameOf(path)}/`)) {
        files.delete(file);
        changed(file, undefined);
      }
  },
};

export const os = { tmpdir: (): string => "/tmp" };

export const path = {
  join: (...parts: string[]): string => normal(parts.filter(Boolean).join("/")),
  basename: (name: string): string => name.split("/").at(-1) ?? "",
  dirname: (name: string): string => name.split("/").slice(0, -1).join("/") || "/",
  resolve: (...parts: string[]): string => normal(`/${parts.filter(Boolean).join("/")}`),
  sep: "/",
};

function normal(name: string): string {
  const kept: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "." && (part !== "" || kept.length === 0)) kept.push(part);
  }
  return kept.join("/");
}

/** Returns a sink that is a file in memory. `read` and `write` convert between its text and the pair. */
function fileSink(
  name: string,
  path: string,
  read: (text: string) => Partial<Pair>,
  write: (text: string, pair: Pair) => string,
): Sink {
  const text = (): string => files.get(path) ?? "";
  return {
    name,
    compares: true,
    readback: "pair",
    read: async () => ({ clientId: read(text()).clientId, version: text() }),
    holds: async ({ clientId, clientSecret }) => {
      const held = read(text());
      return held.clientId === clientId && held.clientSecret === clientSecret;
    },
    write: async (pair, expected) => {
      const next = write(text(), pair);
      if (next !== text() && text() !== expected) return false;
      put(path, next);
      return true;
    },
  };
}

interface EnvOptions {
  readonly path: string;
  readonly name?: string;
  readonly names?: { readonly clientId: string; readonly clientSecret: string };
}

/** The exports of `keyturn/lifecycle/node`, on files in memory. */
export const lifecycle = {
  directoryJournal: memoryJournal,
  // A journal in memory is never restored from a backup.
  declareRestored: async (): Promise<void> => {},
  envFile({
    path,
    name,
    names = { clientId: "BATON_CLIENT_ID", clientSecret: "BATON_CLIENT_SECRET" },
  }: EnvOptions): Sink {
    const value = (text: string, of: string): string | undefined => new RegExp(`^${of}='(.*)'$`, "m").exec(text)?.[1];
    return fileSink(
      name ?? `file:${path}`,
      path,
      (text) => {
        const [clientId, clientSecret] = [value(text, names.clientId), value(text, names.clientSecret)];
        return { ...(clientId && { clientId }), ...(clientSecret && { clientSecret }) };
      },
      (text, pair) => {
        const others = text
          .split("\n")
          .filter((line) => !/^\s*$/.test(line) && !Object.values(names).some((one) => line.startsWith(`${one}=`)));
        const lines = [`${names.clientId}='${pair.clientId}'`, `${names.clientSecret}='${pair.clientSecret}'`];
        return `${[...others, ...lines].join("\n")}\n`;
      },
    );
  },
  jsonFile({ path, name }: { readonly path: string; readonly name?: string }): Sink {
    const parse = (text: string): Partial<Pair> => (text === "" ? {} : (JSON.parse(text) as Partial<Pair>));
    return fileSink(
      name ?? `file:${path}`,
      path,
      parse,
      (text, { clientId, clientSecret }) => `${JSON.stringify({ ...parse(text), clientId, clientSecret }, null, 2)}\n`,
    );
  },
};

class AssertionError extends Error {
  override readonly name = "AssertionError";
  readonly code = "ERR_ASSERTION";
}

const fail = (message: unknown, otherwise: string): never => {
  throw message instanceof Error ? message : new AssertionError(typeof message === "string" ? message : otherwise);
};

/** Returns whether two values are deeply equal: the same primitives, and the same entries of objects. */
function alike(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Date) return one.getTime() === (other as Date).getTime();
  const collection = one instanceof Map || one instanceof Set;
  if (collection) return alike([...one], [...(other as Set<unknown>)]);
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && alike((one as never)[key], (other as never)[key]))
  );
}

/** Returns whether an error is as expected: by its class, its message, a function, or some of its properties. */
function fits(error: unknown, expected: unknown): boolean {
  if (expected === undefined || typeof expected === "string") return true;
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return true;
    return !(expected.prototype instanceof Error) && expected !== Error && expected(error) === true;
  }
  return Object.entries(expected as object).every(([name, value]) => {
    const actual = (error as Record<string, unknown>)[name];
    return value instanceof RegExp ? value.test(String(actual)) : alike(actual, value);
  });
}

const ok = (value: unknown, message?: unknown): void => void (value || fail(message, "the value is not truthy"));
const equal = (one: unknown, other: unknown, message?: unknown): void =>
  void (Object.is(one, other) || fail(message, `${String(one)} is not ${String(other)}`));
const deepEqual = (one: unknown, other: unknown, message?: unknown): void =>
  void (alike(one, other) || fail(message, "the values are not alike"));

/** The strict assertions. */
export const assert = Object.assign(ok, {
  ok,
  equal,
  strictEqual: equal,
  deepEqual,
  deepStrictEqual: deepEqual,
  notEqual: (one: unknown, other: unknown, message?: unknown): void =>
    void (!Object.is(one, other) || fail(message, `both are ${String(one)}`)),
  match: (text: string, pattern: RegExp, message?: unknown): void =>
    void (pattern.test(text) || fail(message, `${JSON.stringify(text)} does not match ${pattern}`)),
  doesNotMatch: (text: string, pattern: RegExp, message?: unknown): void =>
    void (!pattern.test(text) || fail(message, `${JSON.stringify(text)} matches ${pattern}`)),
  fail: (message?: unknown): never => fail(message, "failed"),
  async rejects(work: Promise<unknown> | (() => Promise<unknown>), expected?: unknown, message?: unknown) {
    const settled = await Promise.allSettled([typeof work === "function" ? work() : work]);
    if (settled[0].status === "fulfilled") return fail(message, "the promise was not rejected");
    if (!fits(settled[0].reason, expected)) throw settled[0].reason;
  },
  throws(work: () => unknown, expected?: unknown, message?: unknown): void {
    try {
      work();
    } catch (error) {
      if (fits(error, expected)) return;
      throw error;
    }
    fail(message, "nothing was thrown");
  },
  AssertionError,
});
