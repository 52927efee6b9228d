/** Creates the sinks of `keyturn.json`. */

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  awsSecret,
  githubSecret,
  gitlabVariables,
  kubernetesSecret,
  type SecretsManagerClient,
  type Sink,
  vaultSecret,
} from "../../lifecycle.js";
import { commandSink, envFile, jsonFile, secretFolder } from "../../lifecycle-node.js";
import { type SecretSource, secretOf } from "../clients.js";
import type { Context } from "../context.js";
import { UsageError } from "../exit.js";
import type { Config, SinkConfig } from "./model.js";

/** The environment that sinks need in addition to their configuration. */
export interface SinkSurroundings {
  readonly context: Context;
  /** The folder of `keyturn.json`. */
  readonly folder: string;
  /** The variables that hold a secret according to `keyturn.json`. */
  readonly secretVariables: ReadonlySet<string>;
}

/** Creates a sink. It opens and reads nothing yet, except a library that the sink needs. */
export async function sinkOf(config: SinkConfig, around: SinkSurroundings): Promise<Sink> {
  const { context, folder, secretVariables } = around;
  const { name } = config;
  const at = (path: string): string => resolve(folder, path);
  // A token may change while a command runs, so it is read for each call.
  const token = (source: SecretSource) => () => secretOf(context, source, folder);
  switch (config.kind) {
    case "env-file":
      return envFile({
        path: at(config.path),
        // The name is the path as configured: on another machine, the folder may be elsewhere.
        name: name ?? `file:${config.path}`,
        names: pairOf(config, "BATON_CLIENT_ID", "BATON_CLIENT_SECRET"),
        dialect: config.dialect,
        mode: modeOf(config.mode),
      });
    case "json-file":
      return jsonFile({
        path: at(config.path),
        name: name ?? `file:${config.path}`,
        paths: {
          clientId: [config.clientId ?? "clientId"].flat(),
          clientSecret: [config.clientSecret ?? "clientSecret"].flat(),
        },
        mode: modeOf(config.mode),
      });
    case "folder":
      return secretFolder({
        path: at(config.path),
        name: name ?? `folder:${config.path}`,
        names: pairOf(config, "client-id", "client-secret"),
        mode: modeOf(config.mode),
        folderMode: modeOf(config.folderMode),
      });
    case "command":
      return commandSink({
        name: name ?? `command:${config.run[0]}`,
        write: config.run,
        read: config.read,
        readsSecret: config.readsSecret,
        cwd: folder,
        env: environmentFor(context.env, secretVariables, config.pass ?? []),
        timeoutMs: (config.timeoutSeconds ?? 60) * 1000,
      });
    case "kubernetes": {
      const { url, namespace, secret, restart } = config;
      const names = pairOf(config, "BATON_CLIENT_ID", "BATON_CLIENT_SECRET");
      return kubernetesSecret({ url, token: token(config.token), namespace, secret, names, restart, name });
    }
    case "vault": {
      const { url, mount, path, namespace } = config;
      const names = pairOf(config, "BATON_CLIENT_ID", "BATON_CLIENT_SECRET");
      return vaultSecret({ url, token: token(config.token), mount, path, namespace, names, name });
    }
    case "github": {
      const { repository, environment, secret, variable, url } = config;
      return githubSecret({ url, token: token(config.token), repository, environment, secret, variable, name });
    }
    case "gitlab": {
      const { project, environment, url } = config;
      const names = pairOf(config, "BATON_CLIENT_ID", "BATON_CLIENT_SECRET");
      const created = config.protected;
      return gitlabVariables({
        url,
        token: token(config.token),
        project,
        environment,
        protected: created,
        names,
        name,
      });
    }
    case "aws": {
      const { secretId } = config;
      const names = pairOf(config, "BATON_CLIENT_ID", "BATON_CLIENT_SECRET");
      return awsSecret({ client: await awsClient(config, folder), secretId, names, name });
    }
  }
}

function pairOf(
  { clientId, clientSecret }: { readonly clientId?: string; readonly clientSecret?: string },
  id: string,
  secret: string,
): { clientId: string; clientSecret: string } {
  return { clientId: clientId ?? id, clientSecret: clientSecret ?? secret };
}

function modeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number.parseInt(text, 8);
}

/** The variables that hold this package's own credentials. */
const CREDENTIALS =
  /^(?:CONDUCTORONE|COMMERCELAYER)_.*(?:SECRET|TOKEN)|^TFC_WORKLOAD_IDENTITY_TOKEN|^ACTIONS_ID_TOKEN_/;

/** Returns the environment of a sink's program, without the credentials that it does not need. */
function environmentFor(
  env: NodeJS.ProcessEnv,
  secretVariables: ReadonlySet<string>,
  pass: readonly string[],
): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => pass.includes(name) || !(CREDENTIALS.test(name) || secretVariables.has(name)),
    ),
  );
}

/** Returns the variables that hold a secret according to a configuration. */
export function secretVariables(config: Config): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown, key: string): void => {
    if (typeof value !== "object" || value === null) return;
    const { env } = value as { env?: unknown };
    if (typeof env === "string" && key !== "clientId") found.add(env);
    for (const [name, inner] of Object.entries(value)) visit(inner, name);
  };
  visit(config, "");
  return found;
}

const AWS = "@aws-sdk/client-secrets-manager";

/** Creates a client of AWS's own library, which the user's project installs. */
async function awsClient(
  { region, endpoint }: { readonly region?: string; readonly endpoint?: string },
  folder: string,
): Promise<SecretsManagerClient> {
  let path: string;
  try {
    path = createRequire(resolve(folder, "keyturn.json")).resolve(AWS);
  } catch {
    throw new UsageError(`${AWS} is not installed next to keyturn.json`, { hint: `Run \`npm install ${AWS}\`.` });
  }
  const { SecretsManager } = (await import(pathToFileURL(path).href)) as {
    SecretsManager: new (options: object) => SecretsManagerClient;
  };
  return new SecretsManager({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}
