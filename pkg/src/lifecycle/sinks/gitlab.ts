/** Variables of GitLab CI/CD. */

import { checkText } from "../formats.js";
import type { Sink } from "../ports.js";
import { unlessAborted } from "./error.js";
import { type Answer, type Endpoint, send, textAt, unexpected } from "./http.js";
import { BATON_NAMES, type PairNames } from "./versioned.js";

/** Options of {@link gitlabVariables}. */
export interface GitLabOptions extends Omit<Endpoint, "url"> {
  /** The server's address. Default: `https://gitlab.com`. */
  readonly url?: string | URL | undefined;
  /** The project: its number, or its path such as `group/project`. */
  readonly project: string;
  /** The environments whose jobs get the variables: `production`, `review/*`. Default: all of them, `*`. */
  readonly environment?: string | undefined;
  /**
   * Whether only jobs on protected branches and tags get them. Default: true. This applies to variables that the sink
   * creates.
   */
  readonly protected?: boolean | undefined;
  /** The names of the variables. Default: `BATON_CLIENT_ID` and `BATON_CLIENT_SECRET`. */
  readonly names?: PairNames | undefined;
  /** The name of the sink. Default: `gitlab:PROJECT`, with the environment. */
  readonly name?: string | undefined;
}

/**
 * Creates a sink for two CI/CD variables of a GitLab project. The secret is masked in the logs of jobs, and neither
 * value is expanded (`raw`). The token needs the scope `api` and the role of a maintainer.
 *
 * **Limits.** GitLab has no conditional write, so `compares` is false, and a late writer is kept out only by whatever
 * lease the engine holds. The variables change one after the other, the client id last: a job that starts in between
 * has the new secret with the old id and fails to log in.
 */
export function gitlabVariables(options: GitLabOptions): Sink {
  const { project, environment = "*", names = BATON_NAMES } = options;
  const name = options.name ?? `gitlab:${project}${environment === "*" ? "" : `/${environment}`}`;
  const endpoint: Endpoint = { ...options, url: options.url ?? "https://gitlab.com" };
  const variables = `/api/v4/projects/${encodeURIComponent(project)}/variables`;
  const one = (variable: string): string =>
    `${variables}/${encodeURIComponent(variable)}?filter%5Benvironment_scope%5D=${encodeURIComponent(environment)}`;
  const call = (method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> =>
    send(name, endpoint, { method, path, body }, (token) => ({ "private-token": token }), signal);

  const stored = async (variable: string, signal: AbortSignal): Promise<string | undefined> => {
    const answer = await call("GET", one(variable), undefined, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw unexpected(name, `reading the variable ${variable}`, answer);
    return textAt(answer.body, "value") || undefined;
  };
  const put = async (variable: string, value: string, masked: boolean, signal: AbortSignal): Promise<void> => {
    const set = { value, masked, raw: true };
    let answer = await call("PUT", one(variable), set, signal);
    if (answer.status === 404) {
      const created = { ...set, key: variable, environment_scope: environment, protected: options.protected ?? true };
      answer = await call("POST", variables, created, signal);
    }
    if (answer.status !== 200 && answer.status !== 201)
      throw unexpected(name, `writing the variable ${variable}`, answer);
  };

  return {
    name,
    compares: false,
    readback: "pair",
    async read(signal) {
      unlessAborted(signal);
      const clientId = await stored(names.clientId, signal);
      return { clientId, version: clientId ?? "none" };
    },
    async holds({ clientId, clientSecret }, signal) {
      unlessAborted(signal);
      if ((await stored(names.clientId, signal)) !== clientId) return false;
      return (await stored(names.clientSecret, signal)) === clientSecret;
    },
    async write({ clientId, clientSecret }, _expected, signal) {
      unlessAborted(signal);
      checkText(name, clientId, clientSecret);
      await put(names.clientSecret, clientSecret, true, signal);
      await put(names.clientId, clientId, false, signal);
      return true;
    },
  };
}
