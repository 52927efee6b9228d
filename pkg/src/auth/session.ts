/** A client's credentials and tokens: the JavaScript half, which does what the core decides. */

import { copied } from "../base/bytes.js";
import {
  AuthenticationError,
  ClosedError,
  ConfigurationError,
  InternalError,
  isOwn,
  RequestAbortedError,
} from "../base/errors.js";
import type { Connection, Security } from "../base/options.js";
import { checkRuntime } from "../base/runtime.js";
import { shown } from "../base/shown.js";
import { isSignal } from "../base/signal.js";
import { core, guarded, register } from "../core/instance.js";
import { Effect } from "../generated/boundary.js";
import type { Session as Handle } from "../generated/core-glue.js";
import type { Attempted, Authorization, Authorizer, Reproof } from "../http/authorizer.js";
import { policyOf } from "../http/policy.js";
import {
  Deadline,
  Elapsed,
  ending,
  isWorkerd,
  monotonic,
  requestId,
  type Sender,
  sleep,
  unixSeconds,
  wait,
} from "../http/transport.js";
import { aboutCertificate, unsent } from "../http/unsent.js";
import { bounded, warnStore } from "./bounded.js";
import { Prover } from "./dpop.js";
import type { Limit } from "./limit.js";
import { type Plan, passingOf } from "./plan.js";
import { type Refresher, share, type TokenStore } from "./sharing.js";

/** Time limit of a token request; calls that wait for it have their own. */
const TOKEN_TIMEOUT_MS = 30_000;
/** Time limit of a caller's function that renews a token, which may call a server of its own. */
const RENEW_TIMEOUT_MS = 60_000;
/** Time limit of a refresh that nobody waits for, because the token in use remains valid for a while. */
const IDLE_TIMEOUT_MS = 10_000;
/** How long a refresh token is kept for other workers: two weeks, which is as long as it is valid. */
const REFRESH_TOKEN_MS = 14 * 86_400_000;

const SUBJECT_TOKEN = ["subjectToken", "subject_token"] as const;

/** A refresh, and the calls that wait for it. It ends when the last of them gives up. */
interface Refresh {
  done: Promise<void>;
  readonly waiting: Set<Deadline>;
  readonly stop: AbortController;
  /** How the call that began it makes its connections. */
  readonly via: Connection | undefined;
  /** Whether it has ended, with or without success. */
  over: boolean;
  /** The deadline of the request in progress. */
  request: Deadline | undefined;
}

/** The number of failed token requests in one refresh. */
interface Tries {
  attempts: number;
  readonly begun: number;
}

/** The proof that a call was sent with. */
interface Proven extends Reproof {
  /** The clock that was used, as its difference from this machine's clock in seconds. */
  readonly offset: number;
  readonly hasQuery: boolean;
}

/** The error codes of a server that refuses a proof rather than the token (RFC 9449, sections 7.1 and 8). */
const OF_PROOF = /\b(use_dpop_nonce|invalid_dpop_proof)\b/;

const CLOCK = 1;
const QUERY = 2;
/** Nonces are counted in steps of this. */
const NONCE = 4;
/** How many more nonces a call tries after its first attempt. */
const MOST_NONCES = 5;
/** How long a call keeps others waiting for their turn; its own response may take longer. */
const TURN_MS = 10_000;

