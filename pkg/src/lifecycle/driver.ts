/**
 * The driver of a target, which performs the effects that the state machine requests: one at a time, through the ports.
 * All decisions are made in Rust: `lifecycle/`.
 */

import { Secret } from "../auth/secret.js";
import { ClosedError, type Failure, InternalError, KeyturnError, RequestAbortedError } from "../base/errors.js";
import type { Clock } from "../base/options.js";
import { codeOf } from "./observe.js";
import type { Policy, ProtocolPolicy } from "./policy.js";
import type { CredentialFacts, Holding, Intent, Pair, Provider, Sink } from "./ports.js";
import { type Seals, Unsealed } from "./seals/seal.js";
import { engine, type TargetStream } from "./stream.js";
import { instanceId, type Rust } from "./wasm.js";
import { within } from "./within.js";

/** A request of the state machine. */
type Wanted =
  | { readonly ask: "read"; readonly from: number }
  | { readonly ask: "append"; readonly sequence: number; readonly line: string }
  | { readonly ask: "do"; readonly effect: Effect }
  | { readonly ask: "finish"; readonly progress: RustProgress };

/** The progress of a call of `advance`, as Rust reports it. */
export type RustProgress =
  | { readonly kind: "again" | "idle" | "awaits-approval" }
  | { readonly kind: "wake"; readonly value: number }
  | { readonly kind: "blocked"; readonly value: readonly [string, string] };

type Effect =
  | { effect: "issue"; rotation: number; intent: number; marker: string; until: number; expected: readonly string[] }
  | { effect: "unseal"; rotation: number; intent: number; marker: string }
  | { effect: "discard"; marker: string }
  | { effect: "search"; intent: number; marker: string; since: number; until: number }
  | { effect: "recall" | "parse" | "login" | "observe" | "end"; credential: string }
  | { effect: "deliver"; credential: string; clientId: string; sink: string; expected: readonly string[] }
  | { effect: "peek"; credential: string; clientId: string; sink: string }
  | { effect: "read-back" | "restore"; clientId: string; sink: string }
  | { effect: "prove"; proof: string; new: string; old: string | null; since: number };

type Outcome =
  | { kind: "issued"; value: Facts }
  | { kind: "found"; value: readonly Facts[] }
  | { kind: "yes" | "no" | "not-yet" | "moved" | "uncertain" }
  | { kind: "differs"; value: string }
  | { kind: "written"; value: string | null }
  | { kind: "failed"; value: { code: string; again: boolean } };

/** The part of a credential's facts that the journal keeps. */
interface Facts {
  readonly id: string;
  readonly clientId: string;
  readonly createdAt?: number;
  readonly expiresAt?: number;
}

const YES: Outcome = { kind: "yes" };
const NO: Outcome = { kind: "no" };
const NOT_YET: Outcome = { kind: "not-yet" };

/** The divisor of the issuing call's deadline that gives the time for sealing a copy. */
const SEALING_SHARE = 8;

/** The divisor of that deadline that gives the time for each check before the call. */
const CHECKING_SHARE = 4;

/** The codes of errors after which the same step may succeed later, provided that it had no effect. */
const AGAIN = new Set([
  "rate_limited",
  "server_error",
  "connection_failed",
  "timeout",
  "aborted",
  "invalid_response",
  // A delivery reads the journal before it writes, so it had no effect.
  "journal_failed",
]);
/** The reasons of sinks and providers after which the same step may succeed later. */
const AGAIN_REASONS = new Set(["busy", "full", "partial", "failed", "unavailable", "not_read", "unfinished", "in_use"]);

/** The dependencies of a target's driver. */
export interface Ports {
  readonly provider: Provider;
  readonly sinks: readonly Sink[];
  readonly clock: Clock;
  readonly policy: Policy;
  /** The sealed copies of answers; `undefined` if none are made. */
  readonly seals: Seals | undefined;
  readonly worker: string;
  /** Fires when the lifecycle is closed. */
  readonly closed: AbortSignal;
}

