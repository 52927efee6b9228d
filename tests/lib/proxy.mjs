// A proxy on loopback in front of a sandbox. It records what passes, and loses requests and responses on demand.
import { createServer, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** The fields of responses that are secrets. */
const SECRET = /"(?:clientSecret|client_secret|access_token|secret)":"([^"]+)"/g;

/**
 * @typedef {object} Passed A request.
 * @property {string} method
 * @property {string} path With its query.
 * @property {string} body
 * @property {number} at When it arrived, by the given clock.
 * @property {number | undefined} status `undefined` if it was lost before it arrived.
 * @property {boolean} answered
 */

/**
 * @param {string} upstream The origin behind the proxy.
 * @param {() => number} now
 * @returns {Promise<{ url: string, passed: Passed[], secrets: Set<string>, lose: (request: Passed, index: number) => "request" | "answer" | undefined, close(): Promise<void> }>}
 *   `secrets` has every secret that was ever in a response. `lose` can be set: it says what is lost of a request.
 */
export async function startProxy(upstream, now) {
  const proxy = { passed: [], secrets: new Set(), lose: () => undefined };
  const { host } = new URL(upstream);
  const server = createServer(async (incoming, outgoing) => {
    const sent = await buffer(incoming);
    const { method, url: path, headers } = incoming;
    const entry = { method, path, body: sent.toString(), at: now(), status: undefined, answered: false };
    const lost = proxy.lose(entry, proxy.passed.push(entry) - 1);
    if (lost === "request") return incoming.socket.destroy();
    const passed = request(new URL(path, upstream), { method, headers: { ...headers, host } }, async (answer) => {
      const body = await buffer(answer);
      for (const [, secret] of body.toString().matchAll(SECRET)) proxy.secrets.add(secret);
      entry.status = answer.statusCode;
      if (lost === "answer") return incoming.socket.destroy();
      entry.answered = true;
      outgoing.writeHead(answer.statusCode, answer.headers).end(body);
    });
    passed.on("error", () => incoming.socket.destroy());
    passed.end(sent);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy.url = `http://127.0.0.1:${server.address().port}`;
  proxy.close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return proxy;
}
