/** Standalone functions: `keyturn/compat/funcs/*.js`. */

import { type ConductoroneSDKTypescriptCore, engineOf } from "./client.js";
import type { CallError } from "./errors.js";
import type { RequestOptions } from "./options.js";
import { APIPromise, type PageIterator, type Result } from "./types.js";

type Client = Pick<ConductoroneSDKTypescriptCore, "_baseURL" | "_options">;

/** A function whose operation takes no request. */
export type Func<Answer> = (client: Client, options?: RequestOptions) => APIPromise<Result<Answer, CallError>>;

/** A function whose request is required. */
export type FuncOf<Request, Answer> = (
  client: Client,
  request: Request,
  options?: RequestOptions,
) => APIPromise<Result<Answer, CallError>>;

/**
 * A request with `null` wherever a value may be left out. Release 1.2.2 declares this for its oldest fields; `null`
 * means the same as absence.
 */
export type Sendable<T> = 0 extends 1 & T
  ? T
  : T extends Date | string | number | boolean | null | undefined
    ? T
    : T extends (infer Item)[]
      ? Sendable<Item>[]
      : { [Name in keyof T]: Sendable<T[Name]> | (undefined extends T[Name] ? null : never) };

/** A function whose request is optional. */
export type OptionalFunc<Request, Answer> = (
  client: Client,
  request?: Request | undefined,
  options?: RequestOptions,
) => APIPromise<Result<Answer, CallError>>;

/** A page of a list, as a result whose value is also iterable. */
export type ResultPages<Answer> = PageIterator<
  Result<PageIterator<Answer, { cursor: string }>, CallError>,
  { cursor: string }
>;

/** A function of a paged operation. */
export type PagesFunc<Arguments extends unknown[], Answer> = (
  client: Client,
  ...rest: [...request: Arguments, options?: RequestOptions]
) => APIPromise<ResultPages<Answer>>;

/** Returns the function of an operation that takes a request. */
export function func<F>(operation: number): F {
  return ((client: object, request?: unknown, options?: RequestOptions) =>
    new APIPromise(inspected(client, operation, request, options))) as F;
}

/** Returns the function of an operation that takes no request. */
export function bare<F>(operation: number): F {
  return ((client: object, options?: RequestOptions) =>
    new APIPromise(inspected(client, operation, undefined, options))) as F;
}

async function inspected(client: object, operation: number, request: unknown, options: RequestOptions | undefined) {
  return engineOf(client).inspect(operation, request, options);
}
