/** A client's credentials and tokens: the JavaScript half, which does what the core says. */

import { AuthenticationError, ClosedError, ConfigurationError, InternalError, KeyturnError } from "../base/errors.js";
import type { Security } from "../base/options.js";
import { core, guarded, register } from "../core/instance.js";
import type { Session as Handle } from "../generated/core-glue.js";
import type { Attempted, Authorization, Authorizer } from "../http/authorizer.js";
import { Deadline, isWorkerd, monotonic, requestId, type Sender, sleep, unixSeconds, wait } from "../http/transport.js";
import { base64url, Prover, sha256 } from "./dpop.js";
import type { Limit } from "./limit.js";
import type { Plan } from "./plan.js";
import { type Refresher, share, storeKey, type TokenStore } from "./sharing.js";

/** Time for a token request of its own; calls that wait for it have theirs. */
const TOKEN_TIMEOUT_MS = 30_000;
/** The same for a function of the caller's that renews a token: there may be a server of its own behind it. */
const RENEW_TIMEOUT_MS = 60_000;
/** How long a refresh token is kept for other workers: two weeks, as long as one is good. */
const REFRESH_TOKEN_MS = 14 * 86_400_000;

const SUBJECT_TOKEN = ["subjectToken", "subject_token"] as const;

/** Refreshes that have ended, however they did. */
const over = new WeakSet<Promise<void>>();

/** Holds what a client authenticates with. */
export class Session<Told extends object = object> implements Authorizer {
  /** How to authenticate, without the secret, which only the core has. */
  readonly #plan: Omit<Plan<Told>, "secret">;
  #handle: Handle | undefined;
  /** The secret on its way from a broken instance of the core to a fresh one. */
  #rescued: Uint8Array | undefined;
  readonly #send: Sender;
  readonly #prover: Prover | undefined;
  /** By which clock calls were proven, in seconds off this machine's. */
  readonly #offsets = new WeakMap<Authorization, number>();
  #unregister: () => void;
  #refreshing: Promise<void> | undefined;
  /** Why the last refresh got no answer: what the core remembers of it is text. */
  #cause: unknown;
  /** Which entry of the store the token in use is. */
  #version: string | undefined;
  /** A hash of what the core was given at first: refresh tokens change. */
  #fingerprint: string | undefined;
  #closed = false;
  readonly #ended = new AbortController();
  /** The base URL, without a slash at its end. */
  readonly baseURL: string;

  /** Where the authentication server is, without a slash at its end. */
  readonly authURL: string;

  constructor({ secret, ...plan }: Plan<Told>, send: Sender) {
    this.#plan = plan;
    this.#send = send;
    const handle = configured(() => plan.open(core(), secret));
    this.#handle = handle;
    this.baseURL = handle.base();
    this.authURL = handle.auth();
    this.#unregister = register(this);
    if (plan.dpop) this.#prover = new Prover(plan.dpop === true ? {} : plan.dpop);
  }

  /** What it authenticates with. */
  get authentication(): Told & { readonly clockOffsetMs: number } {
    const clockOffsetMs = this.#closed ? 0 : this.#use((handle) => handle.clock_offset()) * 1000;
    return { ...this.#plan.told, clockOffsetMs };
  }

  /** The core broke: takes the secret out of it. Tokens are left behind; the next call fetches a new one. */
  leave(): void {
    try {
      this.#rescued = this.#handle?.custody();
    } catch {
      // Not even that works; the next call says so.
    }
    this.#handle = undefined;
    this.#refreshing = undefined;
  }

  /** The `Authorization` value to send now. Waits for a refresh if one is needed, as long as the call may. */
  async authorize(deadline: Deadline, operation?: string): Promise<Authorization> {
    for (;;) {
      const { told, generation } = this.#use((handle) => ({
        told: handle.authorize(this.#now()),
        generation: handle.generation(),
      }));
      const rest = told.slice(1);
      switch (told[0]) {
        case "U":
          return { value: rest, generation };
        case "F":
          // Nobody has to wait for this one; its failure is told to the call that needs its token.
          await this.#refreshed(deadline, true);
          return { value: rest, generation };
        case "A":
          return { value: await this.#external(deadline, operation), generation };
        case "B":
          throw authenticationError(rest, operation, this.#cause);
        default:
          await this.#refreshed(deadline);
      }
    }
  }

  /** What `console.log` shows, also when it is asked to call getters: one of them gives the token. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "Session {}";
  }

  /** The access token that a call would be sent with now, as far as it is known without asking for one. */
  get token(): string | undefined {
    const { told, held } = this.#use((handle) => ({ told: handle.authorize(this.#now()), held: handle.held() }));
    return held ?? (/^[UF]\w+ /.test(told) ? told.slice(told.indexOf(" ") + 1) : undefined);
  }

  /** The proof that goes with a call, if its token is bound to a key. */
  async proof(method: string, url: string, authorization: Authorization): Promise<string | undefined> {
    const prover = this.#prover;
    const { value } = authorization;
    if (!prover || !value.startsWith("DPoP ")) return undefined;
    const hash = await prover.hash(value.slice("DPoP ".length));
    this.#offsets.set(
      authorization,
      this.#use((handle) => handle.clock_offset()),
    );
    return this.#prove(prover, method, url, hash);
  }

