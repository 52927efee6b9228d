/**
 * What failed while a command ran. The journal records only codes, since messages may quote servers, so only the command
 * that met a failure can say which sink it was, and what the server answered.
 */

import { KeyturnError } from "../base/errors.js";

/** The last failures of the targets, by their codes in the journal. */
export class Failures {
  readonly #last = new Map<string, unknown>();

  /** Returns the same provider or sink, whose failures are noted for a target. */
  noting<Port extends object>(target: string, port: Port): Port {
    const note = (error: unknown): never => {
      for (const code of codesOf(error)) this.#last.set(keyOf(target, code), error);
      throw error;
    };
    return new Proxy(port, {
      get(own, name) {
        const value: unknown = Reflect.get(own, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, own, args);
          return result instanceof Promise ? result.catch(note) : result;
        };
      },
    });
  }

  /** Returns the failure that the journal records under this code, if it happened while this command ran. */
  of(target: string, code: string): unknown {
    return this.#last.get(keyOf(target, code));
  }
}

function keyOf(target: string, code: string): string {
  return JSON.stringify([target, code]);
}

/** Returns the codes under which the engine may record an error. An error without a kind may quote anything. */
function codesOf(error: unknown): readonly string[] {
  if (!KeyturnError.is(error)) return [];
  const { reason } = error as { reason?: unknown };
  return typeof reason === "string" ? [error.kind, `${error.kind}:${reason}`] : [error.kind];
}