/** The credentials and tokens of one client. */
export class Session<Authentication extends object = object> implements Authorizer {
  /** How to authenticate, without the secret, which only the core holds. */
  readonly #plan: Omit<Plan<Authentication>, "secret">;
  #handle: Handle | undefined;
  /** The secret on its way from a broken instance of the core to a fresh one. */
  #rescued: Uint8Array | undefined;
  readonly #send: Sender;
  readonly #prover: Prover | undefined;
  readonly #proven = new WeakMap<Authorization, Proven>();
  /** Whether the server expects the proof to cover a URL's query: RFC 9449 does not, but C1's own middleware does. */
  #withQuery = false;
  /** Resolves when the last of the calls that wait for their turn has had it; `undefined` if none waits. */
  #turn: Promise<void> | undefined;
  readonly #store: TokenStore | undefined;
  #unregister: () => void;
  #refreshing: Refresh | undefined;
  /** Why the last refresh got no response: the core remembers this only as text. */
  #cause: unknown;
  /** The version of the store's entry that holds the token in use. */
  #version: string | undefined;
  #fingerprint: string | undefined;
  #closed = false;
  /** Whether anything was taken out of the retry budget: before that, there is nothing to give back. */
  #retried = false;
  /** Measures how old a token is, and how long a failure lasts. */
  readonly #elapsed: Elapsed;
  readonly #ended = ending();
  /** The base URL, without a slash at its end. */
  readonly baseURL: string;

  /** Where the authentication server is, without a slash at its end. */
  readonly authURL: string;

