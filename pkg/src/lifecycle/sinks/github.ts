/** Secrets of GitHub Actions. */

import { checkText, seal } from "../formats.js";
import type { Holding, Sink } from "../ports.js";
import { SinkError, unlessAborted } from "./error.js";
import { type Answer, type Endpoint, send, textAt, unexpected } from "./http.js";

/** Options of {@link githubSecret}. */
export interface GitHubOptions extends Omit<Endpoint, "url"> {
  /** The API's address. Default: `https://api.github.com`; a GitHub Enterprise Server has `https://HOST/api/v3`. */
  readonly url?: string | URL | undefined;
  /** `owner/name`. */
  readonly repository: string;
  /** The environment that has the secret and the variable. Default: none; they belong to the repository. */
  readonly environment?: string | undefined;
  /** The name of the secret that receives the client secret. Default: `BATON_CLIENT_SECRET`. */
  readonly secret?: string | undefined;
  /**
   * The name of the variable that receives the client id, which is not secret: workflows read it as `vars.NAME`.
   * Default: `BATON_CLIENT_ID`.
   */
  readonly variable?: string | undefined;
  /** The name of the sink. Default: `github:OWNER/NAME`, with the environment. */
  readonly name?: string | undefined;
}

/**
 * Creates a sink for a secret of GitHub Actions, and a variable beside it that holds the client id. Secrets are sealed
 * for GitHub's public key before they are sent. The token needs write access to secrets and to variables.
 *
 * **Limits.** GitHub never returns a secret, so `read` and `holds` use only the variable, which is written after the
 * secret: if the variable holds a client id, the secret that was written with it was accepted before. GitHub has no
 * conditional write, so `compares` is false, and a late writer is kept out only by whatever lease the engine holds. The
 * secret and the variable change one after the other: a run that starts in between has the new secret with the old id
 * and fails to log in.
 */
export function githubSecret(options: GitHubOptions): Sink {
  const { repository, environment, secret = "BATON_CLIENT_SECRET", variable = "BATON_CLIENT_ID" } = options;
  const name = options.name ?? `github:${repository}${environment === undefined ? "" : `/${environment}`}`;
  const endpoint: Endpoint = { ...options, url: options.url ?? "https://api.github.com" };
  const repo = `/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
  const below = environment === undefined ? "/actions" : `/environments/${encodeURIComponent(environment)}`;
  const call = (method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> =>
    send(
      name,
      endpoint,
      { method, path: repo + below + path, body, headers: { "x-github-api-version": "2022-11-28" } },
      (token) => ({ authorization: `Bearer ${token}` }),
      signal,
    );
  const read = async (signal: AbortSignal): Promise<Holding> => {
    const answer = await call("GET", `/variables/${encodeURIComponent(variable)}`, undefined, signal);
    if (answer.status === 404) return { clientId: undefined, version: "none" };
    if (answer.status !== 200) throw unexpected(name, `reading the variable ${variable}`, answer);
    const value = textAt(answer.body, "value");
    return { clientId: value || undefined, version: `${textAt(answer.body, "updated_at") ?? ""} ${value ?? ""}` };
  };
  return {
    name,
    compares: false,
    readback: "client-id",
    read(signal) {
      unlessAborted(signal);
      return read(signal);
    },
    async holds({ clientId }, signal) {
      unlessAborted(signal);
      return (await read(signal)).clientId === clientId;
    },
    async write({ clientId, clientSecret }, _expected, signal) {
      unlessAborted(signal);
      checkText(name, clientId, clientSecret);
      const answer = await call("GET", "/secrets/public-key", undefined, signal);
      if (answer.status !== 200) throw unexpected(name, "reading the public key", answer);
      const [key, key_id] = [textAt(answer.body, "key"), textAt(answer.body, "key_id")];
      if (key === undefined || key_id === undefined)
        throw new SinkError(name, "malformed", "the response has no public key");
      const sealed = seal(name, decoded(name, key), clientSecret);
      const encrypted_value = btoa(Array.from(sealed, (byte) => String.fromCharCode(byte)).join(""));
      const put = await call("PUT", `/secrets/${encodeURIComponent(secret)}`, { encrypted_value, key_id }, signal);
      if (put.status !== 201 && put.status !== 204) throw unexpected(name, `writing the secret ${secret}`, put);
      const value = { name: variable, value: clientId };
      let said = await call("PATCH", `/variables/${encodeURIComponent(variable)}`, value, signal);
      if (said.status === 404) said = await call("POST", "/variables", value, signal);
      if (said.status !== 201 && said.status !== 204) throw unexpected(name, `writing the variable ${variable}`, said);
      return true;
    },
  };
}

function decoded(sink: string, base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw new SinkError(sink, "malformed", "the public key is not base64");
  }
}
