/** The `FromJSON` and `ToJSON` functions of messages. */

// Where the core is depends on the runtime: entries say it for clients, and `imports` of the manifest for this.
import { source } from "#core";

import { InputError } from "../base/errors.js";
import { readMessage } from "../c1/engine.js";
import { unfit } from "../core/encode.js";
import { withCore } from "../core/instance.js";
import { type Marshalled, marshal } from "../core/marshal.js";
import { Unknown } from "../generated/boundary.js";
import { SDKValidationError } from "./errors.js";
import { c1 as table } from "./table.js";
import { ERR, OK, type Result } from "./types.js";

/** The API, and with it the core. */
const c1 = /* @__PURE__ */ withCore(table, source);

/** Reads the JSON text of a message. */
export type FromJSON<Message> = (jsonString: string) => Result<Message, SDKValidationError>;

/** The JSON text of a message. Throws if a value does not fit. */
export type ToJSON<Message> = (value: Message) => string;

/** The reader of a message, by its number. */
export function fromJSON<Message>(message: number): FromJSON<Message> {
  return (text) => {
    try {
      return OK(readMessage(c1, message, new TextEncoder().encode(text)).value as Message);
    } catch (error) {
      const cause = typeof error === "number" ? new SyntaxError(`not a whole JSON object at byte ${error}`) : error;
      return ERR(new SDKValidationError("Failed to parse from JSON", cause, text));
    }
  };
}

/** The writer of a message, by its number. */
export function toJSON<Message>(message: number): ToJSON<Message> {
  return (value) => {
    let thrown: Marshalled["thrown"];
    try {
      const marshalled = marshal(value);
      thrown = marshalled.thrown;
      const { json } = marshalled;
      return c1.run((table) => table.encode_message(message, json, Unknown.drop));
    } catch (error) {
      const cause = unfit(error, undefined, thrown);
      throw cause instanceof InputError ? new SDKValidationError("Failed to write as JSON", cause, value) : cause;
    }
  };
}