  /** What an answer of the API says about the next proof. True if the call was refused for it, and another try makes sense. */
  challenged(status: number, headers: Headers, authorization: Authorization): boolean {
    if (!this.#prover || this.#closed) return false;
    const nonce = headers.get("dpop-nonce");
    if (!nonce) return status === 401 && this.#stale(headers.get("date"), authorization);
    const other = this.#use((handle) => handle.nonce(nonce));
    // A call beside this one may have brought the nonce already. Where the header cannot be read, a new nonce says it.
    const why = headers.get("www-authenticate");
    return status === 401 && (why === null ? other : why.includes("use_dpop_nonce"));
  }

  /** A proof that was refused had a time in it that is not the server's: by this answer, or by one that came before it. */
  #stale(date: string | null, authorization: Authorization): boolean {
    const offset = this.#offsets.get(authorization);
    if (offset === undefined || date === null) return false;
    return this.#use((handle) => handle.learn(date, this.#unix()) || handle.clock_offset() !== offset);
  }

  /** The API answered 401 to this token. True if another try makes sense. */
  rejected({ value, generation }: Authorization): boolean {
    if (value === "" || this.#closed) return false;
    return this.#plan.ask !== undefined || this.#use((handle) => handle.rejected(generation, this.#now()));
  }

  /** Milliseconds until the next attempt; negative to give up. */
  nextAttempt(done: Attempted): number {
    if (this.#closed) return -1;
    return this.#use((handle) =>
      handle.next_attempt(
        done.effect,
        done.status,
        done.received,
        done.retryAfter ?? null,
        done.attempts,
        done.elapsedMs,
        done.leftMs,
        Math.random(),
        this.#unix(),
        done.policy,
      ),
    );
  }

  /** A call has succeeded. */
  succeeded(): void {
    // An answer that is here is given to its caller, closed or not: a secret may be in it.
    if (!this.#closed) this.#use((handle) => handle.succeeded());
  }

  /** Wipes what is held. */
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
    if (!secret) throw new InternalError("the core lost this client's credentials when it failed; make a new client");
    const handle = configured(() => this.#plan.open(core(), secret));
    this.#prover?.bind(handle);
    secret.fill(0);
    this.#rescued = undefined;
    this.#unregister = register(this);
    return handle;
  }

  #now(): number {
    return this.#plan.clock?.monotonic?.() ?? monotonic();
  }

  #unix(): number {
    const { clock } = this.#plan;
    return clock ? clock.now() / 1000 : unixSeconds();
  }

  async #external(deadline: Deadline, operation: string | undefined): Promise<string> {
    let security: Security | string | null | undefined;
    try {
      security = await wait(Promise.resolve(this.#plan.ask?.()), deadline);
    } catch (error) {
      if (KeyturnError.is(error)) throw error;
      throw new AuthenticationError("the `security` function failed", 0, "security_function", {
        operation,
        cause: error,
      });
    }
    const token = typeof security === "string" ? security : security?.oauth || security?.bearerAuth || "";
    return token === "" && this.#plan.anonymous ? "" : this.header(token, operation);
  }

  /**
   * The `Authorization` value for a token that is not the session's own.
   *
   * @throws {@link ConfigurationError} if it cannot be a token; it is not repeated.
   */
  header(token: string, operation?: string): string {
    return configured(() => this.#use((handle) => handle.external(bytes(token))), operation);
  }

  /**
   * One refresh at a time, whatever the number of calls. How it ended is the core's to remember; it rejects only if it was
   * ended.
   */
  #refresh(): Promise<void> {
    if (this.#refreshing) return this.#refreshing;
    const refreshing = this.#refreshNow().finally(() => {
      over.add(refreshing);
      this.#refreshing = undefined;
    });
    return (this.#refreshing = refreshing);
  }

  /**
   * Waits for the refresh, unless nobody has to. In a Worker it is part of the request that began it: somebody always has to,
   * lest it is cut off with that request's answer; and if it is cut off, whoever waits for it finds a promise that fails
   * without being over, and begins anew.
   */
  async #refreshed(deadline: Deadline, idle = false): Promise<void> {
    const refreshing = this.#refresh();
    try {
      const waiting = wait(refreshing, deadline);
      if (idle && !isWorkerd) waiting.catch(() => undefined);
      else await waiting;
    } catch (error) {
      if (this.#refreshing === refreshing && !KeyturnError.is(error) && !over.has(refreshing)) {
        this.#refreshing = undefined;
        this.#use((handle) => handle.abandon());
      } else if (!idle && (KeyturnError.is(error) || over.has(refreshing))) {
        throw error;
      }
    }
  }

