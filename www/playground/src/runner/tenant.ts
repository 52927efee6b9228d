/** The sandbox tenant in a worker. It answers the requests of its ports, and outlives the programs. */

import { createSandbox } from "keyturn/sandbox";
import type { Answered, Asked, FromTenant, ToTenant } from "../messages.js";

/** The path at which programs find their identity token. */
const TOKEN_FILE = "/run/identity-token";

/** Returns how a program sees a lost connection. */
function lost(error: unknown): { code: string; message: string } {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return { code: cause?.code ?? "ECONNRESET", message: cause?.message ?? String(error) };
}

export async function serveTenant(page: MessagePort): Promise<void> {
  const sandbox = await createSandbox();
  const tell = (message: FromTenant): void => page.postMessage(message);

  const answer = (port: MessagePort, after: () => void): void => {
    const under = new Map<number, AbortController>();
    const handle = async ({ id, method, url, headers, body }: Asked): Promise<Answered> => {
      const controller = new AbortController();
      under.set(id, controller);
      try {
        const init = { method, headers, signal: controller.signal, ...(body === "" ? {} : { body }) };
        const response = await sandbox.fetch(url, init);
        return { id, status: response.status, headers: [...response.headers], body: await response.text() };
      } catch (error) {
        return { id, lost: lost(error) };
      } finally {
        under.delete(id);
      }
    };
    port.onmessage = ({ data }: MessageEvent<ToTenant>) => {
      if ("connect" in data) answer(data.connect, () => tell({ changed: true }));
      else if ("abort" in data) under.get(data.abort)?.abort();
      else
        void handle(data).then((answered) => {
          port.postMessage(answered);
          after();
        });
    };
  };
  answer(page, () => {});

  const { url, clientId, clientSecret, appId, connectorId, trustId, commercelayer } = sandbox;
  const env = {
    CONDUCTORONE_SERVER_URL: url,
    CONDUCTORONE_CLIENT_ID: clientId,
    CONDUCTORONE_CLIENT_SECRET: clientSecret,
    CONDUCTORONE_APP_ID: appId,
    CONDUCTORONE_CONNECTOR_ID: connectorId,
    COMMERCELAYER_SERVER_URL: commercelayer.serverURL,
    COMMERCELAYER_CLIENT_ID: commercelayer.clientId,
    COMMERCELAYER_CLIENT_SECRET: commercelayer.clientSecret,
    TRUST_ID: trustId,
    TOKEN_FILE,
  };
  tell({ ready: { url, env, files: { [TOKEN_FILE]: sandbox.identityToken() } } });
}
