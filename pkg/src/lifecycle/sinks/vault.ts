/** Vault's KV store, version 2. */

import type { Sink } from "../ports.js";
import { SinkError } from "./error.js";
import { type Answer, type Endpoint, member, send, textAt, unexpected } from "./http.js";
import { BATON_NAMES, type PairNames, type Stored, versionedSink } from "./versioned.js";

/** Options of {@link vaultSecret}. */
export interface VaultOptions extends Endpoint {
  /** Where the store is mounted. Default: `secret`. */
  readonly mount?: string | undefined;
  /** The path of the secret below the mount. */
  readonly path: string;
  /** A namespace of Vault Enterprise. */
  readonly namespace?: string | undefined;
  /** The keys of the pair. Other keys of the secret are kept. Default: `BATON_CLIENT_ID` and `BATON_CLIENT_SECRET`. */
  readonly names?: PairNames | undefined;
  /** The name of the sink. Default: `vault:MOUNT/PATH`. */
  readonly name?: string | undefined;
}

interface Secret extends Stored {
  readonly data: Record<string, unknown>;
}

/**
 * Creates a sink for a secret in Vault's KV store, version 2. Each write carries `cas`, so that it fails if the secret
 * was changed in between. The token needs `read` and `update` (`create` for a new secret) on `MOUNT/data/PATH`.
 * `restore` takes one of the ten versions before the current one, if the store still keeps it.
 */
export function vaultSecret(options: VaultOptions): Sink {
  const { mount = "secret", path, namespace, names = BATON_NAMES } = options;
  const name = options.name ?? `vault:${mount}/${path}`;
  const escaped = [...mount.split("/"), "data", ...path.split("/")].map(encodeURIComponent).join("/");
  const call = (method: string, query: string, body: unknown, signal: AbortSignal): Promise<Answer> =>
    send(
      name,
      options,
      {
        method,
        path: `/v1/${escaped}${query}`,
        headers: { "x-vault-request": "true", ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }) },
        body,
      },
      (token) => ({ "x-vault-token": token }),
      signal,
    );
  const read = async (query: string, signal: AbortSignal): Promise<Secret> => {
    const answer = await call("GET", query, undefined, signal);
    // For a secret whose newest version is deleted, Vault answers 404 as well, with that version.
    const version = member(answer.body, "data", "metadata", "version");
    if (answer.status === 404) return { version: String(version ?? 0), data: {} };
    if (answer.status !== 200) throw unexpected(name, "reading", answer);
    const data = member(answer.body, "data", "data");
    if (typeof version !== "number" || typeof data !== "object" || data === null)
      throw new SinkError(name, "malformed", `${mount} is not a version 2 KV store`);
    return {
      version: String(version),
      data: data as Record<string, unknown>,
      clientId: textAt(data, names.clientId),
      clientSecret: textAt(data, names.clientSecret),
    };
  };
  return versionedSink<Secret>({
    name,
    load: (signal) => read("", signal),
    async store({ version, data }, pair, signal) {
      const body = {
        options: { cas: Number(version) },
        data: { ...data, [names.clientId]: pair.clientId, [names.clientSecret]: pair.clientSecret },
      };
      const answer = await call("POST", "", body, signal);
      if (answer.status === 200 || answer.status === 204) return true;
      const errors = member(answer.body, "errors");
      if (answer.status === 400 && Array.isArray(errors) && errors.some((text) => /check-and-set/.test(String(text))))
        return false;
      throw unexpected(name, "writing", answer);
    },
    async recall(clientId, { version }, signal) {
      // For versions that were destroyed or are too old, Vault answers 404, and there is no pair.
      for (let number = Number(version) - 1; number > 0 && number > Number(version) - 11; number--) {
        const { clientId: found, clientSecret } = await read(`?version=${number}`, signal);
        if (found === clientId && clientSecret !== undefined) return { clientId, clientSecret };
      }
      return undefined;
    },
  });
}
