/** The client of the C1 API. */

import { callOptionsOf, optionsOf } from "../base/checked.js";
import { closing } from "../base/dispose.js";
import { enclose } from "../base/enclosed.js";
import { ClosedError, ConfigurationError } from "../base/errors.js";
import { PORT, type Port } from "../http/port.js";
import { Relay } from "../http/relay.js";
import { Deadline } from "../http/transport.js";
import type { Authentication } from "./auth/environment.js";
import { Engine } from "./engine.js";
import { ConductorOneGroups, operationNames } from "./group.js";
import type { ClientOptions } from "./options.js";
import { c1 } from "./table.js";

const engines = new WeakMap<ConductorOne, Engine>();
/** The options of each client, without its credentials and others that may contain a secret. */
const manners = new WeakMap<ConductorOne, ClientOptions>();

/** A property for each group; `using` closes it. */
const Closing = /* @__PURE__ */ closing(ConductorOneGroups);

/**
 * A client of one C1 tenant.
 *
 * ```ts
 * const c1 = new ConductorOne({ clientID, clientSecret });
 * const { connectorServiceRotateCredentialResponse: rotated } = await c1.connector.rotateCredential({ appId, connectorId });
 * ```
 *
 * Nothing is sent before the first call. The secret is held in the core's memory until {@link ConductorOne.close}, and
 * never shows when the client is printed, serialised or thrown.
 */
export class ConductorOne extends Closing {
  /**
   * @throws {@link ConfigurationError} that names the option and the part of it that cannot be used.
   */
  constructor(given: ClientOptions = {}) {
    const options = optionsOf("options", given);
    if (options.serverIdx !== undefined && options.serverIdx !== 0) {
      throw new ConfigurationError("serverIdx", "no_such_server", "serverIdx: must be 0, the only server");
    }
    const relay = options.proxy === undefined ? undefined : new Relay(options.proxy, options);
    const engine = new Engine(relay ? { ...options, serverURL: relay.url } : options, c1, relay !== undefined, relay);
    super(engine);
    engines.set(this, engine);
    const port: Port = {
      names: operationNames,
      operation: (number) => c1.operation(number),
      forward: (...call) => engine.forward(...call),
      fetch: engine.fetch,
    };
    enclose(this, PORT, port);
    const { credentials: _, clientID: _id, clientSecret: _secret, security: _token, ...others } = options;
    const { environment: _variables, tokenStore: _store, ...rest } = others;
    manners.set(this, rest);
  }

  /**
   * Creates a client with the credentials in the environment, in Node, Deno and Bun. The environment is read now, never
   * at import. The same happens if the options of the constructor contain no credentials. In this order:
   *
   * 1. `CONDUCTORONE_ACCESS_TOKEN`
   * 2. an identity token (`CONDUCTORONE_OIDC_TOKEN`, or one of HCP Terraform) and `CONDUCTORONE_CLIENT_ID`: token exchange
   * 3. `CONDUCTORONE_CLIENT_ID` and `CONDUCTORONE_CLIENT_SECRET`: signed assertion
   *
   * The tenant: `CONDUCTORONE_SERVER_URL`, then `CONDUCTORONE_TENANT_DOMAIN`, then the host in the client id; the first
   * two only if `options` name none. {@link ConductorOne.authentication} says what was found.
   *
   * @throws {@link ConfigurationError} with reason `credentials_missing` and the variables that are missing.
   */
  static fromEnv(
    options: Omit<ClientOptions, "credentials" | "clientID" | "clientSecret" | "security"> = {},
  ): ConductorOne {
    return new ConductorOne({
      ...options,
      credentials: undefined,
      clientID: undefined,
      clientSecret: undefined,
      security: undefined,
    } as ClientOptions);
  }

  /** What the client authenticates with, where that was found, and how wrong the clock is. Nothing in it is secret. */
  get authentication(): Authentication {
    return this.#engine().session.authentication;
  }

  /**
   * Gets a token now instead of with the first call: to check that the credentials work, or to log in without the time
   * limit that a call has.
   *
   * @throws {@link AuthenticationError}, or {@link RequestAbortedError}.
   */
  async authenticate(given: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<void> {
    const options = callOptionsOf(given) ?? {};
    const deadline = new Deadline(options.timeoutMs ?? 0, [options.signal]);
    try {
      deadline.check();
      await this.#engine().session.authorize(deadline);
    } finally {
      deadline.end();
    }
  }

  /**
   * Creates a client of the same tenant with the options of this one, except its credentials and its token store: to
   * try another pair. Close it when you are done.
   *
   * @throws {@link ConfigurationError} if the pair cannot be used. Nothing is sent.
   */
  with(options: ClientOptions): ConductorOne {
    return new ConductorOne({ ...manners.get(this), serverURL: this.serverURL, ...options });
  }

  /** Where requests go. */
  get serverURL(): string {
    return this.#engine().session.baseURL;
  }

  /**
   * Aborts running calls and wipes credentials and tokens. Later calls throw {@link ClosedError}.
   * `using c1 = new ConductorOne()` calls it at the end of the block.
   */
  close(): void {
    engines.get(this)?.close();
    engines.delete(this);
  }

  #engine(): Engine {
    const engine = engines.get(this);
    if (!engine) throw new ClosedError();
    return engine;
  }

  /** Returns what `JSON.stringify` shows: where requests go, no credentials. */
  toJSON(): { serverURL: string } {
    return { serverURL: engines.get(this)?.session.baseURL ?? "closed" };
  }
}
