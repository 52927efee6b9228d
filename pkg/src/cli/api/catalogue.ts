/** The catalogue of operations. The build generates it from the same facts as the tables of both APIs. */

import { CATALOGUE } from "../../generated/cli-catalogue.js";

/** The command line's names of the two APIs. */
export const APIS = ["c1", "commercelayer"] as const;

/** One of {@link APIS}. */
export type ApiName = (typeof APIS)[number];

/** A field of a request, or of one of its types. */
export interface Field {
  readonly name: string;
  /** Its TypeScript type: `string`, `Array<AppEntitlementRef>`, `{ [key: string]: string }`. */
  readonly type: string;
  readonly about?: string;
  readonly place?: "path" | "query" | "body";
  /** Whether the field is the whole body, whose own fields can be given without its name as a prefix. */
  readonly whole?: true;
  readonly required?: true;
  /** Whether it holds a secret, which does not belong in the argument list. */
  readonly secret?: true;
  readonly deprecated?: true;
}

/** A type of C1: the values of an open enumeration, or the fields of an object. */
export type Type = readonly string[] | { readonly about?: string; readonly fields: readonly Field[] };

/** The properties that operations of both APIs share. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly about?: string;
  readonly effect: "read" | "write" | "secret";
  /** Whether the operation is irreversible: no other one can undo it. */
  readonly final?: true;
}

interface C1Call extends Call {
  readonly deprecated?: true;
  readonly stability?: string;
  readonly fields?: readonly Field[];
  /** The name of the decoded body in the envelope. */
  readonly answer?: string;
  /** The field of the items, if the answer is a page. */
  readonly items?: string;
  /** The names of the fields of the answer that hold a secret. */
  readonly secrets?: readonly string[];
}

interface Resource {
  readonly about?: string;
  readonly operations: Readonly<Record<string, Call & { readonly many?: true }>>;
  readonly attributes?: readonly (Field & {
    readonly set?: readonly string[];
    readonly trigger?: true;
    readonly sort?: true;
    readonly filter?: true;
  })[];
  readonly relationships?: readonly {
    readonly name: string;
    readonly target: string;
    readonly many?: true;
    readonly set?: readonly string[];
  }[];
}

interface Catalogue {
  readonly c1: Readonly<
    Record<string, { readonly about?: string; readonly operations: Readonly<Record<string, C1Call>> }>
  >;
  readonly commercelayer: Readonly<Record<string, Resource>>;
  readonly types: Readonly<Record<string, Type>>;
}

/** An operation of either API, in one form. */
export interface Operation extends Call {
  readonly api: ApiName;
  /** The name of the group or of the resource. */
  readonly group: string;
  readonly name: string;
  readonly deprecated?: true | undefined;
  readonly stability?: string | undefined;
  readonly fields: readonly Field[];
  /** The name of the decoded body in C1's envelope. */
  readonly answer?: string | undefined;
  /** Whether the answer is a page of a list. */
  readonly paged: boolean;
  /** The field of the items in C1's answers. */
  readonly items?: string | undefined;
  /** The names of the fields of the answer that hold a secret. */
  readonly secrets: readonly string[];
  /** Commerce Layer: the type of each relationship, for requests that set it. */
  readonly relationships: ReadonlyMap<string, string>;
}

let read: Catalogue | undefined;

function catalogue(): Catalogue {
  return (read ??= JSON.parse(CATALOGUE) as Catalogue);
}

/** Returns the type of C1 with this name. */
export function typeOf(name: string): Type | undefined {
  const { types } = catalogue();
  return Object.hasOwn(types, name) ? types[name] : undefined;
}

/** Returns all groups or resources of an API, each with its description and operations. */
export function groupsOf(api: ApiName): { name: string; about: string; operations: readonly string[] }[] {
  return Object.entries(catalogue()[api]).map(([name, { about = "", operations }]) => ({
    name,
    about,
    operations: Object.keys(operations),
  }));
}

/** Returns the names of all operations of an API, such as `apps.list`. */
export function namesOf(api: ApiName): string[] {
  return groupsOf(api).flatMap(({ name, operations }) => operations.map((one) => `${name}.${one}`));
}

/** Finds the operation with this name, in any spelling: `apps.list`, `app-users.list`. */
export function find(api: ApiName, name: string): Operation | undefined {
  const exact = normalized(name);
  const found = namesOf(api).find((one) => one === name) ?? namesOf(api).find((one) => normalized(one) === exact);
  if (found === undefined) return undefined;
  const [group, operation] = found.split(".") as [string, string];
  return api === "c1" ? c1Operation(group, operation) : resourceOperation(group, operation);
}

/** Returns a name in its canonical spelling. */
export function normalized(name: string): string {
  return name.replace(/[-_]/g, "").toLowerCase();
}

function c1Operation(group: string, name: string): Operation {
  const call = catalogue().c1[group]?.operations[name] as C1Call;
  return {
    ...call,
    api: "c1",
    group,
    name,
    fields: call.fields ?? [],
    paged: call.items !== undefined,
    secrets: call.secrets ?? [],
    relationships: new Map(),
  };
}

const ID: Field = { name: "id", type: "string", place: "path", required: true, about: "The id of the resource." };
const INCLUDE: Field = { name: "include", type: "Names", place: "query", about: "Related resources to include." };
const ONLY: Field = { name: "fields", type: "Names", place: "query", about: "The fields to return." };

function resourceOperation(group: string, name: string): Operation {
  const { operations, attributes = [], relationships = [] } = catalogue().commercelayer[group] as Resource;
  const { many = false, ...call } = operations[name] as Resource["operations"][string];
  const set = (word: string, list: readonly string[] = []): "required" | boolean =>
    list.some((one) => one.startsWith(word)) && (list.includes(`${word} (required)`) ? "required" : true);
  const settable = (word: string): Field[] =>
    [
      ...attributes.map((one) => ({ ...one, type: one.trigger ? "boolean" : one.type })),
      ...relationships.map((one) => ({
        ...one,
        type: one.many ? "Array<Related>" : "Related",
        about: `The id of one of ${one.target}.`,
      })),
    ].flatMap(({ set: sets, ...one }) => {
      const is = set(word, sets);
      return is === false
        ? []
        : [{ ...one, place: "body" as const, ...(is === "required" && { required: true as const }) }];
    });
  const sortable = attributes.flatMap((one) => (one.sort ? [one.name] : []));
  const lists: Field[] = [
    {
      name: "filter",
      type: "Filters",
      place: "query",
      about: "A filter such as `kind_eq=integration`; may be repeated.",
    },
    {
      name: "sort",
      type: "Names",
      place: "query",
      about: `The attribute to sort by, with a leading \`-\` for descending order: ${sortable.join(", ")}.`,
    },
    { name: "pageSize", type: "number", place: "query", about: "From 1 to 25." },
    { name: "pageNumber", type: "number", place: "query", about: "From 1." },
  ];
  const id = call.path.includes("{id}") ? [ID] : [];
  const byName: Readonly<Record<string, Field[]>> = {
    create: settable("create"),
    update: [...id, ...settable("update")],
    delete: id,
    resend: id,
    transfer_ownership: [
      ...id,
      { name: "new_owner_email", type: "string", place: "body", required: true, about: "The owner." },
    ],
  };
  return {
    ...call,
    api: "commercelayer",
    group,
    name,
    fields: byName[name] ?? [...id, INCLUDE, ONLY, ...(many ? lists : [])],
    paged: many,
    // Any resource that an answer includes may contain a secret.
    secrets: ["client_secret"],
    relationships: new Map(relationships.map((one) => [one.name, one.target])),
  };
}
