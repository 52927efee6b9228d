/**
 * The one instance of the Rust core, made on first use. It is made synchronously from a module of some 300 kB, which
 * takes a few milliseconds; so nobody has to call an `init`, and two first calls cannot race.
 */

import { InternalError, KeyturnError } from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import type { Bytes, WasmModule } from "../base/platform.js";
import {
  failure,
  initSync,
  __wbg_reset_state as resetState,
  retry_after,
  Session,
  Api as Table,
} from "../generated/core-glue.js";
import { type Plan, StepKind } from "./revive.js";

/** What holds secrets in the core, and must outlive an instance that broke. */
export interface Guest {
  /** Called while the broken instance can still be read. Whatever is held in it has to be taken out. */
  leave(): void;
}

/** What the core exports, as far as this package uses it. */
const used = { Api: Table, Session, failure, retry_after };

/** The core's exports. */
export type Core = typeof used;

type Source = WasmModule | (() => WasmModule);

let source: Source | undefined;
let ready: Promise<void> | undefined;
let running = false;
const guests = new Set<WeakRef<Guest>>();

/** Says where the module comes from. Each entry of the package calls it once; nothing is compiled yet. */
export function provide(from: Source): void {
  source ??= from;
}

/** Takes the module from wherever a user has it. @internal */
export function load(from: WasmModule | Bytes | Response | URL | string | Promise<Response>): Promise<void> {
  return (ready ??= compile(from).then(
    (module) => {
      source = module;
    },
    (error: unknown) => {
      // A failed download can be tried again.
      ready = undefined;
      throw error;
    },
  ));
}

async function compile(from: WasmModule | Bytes | Response | URL | string | Promise<Response>): Promise<WasmModule> {
  const given = await from;
  if (given instanceof WebAssembly.Module) return given;
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return WebAssembly.compile(given as BufferSource);
  const response = typeof given === "string" || given instanceof URL ? await fetch(given) : given;
  if (!response.ok) throw new InternalError(`core.wasm could not be loaded: status ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** The core's exports, from an instance that works. */
export function core(): Core {
  if (!running) {
    if (source === undefined)
      throw new InternalError("the core is not loaded: call load() of keyturn/slim first, and await it");
    if (typeof source === "function") source = source();
    initSync({ module: source });
    running = true;
  }
  return used;
}

/**
 * Runs something in the core. What the core throws on purpose is not an `Error`, and passes. A trap is: it leaves the instance
 * in an unknown state, so what it holds is taken out, and the next call starts from a fresh one.
 */
export function guarded<T>(run: (exports: Core) => T): T {
  const exports = core();
  try {
    return run(exports);
  } catch (error) {
    if (!(error instanceof Error) || KeyturnError.is(error)) throw error;
    restart();
    throw new InternalError(
      "the core failed; this is a defect in keyturn, and the next call starts from a fresh core",
      {
        cause: error,
      },
    );
  }
}

function restart(): void {
  for (const guest of guests) guest.deref()?.leave();
  guests.clear();
  resetState();
}

/** Takes what is gone out of the list of guests. What such a guest had in the core is freed by the glue. */
let gone: FinalizationRegistry<WeakRef<Guest>> | undefined;

/** Registers what has to leave when an instance breaks. It is not kept alive by that. */
export function register(guest: Guest): () => void {
  const ref = new WeakRef(guest);
  guests.add(ref);
  // Not in every runtime: some Workers have none.
  if (typeof FinalizationRegistry === "function") {
    gone ??= new FinalizationRegistry((left) => guests.delete(left));
    gone.register(guest, ref, ref);
  }
  return () => {
    guests.delete(ref);
    gone?.unregister(ref);
  };
}

/** The facts of one API, and what the core does by them. The table is unpacked on first use. */
export class Api implements Guest {
  readonly #packed: () => string;
  #handle: Table | undefined;
  readonly #operations = new Map<number, Operation>();
  readonly #plans = new Map<number, Plan>();

  /** @param sdk122 Whether its names are those of release 1.2.2 of the official SDK. */
  constructor(
    packed: () => string,
    readonly sdk122 = false,
  ) {
    this.#packed = packed;
  }

  /** A table holds no secret: the next instance opens it anew. */
  leave(): void {
    this.#handle = undefined;
  }

  /** Runs something on the opened table, as {@link guarded} does. */
  run<T>(work: (table: Table) => T): T {
    return guarded(() => {
      if (this.#handle === undefined) {
        this.#handle = new Table(this.#packed());
        register(this);
      }
      return work(this.#handle);
    });
  }

  /** The facts of an operation. */
  operation(number: number): Operation {
    let facts = this.#operations.get(number);
    if (facts === undefined) {
      const json = this.run((table) => table.operation(number, this.sdk122));
      if (json === "") throw new InternalError(`there is no operation ${number}`);
      facts = JSON.parse(json) as Operation;
      this.#operations.set(number, facts);
    }
    return facts;
  }

  /** The plan of a message. */
  plan(message: number): Plan {
    let made = this.#plans.get(message);
    if (made === undefined) {
      type Row = [key: string, name: string | null, kind: StepKind, slot: number, message: number];
      const rows = JSON.parse(this.run((table) => table.plan(message, this.sdk122))) as Row[];
      const all = rows.map(([key, name, kind, slot, message]) => ({
        key,
        name: name ?? undefined,
        kind,
        slot,
        message,
        plan: undefined,
      }));
      const isDate = ({ kind, name }: (typeof all)[number]) => kind === StepKind.Date && name === undefined;
      made = { dates: all.filter(isDate), steps: all.filter((step) => !isDate(step)) };
      this.#plans.set(message, made);
    }
    return made;
  }
}
