/** The common part of sinks that store a pair as two fields of a versioned record. */

import { checkText } from "../formats.js";
import type { Holding, Pair, Sink } from "../ports.js";
import { SinkError, unlessAborted } from "./error.js";

/** The two values of a pair, as far as they exist. */
export type Fields = { readonly [field in keyof Pair]?: string | undefined };

/** The names of the two values where they are stored. */
export interface PairNames {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The names of the variables that connectors read. */
export const BATON_NAMES: PairNames = { clientId: "BATON_CLIENT_ID", clientSecret: "BATON_CLIENT_SECRET" };

/** A record as it was read, with all that is needed to write it again. */
export interface Stored extends Fields {
  readonly version: string;
}

/** How one system reads and writes its record. */
export interface Keeper<Record extends Stored> {
  readonly name: string;
  load(signal: AbortSignal): Promise<Record>;
  /** Writes the pair into the record; `false` if the record is no longer the one that was read. */
  store(record: Record, pair: Pair, signal: AbortSignal): Promise<boolean>;
  /** Does what else consumers need once the record has the pair, whether it was written now or before. */
  after?(pair: Pair, signal: AbortSignal): Promise<void>;
  /** Rejects if a record that can be read could not be written, as far as this can be determined. */
  check?(record: Record, signal: AbortSignal): Promise<void>;
  /** Runs a read and a write as one step, where the system itself has no such operation. */
  alone?<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Returns the pair of an earlier client id, from the system's own history. */
  recall?(clientId: string, record: Record, signal: AbortSignal): Promise<Pair | undefined>;
}

/** Creates a comparing sink for one system. @internal */
export function versionedSink<Record extends Stored>(keeper: Keeper<Record>): Sink {
  const { name } = keeper;
  const alone = keeper.alone?.bind(keeper) ?? ((_signal, work) => work());
  const same = (found: Fields, pair: Pair): boolean =>
    found.clientId === pair.clientId && found.clientSecret === pair.clientSecret;
  const sink: Sink = {
    name,
    compares: true,
    readback: "pair",
    async read(signal): Promise<Holding> {
      unlessAborted(signal);
      const { clientId, version } = await keeper.load(signal);
      return { clientId: clientId === "" ? undefined : clientId, version };
    },
    async check(signal) {
      unlessAborted(signal);
      await keeper.check?.(await keeper.load(signal), signal);
    },
    async holds(pair, signal) {
      unlessAborted(signal);
      return same(await keeper.load(signal), pair);
    },
    async write(pair, expected, signal) {
      unlessAborted(signal);
      checkText(name, pair.clientId, pair.clientSecret);
      return alone(signal, async () => {
        const record = await keeper.load(signal);
        if (!same(record, pair)) {
          if (record.version !== expected) return false;
          if (!(await keeper.store(record, pair, signal))) return false;
        }
        await keeper.after?.(pair, signal);
        return true;
      });
    },
  };
  if (keeper.recall === undefined) return sink;
  return {
    ...sink,
    async restore(clientId, expected, signal) {
      unlessAborted(signal);
      return alone(signal, async () => {
        const record = await keeper.load(signal);
        if (record.version !== expected) return false;
        const current = record.clientId === clientId && record.clientSecret !== undefined;
        const pair = current
          ? { clientId, clientSecret: record.clientSecret }
          : await keeper.recall?.(clientId, record, signal);
        if (pair === undefined)
          throw new SinkError(name, "missing", `it has no earlier value with the client id ${clientId}`);
        if (!(await keeper.store(record, pair, signal))) return false;
        await keeper.after?.(pair, signal);
        return true;
      });
    },
  };
}
