/** The classes of the groups of operations, made from the list of their names: they differ in nothing else. */

import type { RequestOptions } from "../base/options.js";
import { GROUPS, type Groups } from "../generated/c1.js";
import type { Engine } from "./engine.js";

const engines = new WeakMap<object, Engine>();

type GroupClass = new (engine: Engine) => object;

/** What clients extend: a property for each group, whose object is made when it is first asked for. */
export const ConductorOneGroups: new (engine: Engine) => Groups = /* @__PURE__ */ withGroups(GROUPS);

function withGroups(list: string): new (engine: Engine) => Groups {
  class ConductorOneGroups {
    readonly #engine: Engine;
    readonly #groups = new Map<string, object>();

    constructor(engine: Engine) {
      this.#engine = engine;
    }

    static {
      let first = 0;
      for (const line of list.split("/")) {
        const [name, ...methods] = line.split(" ") as [string, ...string[]];
        const number = first;
        first += methods.length;
        let made: GroupClass | undefined;
        const get = function (this: ConductorOneGroups): object {
          let group = this.#groups.get(name);
          if (group === undefined)
            this.#groups.set(name, (group = new (made ??= groupClass(name, methods, number))(this.#engine)));
          return group;
        };
        Object.defineProperty(ConductorOneGroups.prototype, propertyOf(name), { get, configurable: true });
      }
    }
  }
  return ConductorOneGroups as unknown as new (
    engine: Engine,
  ) => Groups;
}

/** `camelCase`, as `api/src/naming.rs` has it. */
function propertyOf(name: string): string {
  return name.replace(/^[A-Z]+(?=[A-Z][a-z]|[^A-Za-z]|$)|^[A-Z]/, (capitals) => capitals.toLowerCase());
}

/** A class with a method for each operation. Nothing in its objects can be printed. */
function groupClass(name: string, methods: string[], first: number): GroupClass {
  const made = {
    [name]: class {
      constructor(engine: Engine) {
        engines.set(this, engine);
      }
    },
  }[name] as GroupClass;
  methods.forEach((marked, place) => {
    const method = marked.replace(/\W/g, "");
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
