/** The official SDK's clients. */

import { optionsOf } from "../base/checked.js";
import { asFailure } from "../base/failure.js";
import { ConductorOneGroups } from "../c1/group.js";
import type { Groups } from "../generated/compat/groups.js";
import { CompatEngine, type SDKProps, withoutCredentials } from "./engine.js";
import type { SDKOptions } from "./options.js";
import { translated } from "./translate.js";

export type { SDKProps };

/**
 * The property that holds a client's engine: a global symbol, so that functions of the package's CommonJS copy find it
 * too.
 */
const ENGINE: unique symbol = Symbol.for("keyturn.compat.engine") as never;

function keep(client: object, engine: CompatEngine): void {
  Object.defineProperty(client, ENGINE, { value: engine });
}

/** Returns a client's engine. @internal */
export function engineOf(client: object): CompatEngine {
  const engine = (client as { [ENGINE]?: CompatEngine } | null | undefined)?.[ENGINE];
  if (engine) return engine;
  const message = "the first argument must be a client: a ConductoroneSDKTypescript or its Core";
  throw asFailure(new TypeError(message), "invalid_configuration");
}

function open(given: SDKProps): { engine: CompatEngine; options: SDKProps } {
  const options = checked(given);
  const inited = options.hooks ? checked(options.hooks.sdkInit(options as SDKOptions) ?? options) : options;
  return { engine: CompatEngine.open(inited), options: inited };
}

function checked(options: SDKProps): SDKProps {
  try {
    return optionsOf("options", options);
  } catch (error) {
    throw translated(error, undefined, undefined);
  }
}

/** A client for standalone functions, without methods of its own. */
export class ConductoroneSDKTypescriptCore {
  readonly #options: SDKOptions;

  /**
   * Nothing is sent before the first call.
   *
   * @throws If the options do not say where to send it.
   */
  constructor(options: SDKProps = {}) {
    const opened = open(options);
    keep(this, opened.engine);
    this.#options = withoutCredentials(opened.options);
  }

  /** Where requests go. */
  get _baseURL(): URL {
    return new URL(`${engineOf(this).session.baseURL}/`);
  }

  /** The client's options, without its credentials. */
  get _options(): SDKOptions {
    return this.#options;
  }
}

const Base = ConductorOneGroups as unknown as new (engine: never) => Groups;

/**
 * A client of one C1 tenant, by the names of release 1.2.2 of the official SDK.
 *
 * ```ts
 * const sdk = new ConductoroneSDKTypescript({ clientID, clientSecret });
 * const result = await sdk.connector.rotateCredential({ appId, connectorId });
 * ```
 */
export class ConductoroneSDKTypescript extends Base {
  readonly #options: SDKOptions;

  /**
   * Nothing is sent before the first call.
   *
   * @throws If the options do not say where to send it.
   */
  constructor(options: SDKProps = {}) {
    const opened = open(options);
    super(opened.engine as never);
    keep(this, opened.engine);
    this.#options = withoutCredentials(opened.options);
  }

  /** Returns the current access token; `null` if none has been fetched yet. */
  getCurrentToken(): string | null {
    return engineOf(this).token;
  }

  /** Returns a valid access token. Fetches one if necessary, and shares it with the calls that need one. */
  getValidToken(): Promise<string> {
    return engineOf(this).freshToken();
  }

  /** Where requests go. */
  get _baseURL(): URL {
    return new URL(`${engineOf(this).session.baseURL}/`);
  }

  /** The client's options, without its credentials. */
  get _options(): SDKOptions {
    return this.#options;
  }
}
