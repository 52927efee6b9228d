// A program whose types are all inferred, and whose declarations are emitted: the compiler must be able to name each
// type.
import { accessToken, ConductorOne, KeyturnError, type RequestOptions } from "keyturn";
import CommerceLayer, { ApiError, clientCredentials } from "keyturn/commercelayer";
import type { ConductoroneSDKTypescript } from "keyturn/compat";
import { connectorRotateCredential } from "keyturn/compat/funcs/connectorRotateCredential.js";
import { TaskState } from "keyturn/enums";
import { redisStore } from "keyturn/redis";
import { createSandbox } from "keyturn/sandbox";

export const state = TaskState.TaskStateOpen;
export const store = redisStore;

export class Mine extends ConductorOne {
  extra = 1;
}

export async function rotate(appId: string, connectorId: string, options?: RequestOptions) {
  const c1 = new ConductorOne({ credentials: accessToken("a-token") });
  try {
    return await c1.connector.rotateCredential({ appId, connectorId }, options);
  } catch (error) {
    if (KeyturnError.is(error) && error.outcome === "unknown") return undefined;
    if (ApiError.isApiError(error)) return undefined;
    throw error;
  } finally {
    c1.close();
  }
}

export const lists = (c1: ConductorOne) => ({
  group: c1.apps,
  method: c1.apps.list,
  list: c1.apps.list(),
  search: c1.taskSearch.search({}),
  pages: c1.apps.list().pages(),
  authentication: c1.authentication,
});

export const official = async (sdk: ConductoroneSDKTypescript) => ({
  group: sdk.apps,
  list: await sdk.apps.list({}),
  method: sdk.connector.rotateCredential,
  result: await connectorRotateCredential(sdk, { appId: "a", connectorId: "b" }),
});

const cl = CommerceLayer({ credentials: clientCredentials({ clientId: "an-id" }) });
export const provisioning = {
  group: cl.api_credentials,
  one: cl.api_credentials.retrieve("an-id"),
  list: cl.roles.list(),
  replace: cl.apiCredentials.replace,
  reader: cl.addRawResponseReader(),
};

export const box = async () => {
  const sandbox = await createSandbox();
  return { sandbox, commercelayer: sandbox.commercelayer, requests: sandbox.requests(), clock: sandbox.clock };
};
