/** Functions that revoke a token, and fetch one without a client. */

import { Session } from "../../auth/session.js";
import { optionsOf } from "../../base/checked.js";
import { AuthenticationError, isOwn } from "../../base/errors.js";
import type { ClientFetchOptions, Fetch, HTTPClientLike } from "../../base/options.js";
import { isSignal } from "../../base/signal.js";
import { guarded } from "../../core/instance.js";
import { checkedFetchOptions, Deadline, requestId, sender, wait } from "../../http/transport.js";
import { aboutCertificate, unsent } from "../../http/unsent.js";
import type { CommerceLayerCredentials } from "./credentials.js";
import { type AuthOptions, addresses, commerceLayerPlan, type PlaceOptions } from "./plan.js";

const TIMEOUT_MS = 30_000;

/** Options of {@link revoke}. */
export interface RevokeOptions extends PlaceOptions {
  /** The access token or refresh token to end. */
  token: string;
  /** The client id of the application that it was issued to. */
  clientId: string;
  /** The application's secret, if it has one. */
  clientSecret?: string | undefined;
  fetch?: Fetch | undefined;
  httpClient?: HTTPClientLike | undefined;
  /** Further options for `fetch`, such as a `dispatcher` for a proxy. */
  fetchOptions?: ClientFetchOptions | undefined;
  signal?: AbortSignal | undefined;
  /** Default: 30 000. */
  timeoutMs?: number | undefined;
}

/**
 * Revokes a token. It is sent only to the configured authentication server, whatever the token says. A token that has
 * already ended is not an error. Nothing is retried.
 *
 * @throws {@link AuthenticationError} if the server refuses or does not answer.
 */
export async function revoke(given: RevokeOptions): Promise<void> {
  const options = optionsOf("revoke", given);
  const { token, clientId, clientSecret, fetch, httpClient, fetchOptions, signal, timeoutMs = TIMEOUT_MS } = options;
  const url = `${addresses(options).auth}/oauth/revoke`;
  const deadline = new Deadline(timeoutMs, [signal]);
  try {
    deadline.check();
    const { response, text } = await wait(exchange(), deadline);
    if (response.ok) return;
    const { status, headers } = response;
    const said = [token, clientSecret ?? ""].reduce(
      (left, secret) => (secret.length < 4 ? left : left.replaceAll(secret, "[redacted]")),
      text,
    );
    const { code, message } = JSON.parse(guarded((exports) => exports.failure(said))) as {
      code: string;
      message: string;
    };
    const why = message || code || "no explanation";
    const hint =
      status === 401 || status === 403
        ? "Revoke a token with the client id, and the secret if any, that it was issued to."
        : undefined;
    throw new AuthenticationError(
      `the token was not revoked, the server answered ${status}: ${why}`,
      status,
      code || "revoke_refused",
      {
        hint,
        requestId: requestId(headers),
        outcome: "answered",
      },
    );
  } catch (error) {
    if (isOwn(error) || isSignal(error)) throw error;
    const ended = unsent(error);
    const { message, hint } =
      ended?.step === "certificate" ? aboutCertificate(ended.why) : { message: "", hint: undefined };
    throw new AuthenticationError(
      ["the authentication server could not be reached", message].filter(Boolean).join(": "),
      0,
      ended?.step === "certificate" ? "certificate" : "unreachable",
      { cause: error, hint, outcome: ended ? "none" : "unknown" },
    );
  } finally {
    deadline.end();
  }

  async function exchange(): Promise<{ response: Response; text: string }> {
    const response = await sender(
      fetch,
      httpClient,
      checkedFetchOptions(fetchOptions),
    )(url, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify({ client_id: clientId, client_secret: clientSecret, token }),
      signal: deadline.signal,
    });
    return { response, text: (await response.text()).slice(0, 65_536) };
  }
}

/** Options of {@link fetchToken}. */
export type FetchTokenOptions = Omit<AuthOptions, "credentials" | "accessToken" | "refreshToken"> & {
  signal?: AbortSignal | undefined;
  /** Default: 30 000. */
  timeoutMs?: number | undefined;
};

/**
 * Gets an access token without a client: to check that credentials work, or to use the token elsewhere. The request
 * counts towards the 30 token requests a minute.
 *
 * @throws {@link AuthenticationError}
 */
export async function fetchToken(
  credentials: CommerceLayerCredentials,
  given: FetchTokenOptions = {},
): Promise<string> {
  const options = optionsOf("fetchToken", given);
  const session = new Session(
    commerceLayerPlan({ ...options, credentials }),
    sender(options.fetch, options.httpClient, checkedFetchOptions(options.fetchOptions)),
  );
  const deadline = new Deadline(options.timeoutMs ?? TIMEOUT_MS, [options.signal]);
  try {
    const { value } = await session.authorize(deadline);
    return value.slice(value.indexOf(" ") + 1);
  } finally {
    deadline.end();
    session.close();
  }
}
