/** The documents in which a person can save the pair that `<keyturn-rotate>` shows. */

import type { EnvDialect, RenderedDocument } from "../lifecycle/formats.js";

/** The formats in which the pair can be saved, each with its file name. */
export const DOCUMENTS = {
  env: { file: ".env", dialect: "portable" },
  docker: { file: "docker.env", dialect: "docker" },
  systemd: { file: "credential.env", dialect: "systemd" },
  shell: { file: "credential.sh", dialect: "shell" },
  "kubernetes-secret": { file: "secret.yaml" },
  compose: { file: "compose.yaml" },
  "terraform-variables": { file: "credential.tfvars" },
  "baton-runner": { file: "baton-runner.yaml" },
} as const satisfies Record<string, { readonly file: string; readonly dialect?: EnvDialect }>;

export type DocumentName = keyof typeof DOCUMENTS;

/** Returns a name as every format accepts it: a label of DNS. */
export function objectName(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return plain.replace(/^-/, "").slice(0, 63).replace(/-$/, "") || "credential";
}

/** Returns the document of a pair in a format. */
export function documentOf(
  format: DocumentName,
  name: string,
  values: Readonly<Record<string, string>>,
): RenderedDocument {
  switch (format) {
    case "kubernetes-secret":
      return { kind: format, name, values };
    case "compose":
      return { kind: format, service: name, values };
    case "terraform-variables":
    case "baton-runner":
      return { kind: format, values };
    default:
      return { kind: "env", dialect: DOCUMENTS[format].dialect, values };
  }
}
