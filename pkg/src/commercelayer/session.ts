/** The session that authorizes a client's calls. */

import { Session } from "../auth/session.js";
import { ConfigurationError } from "../base/errors.js";
import type { RetryConfig } from "../base/options.js";
import { isSignal } from "../base/signal.js";
import type { Authorization, Authorizer } from "../http/authorizer.js";
import { type Deadline, type Sender, wait } from "../http/transport.js";
import { type AuthOptions, type CommerceLayerAuthentication, commerceLayerPlan } from "./auth/plan.js";
import { ErrorType, SdkError } from "./errors.js";
import { InterceptorError } from "./interceptors.js";

/** The session of a client. */
export type ProvisioningSession = Session<CommerceLayerAuthentication>;

/**
 * Opens the session of a client.
 *
 * @param anonymous says whether calls are sent without a token.
 * @param retries returns how to retry log-ins, so that this can change without a new session.
 */
export function openSession(
  options: AuthOptions,
  send: Sender,
  retries: () => RetryConfig | undefined,
  anonymous: boolean,
): ProvisioningSession {
  return new Session({ ...commerceLayerPlan(options, anonymous), retries }, send);
}

/** The token of a single call. Its refusal or renewal does not affect the client's own token. */
export class FixedToken implements Authorizer {
  #token: string;
  #header: string | undefined;
  #refused = false;
  readonly #refresh: AuthOptions["refreshToken"];
  readonly #session: ProvisioningSession;

  /** @param session The session whose retry budget the call shares. */
  constructor(token: string, refresh: AuthOptions["refreshToken"], session: ProvisioningSession) {
    this.#token = token;
    this.#refresh = refresh;
    this.#session = session;
  }

  async authorize(deadline: Deadline, operation?: string): Promise<Authorization> {
    if (this.#refused) {
      this.#token = await wait(this.#renewed(), deadline);
      this.#header = undefined;
      this.#refused = false;
    }
    return { value: (this.#header ??= this.#checked(operation)), generation: 0 };
  }

  /** Refuses an invalid token early, since a platform that refuses a header quotes it in its error. */
  #checked(operation: string | undefined): string {
    try {
      return this.#session.header(this.#token, operation);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new ConfigurationError(
        "accessToken",
        error.reason,
        error.message.replace(/^.*?security: /, "accessToken: "),
      );
    }
  }

  rejected(): boolean {
    this.#refused = this.#refresh !== undefined;
    return this.#refused;
  }

  proof(): undefined {
    return undefined;
  }

  challenged(): undefined {
    return undefined;
  }

  turn(): undefined {
    return undefined;
  }

  retryAfter(headers: Headers): number | undefined {
    return this.#session.retryAfter(headers);
  }

  succeeded(): void {
    this.#session.succeeded();
  }

  nextAttempt(...[done]: Parameters<Authorizer["nextAttempt"]>): number {
    return this.#session.nextAttempt(done);
  }

  async #renewed(): Promise<string> {
    let source: unknown;
    try {
      const token = await this.#refresh?.(this.#token);
      if (typeof token === "string" && token !== "") return token;
      source = new TypeError("refreshToken returned no token");
    } catch (error) {
      if (isSignal(error)) throw error;
      source = error;
    }
    const error = new SdkError({ message: "Error refreshing access token", type: ErrorType.TOKEN_REFRESH }, { source });
    throw new InterceptorError(error, "none");
  }
}
