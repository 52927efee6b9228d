/** Ends in time what may never end by itself: calls of journals, providers, sinks and stores, which anybody may have written. */

import { isOwn, RequestAbortedError, RequestTimeoutError } from "../base/errors.js";

/** The longest that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Calls a function with a signal, and resolves with its result. Once the time is over or one of the signals fires, this rejects, whether
 * the function heeds its own signal or not; what it comes to afterwards is ignored.
 *
 * @param ms The time, in milliseconds.
 * @param over Makes the error for a time that is over. Default: a {@link RequestTimeoutError}.
 * @throws {@link RequestAbortedError} if a signal fires, unless its reason is an error of the package.
 */
export async function within<T>(
  ms: number,
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => T | Promise<T>,
  over: () => Error = () => new RequestTimeoutError(ms),
): Promise<T> {
  const controller = new AbortController();
  let end: (error: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = (error) => {
      reject(error);
      const name = error instanceof RequestAbortedError ? "AbortError" : "TimeoutError";
      controller.abort(new DOMException(error.message, name));
    };
  });
  ended.catch(() => undefined);
  const follow = signals.filter((signal) => signal !== undefined);
  const abort = (): void => {
    const reason: unknown = follow.find((signal) => signal.aborted)?.reason;
    end(isOwn(reason) ? reason : new RequestAbortedError({ cause: reason }));
  };
  for (const signal of follow) signal.addEventListener("abort", abort);
  if (follow.some((signal) => signal.aborted)) abort();
  const timer = ms < LONGEST_MS ? setTimeout(() => end(over()), Math.max(0, ms)) : undefined;
  try {
    if (controller.signal.aborted) return await ended;
    const result = (async () => work(controller.signal))();
    return await Promise.race([result, ended]);
  } finally {
    clearTimeout(timer);
    for (const signal of follow) signal.removeEventListener("abort", abort);
  }
}
