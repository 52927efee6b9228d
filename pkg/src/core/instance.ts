/**
 * The one instance of the Rust core, created on first use. This is synchronous, from a module of some 300 kB, and takes
 * a few milliseconds; so nobody has to call an `init`, and two first calls cannot race.
 */

import { ConfigurationError, InternalError, isOwn } from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import type { WasmModule } from "../base/platform.js";
import { needEncoders } from "../base/text.js";
import {
  digest,
  failure,
  initSync,
  __wbg_reset_state as resetState,
  retry_after,
  Session,
  Api as Table,
} from "../generated/core-glue.js";
import * as StepKind from "../generated/step-kind.js";
import type { Plan } from "./revive.js";

/** An object that holds secrets in the core and must outlive a broken instance. */
export interface Guest {
  /** Called while the broken instance can still be read, to take out everything that is held in it. */
  rescue(): void;
}

/** The exports of the core that this package uses. */
const coreExports = { Api: Table, Session, digest, failure, retry_after };

/** The core's exports. */
export type Core = typeof coreExports;

type Source = WasmModule | (() => WasmModule);

let source: Source | undefined;
let running = false;
const guests = new Set<WeakRef<Guest>>();

/** Sets where the module comes from, unless that is already known; nothing is compiled yet. */
export function provide(from: Source): void {
  source ??= from;
}

/**
 * Returns `needing`, and sets where the core comes from. An entry passes its exports through this function and marks
 * the call as pure: a bundler then omits the core's bytes where nothing that needs them is used.
 */
export function withCore<T>(needing: T, from: Source): T {
  provide(from);
  return needing;
}

/** Returns the core's exports, from a working instance. */
export function core(): Core {
  if (!running) {
    if (source === undefined) {
      const message = "the core is not loaded: call `load` of the same entry first, and await it";
      throw new ConfigurationError("load", "not_loaded", message);
    }
    needEncoders();
    if (typeof source === "function") source = source();
    initSync({ module: source });
    running = true;
  }
  return coreExports;
}

/**
 * Runs a function in the core. What the core throws on purpose is not an `Error`, and is passed on. A trap is an
 * `Error`: it leaves the instance in an unknown state, so what the instance holds is taken out, and the next call
 * starts from a fresh one.
 */
export function guarded<T>(run: (exports: Core) => T): T {
  const working = core();
  try {
    return run(working);
  } catch (error) {
    if (!(error instanceof Error) || isOwn(error)) throw error;
    restart();
    throw new InternalError("the core failed; this is a bug in keyturn. The next call starts a fresh core", {
      cause: error,
    });
  }
}

function restart(): void {
  for (const guest of guests) guest.deref()?.rescue();
  guests.clear();
  resetState();
}

/** Removes collected objects from the list of guests. The glue frees what such a guest held in the core. */
let gone: FinalizationRegistry<WeakRef<Guest>> | undefined;

/**
 * Registers an object to be rescued when an instance breaks, without keeping it alive. Returns a function that
 * unregisters it.
 */
export function register(guest: Guest): () => void {
  const ref = new WeakRef(guest);
  guests.add(ref);
  // Some Workers lack it.
  if (typeof FinalizationRegistry === "function") {
    gone ??= new FinalizationRegistry((left) => guests.delete(left));
    gone.register(guest, ref, ref);
  }
  return () => {
    guests.delete(ref);
    gone?.unregister(ref);
  };
}

/** The facts of one API, and the core's functions that use them. The table is unpacked on first use. */
export class Api implements Guest {
  readonly #packed: () => string;
  #handle: Table | undefined;
  readonly #operations = new Map<number, Operation>();
  readonly #plans = new Map<number, Plan>();

  /** @param sdk122 Whether the names are those of release 1.2.2 of the official SDK. */
  constructor(
    packed: () => string,
    readonly sdk122 = false,
  ) {
    this.#packed = packed;
  }

  /** Drops the opened table, which holds no secret: the next instance opens it again. */
  rescue(): void {
    this.#handle = undefined;
  }

  /** Runs a function on the opened table, as {@link guarded} does. */
  run<T>(work: (table: Table) => T): T {
    return guarded(() => {
      if (this.#handle === undefined) {
        this.#handle = new Table(this.#packed());
        register(this);
      }
      return work(this.#handle);
    });
  }

  /** Returns the facts of an operation. */
  operation(number: number): Operation {
    let facts = this.#operations.get(number);
    if (facts === undefined) {
      const json = this.run((table) => table.operation(number, this.sdk122));
      if (json === "") throw new InternalError(`there is no operation ${number}`);
      const failure: Operation["failure"] = (body, authorization) =>
        this.run((table) => table.failure(body, authorization));
      facts = { ...(JSON.parse(json) as Omit<Operation, "failure">), failure };
      this.#operations.set(number, facts);
    }
    return facts;
  }

  /** Returns the plan of a message. */
  plan(message: number): Plan {
    let made = this.#plans.get(message);
    if (made === undefined) {
      type Row = [key: string, name: string | null, kind: StepKind.StepKind, slot: number, message: number];
      const rows = JSON.parse(this.run((table) => table.plan(message, this.sdk122))) as Row[];
      const all = rows.map(([key, name, kind, slot, message]) => ({
        key,
        name: name ?? undefined,
        kind,
        slot,
        message,
        plan: undefined,
      }));
      const isDate = ({ kind, name }: (typeof all)[number]) => kind === StepKind.date && name === undefined;
      made = { dates: all.filter(isDate), steps: all.filter((step) => !isDate(step)) };
      this.#plans.set(message, made);
    }
    return made;
  }
}
