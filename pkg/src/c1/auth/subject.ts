/** Where workloads find their identity tokens. Each gives a function for {@link tokenExchange}. */

import { AuthenticationError } from "../../base/errors.js";
import type { Fetch } from "../../base/options.js";
import type { SubjectToken } from "./credentials.js";
import { type Environment, readText, variable } from "./surroundings.js";

/** Options of {@link gitHubActionsToken}. */
export interface GitHubActions {
  /** The token's `aud`. Default: GitHub's own, the URL of the repository's owner. */
  audience?: string | undefined;
  /** Sends the request instead of the global `fetch`. */
  fetch?: Fetch | undefined;
  /** Variables to look into instead of the process's. */
  environment?: Environment | undefined;
}

/**
 * GitHub Actions: asks the runner for a fresh token each time. The job needs `permissions: { id-token: write }`.
 *
 * @throws {@link AuthenticationError} with reason `subject_token`, when it is called outside of such a job.
 */
export function gitHubActionsToken({ audience, fetch, environment }: GitHubActions = {}): SubjectToken {
  return async () => {
    const request = variable("ACTIONS_ID_TOKEN_REQUEST_URL", environment);
    const token = variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", environment);
    if (!request || !token || !URL.canParse(request)) {
      throw missing(
        "this job has no ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN",
        "Give the job `permissions: { id-token: write }`.",
      );
    }
    const url = new URL(request);
    if (url.protocol !== "https:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
      throw missing("ACTIONS_ID_TOKEN_REQUEST_URL is not https", "A token is not sent in the clear.");
    }
    if (audience !== undefined) url.searchParams.set("audience", audience);
    const response = await (fetch ?? globalThis.fetch)(url, {
      headers: { accept: "application/json", authorization: `Bearer ${token}` },
      redirect: "error",
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok) throw missing(`GitHub answered ${response.status} to the request for an identity token`);
    const { value } = (await response.json()) as { value?: unknown };
    if (typeof value !== "string" || value === "") throw missing("GitHub's answer has no token in it");
    return value;
  };
}

/**
 * A variable of the environment, read anew each time: `id_tokens` of GitLab, `TFC_WORKLOAD_IDENTITY_TOKEN` of HCP Terraform.
 *
 * @throws {@link AuthenticationError} with reason `subject_token`, when it is called and the variable is not set.
 */
export function variableToken(name: string, environment?: Environment): SubjectToken {
  return () => {
    const token = variable(name, environment);
    if (!token) throw missing(`the variable ${name} is not set`);
    return token;
  };
}

/**
 * GitLab CI/CD: the variable that the job names under `id_tokens`.
 *
 * @param name Default: `CONDUCTORONE_OIDC_TOKEN`.
 */
export function gitLabToken(name = "CONDUCTORONE_OIDC_TOKEN", environment?: Environment): SubjectToken {
  return variableToken(name, environment);
}

/** A file that something else keeps fresh, such as a projected service account token of Kubernetes. Node, Deno and Bun. */
export function fileToken(path: string | URL): SubjectToken {
  return () => readText(path);
}

function missing(message: string, hint?: string): AuthenticationError {
  return new AuthenticationError(message, 0, "subject_token", { hint });
}
