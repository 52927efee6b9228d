/** Sources of identity tokens for workloads. Each function here returns a function for {@link tokenExchange}. */

import { type Around, passing } from "../../auth/plan.js";
import { optionsOf } from "../../base/checked.js";
import { AuthenticationError, isOwn } from "../../base/errors.js";
import type { Fetch } from "../../base/options.js";
import { isSignal } from "../../base/signal.js";
import { Deadline, platformFetch, wait } from "../../http/transport.js";
import { aboutCertificate, unsent } from "../../http/unsent.js";
import { type Environment, readText, variable } from "./surroundings.js";

/** Time limit of a request to GitHub's runner. */
const GITHUB_TIMEOUT_MS = 20_000;

/** A function for {@link tokenExchange} that can also be called by itself. */
type OwnSubjectToken = (around?: Around) => Promise<string> | string;

/** Options of {@link gitHubActionsToken}. */
export interface GitHubActions {
  /** The token's `aud`. Default: GitHub's own, the URL of the repository's owner. */
  audience?: string | undefined;
  /** Sends the request instead of the global `fetch`. */
  fetch?: Fetch | undefined;
  /** Variables to use instead of the process's. */
  environment?: Environment | undefined;
}

/**
 * Gets identity tokens in GitHub Actions: asks the runner for a fresh one each time. The job needs
 * `permissions: { id-token: write }`.
 *
 * @throws {@link AuthenticationError} with reason `subject_token`, when it is called outside such a job.
 */
export function gitHubActionsToken(options: GitHubActions = {}): OwnSubjectToken {
  const { audience, fetch, environment } = optionsOf("gitHubActionsToken", options);
  return async (around) => {
    const request = variable("ACTIONS_ID_TOKEN_REQUEST_URL", environment);
    const token = variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", environment);
    if (!request || !token || !URL.canParse(request)) {
      throw missing(
        "this job has no ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN",
        "Set `permissions: { id-token: write }` for the job.",
      );
    }
    const url = new URL(request);
    if (url.protocol !== "https:" && !["localhost", "127.0.0.1", "[::1]"].includes(url.hostname)) {
      throw missing("ACTIONS_ID_TOKEN_REQUEST_URL is not https", "A token is only sent encrypted.");
    }
    if (audience !== undefined) url.searchParams.set("audience", audience);
    const deadline = new Deadline(GITHUB_TIMEOUT_MS, [around?.signal]);
    const requestToken = async (): Promise<{ response: Response; text: string }> => {
      const response = await (fetch ?? platformFetch())(url, {
        ...around?.fetchOptions,
        headers: { accept: "application/json", authorization: `Bearer ${token}` },
        redirect: "error",
        signal: deadline.signal,
      });
      return { response, text: await response.text() };
    };
    try {
      deadline.check();
      const { response, text } = await wait(requestToken(), deadline);
      const { status, headers } = response;
      if (!response.ok) {
        const refused = missing(`GitHub answered ${status} to the request for an identity token`);
        throw passing(refused, { status, received: true, headers });
      }
      return tokenIn(text);
    } catch (error) {
      if ((isOwn(error) && error !== deadline.reason) || isSignal(error)) throw error;
      const ended = unsent(error);
      if (ended?.step === "certificate") {
        const { message, hint } = aboutCertificate(ended.why);
        throw missing(`GitHub's endpoint for identity tokens could not be reached: ${message}`, hint, error);
      }
      const unreached = missing("GitHub's endpoint for identity tokens could not be reached", undefined, error);
      throw passing(unreached, { status: 0, received: ended === undefined });
    } finally {
      deadline.end();
    }
  };
}

function tokenIn(text: string): string {
  let value: unknown;
  try {
    ({ value } = JSON.parse(text) as { value?: unknown });
  } catch {
    // Reported below.
  }
  if (typeof value === "string" && value !== "") return value;
  throw missing("GitHub's response has no token");
}

/**
 * Reads an environment variable, again each time: `id_tokens` of GitLab, `TFC_WORKLOAD_IDENTITY_TOKEN` of HCP
 * Terraform.
 *
 * @throws {@link AuthenticationError} with reason `subject_token`, when it is called and the variable is not set.
 */
export function variableToken(name: string, environment?: Environment): OwnSubjectToken {
  return () => {
    const token = variable(name, environment);
    if (!token) throw missing(`the variable ${name} is not set`);
    return token;
  };
}

/**
 * Reads the variable that a job of GitLab CI/CD names under `id_tokens`.
 *
 * @param name Default: `CONDUCTORONE_OIDC_TOKEN`.
 */
export function gitLabToken(name = "CONDUCTORONE_OIDC_TOKEN", environment?: Environment): OwnSubjectToken {
  return variableToken(name, environment);
}

/**
 * Reads a file that something else keeps fresh, such as a projected service account token of Kubernetes. Works in Node,
 * Deno and Bun.
 */
export function fileToken(path: string | URL): OwnSubjectToken {
  return async () => {
    try {
      return await readText(path);
    } catch (error) {
      throw isOwn(error)
        ? error
        : missing(`the file ${path} with the identity token could not be read`, undefined, error);
    }
  };
}

function missing(message: string, hint?: string, cause?: unknown): AuthenticationError {
  return new AuthenticationError(message, 0, "subject_token", { hint, ...(cause === undefined ? {} : { cause }) });
}
