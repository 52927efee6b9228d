/** A client's credentials and tokens: the JavaScript half, which does what the core says. */

import { core, guarded, register } from "./core.js";
import { AuthenticationError, ClosedError, ConfigurationError, InternalError, KeyturnError } from "./errors.js";
import type { ClientOptions, Security } from "./options.js";
import { Deadline, type Sender, monotonic, requestId, unixSeconds, wait } from "./transport.js";
import type { Session as Handle } from "./generated/core-glue.js";

/** Time for a token request of its own; calls that wait for it have theirs. */
const TOKEN_TIMEOUT_MS = 30_000;

const BEARER = 0;
const EXTERNAL = 1;
const ASSERTION = 2;

/** Numbers of {@link Session.nextAttempt}. */
export interface Attempted {
  effect: number;
  /** 0 if no answer came. */
  status: number;
  received: boolean;
  retryAfter: string | undefined;
  attempts: number;
  elapsedMs: number;
  leftMs: number;
  policy: Float64Array;
}

/** A header value, and which token is in it. */
export interface Authorization {
  readonly value: string;
  readonly generation: number;
}

/** Holds what a client authenticates with. */
export class Session {
  /** What makes the handle: all but the secret, which only the core has. */
  readonly #open: (secret: Uint8Array) => Handle;
  #handle: Handle | undefined;
  /** The secret on its way from a broken instance of the core to a fresh one. */
  #rescued: Uint8Array | undefined;
  readonly #send: Sender;
  /** Whether having no token is no error. */
  readonly #anonymous: boolean;
  readonly #ask: (() => Promise<Security> | Security) | undefined;
  #unregister: () => void;
  #refreshing: Promise<void> | undefined;
  #closed = false;
  /** The base URL, without a slash at its end. */
  readonly baseURL: string;

