/** What a client of either API lets other parts of the package do in its name. */

import type { Operation } from "../base/operation.js";
import type { Answer } from "./answer.js";
import type { Passing } from "./driver.js";
import type { Sender } from "./transport.js";

/** The interface through which a client makes calls on behalf of others. @internal */
export interface Port {
  /** The names of all operations, such as `apps.list`, in the order of their numbers. */
  names(): string[];
  /** The facts of an operation. */
  operation(number: number): Operation;
  /** Makes a call, and returns its answer unchanged. */
  forward(number: number, input: unknown, options: Passing): Promise<Answer>;
  /** Sends a request to any address as the client would, without its credentials. */
  readonly fetch?: Sender | undefined;
  /** Of an API whose answers can hold other resources, and secrets that are not shown once: what is known of each type. */
  readonly resources?: Readonly<Record<string, Resources>> | undefined;
}

/** What is known about a type of resource. @internal */
export interface Resources {
  readonly attributes: readonly string[];
  readonly secrets?: readonly string[];
  readonly to: Readonly<Record<string, readonly [type: string, many: 0 | 1]>>;
}

/** The form of {@link Port}, as a client encloses it. Change it together with that type. */
export const PORT = "keyturn.port.1";
