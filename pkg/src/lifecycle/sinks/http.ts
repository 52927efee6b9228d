/** HTTP calls to the systems that sinks write to. */

import { bounded } from "../../base/body.js";
import { RequestAbortedError } from "../../base/errors.js";
import { SinkError } from "./error.js";

/** A server as the caller provides it: an address, a way to authenticate, a `fetch`. */
export interface Endpoint {
  /** The server's address: `https://vault.example.com:8200`. */
  readonly url: string | URL;
  /** A token, or a function that returns a currently valid one. */
  readonly token: string | (() => string | Promise<string>);
  /** Sends the requests. Provide one that trusts a private CA, or goes through a proxy. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** The longest answer that is read, in bytes. What these systems keep for a secret is shorter. */
const LONGEST = 4 << 20;

/** An answer whose body has been read. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Whether it answers a request that changes something. */
  readonly changes: boolean;
}

/** Sends a request. Rejects if there is no answer; an answer of any status resolves. @internal */
export async function send(
  sink: string,
  endpoint: Endpoint,
  {
    method,
    path,
    headers = {},
    body,
  }: { method: string; path: string; headers?: Record<string, string>; body?: unknown },
  authorize: (token: string) => Record<string, string>,
  signal: AbortSignal,
): Promise<Answer> {
  const token = typeof endpoint.token === "string" ? endpoint.token : await endpoint.token();
  const url = new URL(String(endpoint.url).replace(/\/+$/, "") + path);
  const changes = method !== "GET";
  // Some clients keep a listener on a signal for as long as the signal exists, and the caller's may exist for long.
  const own = new AbortController();
  const abort = (): void => own.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  let response: Response;
  let text: string;
  try {
    response = await (endpoint.fetch ?? globalThis.fetch)(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...authorize(token),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: own.signal,
      // The token must not be sent to any address but the given one. Workers do not support "error" here.
      redirect: "manual",
    });
    text = new TextDecoder().decode(
      await bounded(response, LONGEST, () => {
        const message = `${method} ${url.pathname}: the answer is longer than ${LONGEST} bytes`;
        throw new SinkError(sink, "failed", message, {
          status: response.status,
          outcome: changes ? "unknown" : "none",
        });
      }),
    );
  } catch (error) {
    if (error instanceof SinkError) throw error;
    if (signal.aborted) throw new RequestAbortedError({ cause: signal.reason, outcome: changes ? "unknown" : "none" });
    // An error thrown by a library may quote what it was about to send.
    const outcome = changes ? "unknown" : "none";
    throw new SinkError(sink, "unavailable", `${method} ${url.pathname} got no response`, { outcome });
  } finally {
    signal.removeEventListener("abort", abort);
  }
  let parsed: unknown;
  try {
    parsed = text === "" ? undefined : JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  return { status: response.status, body: parsed, changes };
}

/**
 * Returns the error for an answer with which a sink cannot continue. Bodies are not quoted, since some servers repeat
 * what they were sent. @internal
 */
export function unexpected(sink: string, what: string, { status, changes }: Answer): SinkError {
  const reason = status === 401 || status === 403 ? "denied" : status === 404 ? "missing" : "failed";
  const outcome = changes && status >= 500 ? "unknown" : "none";
  return new SinkError(sink, reason, `${what}: the server answered ${status}`, { status, outcome });
}

/** Returns the member at a path of a JSON value. @internal */
export function member(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}

/** Returns the member at a path of a JSON value, if it is a string. @internal */
export function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = member(value, ...path);
  return typeof found === "string" ? found : undefined;
}
