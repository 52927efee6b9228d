/**
 * What Node, Deno and Bun have besides the web's own interfaces. None of it is imported: it is looked up when needed.
 */

import { ConfigurationError } from "../../base/errors.js";

/** Variables by name. */
export type Environment = Readonly<Record<string, unknown>>;

interface Around {
  process?: {
    env?: Environment;
    getBuiltinModule?: (
      name: string,
    ) => { readFile(path: string | URL, encoding: "utf8"): Promise<string> } | undefined;
  };
  Deno?: { env: { get(name: string): string | undefined }; readTextFile(path: string | URL): Promise<string> };
}

/**
 * Returns a variable; `undefined` if it is empty, or where there are no variables. Deno asks the user for permission.
 *
 * @throws {@link ConfigurationError} if it is set to something other than text.
 */
export function variable(name: string, environment?: Environment): string | undefined {
  const { process, Deno } = globalThis as Around;
  let value: unknown;
  try {
    value = environment ? environment[name] : Deno ? Deno.env.get(name) : process?.env?.[name];
  } catch {
    // The user did not give permission, so there are no variables.
  }
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  const bound = typeof (value as { get?: unknown }).get === "function";
  const what = bound
    ? "but is not a string: for a secret in a Secrets Store, pass the result of its get()"
    : `but is not a string: it is ${Array.isArray(value) ? "an array" : `of type ${typeof value}`}`;
  throw new ConfigurationError("environment", "not_text", `environment: ${name} is set, ${what}`);
}

/** Reads a text file. */
export async function readText(path: string | URL): Promise<string> {
  const { process, Deno } = globalThis as Around;
  if (Deno) return Deno.readTextFile(path);
  const files = process?.getBuiltinModule?.("fs/promises");
  if (!files) {
    const message =
      "files cannot be read here (this needs Deno, Bun, or Node 20.16): pass a function that reads the file";
    throw new ConfigurationError("subjectToken", "no_files", message);
  }
  return files.readFile(path, "utf8");
}
