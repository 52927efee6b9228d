/** The sinks that do not need Node, and documents for people who deliver pairs themselves. */

export { type EnvDialect, type RenderedDocument, render, type Values } from "../formats.js";
export { type AwsSecretOptions, awsSecret, type SecretsManagerClient } from "./aws.js";
export { SinkError, type SinkReason } from "./error.js";
export { type GitHubOptions, githubSecret } from "./github.js";
export { type GitLabOptions, gitlabVariables } from "./gitlab.js";
export type { Endpoint } from "./http.js";
export { type KubernetesOptions, kubernetesSecret, type Workload } from "./kubernetes.js";
export { type SinkListOptions, sinkList } from "./list.js";
export { type VaultOptions, vaultSecret } from "./vault.js";
export type { PairNames } from "./versioned.js";
