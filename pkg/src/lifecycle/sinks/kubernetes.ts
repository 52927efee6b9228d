/** A `Secret` of Kubernetes. */

import type { Sink } from "../ports.js";
import { SinkError } from "./error.js";
import { type Answer, type Endpoint, send, textAt, unexpected } from "./http.js";
import { BATON_NAMES, type PairNames, type Stored, versionedSink } from "./versioned.js";

/** A workload whose pods read a Secret. */
export interface Workload {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly name: string;
}

/** Options of {@link kubernetesSecret}. */
export interface KubernetesOptions extends Endpoint {
  readonly namespace: string;
  /** The name of the Secret. It is created if it does not exist. */
  readonly secret: string;
  /** The keys of the pair. Other keys of the Secret are kept. Default: `BATON_CLIENT_ID` and `BATON_CLIENT_SECRET`. */
  readonly names?: PairNames | undefined;
  /**
   * The workloads to restart once the Secret has the pair, since programs read their environment when they start. The
   * client id is written into the annotation `keyturn-credential` of the pod template, so a repeated delivery restarts
   * nothing twice.
   */
  readonly restart?: readonly Workload[] | undefined;
  /** The name of the sink. Default: `kubernetes:NAMESPACE/SECRET`. */
  readonly name?: string | undefined;
}

const PLURALS = { Deployment: "deployments", StatefulSet: "statefulsets", DaemonSet: "daemonsets" } as const;

interface Secret extends Stored {
  readonly exists: boolean;
}

/**
 * Creates a sink for a `Secret`, through the Kubernetes API. Each write carries the `resourceVersion`, so that it fails
 * with a conflict if the Secret was changed in between. The token needs `get`, `patch` and (for a new Secret) `create`
 * on secrets, and `patch` on the workloads to restart.
 *
 * A cluster's CA is usually private: provide a `fetch` that trusts it, or start Node with `NODE_EXTRA_CA_CERTS`.
 */
export function kubernetesSecret(options: KubernetesOptions): Sink {
  const { namespace, secret, names = BATON_NAMES, restart = [] } = options;
  const name = options.name ?? `kubernetes:${namespace}/${secret}`;
  const below = `/namespaces/${encodeURIComponent(namespace)}`;
  const secrets = `/api/v1${below}/secrets`;
  const own = `${secrets}/${encodeURIComponent(secret)}`;
  const call = (method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> =>
    send(
      name,
      options,
      { method, path, body, headers: method === "PATCH" ? { "content-type": "application/merge-patch+json" } : {} },
      (token) => ({ authorization: `Bearer ${token}` }),
      signal,
    );
  return versionedSink<Secret>({
    name,
    async load(signal) {
      const answer = await call("GET", own, undefined, signal);
      if (answer.status === 404) return { exists: false, version: "0" };
      if (answer.status !== 200) throw unexpected(name, "reading", answer);
      const version = textAt(answer.body, "metadata", "resourceVersion");
      if (version === undefined) throw new SinkError(name, "malformed", "the response is not a Secret");
      const value = (key: string) => decoded(name, textAt(answer.body, "data", key));
      return { exists: true, version, clientId: value(names.clientId), clientSecret: value(names.clientSecret) };
    },
    async store({ exists, version }, pair, signal) {
      const data = { [names.clientId]: encoded(pair.clientId), [names.clientSecret]: encoded(pair.clientSecret) };
      const answer = exists
        ? await call("PATCH", own, { metadata: { resourceVersion: version }, data }, signal)
        : await call(
            "POST",
            secrets,
            { apiVersion: "v1", kind: "Secret", type: "Opaque", metadata: { name: secret }, data },
            signal,
          );
      if (answer.status === 200 || answer.status === 201) return true;
      // Somebody else changed, created or deleted it.
      if (answer.status === 409 || (exists && answer.status === 404)) return false;
      throw unexpected(name, "writing", answer);
    },
    async after({ clientId }, signal) {
      const template = { metadata: { annotations: { "keyturn-credential": clientId } } };
      for (const { kind, name: workload } of restart) {
        const path = `/apis/apps/v1${below}/${PLURALS[kind]}/${encodeURIComponent(workload)}`;
        const answer = await call("PATCH", path, { spec: { template } }, signal);
        if (answer.status !== 200) {
          const error = unexpected(name, `the Secret has the pair, but restarting ${kind} ${workload} failed`, answer);
          throw new SinkError(name, error.reason, error.message.slice(name.length + 2), {
            status: answer.status,
            outcome: "unknown",
          });
        }
      }
    },
  });
}

function encoded(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

function decoded(sink: string, base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SinkError(sink, "malformed", "the Secret's data is not base64");
  }
}
