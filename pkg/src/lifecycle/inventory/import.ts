/** Client ids that are in use, from files of other systems: the inventory of what no API lists. */

import { checkText, type EnvDialect, format } from "../formats.js";

/** A client id that was found. It does not say whether the credential is still alive. */
export interface ImportedCredential {
  readonly clientId: string;
  /** Where it was found: the kind of file, the name that the caller gave it, and the place in it. */
  readonly where: ImportedFrom;
  /** The credential's id, if the source knows it. */
  readonly credentialId?: string | undefined;
  /** Further facts from the source, under its own names: `appId`, `owner`. Nothing that looks like a secret. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Where a client id was found. */
export interface ImportedFrom {
  readonly kind: ImportKind;
  /** What the caller calls the file: a path, a URL, a cluster. */
  readonly source: string;
  /** `line 3, BATON_CLIENT_ID`; `Secret n/s, BATON_CLIENT_ID`; `module.m.TYPE.NAME, client_id`. */
  readonly place: string;
}

/** The kinds of files in which client ids can be found. */
export type ImportKind = "env" | "kubernetes" | "terraform" | "csv";

/** Options of {@link importClientIds}. */
export interface ImportOptions {
  /** What the file is called in the entries. */
  readonly source: string;
  /** For `env`: the program that reads the file. Default: `"dotenv"`. */
  readonly dialect?: EnvDialect | undefined;
  /** For `csv`: the column with the client ids. Default: the first with a fitting name, such as `client_id`. */
  readonly column?: string | undefined;
}

/**
 * Finds the client ids in a text: values that have the form of a C1 client id, and values under a name such as
 * `BATON_CLIENT_ID` or `client-id`.
 *
 * - `env`: a file of `NAME=value` lines.
 * - `kubernetes`: manifests as YAML or JSON, also with several documents, or what `kubectl get -o yaml` writes. Secrets
 * are decoded.
 * - `terraform`: a state file of version 4.
 * - `csv`: a table with a header row, separated by `,`, `;` or tabs. Its other columns become `facts`.
 *
 * Secrets beside them are ignored and are not part of any entry.
 * @throws {@link SinkError} with the reason `"malformed"`, naming the source and a line, if the text is not of the
 *   kind.
 */
export function importClientIds(kind: ImportKind, text: string, options: ImportOptions): ImportedCredential[] {
  const { source, dialect, column } = options;
  checkText(source, text);
  const detail = kind === "env" ? dialect : kind === "csv" ? column : undefined;
  const found = JSON.parse(format(source, (exports) => exports.importFrom(kind, text, detail))) as {
    clientId: string;
    place: string;
    credentialId?: string;
    facts?: [string, string][];
  }[];
  return found.map(({ clientId, place, credentialId, facts = [] }) => ({
    clientId,
    where: { kind, source, place },
    ...(credentialId !== undefined && { credentialId }),
    facts: Object.fromEntries(facts),
  }));
}
