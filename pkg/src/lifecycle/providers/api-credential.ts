/** The API credentials of Commerce Layer. */

import type { CommerceLayerProvisioningClient } from "../../commercelayer/client.js";
import {
  byAge,
  copyDependents,
  differences,
  isOwn,
  isPublic,
  type Provisioning,
  predecessorOf,
  removeCredential,
  successorOf,
  whyUnfit,
} from "../../commercelayer/succession.js";
import type { ApiCredential } from "../../generated/commercelayer-models.js";
import type { CredentialFacts, Provider } from "../ports.js";
import { ProviderError } from "./error.js";

/** Options of {@link apiCredentialProvider}. */
export interface ApiCredentialProviderOptions {
  /**
   * The client. Its token must be allowed to read and create credentials. It must not use a credential of this line.
   */
  readonly client: CommerceLayerProvisioningClient;
  /** The id of the first credential. Keep it unchanged, even when that credential no longer exists. */
  readonly id: string;
  /**
   * Whether to accept a `sales_channel` or a `webapp` too, although its client id is embedded in storefronts, or its
   * users have to consent again.
   */
  readonly publicKinds?: boolean | undefined;
}

const KIND = "commercelayer-api-credential";

/** The characters that OAuth 2.0 allows in a client id and a client secret. */
const VISIBLE = /^[\x20-\x7e]+$/;

/**
 * Creates a provider for a line of API credentials. The API cannot issue a new secret for an existing credential, so
 * each new credential copies an earlier one, and whatever depends on that one is duplicated, as `replace()` of the
 * client does. The attempt's marker is the new credential's `reference`, and all credentials of a line share one
 * `reference_origin`, so that they can be found again; the previous values of both are kept in the `metadata`.
 *
 * The API returns a secret any number of times, so a process that dies loses nothing.
 *
 * ```ts
 * const provider = apiCredentialProvider({ client: cl, id: credential.id });
 * ```
 */
export function apiCredentialProvider({ client, id: first, publicKinds }: ApiCredentialProviderOptions): Provider {
  const origin = `keyturn-line-${first}`;
  const apiFor = (signal: AbortSignal): Provisioning => client.api_credentials.provisioning(signal);

  /** Returns the living credentials of the line, oldest first. */
  const line = async (api: Provisioning): Promise<readonly ApiCredential[]> => {
    const [root, others] = await Promise.all([
      api.credential(first, false),
      api.credentialsWhere({ reference_origin_eq: origin }),
    ]);
    return [...(root ? [root] : []), ...others.filter(({ id }) => id !== first)].sort(byAge);
  };

  /**
   * Returns the credential to copy: the oldest, since everything that depends on the line refers to it, and a younger
   * one may be incomplete.
   */
  const modelOf = async (api: Provisioning): Promise<ApiCredential> => {
    const [model] = await line(api);
    if (!model)
      throw new ProviderError(
        KIND,
        "no_model",
        `neither ${first} nor a successor of it exists, so there is nothing to copy`,
      );
    // A list leaves relationships out.
    const whole = (await api.credential(model.id, false)) ?? model;
    const unfit = whyUnfit(whole, await api.own(), publicKinds);
    if (unfit) throw new ProviderError(KIND, unfit.reason, unfit.message);
    return whole;
  };

  /** Awaits a read that precedes the issue: if it fails, nothing has been issued. */
  const before = async <T>(read: Promise<T>): Promise<T> => {
    try {
      return await read;
    } catch (cause) {
      if (cause instanceof ProviderError) throw cause;
      const message = "the credential to copy could not be read, so nothing was issued";
      throw new ProviderError(KIND, "not_read", message, { cause });
    }
  };

  /** Awaits a call that follows the issue: if it fails, a credential has been issued nevertheless. */
  const after = async <T>(call: Promise<T>, id: string): Promise<T> => {
    try {
      return await call;
    } catch (cause) {
      const message = `credential ${id} was created, but a later call failed: look for it by its reference`;
      throw new ProviderError(KIND, "unfinished", message, { cause, outcome: "unknown" });
    }
  };

  return {
    kind: KIND,
    evidence: true,
    recalls: true,
    async issue({ marker, signal }) {
      const api = apiFor(signal);
      const model = await before(modelOf(api));
      const made = await api.createCredential(successorOf(model, marker, origin));
      const differs = differences(model, made);
      if (differs.length > 0) {
        await after(removeCredential(api, made.id), made.id);
        const message = `the new credential differs from ${model.id} in ${differs.join(", ")}, and was deleted again`;
        throw new ProviderError(KIND, "differs", message);
      }
      await after(copyDependents(api, model.id, made.id, marker), made.id);
      const whole = made.client_secret ? made : await after(api.credential(made.id, true), made.id);
      if (!whole?.client_id || (!whole.client_secret && whole.confidential)) {
        const message = "the new credential's secret cannot be read with this token";
        throw new ProviderError(KIND, "no_secret", message, { outcome: "unknown" });
      }
      return { credential: factsOf(whole), secret: whole.client_secret ?? "" };
    },
    async search({ marker, signal }) {
      try {
        return (await apiFor(signal).credentialsWhere({ reference_eq: marker })).sort(byAge).map(factsOf);
      } catch (error) {
        if ((error as { status?: unknown } | undefined)?.status === 403) return undefined;
        throw error;
      }
    },
    async look(id, signal) {
      const found = await apiFor(signal).credential(id, false);
      return found && factsOf(found);
    },
    async list(signal) {
      return (await line(apiFor(signal))).map(factsOf);
    },
    async recall(id, signal) {
      const api = apiFor(signal);
      const found = await api.credential(id, true);
      if (!found?.client_id || (!found.client_secret && found.confidential)) return undefined;
      // The process that created it may not have finished.
      const old = predecessorOf(found);
      if (old !== undefined && found.reference) await copyDependents(api, old, id, found.reference);
      return { clientId: found.client_id, clientSecret: found.client_secret ?? "" };
    },
    parses({ clientId, clientSecret }) {
      return VISIBLE.test(clientId) && (VISIBLE.test(clientSecret) || (clientSecret === "" && Boolean(publicKinds)));
    },
    async login({ clientId, clientSecret }, signal) {
      if (publicKinds) {
        // A credential that only obtains tokens for its users cannot be tried, so it counts as valid if the server has
        // it.
        const found = (await line(apiFor(signal))).find(({ client_id }) => client_id === clientId);
        if (found && isPublic(found.kind)) return true;
      }
      return (await apiFor(signal).claims({ id: "", clientId, clientSecret })) !== undefined;
    },
    async end(id, signal) {
      const api = apiFor(signal);
      const found = await api.credential(id, false);
      if (!found) return;
      if (isOwn(found, await api.own()))
        throw new ProviderError(KIND, "own_credential", "this client uses that credential, and would lock itself out");
      if (!(await removeCredential(api, id)))
        throw new ProviderError(KIND, "in_use", `something on the server still depends on credential ${id} (423)`);
    },
  };
}

function factsOf({ id, client_id, created_at }: ApiCredential): CredentialFacts {
  const createdAt = Date.parse(created_at);
  return { id, clientId: client_id, createdAt: Number.isNaN(createdAt) ? undefined : createdAt };
}
