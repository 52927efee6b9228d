/** The facts that the core returns for an operation. */

import type { Effect } from "../generated/boundary.js";

/** The facts of an operation that a call needs. */
export interface Operation {
  /** Its id in the API document. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly effect: Effect;
  /** The number of the message that responses decode to. */
  readonly message: number;
  /** The name of the decoded body in the envelope. */
  readonly field: string;
  /** 1 if that message has no fields. */
  readonly empty: 0 | 1;
  /** 1 if a body is declared. */
  readonly body: 0 | 1;
  /**
   * For paging: the request field of the token, the response field of the next token, and the response field of the
   * items.
   */
  readonly tokenIn?: string;
  readonly tokenOut?: string;
  readonly items?: string;
  /** The request field that contains `tokenIn`; empty if it is at the top level. */
  readonly tokenUnder?: string;
  /** Reads the body of a failure. Returns `code`, `message`, `details` and `excerpt` as JSON, with secrets replaced. */
  readonly failure: (body: string, authorization: string) => string;
}
