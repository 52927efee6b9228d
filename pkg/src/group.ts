/** The base of the generated classes, one for each group of operations. */

import type { Call, Engine, Envelope } from "./call.js";
import { operation } from "./core.js";
import type { RequestOptions } from "./options.js";
import { Paged } from "./paging.js";

const engines = new WeakMap<Group, Engine>();

/** Operations that belong together. Made by the client; nothing in it can be printed. */
export class Group {
  /** @internal */
  constructor(engine: Engine) {
    engines.set(this, engine);
  }

  /** @internal */
  protected call<T>(number: number, request?: unknown, options?: RequestOptions): Call<T> {
    return this.#send(number, request, options) as Promise<T>;
  }

  /** @internal */
  protected paged<T, Item>(number: number, request?: unknown, options?: RequestOptions): Paged<T, Item> {
    const { sdk122 } = engines.get(this) as Engine;
    return Paged.begin<T, Item>(operation(number, sdk122), request, (next) => this.#send(number, next, options));
  }

  #send(number: number, request: unknown, options: RequestOptions | undefined): Promise<Envelope> {
    return (engines.get(this) as Engine).call(number, request, options);
  }
}
