/** The classes of the groups of operations. They differ only in names, so they are made from the list of these. */

import type { RequestOptions } from "../base/options.js";
import { GROUPS, type Groups } from "../generated/c1.js";
import type { Engine } from "./engine.js";

/** The engine of a client, and of each of its groups. */
const engines = new WeakMap<object, Engine>();
/** The groups of a client that have been accessed, by name. */
const groups = new WeakMap<object, Map<string, object>>();

type GroupClass = new (engine: Engine) => object;

/** The base class of clients: a property for each group, whose object is created on first access. */
export const ConductorOneGroups: new (engine: Engine) => Groups = /* @__PURE__ */ withGroups(GROUPS);

function withGroups(list: string): new (engine: Engine) => Groups {
  class ConductorOneGroups {
    constructor(engine: Engine) {
      engines.set(this, engine);
      groups.set(this, new Map());
    }
  }
  let first = 0;
  for (const line of list.split("/")) {
    const [name, ...methods] = line.split(" ") as [string, ...string[]];
    defineGroup(ConductorOneGroups.prototype, name, methods, first);
    first += methods.length;
  }
  return ConductorOneGroups as unknown as new (
    engine: Engine,
  ) => Groups;
}

/** Returns the names of all operations, such as `apps.list`, in the order of their numbers. */
export function operationNames(): string[] {
  return GROUPS.split("/").flatMap((line) => {
    const [name, ...methods] = line.split(" ") as [string, ...string[]];
    return methods.map((marked) => `${propertyOf(name)}.${bare(marked)}`);
  });
}

/** Returns the name of a method, without the marks that follow it in the list. */
function bare(marked: string): string {
  return marked.replace(/\W/g, "");
}

/** Defines the property of a group, whose operations begin with the number `first`. */
function defineGroup(prototype: object, name: string, methods: string[], first: number): void {
  let made: GroupClass | undefined;
  const get = function (this: object): object {
    const asked = groups.get(this) as Map<string, object>;
    let group = asked.get(name);
    if (group === undefined) {
      made ??= groupClass(name, methods, first);
      group = new made(engines.get(this) as Engine);
      asked.set(name, group);
    }
    return group;
  };
  Object.defineProperty(prototype, propertyOf(name), { get, configurable: true });
}

/** Converts a group's name to `camelCase`, as `api/src/naming.rs` does. */
function propertyOf(name: string): string {
  return name.replace(/^[A-Z]+(?=[A-Z][a-z]|[^A-Za-z]|$)|^[A-Z]/, (capitals) => capitals.toLowerCase());
}

/** Creates a class with a method for each operation. Nothing in its objects can be printed. */
function groupClass(name: string, methods: string[], first: number): GroupClass {
  const made = {
    [name]: class {
      constructor(engine: Engine) {
        engines.set(this, engine);
      }
    },
  }[name] as GroupClass;
  methods.forEach((marked, place) => {
    const method = bare(marked);
    Object.defineProperty(made.prototype, method, {
      value: methodOf(method, first + place, marked.includes("*"), marked.includes("-")),
      writable: true,
      configurable: true,
    });
  });
  return made;
}

function methodOf(name: string, number: number, paged: boolean, bare: boolean): unknown {
  const run = (group: object, request: unknown, options?: RequestOptions): unknown => {
    const engine = engines.get(group) as Engine;
    return paged ? engine.paged(number, request, options) : engine.call(number, request, options);
  };
  return bare
    ? {
        [name](this: object, options?: RequestOptions): unknown {
          return run(this, undefined, options);
        },
      }[name]
    : {
        [name](this: object, request: unknown, options?: RequestOptions): unknown {
          return run(this, request, options);
        },
      }[name];
}
