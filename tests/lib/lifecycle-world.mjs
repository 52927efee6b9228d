// A control plane and a sink in memory that fail where a test wants, and a clock that is set by hand.
import assert from "node:assert/strict";
import { inspect } from "node:util";

export class Clock {
  constructor(at = 1_700_000_000_000) {
    this.at = at;
  }
  now() {
    return this.at;
  }
  pass(ms) {
    this.at += ms;
  }
}

/** The start of every secret, which no journal, event, error or status may ever show. */
export const CANARY = "canary-6f1d";

/**
 * A control plane with one target. `fault(method, when)` is called before each call is carried out (`"request"`) and
 * after it (`"answer"`); an error that it throws reaches the caller.
 */
export class ControlPlane {
  constructor({ clock, evidence = true, recalls = false, cuts = false, list = true } = {}) {
    this.clock = clock;
    this.cuts = cuts;
    this.credentials = new Map();
    this.calls = [];
    this.fault = () => undefined;
    this.provider = this.#provider(evidence, recalls, list);
  }

  make(marker) {
    const id = `c${this.credentials.size}`;
    if (this.cuts) for (const one of this.credentials.values()) one.ended = true;
    const one = {
      id,
      clientId: `${id}@host`,
      secret: `${CANARY}-${id}`,
      marker,
      ended: false,
      createdAt: this.clock.now(),
    };
    this.credentials.set(id, one);
    return one;
  }

  alive() {
    return [...this.credentials.values()].filter((one) => !one.ended).map(({ id }) => id);
  }

  accepts(pair) {
    return [...this.credentials.values()].some(
      (one) => !one.ended && one.clientId === pair?.clientId && one.secret === pair.clientSecret,
    );
  }

  #provider(evidence, recalls, list) {
    const call = async (method, about, work) => {
      await this.fault(method, "request");
      this.calls.push([method, about]);
      const result = work();
      await this.fault(method, "answer");
      return result;
    };
    const facts = ({ id, clientId, createdAt, ended, lastUsedAt }) => ({ id, clientId, createdAt, ended, lastUsedAt });
    const found = (id) => {
      const one = this.credentials.get(id);
      return one && facts(one);
    };
    return {
      kind: "memory",
      evidence,
      recalls,
      issue: ({ marker }) =>
        call("issue", marker, () => {
          const one = this.make(marker);
          // Anything else in a response must not be kept.
          return { credential: { ...facts(one), clientSecret: one.secret }, secret: one.secret };
        }),
      ...(evidence && {
        search: ({ marker }) =>
          call("search", marker, () =>
            [...this.credentials.values()].filter((one) => one.marker === marker).map(facts),
          ),
      }),
      ...(recalls && {
        recall: (id) =>
          call("recall", id, () => {
            const one = this.credentials.get(id);
            return one?.ended === false ? { clientId: one.clientId, clientSecret: one.secret } : undefined;
          }),
      }),
      ...(list && { list: () => call("list", "", () => [...this.credentials.values()].map(facts)) }),
      look: (id) => call("look", id, () => found(id)),
      parses: (pair) => pair.clientSecret.startsWith(CANARY),
      login: (pair) => call("login", pair.clientId, () => this.accepts(pair)),
      end: (id) =>
        call("end", id, () => {
          const one = this.credentials.get(id);
          if (one) one.ended = true;
        }),
    };
  }
}

/** A sink in memory. */
export class MemorySink {
  constructor({ name = "sink", compares = true, readback = "pair", restores = true } = {}) {
    this.pair = undefined;
    this.version = 0;
    this.kept = new Map();
    this.fault = () => undefined;
    const around = async (method, work) => {
      await this.fault(method, "request");
      const result = work();
      await this.fault(method, "answer");
      return result;
    };
    this.sink = {
      name,
      compares,
      readback,
      read: () =>
        around("read", () => ({
          clientId: readback === "none" ? undefined : this.pair?.clientId,
          version: String(this.version),
        })),
      holds: (pair) =>
        around("holds", () => {
          if (readback === "none") throw new Error("nothing can be read back");
          return this.pair?.clientId === pair.clientId && this.pair.clientSecret === pair.clientSecret;
        }),
      write: (pair, expected) => around("write", () => this.put({ ...pair }, expected)),
      ...(restores && {
        restore: (clientId, expected) => around("restore", () => this.put(this.kept.get(clientId), expected)),
      }),
    };
  }

  put(pair, expected = String(this.version)) {
    if (this.sink.compares && expected !== String(this.version)) return false;
    if (!pair) throw new Error("there is no such value");
    this.version++;
    this.pair = pair;
    this.kept.set(pair.clientId, pair);
    return true;
  }
}

/**
 * Advances the target `app` until it no longer waits, for at most this many turns, and sets the clock forward whenever
 * it waits.
 */
export async function settled({ clock }, lifecycle, turns = 100) {
  for (let turn = 0; turn < turns; turn++) {
    const progress = await lifecycle.advance("app");
    if (progress.state !== "waiting") return progress;
    clock.at = Math.max(clock.at, progress.until);
  }
  assert.fail(`it never ends: ${inspect((await lifecycle.history("app")).slice(-12))}`);
}
