/** The console's server: its files, its sessions and its lifecycle, on 127.0.0.1 only. */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { type LifecycleCalls, lifecycleHandler } from "../../lifecycle-remote.js";
import { nodeHandler } from "../../proxy-node.js";
import { Sessions } from "./sessions.js";

/** Options of the server. */
export interface ConsoleOptions {
  readonly lifecycle: LifecycleCalls;
  /** The description of the configuration that the page shows. It contains no secret. */
  readonly about: { readonly config: string; readonly journal: string };
  /** Returns whether the configuration has changed since the lifecycle was opened. */
  readonly changed: () => Promise<boolean>;
  /** Lists the candidates for new targets. Nothing in them is secret. */
  readonly discover: () => AsyncGenerator<object>;
  /** The port; 0 for any that is free. */
  readonly port: number;
  readonly now: () => number;
  /** The folder with the page's files. */
  readonly assets: URL;
}

/** A running server. */
export interface ServedConsole {
  readonly url: string;
  /** Creates a link that opens a session once. */
  link(): string;
  /** Stops listening, and closes open connections. Calls that have begun continue. */
  close(): Promise<void>;
}

/** The content security policy: no inline code, no other origin, no framing. */
const POLICY = [
  ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "connect-src 'self'"],
  ["img-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ["require-trusted-types-for 'script'", "trusted-types lit-html 'allow-duplicates'"],
]
  .flat()
  .join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The header with the page's session. A cookie would also be sent to every other server on this machine. */
const SESSION = "x-keyturn-session";

/** The longest body with a link's token, in bytes. */
const LONGEST_TOKEN = 1024;

/** Serves the console. */
export async function serveConsole(options: ConsoleOptions): Promise<ServedConsole> {
  const sessions = new Sessions();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on("request", nodeHandler(consoleHandler(options, url, sessions), { origin: url }));
  return { url, link: () => `${url}/#token=${sessions.link()}`, close: () => closed(server) };
}

/** Returns a function that answers requests, independent of sockets. */
function consoleHandler(
  { lifecycle, about, changed, discover, now, assets }: Omit<ConsoleOptions, "port">,
  url: string,
  sessions: Sessions,
): (request: Request) => Promise<Response> {
  const { host, origin } = new URL(url);
  const isOpen = (request: Request): boolean => sessions.has(request.headers.get(SESSION));
  const calls = lifecycleHandler({ lifecycle, authorize: isOpen, origins: [origin] });
  return async (request) => {
    const { pathname } = new URL(request.url);
    // DNS rebinding: a host name that somebody else controls may resolve to this server.
    if (request.headers.get("host") !== host) return textResponse(421, `wrong host: use ${url}\n`);
    // Pages of other sites can send simple requests, although they cannot read the answers.
    if (!["same-origin", "none", null].includes(request.headers.get("sec-fetch-site")))
      return textResponse(403, "cross-site requests are not allowed\n");
    if (pathname === "/_keyturn/session") {
      const session = request.headers.get("origin") === origin ? await opened(request, sessions) : undefined;
      return session === undefined ? json(403, {}) : json(200, { session });
    }
    if (pathname === "/_keyturn/about")
      return isOpen(request) ? json(200, { ...about, now: now(), changed: await changed() }) : json(401, {});
    if (pathname === "/_keyturn/discover") {
      // It makes calls with the tenant's credential, so the conditions are those of the lifecycle's calls.
      if (request.method !== "POST") return json(405, {});
      if (request.headers.get("origin") !== origin) return json(403, {});
      return isOpen(request) ? lines(discover()) : json(401, {});
    }
    if (pathname.startsWith("/_keyturn/lifecycle/")) return calls(request);
    return file(assets, pathname, request.method);
  };
}

/** Opens a session for a request with the token of a link. Returns `undefined` if the token is not valid. */
async function opened(request: Request, sessions: Sessions): Promise<string | undefined> {
  if (request.method !== "POST" || request.headers.get("content-type") !== "application/json") return undefined;
  if (Number(request.headers.get("content-length") ?? LONGEST_TOKEN + 1) > LONGEST_TOKEN) return undefined;
  const { token } = ((await request.json().catch(() => undefined)) ?? {}) as { token?: unknown };
  return typeof token === "string" ? sessions.open(token) : undefined;
}

/** Returns a file of the console. Names are looked up, not joined, so that no path leads out of the folder. */
async function file(assets: URL, pathname: string, method: string): Promise<Response> {
  const name = pathname === "/" ? "index.html" : pathname.slice(1);
  const type = /^[\w-]+(\.[\w-]+)+$/.test(name) ? TYPES[extname(name)] : undefined;
  if (type === undefined) return textResponse(404, "not found\n");
  const content = await readFile(new URL(name, assets)).catch(() => undefined);
  if (content === undefined) return textResponse(404, "not found\n");
  if (method !== "GET" && method !== "HEAD") return textResponse(405, "only GET and HEAD are allowed\n");
  return new Response(new Uint8Array(content), { headers: { ...HEADERS, "content-type": type } });
}

function textResponse(status: number, text: string): Response {
  return new Response(text, { status, headers: { ...HEADERS, "content-type": "text/plain" } });
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...HEADERS, "content-type": "application/json" } });
}

/** Streams a line of JSON for each row, until the page disconnects. */
function lines(rows: AsyncGenerator<object>): Response {
  const text = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await rows.next();
      if (done) controller.close();
      else controller.enqueue(text.encode(`${JSON.stringify(value)}\n`));
    },
    async cancel() {
      await rows.return(undefined);
    },
  });
  return new Response(body, { headers: { ...HEADERS, "content-type": "application/x-ndjson" } });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
