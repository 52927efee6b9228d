/** The OAuth clients of C1's SSO applications, and their secrets. */

import { bounded } from "../../base/body.js";
import { enclosed } from "../../base/enclosed.js";
import { ConfigurationError } from "../../base/errors.js";
import { isLoopback } from "../../base/loopback.js";
import type { SSOApplicationOIDCClient } from "../../generated/models.js";
import { PORT, type Port } from "../../http/port.js";
import type { Sender } from "../../http/transport.js";
import type { CredentialFacts, Intent, Pair, Provider } from "../ports.js";
import { type C1ProviderOptions, factsOf, issued, unlessGone } from "./c1.js";
import { ProviderError } from "./error.js";

/** Options of {@link ssoClientProvider}. */
export interface SsoClientProviderOptions extends C1ProviderOptions {
  readonly appId: string;
  readonly ssoApplicationId: string;
  /** The client id of the first client. Keep it unchanged, even when that client no longer exists. */
  readonly clientId: string;
  /**
   * The endpoint where clients of SSO applications exchange their codes, at which a pair is tried. It receives the new
   * secret, so it must be `https`, or `http` to loopback. C1's description of its API does not say where it is.
   * Default: the endpoint of C1's other tokens, `/auth/v1/token` of the tenant.
   */
  readonly tokenURL?: string | undefined;
}

const KIND = "c1-sso-client";

/** The characters that OAuth 2.0 allows in a client id and a client secret. */
const VISIBLE = /^[\x20-\x7e]+$/;

/** The client authentication methods that use a secret. */
type Method = "clientSecretBasic" | "clientSecretPost";

/** A server's verdict on a pair, by its answer to the exchange of a code that does not exist. */
type Verdict = "accepted" | "refused";

/**
 * Creates a provider for a line of clients of an SSO application. C1 can give a client a new secret, but the old one
 * stops working at once, and the client id stays, so that nobody could tell which of the two secrets a consumer has.
 * Therefore each rotation creates another client like the one in use (C1's own advice for an overlap), and ends the old
 * client once no consumer has it. The client id changes, so the consumer must read both values from its sink.
 *
 * The attempt's marker is part of the new client's display name, and the list of clients is the evidence.
 *
 * ```ts
 * const provider = ssoClientProvider({ client: c1, appId, ssoApplicationId, clientId });
 * ```
 *
 * @throws {@link ConfigurationError} for a `tokenURL` that would disclose a secret.
 */
