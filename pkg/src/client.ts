/** The client of the C1 API. */

import { Engine } from "./call.js";
import { ClosedError, ConfigurationError } from "./errors.js";
import { ConductorOneGroups } from "./generated/c1.js";
import type { ClientOptions } from "./options.js";

const engines = new WeakMap<ConductorOne, Engine>();

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
export class ConductorOne extends ConductorOneGroups {
  /**
   * @throws {@link ConfigurationError} that names the option, and which part of it cannot be used.
   */
  constructor(options: ClientOptions = {}) {
    if (options.serverIdx !== undefined && options.serverIdx !== 0) {
      throw new ConfigurationError("serverIdx", "no_such_server", "serverIdx: there is one server, with index 0");
    }
    const engine = new Engine(options);
    super(engine);
    engines.set(this, engine);
  }

  /** Where requests go. */
  get serverURL(): string {
    return this.#engine().session.baseURL;
  }

  /** Aborts what runs and wipes credentials and tokens. Later calls throw {@link ClosedError}. */
  close(): void {
    engines.get(this)?.close();
    engines.delete(this);
  }

  #engine(): Engine {
    const engine = engines.get(this);
    if (!engine) throw new ClosedError();
    return engine;
  }

  /** What `JSON.stringify` shows: where requests go, no credentials. */
  toJSON(): { serverURL: string } {
    return { serverURL: engines.get(this)?.session.baseURL ?? "closed" };
  }
}

/** The name that the official SDK gives its client. */
export const ConductoroneSDKTypescript = ConductorOne;
/** The name that the official SDK gives its client. */
export type ConductoroneSDKTypescript = ConductorOne;
