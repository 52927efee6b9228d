/** The base of the generated classes, one for each group of operations. */

import type { Call, Engine } from "./call.js";
import type { RequestOptions } from "./options.js";
import type { Paged } from "./paging.js";

const engines = new WeakMap<Group, Engine>();

/** Operations that belong together. Made by the client; nothing in it can be printed. */
export class Group {
  /** @internal */
  constructor(engine: Engine) {
    engines.set(this, engine);
  }

  /** @internal */
  protected call<T>(number: number, request?: unknown, options?: RequestOptions): Call<T> {
    return this.#engine().call(number, request, options) as Promise<unknown> as Promise<T>;
  }

  /** @internal */
  protected paged<T, Item>(number: number, request?: unknown, options?: RequestOptions): Paged<T, Item> {
    return this.#engine().paged<T, Item>(number, request, options);
  }

  #engine(): Engine {
    return engines.get(this) as Engine;
  }
}