  constructor(options: ClientOptions, send: Sender, anonymous: boolean) {
    const { kind, secret, ask } = credentials(options, anonymous);
    this.#anonymous = anonymous;
    this.#send = send;
    this.#ask = ask;
    const { clientID = null, tenantDomain = null } = options;
    const serverURL = options.serverURL === undefined ? null : String(options.serverURL);
    this.#open = (bytes) => new (core().Session)(kind, clientID, bytes, serverURL, tenantDomain);
    const handle = configured(() => this.#open(secret));
    this.#handle = handle;
    this.baseURL = handle.base();
    this.#unregister = register(this);
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
  async authorize(deadline: Deadline, operation: string): Promise<Authorization> {
    for (;;) {
      const { told, generation } = this.#use((handle) => ({
        told: handle.authorize(monotonic()),
        generation: handle.generation(),
      }));
      const rest = told.slice(1);
      switch (told[0]) {
        case "U":
          return { value: rest, generation };
        case "F":
          // Nobody waits for this one; its failure is told to the call that needs its token.
          this.#refresh().catch(() => undefined);
          return { value: rest, generation };
        case "A":
          return { value: await this.#external(deadline, operation), generation };
        case "B":
          throw authenticationError(rest, operation);
        default:
          await wait(this.#refresh(), deadline);
      }
    }
  }

  /** The access token that a call would be sent with now, as far as it is known without asking for one. */
  get token(): string | undefined {
    const told = this.#use((handle) => handle.authorize(monotonic()));
    return /^[UF]Bearer /.test(told) ? told.slice("UBearer ".length) : undefined;
  }

  /** The API answered 401 to this token. True if another try makes sense. */
  rejected({ value, generation }: Authorization): boolean {
    if (value === "" || this.#closed) return false;
    return this.#ask !== undefined || this.#use((handle) => handle.rejected(generation, monotonic()));
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
        unixSeconds(),
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
    this.#handle?.free();
    this.#rescued?.fill(0);
  }

  #use<T>(run: (handle: Handle) => T): T {
    if (this.#closed) throw new ClosedError();
    const handle = (this.#handle ??= this.#reopen());
    return guarded(() => run(handle));
  }

  #reopen(): Handle {
    const secret = this.#rescued;
    if (!secret) throw new InternalError("the core lost this client's credentials when it failed; make a new client");
    const handle = configured(() => this.#open(secret));
    secret.fill(0);
    this.#rescued = undefined;
    this.#unregister = register(this);
    return handle;
  }

  async #external(deadline: Deadline, operation: string): Promise<string> {
    let security: Security | null | undefined;
    try {
      security = await wait(Promise.resolve(this.#ask?.()), deadline);
    } catch (error) {
      if (KeyturnError.is(error)) throw error;
      throw new AuthenticationError("the `security` function failed", 0, "security_function", { operation, cause: error });
    }
    const token = bytes(security?.oauth || security?.bearerAuth || "");
    if (token.length === 0 && this.#anonymous) return "";
    return configured(() => this.#use((handle) => handle.external(token)), operation);
  }

  /** One refresh at a time, whatever the number of calls. It never rejects: the core remembers how it ended. */
  #refresh(): Promise<void> {
    return (this.#refreshing ??= this.#fetchToken().finally(() => {
      this.#refreshing = undefined;
    }));
  }

  async #fetchToken(): Promise<void> {
    const random = crypto.getRandomValues(new Uint8Array(16));
    const request = this.#use((handle) => handle.refresh(monotonic(), unixSeconds(), random));
    if (request === undefined) throw new InternalError("these credentials cannot be renewed");
    const split = request.indexOf("\n");
    const deadline = new Deadline(TOKEN_TIMEOUT_MS, []);
    try {
      const { response, body } = await wait(this.#exchange(request.slice(0, split), request.slice(split + 1), deadline.signal), deadline);
      const { status, headers } = response;
      this.#use((handle) =>
        handle.refreshed(status, body, headers.get("retry-after"), requestId(headers) ?? null, monotonic(), unixSeconds(), Math.random()),
      );
    } catch (error) {
      if (KeyturnError.is(error) && error !== deadline.reason) {
        if (!this.#closed) this.#use((handle) => handle.abandon());
        throw error;
      }
      const message = deadline.reason
        ? `the token endpoint did not answer within ${TOKEN_TIMEOUT_MS / 1000} s`
        : "the token endpoint could not be reached";
      const hint = "Check serverURL or the host in the client id, and this machine's network.";
      this.#use((handle) => handle.refresh_failed(JSON.stringify({ message, status: 0, reason: "unreachable", hint }), monotonic()));
    } finally {
      deadline.end();
    }
  }

  async #exchange(url: string, body: string, signal: AbortSignal): Promise<{ response: Response; body: Uint8Array }> {
    const headers = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
    const response = await this.#send(url, { method: "POST", headers, body, signal });
    return { response, body: new Uint8Array(await response.arrayBuffer()) };
  }
}

function credentials(
  { clientID, clientSecret, security }: ClientOptions,
  anonymous: boolean,
): { kind: number; secret: Uint8Array; ask: (() => Promise<Security> | Security) | undefined } {
  if (typeof security === "function") return { kind: EXTERNAL, secret: new Uint8Array(), ask: security };
  const token = security?.oauth || security?.bearerAuth;
  if (token) return { kind: BEARER, secret: bytes(token), ask: undefined };
  if (clientID !== undefined && clientSecret !== undefined) {
    return { kind: ASSERTION, secret: bytes(clientSecret), ask: undefined };
  }
  if (clientID === undefined && clientSecret === undefined && anonymous) {
    return { kind: EXTERNAL, secret: new Uint8Array(), ask: () => ({}) };
  }
  const missing = clientID === undefined ? (clientSecret === undefined ? "security" : "clientID") : "clientSecret";
  throw new ConfigurationError(
    missing,
    "credentials_missing",
    missing === "security"
      ? "there is nothing to authenticate with: give clientID and clientSecret, or security: { bearerAuth }"
      : `${missing} is missing: clientID and clientSecret belong together`,
  );
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

function authenticationError(json: string, operation: string): AuthenticationError {
  const told = JSON.parse(json) as { message: string; status: number; reason: string; hint?: string; requestId?: string };
  return new AuthenticationError(told.message, told.status, told.reason, {
    operation,
    hint: told.hint || undefined,
    requestId: told.requestId || undefined,
  });
}

