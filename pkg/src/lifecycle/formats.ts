/** Text formats that other systems read, implemented in Rust: `lifecycle/src/format/`. */

import { InternalError } from "../base/errors.js";
import { SinkError, type SinkReason } from "./sinks/error.js";
import { type Rust, rust } from "./wasm.js";

/**
 * The program that reads a file of `NAME=value` lines. These programs agree on little:
 *
 * - `"portable"`: all of the below. Allows only values that need no quotes, such as those of C1 and Commerce Layer.
 * - `"dotenv"`: the npm package of that name.
 * - `"docker"`: `docker run --env-file`, which takes quotes as part of the value.
 * - `"systemd"`: `EnvironmentFile=`.
 * - `"shell"`: `source` and `.` of a POSIX shell.
 */
export type EnvDialect = "portable" | "dotenv" | "docker" | "systemd" | "shell";

/** A document that delivers values to a consumer. */
export type RenderedDocument =
  /** A file of `NAME=value` lines. */
  | { readonly kind: "env"; readonly dialect: EnvDialect; readonly values: Values }
  /** A manifest of a Kubernetes `Secret`, with `stringData`. */
  | {
      readonly kind: "kubernetes-secret";
      readonly name: string;
      readonly namespace?: string | undefined;
      readonly values: Values;
    }
  /** The environment of a service in a compose file. */
  | { readonly kind: "compose"; readonly service: string; readonly values: Values }
  /** Assignments for `terraform.tfvars`. */
  | { readonly kind: "terraform-variables"; readonly values: Values }
  /**
   * A connector's credential as a Terraform resource with `create_before_destroy`, and an import of the existing
   * credential. It contains no secret: Terraform issues its own.
   */
  | {
      readonly kind: "terraform-connector-credential";
      readonly name: string;
      readonly appId: string;
      readonly connectorId: string;
      readonly credentialId?: string | undefined;
    }
  /**
   * The value of a secret that baton-runner reads from AWS Secrets Manager or Vault: a connector's environment as YAML.
   */
  | { readonly kind: "baton-runner"; readonly values: Values };

/** Names and values, in the order in which they are written. */
export type Values = Readonly<Record<string, string>>;

/**
 * Renders a document as text. The text contains everything in `values`, including secrets.
 *
 * ```ts
 * render({ kind: "env", dialect: "systemd", values: { BATON_CLIENT_ID: clientId, BATON_CLIENT_SECRET: secret.reveal() } });
 * ```
 * @throws {@link SinkError} with the reason `"refused"` if the format cannot carry a name or a value unchanged.
 */
export function render(document: RenderedDocument): string {
  const values = "values" in document ? { values: Object.entries(document.values) } : {};
  checkText(document.kind, ...("values" in document ? Object.values(document.values) : []));
  return format(document.kind, (exports) => exports.renderDocument(JSON.stringify({ ...document, ...values })));
}

/** Runs a function of a format, and turns a refusal into an error that names the sink. @internal */
export function format<T>(sink: string, run: (exports: Rust) => T): T {
  try {
    return rust(run);
  } catch (error) {
    if (typeof error !== "string") throw error;
    const [, reason, message] = /^(refused|malformed):([^]*)$/.exec(error) ?? [];
    if (reason === undefined || message === undefined) throw new InternalError("a format failed without a reason");
    throw new SinkError(sink, reason as SinkReason, message);
  }
}

/** Throws if a text has a lone surrogate, which UTF-8 cannot encode: it would arrive changed. @internal */
export function checkText(sink: string, ...texts: readonly string[]): void {
  for (const text of texts)
    if (/[\uD800-\uDFFF]/u.test(text)) throw new SinkError(sink, "refused", "a value has a lone surrogate");
}

/**
 * Returns the values of a file of `NAME=value` lines. Of several assignments to a name, the last one counts. @internal
 */
export function envRead(sink: string, dialect: EnvDialect, text: string): Map<string, string | undefined> {
  const json = format(sink, (exports) => exports.envRead(dialect, text));
  return new Map((JSON.parse(json) as [string, string | null][]).map(([name, value]) => [name, value ?? undefined]));
}

/** Returns the text with these values set. @internal */
export function envMerge(sink: string, dialect: EnvDialect, text: string, values: readonly [string, string][]): string {
  checkText(sink, ...values.flat());
  return format(sink, (exports) => exports.envMerge(dialect, text, values.flat()));
}

/** Returns the string at a path of a JSON text. @internal */
export function jsonRead(sink: string, text: string, path: readonly string[]): string | undefined {
  return format(sink, (exports) => exports.jsonRead(text, [...path]));
}

/** Returns the JSON text with a string set at a path. @internal */
export function jsonWrite(sink: string, text: string, path: readonly string[], value: string): string {
  checkText(sink, value);
  return format(sink, (exports) => exports.jsonWrite(text, [...path], value));
}

/** Encrypts a text as a sealed box of libsodium. @internal */
export function seal(sink: string, publicKey: Uint8Array, text: string): Uint8Array {
  checkText(sink, text);
  const entropy = crypto.getRandomValues(new Uint8Array(32));
  return format(sink, (exports) => exports.seal(publicKey, text, entropy));
}