/** Drives one target. Only this object has the secrets that were issued but not delivered yet. */
export class Driver {
  readonly #stream: TargetStream;
  readonly #ports: Ports;
  readonly #seals: Seals | undefined;
  readonly #secrets = new Map<string, { clientId: string; secret: Secret }>();
  /** The intent that was written and whose call has not been made yet. */
  #intent: unknown = null;
  /** The intent whose append got no answer from the journal, so that it may be stored. Its call was not made. */
  #tried: unknown = null;
  /** The sealed copies that could not be opened, in the form that Rust uses. */
  #unsealed: unknown = {};
  /** A run whose outcome could not be written, because the journal failed: the next call continues with it. */
  #unfinished: { run: InstanceType<Rust["Run"]>; wanted: Wanted; instance: number } | undefined;
  /** Serializes calls, so that the call for an intent is never made twice. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(stream: TargetStream, ports: Ports) {
    this.#stream = stream;
    this.#ports = ports;
    // A secret that can be read again needs no copy.
    this.#seals = ports.provider.recalls ? undefined : ports.seals;
  }

  /** Returns what the state machine must know about the worker, as JSON. */
  hands(): string {
    const { provider, sinks, worker } = this.#ports;
    return JSON.stringify({
      worker,
      secrets: [...this.#secrets.keys()],
      intent: this.#intent,
      tried: this.#tried,
      sinks: Object.fromEntries(sinks.map((sink) => [sink.name, sink.readback !== "none"])),
      evidence: provider.evidence,
      recalls: provider.recalls,
      seals: this.#seals !== undefined,
      unsealed: this.#unsealed,
      marker: `keyturn:${this.#stream.name}:`,
    });
  }

  /** Performs one effect, and writes what must be written before and after it. */
  advance(signal: AbortSignal | undefined): Promise<RustProgress> {
    return this.exclusive(() => this.#advance(signal));
  }

  /**
   * Rejects unless a new pair could be delivered, since a secret that cannot be delivered must not be issued.
   * @throws The error of a sink that is not ready.
   */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#foreign([], signal);
  }

  /**
   * Does the same, and returns the name of a sink that holds a client id which does not belong to the target;
   * `undefined` if none does.
   */
  async #foreign(
    expected: readonly string[],
    ...signals: readonly (AbortSignal | undefined)[]
  ): Promise<string | undefined> {
    const { sinks, policy } = this.#ports;
    const ms = policy.protocol.callDeadline / CHECKING_SHARE;
    const look = async (sink: Sink, own: AbortSignal): Promise<Holding> => {
      await sink.check?.(own);
      return sink.read(own);
    };
    const held = await Promise.all(sinks.map((sink) => within(ms, signals, (own) => look(sink, own))));
    return sinks.find((_, index) => isForeign(held[index] as Holding, expected))?.name;
  }

