/** The credentials of a service principal, and personal clients: C1 lists both, and both have a name. */

import { type Limits, limited } from "../../c1/auth/limits.js";
import type { ConductorOne } from "../../c1/client.js";
import type { CredentialFacts, Intent, Provider } from "../ports.js";
import { type C1Credential, type C1ProviderOptions, factsOf, issued, pairs, unlessGone } from "./c1.js";

/** Options of {@link servicePrincipalProvider}. */
export interface PrincipalProviderOptions extends C1ProviderOptions {
  readonly servicePrincipalId: string;
  /** What each new credential may do. There is no default, since the API cannot restrict a credential later. */
  readonly limits: Limits & {
    /** Whether its tokens must be bound to a key of the consumer (DPoP). Default: false. */
    readonly requireDpop?: boolean | undefined;
  };
}

/**
 * Options of {@link personalClientProvider}. The personal clients belong to the user as whom the client is logged in.
 */
export interface PersonalClientProviderOptions extends C1ProviderOptions {
  /** What each new personal client may do. There is no default. */
  readonly limits: Limits;
}

/** What differs between the two kinds. */
interface Named {
  readonly kind: string;
  create(
    displayName: string,
    signal: AbortSignal,
  ): Promise<readonly [C1Credential | null | undefined, string | null | undefined]>;
  get(id: string, signal: AbortSignal): Promise<C1Credential | null | undefined>;
  list(signal: AbortSignal): AsyncIterable<C1Credential & { readonly displayName?: string | null | undefined }>;
  end(id: string, signal: AbortSignal): Promise<unknown>;
}

/**
 * Creates a provider for the credentials of a C1 service principal. The attempt's marker is the new credential's
 * display name, and the list is the evidence. Several credentials can be valid at the same time. A revoked one gets no
 * more tokens, but those that it already has remain valid until they expire.
 *
 * The service principal is the target: `list` has all of its credentials, whoever created them.
 *
 * ```ts
 * const limits = { expiresInDays: 90, scopedRoles: "all", allowSourceCidr: ["192.0.2.0/24"] };
 * const provider = servicePrincipalProvider({ client: c1, servicePrincipalId, limits });
 * ```
 *
 * @throws {@link ConfigurationError} for a limit that is not stated.
 */
export function servicePrincipalProvider(options: PrincipalProviderOptions): Provider {
  const { client, servicePrincipalId, limits } = options;
  const { requireDpop } = limits;
  const bounds = { ...limited(limits), ...(requireDpop ? { requireDpop } : {}) };
  return {
    ...named(options, {
      kind: "c1-service-principal",
      async create(displayName, signal) {
        const request = {
          servicePrincipalId,
          servicePrincipalServiceCreateCredentialRequest: { ...bounds, displayName },
        };
        const answer = await client.principal.createCredential(request, { signal });
        const made = answer.servicePrincipalServiceCreateCredentialResponse;
        return [made?.credential, made?.clientSecret];
      },
      async get(id, signal) {
        const answer = await client.principal.getCredential({ servicePrincipalId, id }, { signal });
        return answer.servicePrincipalServiceGetCredentialResponse?.credential;
      },
      list: (signal) => client.principal.listCredentials({ servicePrincipalId }, { signal }),
      end: (id, signal) => client.principal.revokeCredential({ servicePrincipalId, id }, { signal }),
    }),
    ...pairs(client, requireDpop),
  };
}

/**
 * Creates a provider for personal clients (API keys) of the user as whom the client is logged in. The attempt's marker
 * is the new one's display name, and the list is the evidence. `list` is omitted, because a person has them for many
 * purposes.
 *
 * @throws {@link ConfigurationError} for a limit that is not stated.
 */
export function personalClientProvider(options: PersonalClientProviderOptions): Provider {
  const { client, limits } = options;
  const { allowSourceCidrs: allowSourceCidr, ...bounds } = limited(limits);
  const { list, ...provider } = named(options, {
    kind: "c1-personal-client",
    async create(displayName, signal) {
      const request = { ...bounds, ...(allowSourceCidr ? { allowSourceCidr } : {}), displayName };
      const { personalClientServiceCreateResponse: made } = await client.personalClient.create(request, { signal });
      return [made?.client, made?.clientSecret];
    },
    async get(id, signal) {
      return (await client.personalClient.get({ id }, { signal })).personalClientServiceGetResponse?.client;
    },
    list: (signal) => client.personalClient.list({}, { signal }),
    end: (id, signal) => client.personalClient.delete({ id }, { signal }),
  });
  const listIssued = (prefix: string, signal: AbortSignal): Promise<readonly CredentialFacts[]> => list(signal, prefix);
  return { ...provider, listIssued, ...pairs(client) };
}

type Common = Omit<Provider, "parses" | "login" | "list"> & {
  /** Lists all of them, or those whose display names have this prefix. */
  list(signal: AbortSignal, prefix?: string): Promise<readonly CredentialFacts[]>;
};

function named({ clock }: { client: ConductorOne; clock?: C1ProviderOptions["clock"] }, calls: Named): Common {
  const now = (): number => clock?.now() ?? Date.now();
  const listed = async (
    signal: AbortSignal,
    isMeant: (name: string) => boolean,
  ): Promise<readonly CredentialFacts[]> => {
    const all: CredentialFacts[] = [];
    for await (const row of calls.list(signal)) {
      const facts = isMeant(row.displayName ?? "") ? factsOf(row, now()) : undefined;
      if (facts) all.push(facts);
    }
    return all;
  };
  return {
    kind: calls.kind,
    evidence: true,
    recalls: false,
    reportsUse: true,
    async issue({ marker, signal }: Intent) {
      const [row, secret] = await calls.create(marker, signal);
      return issued(calls.kind, row, secret, now());
    },
    search: ({ marker, signal }) => listed(signal, (name) => name === marker),
    look: async (id, signal) => factsOf(await unlessGone(calls.get(id, signal)), now()),
    list: (signal, prefix = "") => listed(signal, (name) => name.startsWith(prefix)),
    end: async (id, signal) => void (await unlessGone(calls.end(id, signal))),
  };
}
