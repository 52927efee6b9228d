/** The engine, with one lifecycle for each target that is worked on. Loaded with the first of them. */

import { type HandDelivery, handDelivery } from "keyturn/elements/rotate";
import {
  apiCredentialProvider,
  connectorProvider,
  indexedDBJournal,
  type Journal,
  type Lifecycle,
  type LifecycleProgress,
  type LifecycleStatus,
  memoryJournal,
  openLifecycle,
  type Provider,
} from "keyturn/lifecycle";
import { clock } from "../clock.js";
import type { Service } from "../connection/ways.js";
import type { Estate, Target } from "./estate.js";
import { before } from "./job.js";
import type { PolicySettings } from "./store.js";

/** The name of a target while its policy is checked. */
const CHECKED = "target";

/** What belongs to a target that is worked on. */
export interface Worked {
  readonly lifecycle: Lifecycle;
  readonly sink: HandDelivery;
  readonly provider: Provider;
}

export class Lifecycles {
  readonly #estate: Estate;
  readonly #journals = new Map<Service, Journal>();
  readonly #worked = new Map<string, Worked & { readonly policy: string }>();

  /** The functions that release the locks of held targets. */
  readonly #held = new Map<string, () => void>();

  constructor(estate: Estate) {
    this.#estate = estate;
  }

  /** Returns the lifecycle of a target. Changed settings create a new one, but not while it holds a secret. */
  of(target: Target): Worked {
    const policy = this.#estate.policy(target.name);
    const { owner, consumers } = this.#estate.settings(target.name);
    const text = JSON.stringify([policy, owner, consumers]);
    const before = this.#worked.get(target.name);
    if (before && (before.policy === text || before.sink.waiting !== undefined)) return before;
    if (before) void before.lifecycle.close();
    const provider = this.#provider(target);
    const sink = handDelivery();
    const lifecycle = openLifecycle({
      journal: this.#journal(target.plane),
      clock,
      worker: "console",
      targets: { [target.name]: { provider, sinks: [sink], policy, owner: owner || undefined, consumers } },
    });
    const worked = { lifecycle, sink, provider, policy: text };
    this.#worked.set(target.name, worked);
    return worked;
  }

  /** Checks a policy. @throws an error that says what is wrong with it. */
  check(target: Target, chosen: PolicySettings): void {
    const policy = this.#estate.policy(target.name, chosen);
    const targets = { [CHECKED]: { provider: this.#provider(target), sinks: [handDelivery()], policy } };
    try {
      void openLifecycle({ journal: memoryJournal(), targets }).close();
    } catch (error) {
      // The name in the message means nothing to the user.
      throw new Error((error as Error).message.replace(`the policy of ${CHECKED}: `, ""), { cause: error });
    }
  }

  /** Reads the status of a target from the journal, and passes it on to the estate. */
  async status(target: Target): Promise<LifecycleStatus> {
    const [status] = await this.of(target).lifecycle.status([target.name]);
    await this.#estate.stands(target, status as LifecycleStatus);
    return status as LifecycleStatus;
  }

  /** Advances a target's rotation to where its secret waits to be stored, unless `begins` returns false. */
  async issue(target: Target, begins: (before: number) => boolean): Promise<void> {
    const { lifecycle, provider, sink } = this.of(target);
    await this.hold(target);
    const status = await this.status(target);
    if (!begins(before(status))) return;
    if (status.phase === "issued" && sink.waiting === undefined && !provider.recalls) {
      const last = (await lifecycle.history(target.name)).at(-1);
      // Somebody may have stored a secret that was shown: the page of the rotation asks before it issues another one.
      if (last?.event !== "failed") return;
    }
    const [candidate] = this.#estate.candidates(target);
    if (!status.current && status.phase === undefined) {
      const id = candidate?.id ?? target.credential?.id;
      if (id !== undefined) await lifecycle.adopt(target.name, id);
    }
    const turn = new AbortController();
    const unwatch = sink.watch(() => turn.abort());
    let progress: LifecycleProgress | undefined;
    try {
      const { signal } = turn;
      progress =
        status.phase === undefined
          ? await lifecycle.rotate(target.name, { signal })
          : await lifecycle.advance(target.name, { signal });
    } catch (error) {
      // The abort is intended once the secret waits for a person to store it.
      if (sink.waiting === undefined) throw error;
    } finally {
      unwatch();
      await this.status(target);
    }
    if (progress?.state === "stopped") throw new Error(`${progress.reason}: ${progress.about}`);
    const phase = this.#estate.standing(target.name)?.phase;
    if (phase === "unknown") throw new Error("outcome-unknown");
    if (sink.waiting === undefined && (phase === "planned" || phase === "issuing")) throw new Error("not-issued");
  }

  /** Returns a key that separates the locks of this journal from those of others. */
  lock(target: Target): string {
    return this.#space(target.plane);
  }

  /** Locks out other tabs while this one has, or will have, a target's secret without showing its rotation. */
  async hold(target: Target): Promise<void> {
    const locks = navigator.locks as LockManager | undefined;
    if (!locks || this.#held.has(target.name)) return;
    const name = `keyturn:${this.lock(target)}:${target.name}`;
    const granted = await new Promise<boolean>((decided) => {
      void locks.request(name, { ifAvailable: true }, (lock) => {
        decided(lock !== null);
        if (lock) return new Promise<void>((release) => this.#held.set(target.name, release));
      });
    });
    if (!granted) throw new Error("elsewhere");
  }

  /** Releases the lock: the rotation is shown now, and takes the lock itself. */
  release(target: Target): void {
    this.#held.get(target.name)?.();
    this.#held.delete(target.name);
  }

  /** Closes all lifecycles and journals, and wipes all secrets. */
  async close(): Promise<void> {
    for (const { sink } of this.#worked.values()) sink.wipe();
    for (const release of this.#held.values()) release();
    this.#held.clear();
    await Promise.all([...this.#worked.values()].map(({ lifecycle }) => lifecycle.close()));
    this.#worked.clear();
    await Promise.all([...this.#journals.values()].map((journal) => journal.close?.()));
    this.#journals.clear();
  }

  #space(plane: Service): string {
    return this.#estate.connections[plane]?.space ?? "";
  }

  #journal(plane: Service): Journal {
    const before = this.#journals.get(plane);
    if (before) return before;
    const { lasting } = this.#estate.store(plane);
    const journal = lasting ? indexedDBJournal({ name: `keyturn-journal ${this.#space(plane)}` }) : memoryJournal();
    this.#journals.set(plane, journal);
    return journal;
  }

  #provider({ place, first }: Target): Provider {
    const { c1, commercelayer } = this.#estate.connections;
    if (place && c1) {
      const { appId, connectorId } = place;
      return connectorProvider({ client: c1.client, appId, connectorId, clock });
    }
    if (first && commercelayer)
      return apiCredentialProvider({ client: commercelayer.client, id: first, publicKinds: true });
    throw new Error("not-connected");
  }
}
