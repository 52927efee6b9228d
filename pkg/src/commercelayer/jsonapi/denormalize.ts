/**
 * Conversion of a document to plain objects: attributes and relationships side by side, with included resources in
 * place.
 *
 * An included resource is one object, whatever refers to it, so reading takes time linear in the document. Objects that
 * refer to each other in cycles could not be serialised. A reference that closes a cycle is therefore a separate object
 * which shows only `id` and `type`, and reads everything else from the resource that it stands for.
 */

import { RESOURCES } from "../../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../../generated/commercelayer-models.js";
import { ErrorType, SdkError } from "../errors.js";
import type { Links, Metadata, Resource } from "../model.js";
import { type Document, isObject, type Linkage, put, type ResourceObject } from "./document.js";
import { camelCase, nameIn, valueIn } from "./names.js";

/** How to write names, and whether dates are strings. */
export interface Spelling {
  /** `snake`, the default: as on the wire, dates in ISO 8601. `camel`: `createdAt`, a `Date`. */
  readonly names?: "snake" | "camel" | undefined;
}

type Flat = Record<string, unknown>;

/** An included resource that has been reached. */
class Node {
  constructor(
    readonly source: ResourceObject,
    readonly value: Flat,
    /** The number of steps from the primary data. */
    readonly level: number,
  ) {}
}

/**
 * A reference to a resource that is no further from the primary data than the one that refers to it: it may close a
 * cycle.
 */
interface Suspect {
  readonly to: Node;
  replace(value: Flat): void;
}

/**
 * Returns the resources of a document, or its `data` unchanged if that is not an object, such as `null`.
 *
 * @typeParam R The resource, {@link Resource} with its attributes and relationships.
 * @throws {@link SdkError} of type `parse` if the document is not an object.
 */
export function denormalize<R extends Resource = any>(document: Document, spelling?: Spelling | null): R | R[] {
  if (!isObject(document as unknown))
    throw new SdkError({ message: "a document must be an object", type: ErrorType.PARSE });
  const { data } = document;
  if (!data) return data as unknown as R;
  const reader = new Reader(document.included, spelling?.names === "camel");
  const made = Array.isArray(data)
    ? data.map((source: ResourceObject) => reader.primary(source))
    : reader.primary(data as ResourceObject);
  reader.finish();
  return made as unknown as R | R[];
}

class Reader {
  readonly #index = new Map<string, Map<string, ResourceObject | Node>>();
  readonly #reached: Node[] = [];
  readonly #suspects: Suspect[] = [];
  readonly #camel: boolean;

  constructor(included: readonly ResourceObject[] | undefined, camel: boolean) {
    this.#camel = camel;
    for (const source of included ?? []) {
      if (!source || source.id === undefined) continue;
      let ids = this.#index.get(source.type);
      if (ids === undefined) this.#index.set(source.type, (ids = new Map()));
      // Of several with the same id, the first one counts, as it does in a search.
      if (!ids.has(source.id)) ids.set(source.id, source);
    }
  }

  primary(source: ResourceObject): Flat {
    if (!source) return source;
    // All fields are set at once, since engines are slow with objects to which many are added.
    const related: Flat = {};
    this.#relate(source, related, 0);
    return this.#flat(source, related);
  }