  /**
   * Rejects if the journal does not vouch for an intent. A restored journal knows better than a sink why nothing may be
   * issued.
   */
  async #mayIssue(marker: string, until: number, outer: AbortSignal | undefined): Promise<void> {
    const { provider, policy, clock, closed } = this.#ports;
    await within(policy.protocol.callDeadline / CHECKING_SHARE, [closed, outer], async (signal) =>
      provider.mayIssue?.({ marker, from: clock.now(), until, signal }),
    );
  }

  /** Runs a function after the calls that are under way. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  /** Releases all secrets. The process that continues the rotation replaces what was issued but not delivered. */
  async close(): Promise<void> {
    await this.#queue;
    for (const { secret } of this.#secrets.values()) secret.forget();
    this.#secrets.clear();
    this.#intent = null;
    this.#tried = null;
  }

  async #advance(signal: AbortSignal | undefined): Promise<RustProgress> {
    const { clock, policy } = this.#ports;
    const name = this.#stream.name;
    this.#check(signal);
    const stream = await this.#stream.refresh(signal);
    this.#check(signal);
    const unfinished = this.#unfinished;
    this.#unfinished = undefined;
    const resumed = unfinished?.instance === instanceId() ? unfinished : undefined;
    const run = resumed?.run ?? engine(name, (exports) => new exports.Run(stream, policy.protocolJson, this.hands()));
    const resume = (reply: object | undefined): Wanted =>
      JSON.parse(
        engine(name, () => run.resume(reply && JSON.stringify(reply), Math.trunc(clock.now()), Math.random())),
      ) as Wanted;
    let wanted = resumed?.wanted ?? resume(undefined);
    const instance = instanceId();
    try {
      while (wanted.ask !== "finish") {
        // A written intent always gets an outcome, and every outcome is written, even if the caller has aborted.
        const issues = wanted.ask === "do" && wanted.effect.effect === "issue";
        const records = engine(name, () => run.hasOutcome());
        if (!issues && !records) this.#check(signal);
        wanted = resume(await this.#answer(run, wanted, records ? undefined : signal));
      }
      const hands = handsOf(name, run);
      this.#intent = hands.intent;
      this.#tried = hands.tried;
      this.#unsealed = hands.unsealed;
      for (const [id, { secret }] of this.#secrets) {
        if (hands.secrets.includes(id)) continue;
        secret.forget();
        this.#secrets.delete(id);
      }
      this.#stream.follow(run);
      return wanted.progress;
    } catch (error) {
      if (instance === instanceId()) {
        if (engine(name, () => run.hasOutcome())) this.#unfinished = { run, wanted, instance };
        this.#intent = null;
        this.#tried = handsOf(name, run).tried;
      }
      throw error;
    } finally {
      if (instance === instanceId() && this.#unfinished?.run !== run) run.free();
    }
  }

  #check(signal: AbortSignal | undefined): void {
    if (this.#ports.closed.aborted) throw new ClosedError();
    if (signal?.aborted) throw new RequestAbortedError({ cause: signal.reason });
  }

  async #answer(
    run: InstanceType<Rust["Run"]>,
    wanted: Exclude<Wanted, { ask: "finish" }>,
    signal: AbortSignal | undefined,
  ): Promise<object> {
    switch (wanted.ask) {
      case "read":
        return { reply: "lines", lines: await this.#stream.read(wanted.from, signal) };
      case "append":
        return { reply: "appended", stored: await this.#stream.append(wanted.sequence, wanted.line) };
      case "do":
        return { reply: "outcome", outcome: await this.#bounded(run, wanted.effect, signal) };
    }
  }

  /**
   * Performs an effect within its deadline. The caller's signal ends every effect except the call that issues:
   * interrupting that call would leave its result unknown, and it has a time limit anyway.
   */
  async #bounded(run: InstanceType<Rust["Run"]>, effect: Effect, outer: AbortSignal | undefined): Promise<Outcome> {
    const { clock, closed } = this.#ports;
    const policy = this.#ports.policy.protocol;
    const issues = effect.effect === "issue";
    if (issues && clock.now() < effect.until) {
      try {
        // If the caller stops waiting, these checks end. The call is then not made, and that is recorded.
        await this.#mayIssue(effect.marker, effect.until, outer);
        const foreign = await this.#foreign(effect.expected, closed, outer);
        if (foreign !== undefined) return { kind: "differs", value: foreign };
      } catch (error) {
        return outcomeOf(error, false);
      }
    }
    const remaining = issues ? effect.until - clock.now() : policy.callDeadline;
    if (remaining <= 0) return failed("out_of_time", true);
    const sources = issues ? [] : [outer, closed];
    const perform = (signal: AbortSignal): Promise<Outcome> => this.#perform(run, effect, signal);
    try {
      return await within(Math.min(remaining, policy.callDeadline), sources, perform, () => new Deadline());
    } catch (error) {
      if (!issues) this.#check(outer);
      return outcomeOf(error, issues);
    }
  }

  async #perform(run: InstanceType<Rust["Run"]>, effect: Effect, signal: AbortSignal): Promise<Outcome> {
    const { provider, clock } = this.#ports;
    const policy = this.#ports.policy.protocol;
    switch (effect.effect) {
      case "issue": {
        const from = clock.now();
        // A worker that was suspended before this line must not make the call any more: others may have given up on it.
        if (from >= effect.until) return failed("out_of_time", true);
        // Whatever fails from here on, this process never assumes that the call was not made.
        this.#intent = null;
        this.#tried = null;
        const { credential, secret } = await provider.issue({
          marker: effect.marker,
          from,
          until: effect.until,
          signal,
        });
        return this.#issued(effect.marker, factsOf(credential), secret, signal, true);
      }
      case "unseal": {
        const copy = await stored(this.#copies().open(effect.marker));
        if ("kind" in copy) return copy;
        return this.#issued(effect.marker, factsOf(copy.credential), copy.secret, signal, false);
      }
      case "discard":
        return (await stored(this.#copies().delete(effect.marker))) ?? YES;
      case "search": {
        const intent: Intent = { marker: effect.marker, from: effect.since, until: effect.until, signal };
        const found = await provider.search?.(intent);
        return found === undefined ? NOT_YET : { kind: "found", value: found.filter(isAlive).map(factsOf) };
      }
      case "recall": {
        const pair = await provider.recall?.(effect.credential, signal);
        if (pair === undefined) return NO;
        if (signal.aborted) throw new Deadline();
        this.#secrets.set(effect.credential, { clientId: pair.clientId, secret: new Secret(pair.clientSecret) });
        return YES;
      }
      case "parse":
        return answer(provider.parses(this.#pair(effect.credential)));
      case "login":
        return answer(await provider.login(this.#pair(effect.credential), signal));
      case "observe":
        return answer(isAlive(await provider.look(effect.credential, signal)));
      case "deliver":
        return this.#deliver(run, effect.sink, this.#pair(effect.credential), effect.expected, signal);
      case "peek":
      case "read-back": {
        const { clientId } = await this.#sink(effect.sink).read(signal);
        return answer(clientId === effect.clientId);
      }
      case "restore":
        return this.#restore(run, effect.sink, effect.clientId, signal);
      case "prove":
        return this.#prove(effect, policy, signal);
      case "end":
        if (await this.#isHeld(effect.credential, signal)) return failed("sink_holds", true);
        await provider.end(effect.credential, signal);
        return YES;
    }
  }

  /** Takes a secret into custody, and seals a copy of it for a restart. */
  async #issued(
    marker: string,
    credential: Facts,
    secret: string,
    signal: AbortSignal,
    seal: boolean,
  ): Promise<Outcome> {
    // After the deadline the outcome was reported as unknown, so nobody would release the secret.
    if (signal.aborted) throw new Deadline();
    this.#secrets.set(credential.id, { clientId: credential.clientId, secret: new Secret(secret) });
    if (seal && this.#seals !== undefined) {
      // A missing copy only costs another credential after a restart, so a failure to seal must not make a known
      // outcome unknown.
      const sealing = this.#seals.put(marker, { credential, secret }).catch(() => undefined);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, this.#ports.policy.protocol.callDeadline / SEALING_SHARE);
      });
      await Promise.race([sealing, late]).finally(() => clearTimeout(timer));
    }
    return { kind: "issued", value: credential };
  }

  #copies(): Seals {
    if (this.#seals === undefined) throw new InternalError("no sealed copies are kept here");
    return this.#seals;
  }

  /**
   * Reads the sink, checks the journal again, and writes the sink. A worker that was suspended before the second step
   * learns from the journal that it is late; one that was suspended after it finds the sink changed, if the sink
   * compares.
   */
  async #deliver(
    run: InstanceType<Rust["Run"]>,
    name: string,
    pair: Pair,
    expected: readonly string[],
    signal: AbortSignal,
  ): Promise<Outcome> {
    const sink = this.#sink(name);
    const holding = await sink.read(signal);
    if (isForeign(holding, expected)) return { kind: "differs", value: holding.clientId ?? "" };
    if (!(await this.#stillWanted(run, signal))) return { kind: "moved" };
    if (!(await sink.write(pair, holding.version, signal))) return { kind: "moved" };
    // While the pair is available both values can be compared; later only the client id can.
    if (sink.readback !== "none" && !(await sink.holds(pair, signal))) return failed("not_held", true);
    return { kind: "written", value: holding.clientId ?? null };
  }

  async #restore(
    run: InstanceType<Rust["Run"]>,
    name: string,
    clientId: string,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const sink = this.#sink(name);
    // Even a sink that holds the old credential must be written, so that a late process finds it changed.
    if (sink.restore === undefined) return NO;
    const { version } = await sink.read(signal);
    if (!(await this.#stillWanted(run, signal))) return { kind: "moved" };
    return (await sink.restore(clientId, version, signal)) ? YES : { kind: "moved" };
  }

  async #stillWanted(run: InstanceType<Rust["Run"]>, signal: AbortSignal): Promise<boolean> {
    const name = this.#stream.name;
    const lines = await this.#stream.read(engine(name, () => run.sequence()) + 1, signal);
    // After its deadline the effect has ended: the run may have continued.
    if (signal.aborted) throw new Deadline();
    return engine(name, () => run.stillWanted([...lines]));
  }

  async #prove(
    effect: Extract<Effect, { effect: "prove" }>,
    policy: ProtocolPolicy,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { provider, clock } = this.#ports;
    switch (effect.proof) {
      case "used": {
        // Our own probe also updated this time, by a clock that may be ahead of ours.
        const used = (await provider.look(effect.new, signal))?.lastUsedAt;
        return used !== undefined && used > effect.since + policy.margin ? YES : NOT_YET;
      }
      case "quiet": {
        if (effect.old === null) return YES;
        const old = await provider.look(effect.old, signal);
        if (!isAlive(old)) return YES;
        // A control plane that does not report when a credential was used cannot show that it is unused.
        const quiet = clock.now() - 2 * policy.tokenLife;
        return old?.lastUsedAt !== undefined && Math.max(old.lastUsedAt, effect.since) < quiet ? YES : NOT_YET;
      }
      case "healthy":
        return (await provider.healthy?.(effect.since, signal)) === false ? NOT_YET : YES;
      default:
        return NOT_YET;
    }
  }

  /**
   * Returns whether a sink holds a credential that is about to be ended. The journal never ends one that it knows to be
   * delivered. But if the journal was restored from a backup, or somebody rotated by hand, what looks like the trace of
   * a lost call may be what consumers use. It ends once it is replaced.
   */
  async #isHeld(id: string, signal: AbortSignal): Promise<boolean> {
    const stream = await this.#stream.refresh(signal);
    const { credentials } = JSON.parse(engine(this.#stream.name, () => stream.state())) as {
      credentials: Readonly<Record<string, { credential: Facts }>>;
    };
    const clientId = credentials[id]?.credential.clientId;
    // If several credentials share a client id, a sink does not show which of them it holds.
    const alike = Object.values(credentials).filter(({ credential }) => credential.clientId === clientId);
    if (clientId === undefined || alike.length > 1) return false;
    const readable = this.#ports.sinks.filter(({ readback }) => readback !== "none");
    const held = await Promise.all(readable.map((sink) => sink.read(signal)));
    return held.some((holding) => holding.clientId === clientId);
  }

  #pair(id: string): Pair {
    const held = this.#secrets.get(id);
    if (held === undefined) throw new InternalError(`the secret of credential ${id} is not available`);
    return { clientId: held.clientId, clientSecret: held.secret.reveal() };
  }

  #sink(name: string): Sink {
    const sink = this.#ports.sinks.find((one) => one.name === name);
    if (sink === undefined) throw new InternalError(`there is no sink ${name}`);
    return sink;
  }
}

/** Returns what the worker has in hand, according to Rust. */
function handsOf(
  name: string,
  run: InstanceType<Rust["Run"]>,
): { readonly secrets: string[]; readonly intent: unknown; readonly tried: unknown; readonly unsealed: unknown } {
  return JSON.parse(engine(name, () => run.hands()));
}

/**
 * Awaits a call of the store of copies. A failed call may succeed later, whatever the error, unless the copy cannot be
 * opened.
 */
async function stored<T>(call: Promise<T>): Promise<T | Outcome> {
  try {
    return await call;
  } catch (error) {
    return error instanceof Unsealed ? failed(error.code, false) : failed(codeOf(error), true);
  }
}

/** The error for an effect whose deadline has passed. */
class Deadline extends Error {}

/** Returns whether a sink holds a credential that does not belong to the target. */
function isForeign({ clientId }: Holding, expected: readonly string[]): boolean {
  return clientId !== undefined && expected.length > 0 && !expected.includes(clientId);
}

function isAlive(facts: CredentialFacts | undefined): boolean {
  return facts !== undefined && facts.ended !== true;
}

function answer(yes: boolean): Outcome {
  return yes ? YES : NO;
}

function failed(code: string, again: boolean): Outcome {
  return { kind: "failed", value: { code, again } };
}

/**
 * Returns the facts about a credential that the journal keeps; anything else in an answer stays out of it. @internal
 */
export function factsOf({ id, clientId, createdAt, expiresAt }: CredentialFacts): Facts {
  return {
    id,
    clientId,
    ...(createdAt !== undefined && { createdAt: Math.trunc(createdAt) }),
    ...(expiresAt !== undefined && { expiresAt: Math.trunc(expiresAt) }),
  };
}

/**
 * Returns the outcome that an error means for its effect. Only codes go into the journal, since messages may quote
 * servers. Every effect except the call that issues can be repeated, so for those it does not matter whether it took
 * place.
 */
function outcomeOf(error: unknown, issues: boolean): Outcome {
  if (error instanceof Deadline) return issues ? { kind: "uncertain" } : failed("timeout", true);
  if (!KeyturnError.is(error)) return issues ? { kind: "uncertain" } : failed("failed", true);
  // An answer with a 4xx status other than 408 is a refusal.
  const refused = error.outcome === "answered" && isRefusal(error);
  if (issues && error.outcome !== "none" && !refused) return { kind: "uncertain" };
  const own = ["sink_failed", "provider_failed"].includes(error.kind);
  const later = mayLogInLater(error);
  // Without its reason, a login that was not refused would look like a wrong secret.
  const reason = (own || later) && "reason" in error && typeof error.reason === "string" ? error.reason : "";
  const again = own
    ? AGAIN_REASONS.has(reason)
    : AGAIN.has(error.kind) || (!issues && error.outcome === "unknown") || later;
  return failed(reason ? `${error.kind}:${reason}` : error.kind, again);
}

function isRefusal(error: Failure): boolean {
  const status = "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 && status !== 408;
}

/** Returns whether a login may succeed later: the token endpoint did not answer, limits the rate, or failed. */
function mayLogInLater(error: Failure): boolean {
  if (error.kind !== "authentication_failed" || !("status" in error)) return false;
  const status = error.status as number;
  return status === 0 || status === 429 || status >= 500;
}
