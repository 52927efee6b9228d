/** Names and dates as JavaScript has them: `createdAt`, a `Date`. For clients with `names: "camel"`. */

import { RESOURCES } from "../../generated/commercelayer-facts.js";
import { isKnownType } from "./document.js";

/** A name's words run together: `redirect_uri` is `redirectUri`. An underscore at the beginning stays. */
export function camelCase(name: string): string {
  return String(name).replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What {@link camelCase} made of a name that has no digit after an underscore. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A type's names in the two spellings, and its dates. */
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
    // Made-up names of a server must not fill the memory.
    if (facts) known.set(type, names);
  }
  return names;
}

/** The name in a program for one on the wire. */
export function nameIn(type: string, name: string): string {
  return namesOf(type).camel.get(name) ?? camelCase(name);
}

/** The name on the wire for one in a program; one that is already in wire form stays. */
export function nameOut(type: string, name: string): string {
  return namesOf(type).snake.get(name) ?? snakeCase(name);
}

/** The value in a program: a date that can be read is a `Date`. */
export function valueIn(type: string, name: string, value: unknown): unknown {
  if (typeof value !== "string" || !namesOf(type).dates.has(name)) return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? value : date;
}