export function ssoClientProvider(options: SsoClientProviderOptions): Provider {
  const { client, appId, ssoApplicationId: id, clientId: first, clock } = options;
  const now = (): number => clock?.now() ?? Date.now();
  const given = options.tokenURL === undefined ? undefined : checkedURL(options.tokenURL);

  const rows = async (signal: AbortSignal): Promise<readonly SSOApplicationOIDCClient[]> => {
    const all: SSOApplicationOIDCClient[] = [];
    for await (const row of client.ssoApplication.listClients({ appId, id }, { signal })) all.push(row);
    return all;
  };
  const facts = (list: readonly SSOApplicationOIDCClient[]): readonly CredentialFacts[] =>
    list.flatMap((row) => factsOf({ ...row, id: row.clientId }, now()) ?? []);
  /** Returns the living clients of the line, oldest first. */
  const lineOf = (all: readonly SSOApplicationOIDCClient[]): readonly SSOApplicationOIDCClient[] =>
    all.filter((row) => row.clientId === first || baseOf(row, first) !== undefined).sort(byAge);
  const remove = (clientId: string, signal: AbortSignal): Promise<unknown> =>
    unlessGone(
      client.ssoApplication.deleteClient(
        { appId, id, ssoApplicationServiceDeleteClientRequest: { clientId } },
        { signal },
      ),
    );

  /** Returns the client to copy: the oldest, since it is in use, and a younger one may come from a failed attempt. */
  const modelOf = async (signal: AbortSignal): Promise<SSOApplicationOIDCClient> => {
    let all: readonly SSOApplicationOIDCClient[];
    try {
      all = await rows(signal);
    } catch (cause) {
      const message = "the client to copy could not be read, so nothing was issued";
      throw new ProviderError(KIND, "not_read", message, { cause });
    }
    const [model] = lineOf(all);
    if (model === undefined)
      throw new ProviderError(
        KIND,
        "no_model",
        `neither ${first} nor a successor of it exists, so there is nothing to copy`,
      );
    if (methodOf(model) === undefined)
      throw new ProviderError(
        KIND,
        "no_secret",
        `the client ${model.clientId} has no secret, so there is nothing to rotate`,
      );
    return model;
  };

  const verdictOn = async (pair: Pair, model: SSOApplicationOIDCClient, signal: AbortSignal): Promise<Verdict> => {
    const { fetch: send } = enclosed<Port>(client, PORT, "keyturn");
    if (send === undefined) throw new ConfigurationError("client", "unsupported", "client: is from another version");
    const answer = await exchange(send, given ?? `${client.serverURL}/auth/v1/token`, pair, model, signal);
    if (answer.error === "invalid_client") return "refused";
    // The code does not exist, so this is the answer to a client that has authenticated.
    if (answer.error === "invalid_grant") return "accepted";
    const again = answer.status === 429 || answer.status >= 500;
    const message = `the token endpoint answered ${answer.status}, which says nothing about the pair`;
    throw new ProviderError(KIND, again ? "unavailable" : "unproven", message, {
      hint: again ? undefined : "Pass the endpoint where the application exchanges authorization codes as `tokenURL`.",
    });
  };

  return {
    kind: KIND,
    evidence: true,
    recalls: false,
    async issue({ marker, signal }: Intent) {
      const model = await modelOf(signal);
      const { authentication = null, pkcePolicy, redirectUris } = model;
      const displayName = `${baseOf(model, first) ?? model.displayName ?? first}${suffix(first, marker)}`;
      const config = { displayName, authentication, redirectUris, ...(pkcePolicy && { pkcePolicy }) };
      const request = { appId, id, ssoApplicationServiceCreateClientRequest: { client: config } };
      const { ssoApplicationServiceCreateClientResponse: answer } = await client.ssoApplication.createClient(request, {
        signal,
      });
      const made = answer?.client;
      const result = issued(KIND, { ...made, id: made?.clientId }, answer?.clientSecret, now());
      const differs = differences(model, made);
      if (differs.length === 0) return result;
      try {
        await remove(result.credential.id, signal);
      } catch (cause) {
        const message = `client ${result.credential.id} was created, but a later call failed: look for it by its name`;
        throw new ProviderError(KIND, "unfinished", message, { cause, outcome: "unknown" });
      }
      const message = `the new client differs from ${model.clientId} in ${differs.join(", ")}, and was deleted again`;
      throw new ProviderError(KIND, "differs", message);
    },
    async search({ marker, signal }: Intent) {
      const end = suffix(first, marker);
      return facts((await rows(signal)).filter(({ displayName }) => displayName?.endsWith(end)));
    },
    async look(clientId, signal) {
      return facts((await unlessGone(rows(signal))) ?? []).find((one) => one.id === clientId);
    },
    list: async (signal) => facts(lineOf(await rows(signal))),
    parses: ({ clientId, clientSecret }) => VISIBLE.test(clientId) && VISIBLE.test(clientSecret),
    async login(pair, signal) {
      const model = (await rows(signal)).find((row) => row.clientId === pair.clientId);
      if (model === undefined) return false;
      if ((await verdictOn(pair, model, signal)) === "refused") return false;
      // A server that checks the code before the secret gives the same answer to every secret.
      const wrong = { clientId: pair.clientId, clientSecret: crypto.randomUUID() };
      if ((await verdictOn(wrong, model, signal)) === "refused") return true;
      const message = "the token endpoint rejects a code before it checks the secret, so it cannot prove a pair";
      throw new ProviderError(KIND, "unproven", message, {
        hint: "Pass the endpoint where the application exchanges authorization codes as `tokenURL`.",
      });
    },
    async end(clientId, signal) {
      await remove(clientId, signal);
    },
  };
}