  /** Reads the included resources, nearest first, and breaks the cycles. */
  finish(): void {
    for (let at = 0; at < this.#reached.length; at++) {
      const { source, value, level } = this.#reached[at] as Node;
      this.#relate(source, value, level);
    }
    if (this.#suspects.length === 0) return;
    const circular = leadingToCircles(this.#reached, (linkage) => this.#find(linkage));
    for (const { to, replace } of this.#suspects) {
      if (circular.has(to)) replace(backReference(to.value));
    }
  }

  #flat({ id, type, attributes, links, meta }: ResourceObject, related: Flat): Flat {
    const value: Flat = {
      id,
      type,
      ...(this.#camel && attributes ? camelized(type, attributes) : attributes),
      ...related,
    };
    // Attributes cannot have these names; a server that sends them must not change the resource's identity.
    if (value.id !== id) value.id = id;
    if (value.type !== type) value.type = type;
    if (links && !("links" in value)) hide(value, "links", links);
    if (meta && !("meta" in value)) hide(value, "meta", meta);
    if (SECRETIVE.has(type)) conceal(value, this.#camel);
    return value;
  }

  #relate(source: ResourceObject, value: Flat, level: number): void {
    const { relationships } = source;
    if (!relationships) return;
    for (const name of Object.keys(relationships)) {
      const data = relationships[name]?.data;
      if (data === undefined || name === "id" || name === "type" || name === "__proto__") continue;
      const key = this.#camel ? nameIn(source.type, name) : name;
      if (Array.isArray(data)) {
        const many: unknown[] = [];
        for (const linkage of data as Linkage[]) many.push(this.#follow(linkage, level, many, many.length));
        value[key] = many;
      } else {
        value[key] = data === null ? null : this.#follow(data as Linkage, level, value, key);
      }
    }
  }

  #follow(linkage: Linkage, level: number, holder: object, key: string | number): unknown {
    if (!linkage) return linkage;
    const ids = this.#index.get(linkage.type);
    const found = ids?.get(linkage.id);
    if (found === undefined) return { id: linkage.id, type: linkage.type };
    if (found instanceof Node) {
      if (found.level <= level) this.#suspects.push({ to: found, replace: (value) => put(holder, String(key), value) });
      return found.value;
    }
    const node = new Node(found, this.#flat(found, {}), level + 1);
    ids?.set(linkage.id, node);
    this.#reached.push(node);
    return node.value;
  }

  #find(linkage: Linkage): Node | undefined {
    const found = this.#index.get(linkage.type)?.get(linkage.id);
    return found instanceof Node ? found : undefined;
  }
}

function camelized(type: string, attributes: Flat): Flat {
  const value: Flat = {};
  for (const name of Object.keys(attributes)) put(value, nameIn(type, name), valueIn(type, name, attributes[name]));
  return value;
}

/**
 * Returns the resources that lead into a cycle: what remains after repeatedly removing those that refer to no remaining
 * resource.
 */
function leadingToCircles(nodes: readonly Node[], find: (linkage: Linkage) => Node | undefined): Set<Node> {
  const left = new Set(nodes);
  const before = new Map<Node, Node[]>();
  const leads = new Map<Node, number>();
  for (const node of nodes) {
    let count = 0;
    for (const { data } of Object.values(node.source.relationships ?? {})) {
      for (const linkage of (Array.isArray(data) ? data : [data]) as (Linkage | null | undefined)[]) {
        const to = linkage ? find(linkage) : undefined;
        if (to === undefined) continue;
        count++;
        const sources = before.get(to);
        if (sources) sources.push(node);
        else before.set(to, [node]);
      }
    }
    leads.set(node, count);
  }
  const ends = nodes.filter((node) => leads.get(node) === 0);
  for (let node = ends.pop(); node !== undefined; node = ends.pop()) {
    left.delete(node);
    for (const source of before.get(node) ?? []) {
      const count = (leads.get(source) as number) - 1;
      leads.set(source, count);
      if (count === 0) ends.push(source);
    }
  }
  return left;
}

/** Returns an object that shows the identity of a resource, and reads its other fields from it. */
function backReference(value: Flat): Flat {
  const plain = { enumerable: true, configurable: true, writable: true };
  return Object.create(value, { id: { ...plain, value: value.id }, type: { ...plain, value: value.type } }) as Flat;
}

const hidden = { enumerable: false, configurable: true, writable: true, value: undefined as unknown };

function hide(value: Flat, name: string, hiddenValue: unknown): void {
  hidden.value = hiddenValue;
  Object.defineProperty(value, name, hidden);
  hidden.value = undefined;
}

/** The types with secrets. */
const SECRETIVE: ReadonlySet<string> = /* @__PURE__ */ (() =>
  new Set(Object.entries(RESOURCES).flatMap(([type, { secrets }]) => (secrets ? [type] : []))))();

// Only as many symbols as are needed: each adds a tenth to the time of the largest lists.
const INSPECTS = /* @__PURE__ */ (() =>
  ["nodejs.util.inspect.custom", ...("Deno" in globalThis ? ["Deno.customInspect"] : [])].map((name) =>
    Symbol.for(name),
  ))();

type Inspect = (shown: unknown, options: object) => string;

/**
 * Returns what `console.log` shows of a resource with secrets. Node passes the depth first, Deno its inspect function.
 */
function show(this: Flat, ...[first, second, third]: [number, object, Inspect] | [Inspect, object]): string {
  const shown = { ...this };
  for (const name of RESOURCES[this.type as ResourceTypeLock]?.secrets ?? []) {
    for (const key of [name, camelCase(name)]) if (shown[key]) shown[key] = "[secret]";
  }
  return typeof first === "function" ? first(shown, second) : (third as Inspect)(shown, { ...second, depth: first });
}

const shows = { value: show, enumerable: false, configurable: true, writable: true };

/**
 * Keeps secrets out of what `console.log` shows. Reading and serialising still yields them: that is what they were
 * fetched for.
 */
function conceal(value: Flat, camel: boolean): void {
  const secrets = RESOURCES[value.type as ResourceTypeLock].secrets ?? [];
  if (!secrets.some((name) => value[camel ? camelCase(name) : name])) return;
  for (const symbol of INSPECTS) Object.defineProperty(value, symbol, shows);
}

/** Returns the links that came with a resource or with a list: `linksOf(credential)?.self`. */
export function linksOf(from: object | null | undefined): Links | undefined {
  return (from as { links?: Links } | null | undefined)?.links;
}

/** Returns the `meta` that came with a resource. For a list, that is the server's own, such as `record_count`. */
export function metaOf(from: object | null | undefined): Metadata | undefined {
  const { meta, serverMeta } = (from ?? {}) as { meta?: Metadata; serverMeta?: Metadata };
  return Array.isArray(from) ? serverMeta : meta;
}
