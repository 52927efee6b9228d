/** Calls an operation on a client by its name. */

import { c1Client, commerceLayerClient } from "../clients.js";
import type { Context } from "../context.js";
import type { Operation } from "./catalogue.js";

/** The result of a call: the decoded body, or the items of a list. */
export type Answer = { readonly body: unknown } | { readonly items: AsyncIterable<unknown> };

type Method = (...args: unknown[]) => unknown;

/** Runs `work` with the answer of an operation. The client stays open until `work` ends. */
export async function invoke<T>(
  context: Context,
  operation: Operation,
  request: Readonly<Record<string, unknown>>,
  { every, secrets }: { readonly every: boolean; readonly secrets: boolean },
  work: (answer: Answer) => Promise<T>,
): Promise<T> {
  const client = operation.api === "c1" ? await c1Client(context) : await commerceLayerClient(context);
  const close = (): void => client.close();
  context.signal.addEventListener("abort", close, { once: true });
  try {
    context.unlessInterrupted();
    const group = (client as unknown as Record<string, Record<string, Method>>)[operation.group];
    const method = (...args: unknown[]): unknown => group?.[operation.name]?.(...args);
    const result =
      operation.api === "c1"
        ? callC1(context, operation, method, request)
        : method(...argumentsOf(operation, request), { secrets });
    if (every && operation.paged) return await work({ items: result as AsyncIterable<unknown> });
    const value = (await result) as Record<string, unknown>;
    return await work({ body: operation.api === "c1" ? value?.[operation.answer ?? ""] : (value ?? {}) });
  } finally {
    context.signal.removeEventListener("abort", close);
    client.close();
  }
}

function callC1({ signal }: Context, operation: Operation, method: Method, request: object): unknown {
  // Without a request, the options are the first argument.
  return operation.fields.length === 0 ? method({ signal }) : method(request, { signal });
}

/** Returns the arguments of a method of Commerce Layer's client, before the options. */
function argumentsOf(operation: Operation, request: Readonly<Record<string, unknown>>): unknown[] {
  const { id, ...others } = request;
  const list = operation.path.includes("{id}") ? [id] : [];
  switch (operation.name) {
    case "create":
      return [related(operation, others), {}];
    case "update":
      return [{ ...related(operation, others), ...(list.length > 0 && { id }) }, {}];
    case "delete":
    case "resend":
      return list;
    case "transfer_ownership":
      return [...list, others];
    default: {
      const { filter, ...params } = others;
      return [...list, { ...params, ...(filter === undefined ? {} : { filters: filter }) }];
    }
  }
}

/** Converts ids of related resources to resource identifiers. */
function related({ relationships }: Operation, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const one = (type: string, id: unknown): unknown => (typeof id === "string" ? { type, id } : id);
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    const type = relationships.get(name);
    if (type === undefined) return [name, value];
    return [name, Array.isArray(value) ? value.map((item) => one(type, item)) : one(type, value)];
  });
  return Object.fromEntries(entries);
}
