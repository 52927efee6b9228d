/** AWS Secrets Manager. */

import { RequestAbortedError } from "../../base/errors.js";
import { jsonRead, jsonWrite } from "../formats.js";
import type { Pair, Sink } from "../ports.js";
import { SinkError, type SinkReason } from "./error.js";
import { BATON_NAMES, type PairNames, type Stored, versionedSink } from "./versioned.js";

/** The options of each call of an AWS client. */
interface CallOptions {
  abortSignal?: AbortSignal;
}

/**
 * The part of a client of `@aws-sdk/client-secrets-manager` that is used: an instance of its class `SecretsManager`. No
 * particular version is required, and the package does not depend on it.
 */
export interface SecretsManagerClient {
  getSecretValue(
    input: { SecretId: string; VersionStage?: string; VersionId?: string },
    options?: CallOptions,
  ): Promise<{ SecretString?: string | undefined; VersionId?: string | undefined; SecretBinary?: unknown }>;
  putSecretValue(
    input: { SecretId: string; ClientRequestToken: string; SecretString: string; VersionStages: string[] },
    options?: CallOptions,
  ): Promise<{ VersionId?: string | undefined }>;
  updateSecretVersionStage(
    input: { SecretId: string; VersionStage: string; MoveToVersionId?: string; RemoveFromVersionId?: string },
    options?: CallOptions,
  ): Promise<unknown>;
}

/** Options of {@link awsSecret}. */
export interface AwsSecretOptions {
  /** `new SecretsManager({ region })` of `@aws-sdk/client-secrets-manager`. */
  readonly client: SecretsManagerClient;
  /** The name or the ARN of the secret. It must exist, but need not have a value. */
  readonly secretId: string;
  /**
   * The keys of the pair in the secret's JSON. Other keys are kept. Default: `BATON_CLIENT_ID` and
   * `BATON_CLIENT_SECRET`.
   */
  readonly names?: PairNames | undefined;
  /** The name of the sink. Default: `aws:SECRETID`. */
  readonly name?: string | undefined;
}

const CURRENT = "AWSCURRENT";
const PENDING = "KEYTURN_PENDING";
/** The id of the first version of a secret, whoever writes it: AWS refuses a second one with another value. */
const FIRST = "keyturn-first-version-of-this-secret";

interface Value extends Stored {
  readonly text: string;
}

/**
 * Creates a sink for a secret of AWS Secrets Manager whose value is JSON. A write stores a new version beside the
 * current one, and then moves the stage `AWSCURRENT` from the version that was read; AWS refuses this if the stage has
 * moved in the meantime. `AWSPREVIOUS` keeps the previous version, for `restore`.
 *
 * The client's principal needs `GetSecretValue`, `PutSecretValue` and `UpdateSecretVersionStage`.
 */
export function awsSecret(options: AwsSecretOptions): Sink {
  const { client, secretId: SecretId, names = BATON_NAMES } = options;
  const name = options.name ?? `aws:${SecretId}`;
  const pairOf = (text: string) => ({
    clientId: jsonRead(name, text, [names.clientId]),
    clientSecret: jsonRead(name, text, [names.clientSecret]),
  });
  const read = async (VersionStage: string, signal: AbortSignal): Promise<Value> => {
    try {
      const found = await client.getSecretValue({ SecretId, VersionStage }, { abortSignal: signal });
      if (found.SecretString === undefined) throw new SinkError(name, "malformed", "the secret is binary, not JSON");
      return { version: found.VersionId ?? "", text: found.SecretString, ...pairOf(found.SecretString) };
    } catch (error) {
      // A secret that does not exist gives the same error; the first write then reports it.
      if (nameOf(error) === "ResourceNotFoundException") return { version: "none", text: "" };
      throw failure(name, "reading", error, signal, false);
    }
  };
  return versionedSink<Value>({
    name,
    load: (signal) => read(CURRENT, signal),
    async store({ version, text }, { clientId, clientSecret }, signal) {
      const abort = { abortSignal: signal };
      const withId = jsonWrite(name, text, [names.clientId], clientId);
      const SecretString = jsonWrite(name, withId, [names.clientSecret], clientSecret);
      const first = version === "none";
      const ClientRequestToken = first ? FIRST : crypto.randomUUID();
      const VersionStages = [first ? CURRENT : PENDING];
      let made: string | undefined;
      try {
        ({ VersionId: made } = await client.putSecretValue(
          { SecretId, ClientRequestToken, SecretString, VersionStages },
          abort,
        ));
      } catch (error) {
        if (first && nameOf(error) === "ResourceExistsException") return false;
        throw failure(name, "writing", error, signal, true);
      }
      if (first) return true;
      const MoveToVersionId = made ?? ClientRequestToken;
      try {
        await client.updateSecretVersionStage(
          { SecretId, VersionStage: CURRENT, MoveToVersionId, RemoveFromVersionId: version },
          abort,
        );
      } catch (error) {
        const moved = await read(CURRENT, signal).catch(() => undefined);
        if (moved?.version !== MoveToVersionId) {
          // AWS itself removes a version without a stage.
          await client
            .updateSecretVersionStage({ SecretId, VersionStage: PENDING, RemoveFromVersionId: MoveToVersionId }, abort)
            .catch(() => undefined);
          if (moved !== undefined && moved.version !== version) return false;
          throw failure(name, "writing", error, signal, true);
        }
      }
      await client
        .updateSecretVersionStage({ SecretId, VersionStage: PENDING, RemoveFromVersionId: MoveToVersionId }, abort)
        .catch(() => undefined);
      return true;
    },
    async recall(wanted, _record, signal): Promise<Pair | undefined> {
      const { clientId, clientSecret } = await read("AWSPREVIOUS", signal);
      return clientId === wanted && clientSecret !== undefined ? { clientId, clientSecret } : undefined;
    },
  });
}

function nameOf(error: unknown): string {
  return (error as { name?: string } | null)?.name ?? "";
}

const REASONS: Record<string, SinkReason> = {
  ResourceNotFoundException: "missing",
  AccessDeniedException: "denied",
  UnrecognizedClientException: "denied",
  ExpiredTokenException: "denied",
  CredentialsProviderError: "denied",
  LimitExceededException: "full",
};

function failure(sink: string, verb: string, error: unknown, signal: AbortSignal, changes: boolean): Error {
  if (error instanceof SinkError) return error;
  const outcome = changes ? "unknown" : "none";
  if (signal.aborted) return new RequestAbortedError({ cause: signal.reason, outcome });
  const { $metadata: facts } = (error ?? {}) as { $metadata?: { httpStatusCode?: number; requestId?: string } };
  const { httpStatusCode: status, requestId } = facts ?? {};
  const kind = nameOf(error);
  const reason = REASONS[kind] ?? (status === undefined ? "unavailable" : "failed");
  const what = reason === "unavailable" ? `AWS did not respond${kind === "" ? "" : ` (${kind})`}` : kind;
  // The error itself is left out, since AWS clients keep the request in it.
  return new SinkError(sink, reason, `${verb}: ${what}`, { status, requestId, outcome });
}