/** Returns the suffix of the name of a line's client. */
function suffix(first: string, marker: string): string {
  return ` [${first} ${marker}]`;
}

/** Returns the name of a client without that suffix; `undefined` if it has none, because it is not of the line. */
function baseOf({ displayName }: SSOApplicationOIDCClient, first: string): string | undefined {
  const at = displayName?.endsWith("]") ? displayName.lastIndexOf(suffix(first, "").slice(0, -1)) : -1;
  return at < 0 ? undefined : displayName?.slice(0, at);
}

function byAge(one: SSOApplicationOIDCClient, other: SSOApplicationOIDCClient): number {
  return (one.createdAt?.getTime() ?? 0) - (other.createdAt?.getTime() ?? 0);
}

function methodOf({ authentication }: SSOApplicationOIDCClient): Method | undefined {
  if (authentication?.clientSecretBasic) return "clientSecretBasic";
  return authentication?.clientSecretPost ? "clientSecretPost" : undefined;
}

/** Returns the properties in which the new client differs from the one that it copies. */
function differences(
  model: SSOApplicationOIDCClient,
  made: SSOApplicationOIDCClient | null | undefined,
): readonly string[] {
  const uris = (row: SSOApplicationOIDCClient | null | undefined): string =>
    [...(row?.redirectUris ?? [])].sort().join(" ");
  return [
    ...(made && methodOf(model) === methodOf(made) ? [] : ["authentication"]),
    ...(uris(model) === uris(made) ? [] : ["redirectUris"]),
    ...(model.pkcePolicy === made?.pkcePolicy ? [] : ["pkcePolicy"]),
  ];
}

/** The longest answer of a token endpoint that is read, in bytes. */
const LONGEST = 1 << 20;

/**
 * Exchanges a code that does not exist, as the application would exchange a real one (RFC 6749, sections 2.3.1 and
 * 4.1.3).
 */
async function exchange(
  send: Sender,
  url: string,
  { clientId, clientSecret }: Pair,
  model: SSOApplicationOIDCClient,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly error: unknown }> {
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code: crypto.randomUUID(),
    code_verifier: crypto.randomUUID() + crypto.randomUUID(),
  });
  const [redirect] = model.redirectUris ?? [];
  if (redirect !== undefined) form.set("redirect_uri", redirect);
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  if (methodOf(model) === "clientSecretBasic")
    headers.authorization = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`;
  else {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  }
  let status: number;
  let text: string;
  try {
    const response = await send(url, { method: "POST", headers, body: String(form), signal });
    status = response.status;
    text = new TextDecoder().decode(
      await bounded(response, LONGEST, () => {
        throw new ProviderError(KIND, "unproven", `the token endpoint's response is longer than ${LONGEST} bytes`, {
          hint: "Pass the endpoint where the application exchanges authorization codes as `tokenURL`.",
        });
      }),
    );
  } catch (cause) {
    if (cause instanceof ProviderError) throw cause;
    if (signal.aborted) throw cause;
    // An error of the caller's own `fetch` may quote what it was about to send.
    throw new ProviderError(KIND, "unavailable", "the token endpoint did not respond");
  }
  try {
    return { status, error: (JSON.parse(text) as { error?: unknown } | null)?.error };
  } catch {
    return { status, error: undefined };
  }
}

function formEncoded(text: string): string {
  return String(new URLSearchParams({ "": text })).slice(1);
}

function checkedURL(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const loopback = url && isLoopback(url);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && loopback)) return url.href;
  throw new ConfigurationError(
    "tokenURL",
    "not_secure",
    "tokenURL: must be an https URL, or http to loopback, since secrets are sent there",
  );
}
