/** What a client of either API lets other parts of the package do on its behalf. */

import type { Operation } from "../base/operation.js";
import type { Answer } from "./answer.js";
import type { Passing } from "./driver.js";
import type { Sender } from "./transport.js";

/** The interface through which a client makes calls on behalf of others. @internal */
export interface Port {
  /** Returns the names of all operations, such as `apps.list`, in the order of their numbers. */
  names(): string[];
  /** Returns the facts of an operation. */
  operation(number: number): Operation;
  /** Makes a call, and returns its response unchanged. */
  forward(number: number, input: unknown, options: Passing): Promise<Answer>;
  /** Sends a request to any address as the client would, without its credentials. */
  readonly fetch?: Sender | undefined;
  /**
   * What is known of each type of resource, for an API whose responses can include other resources and repeat secrets.
   */
  readonly resources?: Readonly<Record<string, Resources>> | undefined;
}

/** What is known about a type of resource. @internal */
export interface Resources {
  readonly attributes: readonly string[];
  readonly secrets?: readonly string[];
  readonly to: Readonly<Record<string, readonly [type: string, many: 0 | 1]>>;
}

/** The name under which a client encloses its {@link Port}. Change it together with that type. */
export const PORT = "keyturn.port.1";