  async #refreshNow(): Promise<void> {
    const failure = new AbortController();
    // A login by a person has no bound but its code's; each request has its own.
    const deadline = new Deadline(0, [this.#plan.signal, this.#ended.signal, failure.signal]);
    this.#cause = undefined;
    try {
      deadline.check();
      if (this.#prover) {
        const prover = this.#prover;
        await wait(prover.ready(), deadline);
        this.#use((handle) => prover.bind(handle));
      }
      this.#use((handle) => handle.begin(this.#now()));
      const { store, principal } = this.#plan;
      if (store && principal)
        await this.#refreshShared(store, await principal(() => this.#hashed()), deadline, failure);
      else await this.#converse(deadline, failure);
    } catch (error) {
      if (!this.#closed) this.#use((handle) => handle.abandon());
      throw error;
    } finally {
      deadline.end();
    }
  }

  /** By way of the store that other workers use too. */
  async #refreshShared(
    store: TokenStore,
    principal: readonly string[],
    deadline: Deadline,
    failure: AbortController,
  ): Promise<void> {
    const { interactive = false, logger } = this.#plan;
    const key = await storeKey([
      this.baseURL,
      ...(this.authURL === this.baseURL ? [] : [this.authURL]),
      ...principal,
      (await this.#prover?.thumbprint()) ?? "",
    ]);
    const failed = (error: unknown): void =>
      logger?.log(`the token store failed, and a token is fetched without it: ${String(error)}`);
    const refresher: Refresher = {
      version: this.#version,
      fetch: async () => {
        const refreshed = await this.#renewWith(store, key, deadline).catch(failed);
        await this.#converse(deadline, failure);
        await this.#keepRefreshToken(store, key, refreshed ?? undefined, deadline).catch(failed);
        return this.#use((handle) => {
          const now = this.#now();
          const [life = 0, left = 0] = handle.outcome(now);
          return { text: left > 0 ? handle.authorize(now).slice(1) : "", life, left };
        });
      },
      adopt: ({ text, life, left }) =>
        this.#use((handle) => handle.adopt(text, life, left, Math.random(), this.#now())),
      failed,
    };
    this.#version = await share(store, key, refresher, interactive, deadline);
  }

  /** Takes the refresh token that another worker got in place of the one held: many servers let the old one end then. */
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

