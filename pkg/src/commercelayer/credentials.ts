/** API credentials, with operations that take more than one call. */

import { optionsOf } from "../base/checked.js";
import { AuthenticationError } from "../base/errors.js";
import { ApiCredentials as Operations } from "../generated/commercelayer.js";
import type { ApiCredential, ApiCredentialCreate, ApplicationMembership } from "../generated/commercelayer-models.js";
import type { ResourceAdapter } from "./adapter.js";
import { clientCredentials } from "./auth/credentials.js";
import { jwtDecode } from "./auth/jwt.js";
import { fetchToken, revoke } from "./auth/revoke.js";
import type { ResourcesConfig } from "./config.js";
import { ApiError } from "./errors.js";
import type { ResourceId } from "./model.js";
import { type Replacement, type ReplaceOptions, replaceCredential } from "./replace.js";
import type { Claims, Provisioning } from "./succession.js";

const CREDENTIALS = { type: "api_credentials" } as const;
const DEPENDENTS = { type: "application_memberships" } as const;

/** API credentials. */
export class ApiCredentials extends Operations {
  /**
   * Replaces a credential: creates a new one like it, checks that it works, puts it into `sink` and reads it back, and
   * deletes the old one if that is allowed. The API has no call that gives an existing credential a new secret.
   *
   * A replacement can be interrupted anywhere and called again with the same arguments; see {@link ReplaceOptions}.
   *
   * @throws {@link ReplacementError} if it must not continue, {@link SdkError} and {@link AuthenticationError} if a
   *   call failed. Nothing that the sink holds has been deleted then.
   */
  async replace(id: string | ResourceId, given: ReplaceOptions): Promise<Replacement> {
    const options = optionsOf("options", given);
    return replaceCredential(this.provisioning(options.signal), this.identified(id).id, options);
  }

  /** Returns the calls that a replacement needs, for code that performs its steps itself. @internal */
  provisioning(signal: AbortSignal | undefined): Provisioning {
    return provisioning(this.resources, signal);
  }
}

/**
 * Returns the calls that a replacement needs, made by a client. Names are as on the wire, whatever the client's
 * spelling.
 */
function provisioning(adapter: ResourceAdapter, signal: AbortSignal | undefined): Provisioning {
  const call: ResourcesConfig = { signal, names: "snake" };
  const places = adapter.places;
  return {
    credential: (id, secret) =>
      unlessGone(
        adapter.retrieve<ApiCredential>(
          { ...CREDENTIALS, id },
          { include: ["organization", "role"], ...(secret ? {} : { fields: SHOWN }) },
          call,
        ),
      ),
    credentialsWhere: (filters) =>
      all(adapter.list<ApiCredential>(CREDENTIALS, { filters, fields: SHOWN, pageSize: 25 }, call)),
    createCredential: (credential) =>
      adapter.create<ApiCredentialCreate, ApiCredential>({ ...credential, ...CREDENTIALS }, {}, call),
    deleteCredential: async (id) => {
      try {
        await unlessGone(adapter.delete({ ...CREDENTIALS, id }, call));
        return true;
      } catch (error) {
        if (ApiError.isApiError(error) && error.status === 423) return false;
        throw error;
      }
    },
    dependents: (id) => {
      const include = ["organization", "role", "membership", "membership_profile"];
      return all(
        adapter.list<ApplicationMembership>(
          DEPENDENTS,
          { filters: { api_credential_id_eq: id }, include, pageSize: 25 },
          call,
        ),
      );
    },
    createDependent: (row) => adapter.create({ ...row, ...DEPENDENTS }, {}, call),
    deleteDependent: async (id) => unlessGone(adapter.delete({ ...DEPENDENTS, id }, call)),
    claims: async ({ clientId, clientSecret }) => {
      try {
        return claimsIn(await fetchToken(clientCredentials({ clientId, clientSecret }), { ...places, signal }));
      } catch (error) {
        // Intermediaries answer with these statuses too, but not in the form of a token endpoint.
        const refused = error instanceof AuthenticationError && [400, 401, 403].includes(error.status);
        if (refused && !/^token_(?!refused)/.test(error.reason)) return undefined;
        throw error;
      }
    },
    revokeToken: (token, { clientId, clientSecret }) =>
      revoke({ ...places, token, clientId, clientSecret: clientSecret || undefined, signal }),
    own: async () => claimsIn(adapter.currentAccessToken),
  };
}

/** The fields that are compared, and no secret. */
const SHOWN = [
  ...["name", "kind", "redirect_uri", "expires_in", "mode", "custom", "confidential", "client_id", "scopes"],
  ...["reference", "reference_origin", "metadata", "created_at", "organization", "role"],
];

/** Collects every item of every page. */
async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (ApiError.isApiError(error) && error.status === 404) return undefined;
    throw error;
  }
}

/** Returns the claims of a token; an empty object for a token without readable claims. */
function claimsIn(token: string): Claims {
  try {
    return jwtDecode(token).payload as Claims;
  } catch {
    return {};
  }
}
