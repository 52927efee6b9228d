/** The `FromJSON` and `ToJSON` functions of messages. */

// The core's location depends on the runtime: entries pass it to clients, and this file gets it through `imports` of
// the manifest.
import { source } from "#core";

import { InputError } from "../base/errors.js";
import { readMessage } from "../c1/engine.js";
import { unfit } from "../core/encode.js";
import { withCore } from "../core/instance.js";
import { type Marshalled, marshal } from "../core/marshal.js";
import { any } from "../core/revive.js";
import { Unknown } from "../generated/boundary.js";
import { SDKValidationError } from "./errors.js";
import { c1 as table } from "./table.js";
import { ERR, OK, type Result } from "./types.js";

/** The API, together with the core. */
const c1 = /* @__PURE__ */ withCore(table, source);

/** Reads the JSON text of a message. */
export type FromJSON<Message> = (jsonString: string) => Result<Message, SDKValidationError>;

/** Returns the JSON text of a message. Throws if a value does not match its type. */
export type ToJSON<Message> = (value: Message) => string;

type Json = Record<string, unknown>;

function reader<Message>(read: (text: string) => unknown): FromJSON<Message> {
  return (text) => {
    try {
      return OK(read(text) as Message);
    } catch (error) {
      const cause = typeof error === "number" ? new SyntaxError(`not a complete JSON object at byte ${error}`) : error;
      return ERR(new SDKValidationError("Failed to parse from JSON", cause, text));
    }
  };
}

function writer<Message>(write: (value: Message, marshalled: Marshalled) => string): ToJSON<Message> {
  return (value) => {
    let thrown: Marshalled["thrown"];
    try {
      const marshalled = marshal(value);
      thrown = marshalled.thrown;
      return write(value, marshalled);
    } catch (error) {
      const cause = unfit(error, undefined, thrown);
      throw cause instanceof InputError ? new SDKValidationError("Failed to write as JSON", cause, value) : cause;
    }
  };
}

/** Returns the reader of a message, by its number. */
export function fromJSON<Message>(message: number): FromJSON<Message> {
  return reader((text) => readMessage(c1, message, new TextEncoder().encode(text)).value);
}

/** Returns the writer of a message, by its number. */
export function toJSON<Message>(message: number): ToJSON<Message> {
  return writer((_, { json }) => c1.run((table) => table.encode_message(message, json, Unknown.drop)));
}

/** Returns the reader of a message of any type. */
export function anyFromJSON<Message>(): FromJSON<Message> {
  return reader((text) => any(object(JSON.parse(text))));
}

/** Returns the writer of a message of any type. */
export function anyToJSON<Message extends { atType?: unknown; additionalProperties?: unknown }>(): ToJSON<Message> {
  return writer((value, { json }) => {
    object(value);
    const { atType, additionalProperties } = JSON.parse(json) as Json;
    if (atType !== undefined && typeof atType !== "string") throw new InputError("atType", "must be a string");
    const rest = additionalProperties === undefined ? {} : object(additionalProperties, "additionalProperties");
    return JSON.stringify(atType === undefined ? rest : { ...rest, "@type": atType });
  });
}

/** Returns the reader of a message without fields; fields of a newer server are kept. */
export function emptyFromJSON<Message>(): FromJSON<Message> {
  return reader((text) => object(JSON.parse(text)));
}

/** Returns the writer of a message without fields. */
export function emptyToJSON<Message>(): ToJSON<Message> {
  return writer((value) => object(value) && "{}");
}

function object(value: unknown, path = ""): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new InputError(path, "must be an object");
}
