/** Several sinks as one. */

import type { Holding, Pair, Sink } from "../ports.js";
import { SinkError, unlessAborted } from "./error.js";

/** Options of {@link sinkList}. */
export interface SinkListOptions {
  /** The name of the list among the sinks of a target. Default: the names of its sinks, joined by `+`. */
  readonly name?: string | undefined;
}

/**
 * Creates a sink that delivers to several others. It tries each, even after one has failed. If any was not reached, the
 * call rejects with a {@link SinkError} whose `missing` names those; calling again completes the delivery, since each
 * sink accepts a pair that it already has.
 *
 * The list compares if all of its sinks do. All are read before any is written, and the first that compares is written
 * before the others: of several writers who use lists with the same order, only one gets past it. If something else
 * writes to a later sink at that moment, this is noticed when that sink's turn comes; the list is then partly
 * delivered, and the call rejects.
 */
export function sinkList(sinks: readonly Sink[], options: SinkListOptions = {}): Sink {
  const name = options.name ?? sinks.map((sink) => sink.name).join("+");
  const each = <T>(signal: AbortSignal, work: (sink: Sink, index: number) => Promise<T>): Promise<T[]> => {
    unlessAborted(signal);
    return all(
      name,
      sinks.map((sink) => sink.name),
      sinks.map(work),
    );
  };
  const deliver = async (
    expected: string,
    signal: AbortSignal,
    there: (sink: Sink) => Promise<boolean>,
    put: (sink: Sink, expected: string) => Promise<boolean>,
  ): Promise<boolean> => {
    unlessAborted(signal);
    const versions = parsed(expected);
    const before = await each(signal, async (sink, index) => {
      const { version } = await sink.read(signal);
      return version === versions[index] || !sink.compares || (await there(sink));
    });
    if (before.includes(false)) return false;
    // A writer that is refused here has changed nothing, and one that fails here has not written to the others.
    const gate = sinks.findIndex((sink) => sink.compares);
    const first = sinks[gate];
    if (first !== undefined) {
      try {
        if (!(await put(first, versions[gate] ?? ""))) return false;
      } catch (cause) {
        throw partial(
          name,
          sinks.map((sink) => sink.name),
          cause,
        );
      }
    }
    const written = await each(signal, async (sink, index) => index === gate || put(sink, versions[index] ?? ""));
    const missing = sinks.filter((_, index) => !written[index]).map((sink) => sink.name);
    if (missing.length > 0) throw partial(name, missing, new Error("they were changed by something else"));
    return true;
  };
  const restores = sinks.every((sink) => sink.restore !== undefined);
  return {
    name,
    compares: sinks.every((sink) => sink.compares),
    readback: sinks.some((sink) => sink.readback === "none")
      ? "none"
      : sinks.some((sink) => sink.readback === "client-id")
        ? "client-id"
        : "pair",
    async read(signal): Promise<Holding> {
      const holdings = await each(signal, (sink) => sink.read(signal));
      const first = holdings[0]?.clientId;
      return {
        clientId: holdings.every(({ clientId }) => clientId === first) ? first : undefined,
        version: JSON.stringify(holdings.map(({ version }) => version)),
      };
    },
    async check(signal) {
      await each(signal, async (sink) => void (await (sink.check?.(signal) ?? sink.read(signal))));
    },
    async holds(pair, signal) {
      return !(await each(signal, (sink) => sink.holds(pair, signal))).includes(false);
    },
    write(pair: Pair, expected, signal) {
      return deliver(
        expected,
        signal,
        async (sink) => sink.readback !== "none" && (await sink.holds(pair, signal)),
        (sink, version) => sink.write(pair, version, signal),
      );
    },
    ...(restores && {
      restore: (clientId: string, expected: string, signal: AbortSignal) =>
        deliver(
          expected,
          signal,
          async () => false,
          async (sink, version) => (await sink.restore?.(clientId, version, signal)) ?? false,
        ),
    }),
  };
}

/** Returns the versions of the sinks. A text that did not come from a list matches no state. */
function parsed(version: string): readonly string[] {
  try {
    const versions: unknown = JSON.parse(version);
    return Array.isArray(versions) ? versions.map(String) : [];
  } catch {
    return [];
  }
}

/** Waits for all calls. If some fail, the error names their sinks. */
async function all<T>(list: string, names: readonly string[], works: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(works);
  const missing = names.filter((_, index) => ends[index]?.status === "rejected");
  const failed = ends.find((end) => end.status === "rejected");
  if (failed?.status === "rejected") throw partial(list, missing, failed.reason);
  return ends.map((end) => (end as PromiseFulfilledResult<T>).value);
}

function partial(list: string, missing: readonly string[], cause: unknown): SinkError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SinkError(list, "partial", `could not deliver to ${missing.join(", ")}. The first reason: ${why}`, {
    missing,
    cause,
    outcome: "unknown",
    hint: "The other sinks may have the new pair. Deliver again once these are reachable.",
  });
}
