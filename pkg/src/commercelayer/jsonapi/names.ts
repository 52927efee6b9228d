/** Names and dates as JavaScript programs use them: `createdAt`, a `Date`. For clients with `names: "camel"`. */

import { RESOURCES } from "../../generated/commercelayer-facts.js";
import { isKnownType } from "./document.js";

/** Joins the words of a name: `redirect_uri` becomes `redirectUri`. A leading underscore stays. */
export function camelCase(name: string): string {
  return String(name).replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Reverses {@link camelCase} for a name that has no digit after an underscore. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The names of a type in both spellings, and its dates. */
interface Names {
  readonly camel: ReadonlyMap<string, string>;
  readonly snake: ReadonlyMap<string, string>;
  readonly dates: ReadonlySet<string>;
}

const known = new Map<string, Names>();

function namesOf(type: string): Names {
  let names = known.get(type);
  if (names === undefined) {
    const facts = isKnownType(type) ? RESOURCES[type] : undefined;
    const all = facts
      ? [...facts.attributes, ...Object.keys(facts.to), ...(facts.create ?? []), ...(facts.update ?? [])]
      : [];
    names = {
      camel: new Map(all.map((name) => [name, camelCase(name)])),
      snake: new Map(all.map((name) => [camelCase(name), name])),
      dates: new Set(facts?.dates ?? ["created_at", "updated_at"]),
    };
    // Names that a server makes up must not fill the memory.
    if (facts) known.set(type, names);
  }
  return names;
}

/** Returns the name in a program for one on the wire. */
export function nameIn(type: string, name: string): string {
  return namesOf(type).camel.get(name) ?? camelCase(name);
}

/** Returns the name on the wire for one in a program; one already in wire form stays. */
export function nameOut(type: string, name: string): string {
  return namesOf(type).snake.get(name) ?? snakeCase(name);
}

/** Returns the value in a program: a valid date becomes a `Date`. */
export function valueIn(type: string, name: string, value: unknown): unknown {
  if (typeof value !== "string" || !namesOf(type).dates.has(name)) return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : date;
}
