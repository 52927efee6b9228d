/**
 * Restricts what a page may request by the URL of a Commerce Layer request, whose answer could otherwise contain any
 * resource that a relationship leads to, and the secrets of API credentials again and again.
 */

import type { Resources } from "../http/port.js";
import { Malformed } from "./json.js";

const PARAMETERS = /^(include|sort|fields\[\w+\]|filter\[q\]\[\w+\]|page\[(number|size)\])$/;
const MEMBERS = ["id", "data", "document", "query"];

type Types = Readonly<Record<string, Resources>>;
type Fields = Readonly<Record<string, unknown>>;

/** The error for a request that asks for something that it may not read. */
export class NotReadable extends Error {}

/**
 * Returns the input, changed so that it requests no secret. Refuses an input that requests resources that cannot be
 * read.
 *
 * @param readable Whether resources of a type can be read by an operation of their own.
 * @param secrets Whether answers may contain secrets.
 * @throws {@link Malformed} or {@link NotReadable}
 */
export function discreet(
  types: Types,
  operation: string,
  input: unknown,
  readable: (type: string) => boolean,
  secrets: boolean,
): unknown {
  const [owner, method] = operation.split(".") as [string, string];
  const { query: asked = {}, ...request } = fieldsOf(input);
  if (Object.keys(request).some((name) => !MEMBERS.includes(name))) throw new Malformed("has an unknown member");
  identified(owner, request);
  const query = { ...fieldsOf(asked) } as Record<string, string>;
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== "string" || !PARAMETERS.test(name)) throw new Malformed("has an unknown parameter");
  }
  const main = types[owner]?.to[method]?.[0] ?? owner;
  const shown = [main, ...included(types, main, query.include)];
  if (shown.some((type) => type !== main && !readable(type)))
    throw new NotReadable("includes resources that cannot be read here");
  if (secrets) return { ...request, query };
  const hidden = new Set(Object.values(types).flatMap(({ secrets }) => secrets ?? []));
  for (const [name, value] of Object.entries(query)) {
    const speaks = [...hidden].some(
      (secret) => name.includes(secret) || (/^(sort|fields)/.test(name) && value.includes(secret)),
    );
    if (speaks) throw new NotReadable("requests a secret, or filters by one");
  }
  for (const type of shown) {
    const { attributes = [], secrets: own, to = {} } = types[type] ?? {};
    // The secret of a new credential must be shown, or it is lost.
    if (own === undefined || (type === main && method === "create")) continue;
    const fields = `fields[${type}]`;
    if (!query[fields]) {
      const all = [...attributes, ...Object.keys(to).filter((name) => !attributes.includes(name))];
      query[fields] = all.filter((name) => !own.includes(name)).join(",");
    }
  }
  return { ...request, query };
}

/** Returns the types on the paths of an `include`. */
function included(types: Types, main: string, include: string | undefined): string[] {
  return (include ? include.split(",") : []).flatMap((path) => {
    let at = main;
    return path.split(".").map((step) => {
      const to = Object.hasOwn(types[at]?.to ?? {}, step) ? types[at]?.to[step] : undefined;
      if (to === undefined) throw new Malformed("includes something that is not a relationship");
      at = to[0];
      return at;
    });
  });
}

/** Checks that a document matches the request: the operation's type, and the id in the path. */
function identified(owner: string, { id, data, document }: Fields): void {
  const about = fieldsOf(data ?? fieldsOf(document).data);
  const another =
    (about.type !== undefined && about.type !== owner) ||
    (about.id !== undefined && id !== undefined && about.id !== id);
  if (another) throw new Malformed("has a document for another resource");
}

function fieldsOf(value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw new Malformed("has another value where an object is required");
  return value as Fields;
}
