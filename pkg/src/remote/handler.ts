/** The server's side of a lifecycle that pages of the same application use. */

import { bounded, isResponse } from "../base/body.js";
import { ConfigurationError } from "../base/errors.js";
import { ownOrigins } from "../base/origin.js";
import { CALLS, type CallSpec, type LifecycleCalls, problemOf, type RemoteCall } from "./calls.js";
import { failureOf } from "./errors.js";

/** Options of {@link lifecycleHandler}. */
export interface LifecycleHandlerOptions {
  /** The lifecycle that is called. It has the clients, the sinks and the journal; the page has none of them. */
  readonly lifecycle: LifecycleCalls;
  /**
   * Decides whether the sender of a request may make a call: the application's own check of its session. Any result
   * other than `true` refuses the call. A `Response` is sent as the answer.
   */
  readonly authorize: (
    request: Request,
    call: { readonly call: RemoteCall | "events"; readonly writes: boolean },
  ) => boolean | Response | Promise<boolean | Response>;
  /**
   * The origins whose pages may call. Default: the origin to which each request is sent, by its URL or `Host` header.
   */
  readonly origins?: readonly string[] | undefined;
}

/** The longest request body that is read, in bytes. */
const LONGEST_BODY = 1 << 20;

const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-type": "application/json",
};

/**
 * Creates a Fetch handler that lets pages of the same origin call a lifecycle, by {@link remoteLifecycle}. The last
 * part of a request's path names the call.
 *
 * A call continues when its page is closed: what it has begun is recorded in the journal. Pages of other origins are
 * refused by their `Origin` and by the content type, which they cannot send without a CORS preflight. No answer
 * contains a secret.
 *
 * ```ts
 * const handle = lifecycleHandler({ lifecycle, authorize: (request) => isAdministrator(request) });
 * ```
 */
export function lifecycleHandler(options: LifecycleHandlerOptions): (request: Request) => Promise<Response> {
  const { lifecycle, authorize, origins } = options;
  if (typeof authorize !== "function")
    throw new ConfigurationError(
      "authorize",
      "missing",
      "authorize: must be a function that checks who sends a request",
    );
  return async (request) => {
    const url = new URL(request.url);
    const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    const spec = Object.hasOwn(CALLS, name) ? CALLS[name as RemoteCall] : undefined;
    if (spec === undefined && name !== "events") return refusal(404, "this call does not exist");
    if (request.method !== "POST") return refusal(405, "calls must use POST");
    const allowed = origins ?? ownOrigins(request);
    if (!allowed.includes(request.headers.get("origin") ?? "")) return refusal(403, "the page's origin is not allowed");
    if (request.headers.get("content-type") !== "application/json") return refusal(415, "calls must be JSON");
    const call = { call: name as RemoteCall | "events", writes: spec?.writes ?? false };
    const verdict = await authorize(request, call);
    if (verdict !== true) return isResponse(verdict) ? verdict : refusal(401, "the sender is not logged in");
    if (spec === undefined) return eventsOf(lifecycle, request.signal);
    const body = await textOf(request);
    if (body === undefined) return refusal(413, `a call may have at most ${LONGEST_BODY} bytes`);
    return answer(lifecycle, name as RemoteCall, spec, body);
  };
}

async function answer(lifecycle: LifecycleCalls, name: RemoteCall, spec: CallSpec, body: string): Promise<Response> {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    return refusal(400, "the body is not JSON");
  }
  if (!Array.isArray(given)) return refusal(400, "the body is not an array of arguments");
  const problem = problemOf(spec, given);
  if (problem !== undefined) return refusal(400, `${name}: ${problem}`);
  const args = given.map((value) => value ?? undefined);
  try {
    const value = await (lifecycle[name] as (...args: unknown[]) => Promise<unknown>).apply(lifecycle, args);
    // If one of several targets fails, its result contains the error.
    const shown = (key: string, one: unknown): unknown =>
      key === "error" && one instanceof Error ? failureOf(one) : one;
    return new Response(JSON.stringify({ value: value ?? null }, shown), { headers: HEADERS });
  } catch (error) {
    return new Response(JSON.stringify({ error: failureOf(error) }), { status: 422, headers: HEADERS });
  }
}

/** Streams the events from now on, one line of JSON each, until the page disconnects. */
function eventsOf(lifecycle: LifecycleCalls, signal: AbortSignal): Response {
  const events = lifecycle.events();
  const text = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // Sends the headers at once, so that the page knows that it is connected.
      controller.enqueue(text.encode("\n"));
      signal.addEventListener("abort", () => void events.return?.(), { once: true });
    },
    async pull(controller) {
      const { done, value } = await events.next();
      if (done) controller.close();
      else controller.enqueue(text.encode(`${JSON.stringify(value)}\n`));
    },
    async cancel() {
      await events.return?.();
    },
  });
  return new Response(body, { headers: { ...HEADERS, "content-type": "application/x-ndjson" } });
}

/** Returns the answer to a request that is refused before anything is done. */
function refusal(status: number, message: string): Response {
  const error = {
    name: "RemoteError",
    code: status === 401 ? "unauthorized" : status === 403 ? "forbidden" : status === 404 ? "not_found" : "bad_request",
    message,
    outcome: "none",
  };
  return new Response(JSON.stringify({ error }), { status, headers: HEADERS });
}

/** Reads the body; `undefined` if it is too long. */
async function textOf(request: Request): Promise<string | undefined> {
  let isTooLong = false;
  try {
    const bytes = await bounded(request, LONGEST_BODY, () => {
      isTooLong = true;
      throw new Error("the body is too long");
    });
    return new TextDecoder().decode(bytes);
  } catch (error) {
    if (isTooLong) return undefined;
    throw error;
  }
}
