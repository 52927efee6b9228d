/**
 * A time limit for calls that may never end by themselves: those of journals, providers, sinks and stores, which
 * anybody may have written.
 */

import { RequestTimeoutError } from "../base/errors.js";
import { Deadline } from "../http/transport.js";

/**
 * Calls a function with a signal, and resolves with its result. Rejects once the time is over or one of the signals is
 * aborted, even if the function ignores its own signal; its later result is ignored.
 *
 * @param ms The time, in milliseconds; no limit if it is more than a timer can wait.
 * @param over Makes the error for a timeout. Default: a {@link RequestTimeoutError}.
 * @throws {@link RequestAbortedError} if a signal is aborted, unless its reason is an error of the package.
 */
export async function within<T>(
  ms: number,
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => T | Promise<T>,
  over: () => Error = () => new RequestTimeoutError(ms),
): Promise<T> {
  const deadline = new Deadline(ms, signals);
  const ended = (): Error | undefined =>
    deadline.reason && (signals.some((signal) => signal?.aborted) ? deadline.reason : over());
  try {
    const early = ended();
    if (early) throw early;
    return await new Promise<T>((resolve, reject) => {
      deadline.onEnd(() => reject(ended()));
      (async () => work(deadline.signal))().then(resolve, reject);
    });
  } finally {
    deadline.end();
  }
}