  async #hashed(): Promise<string> {
    if (this.#fingerprint === undefined) {
      const secret = this.#use((handle) => handle.custody()) ?? new Uint8Array();
      const hash = base64url(await sha256(secret));
      secret.fill(0);
      this.#fingerprint = hash;
    }
    return this.#fingerprint;
  }

  /** Has the caller's function renew the token. */
  async #renew(renew: (refused: string) => Promise<string> | string, outer: Deadline): Promise<void> {
    const deadline = new Deadline(RENEW_TIMEOUT_MS, [outer.signal]);
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
      const message = deadline.reason
        ? `the \`refreshToken\` function gave no token within ${RENEW_TIMEOUT_MS / 1000} s`
        : error instanceof ConfigurationError
          ? `what the \`refreshToken\` function gave is no token: ${error.reason}`
          : "the `refreshToken` function failed";
      this.#unanswered(error, "token_refresh", message);
    } finally {
      deadline.end();
    }
  }

  /** Talks with the token endpoint until there is a token, or a reason why there is none. */
  async #converse(deadline: Deadline, failure: AbortController): Promise<void> {
    const { renew, subject: give, subjectNames: [option, reason] = SUBJECT_TOKEN } = this.#plan;
    if (renew) return this.#renew(renew, deadline);
    let subject = bytes("");
    for (let pause = 0; pause >= 0; ) {
      if (pause > 0) await sleep(pause, deadline);
      try {
        if (give && subject.length === 0 && this.#use((handle) => handle.needs_subject())) {
          subject = bytes(await wait(Promise.resolve(give()), deadline));
        }
      } catch (error) {
        deadline.check();
        const message = error instanceof AuthenticationError ? error.message : `the \`${option}\` function failed`;
        this.#unanswered(error, reason, message, KeyturnError.is(error) ? error.hint : undefined);
        return;
      }
      pause = await this.#ask(subject, deadline);
      this.#prompt(failure);
    }
  }

  /** One request to the token endpoint. Milliseconds until the next one; negative if there is none. */
  async #ask(subject: Uint8Array, outer: Deadline): Promise<number> {
    let request: string;
    try {
      request = configured(() => this.#use((handle) => handle.request(this.#unix(), random(), subject)));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      const [option, reason] = this.#plan.subjectNames ?? SUBJECT_TOKEN;
      return this.#unanswered(error, reason, `what \`${option}\` gave is no token`);
    }
    const split = request.indexOf("\n");
    const { limit } = this.#plan;
    if (limit) await this.#pass(limit, request.slice(0, split), outer);
    const deadline = new Deadline(TOKEN_TIMEOUT_MS, [outer.signal]);
    try {
      const { response, body } = await wait(
        this.#exchange(request.slice(0, split), request.slice(split + 1), deadline.signal),
        deadline,
      );
      const { status, headers } = response;
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
      if (KeyturnError.is(error) && error !== deadline.reason) throw error;
      const message = deadline.reason
        ? `the token endpoint did not answer within ${TOKEN_TIMEOUT_MS / 1000} s`
        : "the token endpoint could not be reached";
      return this.#unanswered(error, "unreachable", message, this.#plan.unreachable);
    } finally {
      deadline.end();
    }
  }

  /** Waits until one more token request may be sent. */
  async #pass(limit: Limit, url: string, deadline: Deadline): Promise<void> {
    const { store, logger } = this.#plan;
    const shared = store && { store, key: await storeKey(["token requests", url]) };
    await limit.pass(url, shared, deadline, (ms) =>
      logger?.log(`${url} takes no more requests this minute; the next is sent in ${Math.ceil(ms / 1000)} s`),
    );
  }

  #unanswered(cause: unknown, reason: string, message: string, hint = ""): number {
    this.#cause = cause;
    return this.#use((handle) => handle.unanswered(JSON.stringify({ message, status: 0, reason, hint }), this.#now()));
  }

  /** Shows a person the code of a login that has just begun. The login goes on meanwhile. */
  #prompt(failure: AbortController): void {
    const { onCode } = this.#plan;
    const told = onCode && this.#use((handle) => handle.prompt());
    if (!told) return;
    const { userCode, verificationUri, verificationUriComplete, expiresIn } = JSON.parse(told) as Record<
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

  async #exchange(url: string, body: string, signal: AbortSignal): Promise<{ response: Response; body: Uint8Array }> {
    const headers: Record<string, string> = { accept: "application/json", "content-type": this.#plan.contentType };
    if (this.#prover) headers.dpop = await this.#prove(this.#prover, "POST", url, "");
    const response = await this.#send(url, { method: "POST", headers, body, signal });
    return { response, body: new Uint8Array(await response.arrayBuffer()) };
  }

  async #prove(prover: Prover, method: string, url: string, hash: string): Promise<string> {
    const input = this.#use((handle) => handle.proof(method, url, hash, this.#unix(), random()));
    if (input === undefined) throw new InternalError("there is no key to prove a request with");
    return prover.sign(input);
  }
}

function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16));
}

/** As the core takes it; its copy is wiped when it is freed. */
function bytes(secret: string | Uint8Array): Uint8Array {
  return typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
}

/** What the core says of an option becomes the error of that option. */
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
  const told = JSON.parse(json) as {
    message: string;
    status: number;
    reason: string;
    hint?: string;
    requestId?: string;
    clockOffset?: string;
  };
  return new AuthenticationError(told.message, told.status, told.reason, {
    operation,
    hint: told.hint || undefined,
    requestId: told.requestId || undefined,
    ...(told.clockOffset ? { clockOffsetMs: Number(told.clockOffset) * 1000 } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}
