/** A sink whose delivery is done by a person, who copies the pair to its consumer and confirms it. */

import type { LifecycleEvent, LifecycleStatus } from "../lifecycle/model.js";
import type { Holding, Pair, Sink } from "../lifecycle/ports.js";

/** Options of {@link handDelivery}. */
export interface HandDeliveryOptions {
  /** The sink's name. It is written to the journal, so it has to stay the same. Default: `by hand`. */
  readonly name?: string | undefined;
}

/**
 * Creates a sink whose delivery is done by a person: a `<keyturn-rotate>` with the same object as its `sink` shows the
 * pair, masked, until somebody confirms that it is stored. This cannot be verified, so set `approval: true` in the
 * target's policy: the old credential then stays valid until a person approves its end.
 *
 * ```ts
 * const sink = handDelivery();
 * const lifecycle = openLifecycle({ journal, targets: { crm: { provider, sinks: [sink], policy: { approval: true } } } });
 * Object.assign(document.querySelector("keyturn-rotate"), { lifecycle, target: "crm", sink });
 * ```
 */
export function handDelivery({ name = "by hand" }: HandDeliveryOptions = {}): HandDelivery {
  return new HandDelivery(name);
}

/**
 * Returns whether nobody has the new secret of a rotation any more, or only a person who was shown it and has not
 * confirmed that it is stored. `advance` would then issue another one, and end the first, which may be in use: only a
 * person can decide that.
 *
 * @param events The events of the rotation.
 * @internal
 */
export function isLost(
  { phase, progress, rollingBack }: LifecycleStatus,
  events: readonly LifecycleEvent[],
  sink: HandDelivery,
  now: number,
): boolean {
  if (phase !== "issued" || rollingBack || sink.waiting !== undefined) return false;
  // A failure that is retried comes before the secret is shown.
  if (events.some(({ event }) => event === "delivered") || failureIn(events)) return false;
  if (progress.state === "waiting") return true;
  // Once the claim of the page that had the secret has expired, the lifecycle does not wait for it any more.
  const claim = events.filter(({ holdUntil }) => typeof holdUntil === "number").at(-1)?.holdUntil as number;
  const isSealed = events.filter(({ event }) => event === "issuing").at(-1)?.sealed === true;
  return progress.state === "ready" && !isSealed && now >= claim;
}

/** Returns the failure that is being retried, if it is the last event. @internal */
export function failureIn(events: readonly LifecycleEvent[]): LifecycleEvent | undefined {
  const last = events.at(-1);
  return last && ["failed", "not-issued"].includes(last.event) ? last : undefined;
}

/** The sink that {@link handDelivery} returns. */
export class HandDelivery implements Sink {
  readonly name: string;
  readonly compares = false;
  readonly readback = "none";
  #pair: Pair | undefined;
  /** The client id of the last credential that was confirmed to be stored. */
  #stored: string | undefined;
  readonly #waiting = new Set<() => void>();

  /** @internal */
  constructor(name: string) {
    this.name = name;
  }

  /** The client id of the pair that waits for a person; `undefined` if there is none. */
  get waiting(): string | undefined {
    return this.#pair?.clientId;
  }

  /** Returns the pair that waits for a person, to show it. */
  reveal(): Pair | undefined {
    return this.#pair;
  }

  /** Confirms that the pair is stored. The lifecycle continues with its next `advance`. */
  confirm(): void {
    this.#stored = this.#pair?.clientId;
  }

  /** Discards the pair. The lifecycle may hand it over again. */
  wipe(): void {
    this.#pair = undefined;
  }

  /** Calls a function whenever a pair arrives, until the returned function is called. */
  watch(comes: () => void): () => void {
    this.#waiting.add(comes);
    return () => void this.#waiting.delete(comes);
  }

  async read(): Promise<Holding> {
    return { clientId: undefined, version: "" };
  }

  async holds(): Promise<boolean> {
    throw new TypeError("nobody can look whether somebody has stored a pair");
  }

  /** Resolves if the pair is confirmed to be stored; otherwise waits until it is aborted, to be called again later. */
  write(pair: Pair, _expected: string, signal: AbortSignal): Promise<boolean> {
    if (this.#stored === pair.clientId) {
      this.wipe();
      return Promise.resolve(true);
    }
    this.#pair = { clientId: pair.clientId, clientSecret: pair.clientSecret };
    return new Promise((_resolve, reject) => {
      const end = (): void => reject(signal.reason as Error);
      if (signal.aborted) return end();
      signal.addEventListener("abort", end, { once: true });
      for (const comes of this.#waiting) comes();
    });
  }
}