  constructor({ secret, ...plan }: Plan<Authentication>, send: Sender) {
    checkRuntime();
    this.#plan = plan;
    this.#send = send;
    const { clock } = plan;
    this.#elapsed = new Elapsed(
      () => clock?.monotonic?.() ?? monotonic(),
      () => clock?.now() ?? Date.now(),
    );
    if (plan.store) this.#store = bounded(plan.store);
    if (plan.dpop) this.#prover = new Prover(plan.dpop === true ? {} : plan.dpop);
    let handle: Handle;
    try {
      handle = configured(() => plan.open(core(), secret));
    } finally {
      secret.fill(0);
    }
    this.#handle = handle;
    this.baseURL = handle.base();
    this.authURL = handle.auth();
    this.#unregister = register(this);
  }

  /** What the session authenticates with. */
  get authentication(): Authentication & { readonly clockOffsetMs: number } {
    const clockOffsetMs = this.#closed ? 0 : this.#use((handle) => handle.clock_offset()) * 1000;
    return { ...this.#plan.authentication, clockOffsetMs };
  }

  /** Takes the secret out of a broken core. Tokens are left behind; the next call fetches a new one. */
  rescue(): void {
    try {
      this.#rescued = this.#handle?.custody();
    } catch {
      // Even that failed; the next call reports it.
    }
    this.#handle = undefined;
    this.#refreshing = undefined;
  }

  /** Returns the `Authorization` value to send now. Waits for a refresh if one is needed, as long as the call may. */
  async authorize(deadline: Deadline, operation?: string, via?: Connection): Promise<Authorization> {
    for (;;) {
      const { decision, generation } = this.#use((handle) => ({
        decision: handle.authorize(this.#now()),
        generation: handle.generation(),
      }));
      const rest = decision.slice(1);
      switch (decision[0]) {
        case "U":
          return { value: rest, generation };
        case "F":
          // Nobody has to wait for this refresh; a failure is reported to the call that needs its token.
          await this.#refreshed(deadline, via, true);
          return { value: rest, generation };
        case "A":
          return { value: await this.#external(deadline, operation), generation };
        case "B":
          throw authenticationError(rest, operation, this.#cause);
        default:
          await this.#refreshed(deadline, via);
      }
    }
  }

  /** Returns what `console.log` shows, even when it calls getters, one of which returns the token. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "Session {}";
  }

  /** The access token that a call would be sent with now, as far as it is known without a request. */
  get token(): string | undefined {
    const { decision, held } = this.#use((handle) => ({
      decision: handle.authorize(this.#now()),
      held: handle.held(),
    }));
    return held ?? (/^[UF]\w+ /.test(decision) ? decision.slice(decision.indexOf(" ") + 1) : undefined);
  }

  /** Returns the proof that goes with a call, if its token is bound to a key. */
  proof(
    method: string,
    url: string,
    authorization: Authorization,
    again: Reproof | undefined,
  ): Promise<string> | undefined {
    const prover = this.#prover;
    const { value } = authorization;
    if (!prover || !value.startsWith("DPoP ")) return undefined;
    return prover.hash(value.slice("DPoP ".length)).then((hash) => {
      const { withQuery, tried } = again ?? { withQuery: this.#withQuery, tried: 0 };
      const offset = this.#use((handle) => handle.clock_offset());
      this.#proven.set(authorization, { withQuery, tried, offset, hasQuery: url.includes("?") });
      return this.#prove(prover, method, url, withQuery, hash);
    });
  }

  /**
   * Reads what a response of the API says about the next proof. Returns how to prove the call again, if only its proof
   * was refused.
   */
  challenged(status: number, headers: Headers, authorization: Authorization): Reproof | undefined {
    const proven = this.#proven.get(authorization);
    if (!proven || this.#closed) return undefined;
    const { hasQuery, withQuery, tried } = proven;
    const nonce = headers.get("dpop-nonce");
    const other = nonce !== null && this.#use((handle) => handle.nonce(nonce));
    const why = headers.get("www-authenticate");
    if (status !== 401 && !(status === 400 && why && OF_PROOF.test(why))) {
      // Later calls begin with the form of the URL that was accepted.
      if (hasQuery && status < 400) this.#withQuery = withQuery;
      return undefined;
    }
    // Each reason counts once, but a nonce may expire while a request is on its way, replaced in the response to
    // another one. If the header can be read, the nonce need not be new: a concurrent call may have brought it already.
    // If it cannot, only a new nonce shows that one was wanted.
    let next = tried;
    const wanted = why === null ? other && tried < NONCE : why.includes("use_dpop_nonce");
    if (nonce !== null && wanted && tried < NONCE * MOST_NONCES) next += NONCE;
    if (this.#stale(headers.get("date"), proven.offset)) next |= CLOCK;
    if (next !== tried) return { withQuery, tried: next };
    const unproven = hasQuery && (why === null || OF_PROOF.test(why));
    return unproven && !(tried & QUERY) ? { withQuery: !withQuery, tried: tried | QUERY } : undefined;
  }

  /** Makes attempts take turns once a second nonce was refused: the server then accepts only its newest one. */
  turn(again: Reproof | undefined, deadline: Deadline): Promise<() => void> | undefined {
    return this.#turn || (again && again.tried >= NONCE * 2) ? this.#ownTurn(deadline) : undefined;
  }

  async #ownTurn(deadline: Deadline): Promise<() => void> {
    const before = this.#turn;
    let end!: () => void;
    const own = new Promise<void>((resolve) => {
      end = resolve;
    });
    const turn = Promise.all([before, own]).then(() => {
      if (this.#turn === turn) this.#turn = undefined;
    });
    this.#turn = turn;
    try {
      await wait(Promise.resolve(before), deadline);
    } catch (error) {
      end();
      throw error;
    }
    const timer = setTimeout(end, TURN_MS);
    return () => {
      clearTimeout(timer);
      end();
    };
  }

  /**
   * Returns whether the refused request contained a time that differs from the server's, by this response or an earlier
   * one.
   */
  #stale(date: string | null, offset: number): boolean {
    if (date === null) return false;
    return this.#use((handle) => handle.learn(date, this.#unix()) || handle.clock_offset() !== offset);
  }

  /** Called when the API responded 401 to this token. Returns whether another attempt makes sense. */
  rejected({ value, generation }: Authorization): boolean {
    if (value === "" || this.#closed) return false;
    return this.#plan.tokenSource !== undefined || this.#use((handle) => handle.rejected(generation, this.#now()));
  }

  /**
   * Returns the milliseconds that a response asks to wait; `undefined` if it does not, or if the value makes no sense.
   */
  retryAfter(headers: Headers): number | undefined {
    const value = headers.get("retry-after");
    const ms = value === null ? undefined : guarded(({ retry_after }) => retry_after(value, this.#unix()));
    return ms === undefined ? undefined : Math.ceil(ms);
  }

  /** Returns the milliseconds until the next attempt; negative to give up. */
  nextAttempt(done: Attempted): number {
    if (this.#closed) return -1;
    this.#retried = true;
    return this.#use((handle) =>
      handle.next_attempt(
        done.effect,
        done.status,
        done.received,
        done.retryAfter,
        done.attempts,
        done.elapsedMs,
        done.leftMs,
        Math.random(),
        done.policy,
      ),
    );
  }

  /** Called when a call has succeeded. */
  succeeded(): void {
    // A response that has arrived is returned to its caller even if the client is closed: it may contain a secret.
    if (this.#retried && !this.#closed) this.#use((handle) => handle.succeeded());
  }

  /** Wipes the secret and the tokens. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unregister();
    this.#ended.abort(new ClosedError());
    this.#handle?.free();
    this.#handle = undefined;
    this.#rescued?.fill(0);
    this.#prover?.forget();
  }

  #use<T>(run: (handle: Handle) => T): T {
    if (this.#closed) throw new ClosedError();
    const handle = (this.#handle ??= this.#reopen());
    return guarded(() => run(handle));
  }

  #reopen(): Handle {
    const secret = this.#rescued;
    if (!secret) throw new InternalError("the core lost this client's credentials when it failed; create a new client");
    const handle = configured(() => this.#plan.open(core(), secret));
    this.#prover?.bind(handle);
    secret.fill(0);
    this.#rescued = undefined;
    this.#unregister = register(this);
    return handle;
  }

  #now(): number {
    return this.#elapsed.now();
  }

  #unix(): number {
    const { clock } = this.#plan;
    return clock ? clock.now() / 1000 : unixSeconds();
  }

  async #external(deadline: Deadline, operation: string | undefined): Promise<string> {
    let security: Security | string | null | undefined;
    try {
      security = await wait(Promise.resolve(this.#plan.tokenSource?.()), deadline);
    } catch (error) {
      if (isOwn(error) || isSignal(error)) throw error;
      throw new AuthenticationError("the `security` function failed", 0, "security_function", {
        operation,
        cause: error,
      });
    }
    const token = typeof security === "string" ? security : security?.oauth || security?.bearerAuth || "";
    return token === "" && this.#plan.anonymous ? "" : this.header(token, operation);
  }

  /**
   * Returns the `Authorization` value for a token that does not belong to the session.
   *
   * @throws {@link ConfigurationError} if it cannot be a token; the error does not contain it.
   */
  header(token: string, operation?: string): string {
    return configured(() => this.#use((handle) => handle.external(bytes(token))), operation);
  }

  /**
   * Starts a refresh, or returns the one in progress: there is one at a time, whatever the number of calls. The core
   * remembers how it ended; `done` rejects only if it was ended.
   */
  #refresh(via: Connection | undefined): Refresh {
    if (this.#refreshing) return this.#refreshing;
    const refresh: Refresh = {
      done: Promise.resolve(),
      waiting: new Set(),
      stop: ending(),
      via,
      over: false,
      request: undefined,
    };
    this.#refreshing = refresh;
    refresh.done = this.#refreshNow(refresh).finally(() => {
      refresh.over = true;
      if (this.#refreshing === refresh) this.#refreshing = undefined;
    });
    return refresh;
  }

  /**
   * Waits for the refresh, unless nobody has to. In a Worker the refresh is part of the request that began it, and
   * would be cut off once that request gets its response: somebody always waits there. If it is cut off all the same,
   * whoever waits sees a promise that fails although the refresh has not ended, and starts over.
   */
  async #refreshed(deadline: Deadline, via: Connection | undefined, idle = false): Promise<void> {
    const refresh = this.#refresh(via);
    try {
      if (idle && !isWorkerd) {
        const bound = new Deadline(IDLE_TIMEOUT_MS, []);
        this.#awaited(refresh, bound)
          .catch(() => undefined)
          .finally(() => bound.end());
      } else await this.#awaited(refresh, deadline);
    } catch (error) {
      if (this.#refreshing === refresh && !isOwn(error) && !isSignal(error) && !refresh.over) {
        this.#refreshing = undefined;
        this.#use((handle) => handle.abandon());
      } else if (!idle && (isOwn(error) || isSignal(error) || refresh.over)) {
        throw error;
      }
    }
  }

  /**
   * Waits for a refresh together with other calls. Stops it when the last of them gives up, since nobody needs it any
   * more.
   */
  async #awaited(refresh: Refresh, deadline: Deadline): Promise<void> {
    refresh.waiting.add(deadline);
    try {
      await wait(refresh.done, deadline);
    } finally {
      refresh.waiting.delete(deadline);
      if (refresh.waiting.size === 0 && !refresh.over && this.#refreshing === refresh) this.#stop(refresh);
    }
  }

  /**
   * Ends a refresh, unless its response may contain something that can be obtained only once: then it goes on, without
   * keeping the process alive.
   */
  #stop(refresh: Refresh): void {
    const { renew, once } = this.#plan;
    if (renew || once || (!this.#closed && this.#use((handle) => handle.refresh_token()) !== "")) {
      refresh.request?.unref();
      return;
    }
    this.#refreshing = undefined;
    if (!this.#closed) this.#use((handle) => handle.abandon());
    refresh.stop.abort(new RequestAbortedError());
  }

  async #refreshNow(refresh: Refresh): Promise<void> {
    const failure = ending();
    // A person's login is limited only by its code's lifetime; each request has its own limit.
    const deadline = new Deadline(0, [this.#plan.signal, this.#ended.signal, refresh.stop.signal, failure.signal]);
    this.#cause = undefined;
    try {
      deadline.check();
      if (this.#prover) {
        const prover = this.#prover;
        await wait(prover.ready(), deadline);
        this.#use((handle) => prover.bind(handle));
      }
      this.#use((handle) => handle.begin(this.#now()));
      const { principal } = this.#plan;
      if (this.#store && principal) await this.#refreshShared(this.#store, principal, refresh, deadline, failure);
      else await this.#converse(refresh, deadline, failure);
    } catch (error) {
      // A refresh that was given up is no longer the current one.
      if (!this.#closed && this.#refreshing === refresh) this.#use((handle) => handle.abandon());
      throw error;
    } finally {
      deadline.end();
    }
  }

  /** Refreshes through the store that other workers use too. */
  async #refreshShared(
    store: TokenStore,
    principal: readonly string[],
    refresh: Refresh,
    deadline: Deadline,
    failure: AbortController,
  ): Promise<void> {
    // A client with another identity token, even a made-up one, must not get a token for which somebody else's was
    // exchanged.
    const subject = await this.#subject(refresh, deadline);
    if (!subject) return;
    const key = place([
      this.baseURL,
      ...(this.authURL === this.baseURL ? [] : [this.authURL]),
      ...principal,
      this.#secretDigest(),
      subject.length > 0 ? digest(subject) : "",
      (await this.#prover?.thumbprint()) ?? "",
    ]);
    const failed = (error: unknown): void => this.#storeFailed(error);
    const refresher: Refresher = {
      version: this.#version,
      bound: this.#prover !== undefined,
      patience: () => patience(refresh),
      fetch: async () => {
        const refreshed = await this.#renewWith(store, key, deadline).catch(failed);
        await this.#converse(refresh, deadline, failure, subject);
        await this.#keepRefreshToken(store, key, refreshed ?? undefined, deadline).catch(failed);
        return this.#use((handle) => {
          const now = this.#now();
          const [life = 0, leftMs = 0] = handle.outcome(now);
          return { text: leftMs > 0 ? handle.authorize(now).slice(1) : "", life, leftMs };
        });
      },
      adopt: ({ text, life, leftMs }) =>
        this.#use((handle) => handle.adopt(text, life, leftMs, Math.random(), this.#now())),
      failed,
    };
    this.#version = await share(store, key, refresher, deadline);
  }

  /** Reports that the store failed. Its error may repeat what it was given, which is a token. */
  #storeFailed(error: unknown): void {
    const { store, logger } = this.#plan;
    const why = shown(error)
      .replace(/[\w\-.+/=~:]{40,}/g, "[...]")
      .slice(0, 300);
    if (store) warnStore(store, why);
    logger?.log(`the token store failed, so a token is fetched without it: ${why}`);
  }

  /**
   * Takes over the refresh token with which another worker replaced the one held: many servers then invalidate the old
   * one.
   */
  async #renewWith(store: TokenStore, key: string, deadline: Deadline): Promise<string | undefined> {
    if (this.#use((handle) => handle.refresh_token()) === "") return undefined;
    const entry = await wait(store.get(`${key}.refresh`), deadline);
    if (entry?.value) this.#use((handle) => handle.renew_with(bytes(entry.value)));
    return entry?.version;
  }

  async #keepRefreshToken(
    store: TokenStore,
    key: string,
    version: string | undefined,
    deadline: Deadline,
  ): Promise<void> {
    const token = this.#use((handle) => handle.refresh_token());
    if (token !== "") await wait(store.compareAndSet(`${key}.refresh`, token, version, REFRESH_TOKEN_MS), deadline);
  }

  /** Returns a hash of the secret that the core was given at first: refresh tokens change. */
  #secretDigest(): string {
    if (this.#fingerprint === undefined) {
      const secret = this.#use((handle) => handle.custody()) ?? new Uint8Array();
      this.#fingerprint = digest(secret);
      secret.fill(0);
    }
    return this.#fingerprint;
  }

  /** Lets the caller's function renew the token. */
  async #renew(renew: (refused: string) => Promise<string> | string, refresh: Refresh, outer: Deadline): Promise<void> {
    const deadline = new Deadline(RENEW_TIMEOUT_MS, [outer.signal]);
    refresh.request = deadline;
    try {
      const refused = this.#use((handle) => handle.held()) ?? "";
      const token: unknown = await wait(
        Promise.resolve().then(() => renew(refused)),
        deadline,
      );
      const given = bytes(typeof token === "string" ? token : "");
      configured(() => this.#use((handle) => handle.renewed(given, this.#now())));
    } catch (error) {
      outer.check();
      if (isSignal(error)) throw error;
      const message = deadline.reason
        ? `the \`refreshToken\` function returned no token within ${RENEW_TIMEOUT_MS / 1000} s`
        : error instanceof ConfigurationError
          ? `the \`refreshToken\` function returned no token: ${error.reason}`
          : "the `refreshToken` function failed";
      this.#unanswered(error, "token_refresh", message);
    } finally {
      deadline.end();
    }
  }

  /**
   * Returns the external part of the next token request, such as an identity token; empty if the request needs none.
   * Returns `undefined` if it could not be obtained, which makes the refresh fail.
   */
  async #subject(refresh: Refresh, deadline: Deadline): Promise<Uint8Array | undefined> {
    const { subject: give, via, subjectNames: [option, reason] = SUBJECT_TOKEN } = this.#plan;
    const tries: Tries = { attempts: 1, begun: monotonic() };
    for (;;) {
      try {
        if (!give || !this.#use((handle) => handle.needs_subject())) return bytes("");
        const around = { signal: deadline.signal, fetchOptions: { ...via, ...refresh.via } };
        const given: unknown = await wait(Promise.resolve(give(around)), deadline);
        return typeof given === "string" ? bytes(given) : (copied(given) ?? bytes(""));
      } catch (error) {
        deadline.check();
        if (isSignal(error)) throw error;
        const passing = passingOf(error);
        const pause = passing ? this.#again(refresh, tries, passing.status, passing.received, passing.headers) : -1;
        if (pause < 0) {
          const message = isOwn(error) ? error.message : `the \`${option}\` function failed`;
          const hint = isOwn(error) ? error.hint : undefined;
          // Errors of this package's own functions need no wrapper.
          this.#unanswered((isOwn(error) ? error.cause : undefined) ?? error, reason, message, hint);
          return undefined;
        }
        await sleep(pause, deadline);
      }
    }
  }

  /** Sends requests to the token endpoint until there is a token, or a reason why there is none. */
  async #converse(refresh: Refresh, deadline: Deadline, failure: AbortController, given?: Uint8Array): Promise<void> {
    const { renew } = this.#plan;
    if (renew) return this.#renew(renew, refresh, deadline);
    const tries: Tries = { attempts: 1, begun: monotonic() };
    let subject = given ?? bytes("");
    for (let pause = 0; pause >= 0; ) {
      if (pause > 0) await sleep(pause, deadline);
      deadline.check();
      if (subject.length === 0) {
        const asked = await this.#subject(refresh, deadline);
        if (!asked) return;
        subject = asked;
      }
      pause = await this.#requestToken(subject, refresh, tries, deadline);
      this.#prompt(failure);
    }
  }

  /**
   * Returns the milliseconds until a request of a log-in is sent again after a transient failure, by the client's
   * policy for reads; negative to give up. The time limit is that of the most patient waiting call.
   */
  #again(refresh: Refresh, tries: Tries, status: number, received: boolean, headers: Headers | undefined): number {
    const pause = this.nextAttempt({
      effect: Effect.read,
      status,
      received,
      retryAfter: headers && this.retryAfter(headers),
      attempts: tries.attempts,
      elapsedMs: monotonic() - tries.begun,
      leftMs: patience(refresh),
      policy: policyOf(this.#plan.retries?.()),
    });
    if (pause >= 0) tries.attempts++;
    return pause;
  }

  /**
   * Sends one request to the token endpoint. Returns the milliseconds until the next one; negative if there is none.
   */
  async #requestToken(subject: Uint8Array, refresh: Refresh, tries: Tries, outer: Deadline): Promise<number> {
    let request: string;
    try {
      request = configured(() => this.#use((handle) => handle.request(this.#unix(), random(), subject)));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const [option, reason] = this.#plan.subjectNames ?? SUBJECT_TOKEN;
      return this.#unanswered(error, reason, `\`${option}\` returned no token`);
    }
    const split = request.indexOf("\n");
    const { limit } = this.#plan;
    if (limit) await this.#pass(limit, request.slice(0, split), outer);
    // While a person has yet to confirm, the device code determines how often to ask.
    const alone = !this.#use((handle) => handle.waits_for_person());
    const deadline = new Deadline(TOKEN_TIMEOUT_MS, [outer.signal]);
    refresh.request = deadline;
    try {
      const { response, body } = await wait(
        this.#exchange(request.slice(0, split), request.slice(split + 1), refresh.via, deadline.signal),
        deadline,
      );
      outer.check();
      const { status, headers } = response;
      const again = alone && !response.ok && status !== 0 ? this.#again(refresh, tries, status, true, headers) : -1;
      if (again >= 0) return again;
      return this.#use((handle) =>
        handle.answered(
          status,
          body,
          headers.get("date"),
          headers.get("retry-after"),
          headers.get("dpop-nonce"),
          requestId(headers) ?? null,
          this.#now(),
          this.#unix(),
          Math.random(),
        ),
      );
    } catch (error) {
      outer.check();
      if (isSignal(error) || (isOwn(error) && error !== deadline.reason)) throw error;
      const ended = unsent(error);
      if (ended?.step === "certificate") {
        const { message, hint } = aboutCertificate(ended.why);
        return this.#unanswered(error, "certificate", `the token endpoint could not be reached: ${message}`, hint);
      }
      const again = alone ? this.#again(refresh, tries, 0, ended === undefined, undefined) : -1;
      if (again >= 0) return again;
      const message = deadline.reason
        ? `the token endpoint did not respond within ${TOKEN_TIMEOUT_MS / 1000} s`
        : "the token endpoint could not be reached";
      return this.#unanswered(error, "unreachable", message, this.#plan.unreachable);
    } finally {
      deadline.end();
    }
  }

  /** Waits until one more token request may be sent. */
  async #pass(limit: Limit, url: string, deadline: Deadline): Promise<void> {
    const { logger } = this.#plan;
    const store = this.#store;
    const failed = (error: unknown): void => this.#storeFailed(error);
    const shared = store && { store, key: place(["token requests", url]), failed };
    await limit.pass(url, shared, deadline, (ms) =>
      logger?.log(`${url} accepts no more requests this minute; the next is sent in ${Math.ceil(ms / 1000)} s`),
    );
  }

  #unanswered(cause: unknown, reason: string, message: string, hint = ""): number {
    this.#cause = cause;
    return this.#use((handle) => handle.unanswered(JSON.stringify({ message, status: 0, reason, hint }), this.#now()));
  }

  /** Shows a person the code of a login that has just begun. The login continues meanwhile. */
  #prompt(failure: AbortController): void {
    const { onCode } = this.#plan;
    const prompt = onCode && this.#use((handle) => handle.prompt());
    if (!prompt) return;
    const { userCode, verificationUri, verificationUriComplete, expiresIn } = JSON.parse(prompt) as Record<
      string,
      string
    > & { expiresIn: number };
    const code = {
      userCode: userCode ?? "",
      verificationUri: verificationUri ?? "",
      verificationUriComplete: verificationUriComplete || undefined,
      expiresAt: new Date((this.#unix() + expiresIn) * 1000),
    };
    const failed = (cause: unknown): void =>
      failure.abort(new AuthenticationError("the `onCode` function failed", 0, "on_code", { cause }));
    try {
      Promise.resolve(onCode(code)).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  async #exchange(
    url: string,
    body: string,
    via: Connection | undefined,
    signal: AbortSignal,
  ): Promise<{ response: Response; body: Uint8Array }> {
    const headers: Record<string, string> = { accept: "application/json", "content-type": this.#plan.contentType };
    if (this.#prover) headers.dpop = await this.#prove(this.#prover, "POST", url, false, "");
    const response = await this.#send(url, { ...via, method: "POST", headers, body, signal });
    return { response, body: new Uint8Array(await response.arrayBuffer()) };
  }

  async #prove(prover: Prover, method: string, url: string, withQuery: boolean, hash: string): Promise<string> {
    const input = this.#use((handle) => handle.proof(method, url, withQuery, hash, this.#unix(), random()));
    if (input === undefined) throw new InternalError("there is no key to sign proofs with");
    return prover.sign(input);
  }
}

/** Returns the milliseconds that the most patient of the waiting calls has left. */
function patience({ waiting }: Refresh): number {
  return Math.max(...[...waiting].map(({ leftMs }) => leftMs));
}

function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16));
}

