/** The page's side of a lifecycle that runs on the application's server. */

import type { LifecycleEvent } from "../lifecycle/model.js";
import { CALLS, type LifecycleCalls, type RemoteCall } from "./calls.js";
import { RemoteError, remoteErrorOf } from "./errors.js";

/** Options of {@link remoteLifecycle}. */
export interface RemoteLifecycleOptions {
  /** The URL of the application's {@link lifecycleHandler}, such as `/keyturn/lifecycle`. */
  readonly url: string;
  /** Additional headers of each request, such as one with the application's session. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Returns a proxy object for a lifecycle that runs on the application's server, with the same methods. The page has no
 * credential, no secret and no journal of its own. Requests include the application's cookies.
 *
 * A call whose answer does not arrive rejects with `connection_failed`, and with the outcome `"unknown"` if it may have
 * changed something; `status()` then reports the result. The `signal` of a call ends the wait, but not the work on the
 * server.
 *
 * ```ts
 * const lifecycle = remoteLifecycle({ url: "/keyturn/lifecycle" });
 * const [target] = await lifecycle.status();
 * ```
 */
export function remoteLifecycle(options: RemoteLifecycleOptions): LifecycleCalls {
  const send = async (name: RemoteCall | "events", args: readonly unknown[], signal?: AbortSignal) => {
    const { url, headers, fetch: sendRequest = globalThis.fetch } = options;
    const init = { method: "POST", body: JSON.stringify(args), ...(signal && { signal }) };
    return sendRequest(`${url}/${name}`, { ...init, headers: { ...headers, "content-type": "application/json" } });
  };
  const calls = Object.entries(CALLS).map(([name, { writes }]) => {
    const call = async (...given: unknown[]): Promise<unknown> => {
      const { args, signal } = withoutSignal(given);
      const outcome = writes ? "unknown" : "none";
      let response: Response;
      let body: { value?: unknown; error?: unknown };
      try {
        response = await send(name as RemoteCall, args, signal);
        body = (await response.json()) as typeof body;
      } catch (cause) {
        if (signal?.aborted) throw signal.reason;
        throw unreached(name, outcome, cause);
      }
      if (response.ok && "value" in body) return revived(body.value);
      throw remoteErrorOf(body.error) ?? unreached(name, outcome, new Error(`the server answered ${response.status}`));
    };
    return [name, call] as const;
  });
  return { ...(Object.fromEntries(calls) as Pick<LifecycleCalls, RemoteCall>), events: () => eventsOf(send) };
}

/** Restores a result as the lifecycle returned it: the result of a target that failed contains an error. */
function revived(value: unknown): unknown {
  if (!Array.isArray(value)) return value ?? undefined;
  return value.map((one: unknown) => {
    const error = remoteErrorOf((one as { error?: unknown } | null)?.error);
    return error === undefined ? one : { ...(one as object), error };
  });
}

/** Separates the signal from the arguments. It is not sent, since the server continues without its page. */
function withoutSignal(given: readonly unknown[]): { args: readonly unknown[]; signal: AbortSignal | undefined } {
  const last = given.at(-1);
  if (typeof last !== "object" || last === null || Array.isArray(last) || !("signal" in last))
    return { args: given, signal: undefined };
  const { signal, ...rest } = last as { signal?: AbortSignal };
  return { args: Object.keys(rest).length > 0 ? [...given.slice(0, -1), rest] : given.slice(0, -1), signal };
}

/** Yields the events of a response as they arrive. Ends when the server does, or rejects when the connection breaks. */
async function* eventsOf(
  send: (name: "events", args: readonly unknown[], signal: AbortSignal) => Promise<Response>,
): AsyncGenerator<LifecycleEvent, undefined> {
  const end = new AbortController();
  try {
    const response = await send("events", [], end.signal).catch((cause: unknown) => {
      throw unreached("events", "none", cause);
    });
    if (!response.ok || response.body === null)
      throw (
        remoteErrorOf(((await response.json().catch(() => ({}))) as { error?: unknown }).error) ??
        unreached("events", "none", new Error(`the server answered ${response.status}`))
      );
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield JSON.parse(line) as LifecycleEvent;
    }
  } finally {
    end.abort();
  }
}

function unreached(name: string, outcome: "none" | "unknown", cause: unknown): RemoteError {
  const message = `${name}: the response of the application's server cannot be read`;
  const hint = outcome === "unknown" ? "Call `status` to see the result." : undefined;
  return new RemoteError({ name: "RemoteError", code: "connection_failed", message, outcome, hint }, cause);
}
