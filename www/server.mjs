// Serves the console and a sandbox tenant on one origin, only on 127.0.0.1. The page finds the tenant's
// credential at /_sandbox/tenant; a server without a sandbox has no such path, and the page asks for a login.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSandbox } from "keyturn/sandbox";

const dist = join(dirname(fileURLToPath(import.meta.url)), "dist");

/** The content security policy: no inline scripts, no other origins, no framing. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html 'allow-duplicates'";

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  // Keeps pages out of the back/forward cache too, since a page that shows a secret must not reappear.
  "cache-control": "no-store",
};

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".map": "application/json",
};

/** Paths that the sandbox serves. */
const TENANT = /^\/((api|auth|oauth|_sandbox)\/|\.well-known\/jwks\.json$|device(\?|$))/;

/**
 * The sandbox's pages for approving log-ins. They check where a form comes from, which browsers withhold under
 * `no-referrer`.
 */
const PAGE = /^\/(device|oauth\/authorize)/;

/** The maximum length of a request body, in bytes. */
const LONGEST_BODY = 16 << 20;

/**
 * Starts the server.
 *
 * @param {{ port?: number, seed?: "demo" | "empty" | "large" }} [options] `port` 0, the default, picks a free port.
 * @returns {Promise<{ url: string, sandbox: import("keyturn/sandbox").Sandbox, close(): Promise<void> }>}
 */
export async function serveConsole({ port = 0, ...settings } = {}) {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${server.address().port}`;
  const sandbox = await createSandbox({ ...settings, url });
  server.on("request", (request, response) => {
    answer({ url, sandbox }, request, response).catch((error) => {
      // Browsers may disconnect at any time.
      if (!response.destroyed && error.code !== "ECONNRESET") console.error(error);
      response.destroy();
    });
  });
  return {
    url,
    sandbox,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      sandbox.close();
    },
  };
}

async function answer({ url, sandbox }, request, response) {
  const host = new URL(url).host;
  if (request.headers.host !== host) {
    // Tokens are issued for 127.0.0.1, and a foreign host name can be made to resolve to this server.
    const local = request.headers.host === host.replace("127.0.0.1", "localhost");
    response.writeHead(local ? 308 : 421, local ? { location: url + request.url } : {}).end();
  } else if (TENANT.test(request.url)) {
    await forward({ url, sandbox }, request, response);
  } else {
    await file(request, response);
  }
}

/** Forwards a request to the tenant. */
async function forward({ url, sandbox }, request, response) {
  // Pages of other sites can send simple requests here, even though they cannot read the responses.
  if (!["same-origin", "none", undefined].includes(request.headers["sec-fetch-site"])) {
    response.writeHead(403).end();
    return;
  }
  const body = await read(request);
  if (body === undefined) {
    response.writeHead(413, { connection: "close" }).end();
    return;
  }
  const left = new AbortController();
  response.once("close", () => left.abort());
  const { method } = request;
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  const init = { method, headers, signal: left.signal, ...(["GET", "HEAD"].includes(method) ? {} : { body }) };
  const reply = await sandbox.fetch(url + request.url, init).catch((error) => {
    // The error that stands for a broken connection.
    if (error instanceof TypeError) return undefined;
    throw error;
  });
  if (reply === undefined) {
    breakOff(response);
    return;
  }
  const own = PAGE.test(request.url) ? { "referrer-policy": "same-origin" } : {};
  response.writeHead(reply.status, { ...HEADERS, ...own, ...Object.fromEntries(reply.headers) });
  response.end(Buffer.from(await reply.arrayBuffer()));
}

/**
 * Breaks a connection, as a fault of the sandbox demands. Sends the headers of a response first: a browser repeats a
 * request by itself, even a POST, when a reused connection breaks before any response.
 */
function breakOff(response) {
  if (response.destroyed) return;
  response.writeHead(200, { ...HEADERS, "content-type": TYPES[".json"], "content-length": 2 }).flushHeaders();
  response.socket.destroySoon();
}

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Serves a file of the console. The pattern for names allows no slashes, so no path leads out of the folder. */
async function file(request, response) {
  const { pathname } = new URL(request.url, "http://127.0.0.1");
  const name = pathname === "/" ? "index.html" : pathname.slice(1);
  const type = /^[\w-]+(\.[\w-]+)+$/.test(name) ? TYPES[extname(name)] : undefined;
  const content = type && (await readFile(join(dist, name)).catch(() => undefined));
  if (content === undefined || !["GET", "HEAD"].includes(request.method)) {
    response
      .writeHead(content === undefined ? 404 : 405, { ...HEADERS, "content-type": "text/plain" })
      .end("not found\n");
    return;
  }
  response.writeHead(200, { ...HEADERS, "content-type": type, "content-length": content.length });
  response.end(request.method === "HEAD" ? undefined : content);
}