/** Converts a secret to the form that the core takes; the core's copy is wiped when it is freed. */
function bytes(secret: string | Uint8Array): Uint8Array {
  return typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
}

/** Returns a hash, in place of a value that must not be visible. */
function digest(secret: Uint8Array): string {
  return guarded((core) => core.digest(secret));
}

/** Returns the name of the store's entry for this combination. */
function place(parts: readonly string[]): string {
  return `keyturn1.${digest(bytes(JSON.stringify(parts)))}`;
}

/** Converts the core's complaint about an option to the error for that option. */
function configured<T>(run: () => T, operation?: string): T {
  try {
    return guarded(run);
  } catch (error) {
    if (typeof error !== "string") throw error;
    const { option, reason, message } = JSON.parse(error) as { option: string; reason: string; message: string };
    throw new ConfigurationError(option, reason, `${option}: ${message}`, { operation });
  }
}

function authenticationError(json: string, operation: string | undefined, cause: unknown): AuthenticationError {
  const failure = JSON.parse(json) as {
    message: string;
    status: number;
    reason: string;
    hint?: string;
    requestId?: string;
    clockOffset?: string;
  };
  return new AuthenticationError(failure.message, failure.status, failure.reason, {
    operation,
    hint: failure.hint || undefined,
    requestId: failure.requestId || undefined,
    ...(failure.clockOffset ? { clockOffsetMs: Number(failure.clockOffset) * 1000 } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}
