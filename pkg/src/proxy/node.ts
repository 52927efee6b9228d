/** A function from `Request` to `Response` as a listener of Node's `http`, and of what is built on it, such as Express. */

import type { IncomingMessage, ServerResponse } from "node:http";

/** A listener of Node's `http`, and a handler of Express. */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** How Node's requests are read. */
export interface NodeHandlerOptions {
  /**
   * The server's own origin, which the URLs of requests begin with. Default: what the request's `Host` says, with `https` where its connection
   * is TLS.
   */
  origin?: string | undefined;
}

/**
 * Makes a listener: `createServer(nodeHandler(proxy))`, `app.use("/keyturn", nodeHandler(proxy))`. Place it before anything that reads
 * bodies, such as `express.json()`.
 */
export function nodeHandler(
  handle: (request: Request) => Promise<Response>,
  { origin }: NodeHandlerOptions = {},
): NodeHandler {
  return (incoming, outgoing, next) => {
    answer(handle, incoming, outgoing, origin).catch((error: unknown) => {
      if (next && !outgoing.headersSent) next(error);
      else outgoing.destroy();
    });
  };
}

/** An origin without a path. */
const HOST = /^https?:\/\/[\w.:[\]-]+$/;

async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  origin: string | undefined,
): Promise<void> {
  const ended = new AbortController();
  // This happens before the answer is written if the page disconnects.
  outgoing.once("close", () => ended.abort());
  const request = requestOf(incoming, origin, ended.signal);
  const response = request instanceof Response ? request : await handle(request);
  if (outgoing.destroyed) {
    await response.body?.cancel();
    return;
  }
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  // The rest of a refused request is not awaited.
  if (!incoming.complete) outgoing.setHeader("connection", "close");
  await send(response.body, outgoing);
}

/**
 * Writes a body as it comes, such as a stream of events. No more is read than the connection takes, so that a page that reads slowly does
 * not fill the memory, and a page that goes away ends the stream. A body of one part is sent with its length.
 */
async function send(body: ReadableStream<Uint8Array> | null, outgoing: ServerResponse): Promise<void> {
  if (body === null) {
    outgoing.end();
    return;
  }
  const reader = body.getReader();
  outgoing.once("close", () => void reader.cancel().catch(() => undefined));
  let held: Uint8Array | undefined;
  for (;;) {
    const next = reader.read();
    const soon = await Promise.race([
      next,
      new Promise<undefined>((resolve) => void setImmediate(() => resolve(undefined))),
    ]);
    // The stream waits for its next part: all that is there goes out, and be it the headers.
    if (soon === undefined) {
      outgoing.flushHeaders();
      await written(held, outgoing);
      held = undefined;
    }
    const { done, value } = soon ?? (await next);
    if (outgoing.destroyed) return;
    if (done) break;
    await written(held, outgoing);
    held = value;
  }
  outgoing.end(held);
}

/** Writes a part, and waits until the connection takes more, or is closed. */
async function written(part: Uint8Array | undefined, outgoing: ServerResponse): Promise<void> {
  if (part === undefined || outgoing.destroyed || outgoing.write(part)) return;
  await new Promise<void>((resolve) => {
    const ready = (): void => {
      outgoing.off("drain", ready).off("close", ready);
      resolve();
    };
    outgoing.on("drain", ready).on("close", ready);
  });
}

/** The request, or an answer if Fetch cannot represent the request. */
function requestOf(incoming: IncomingMessage, origin: string | undefined, signal: AbortSignal): Request | Response {
  const { method = "GET", url, originalUrl = url, socket } = incoming as IncomingMessage & { originalUrl?: string };
  const tls = (socket as { encrypted?: boolean }).encrypted === true;
  const base =
    origin ?? `${tls ? "https" : "http"}://${incoming.headers.host ?? incoming.headers[":authority"] ?? "localhost"}`;
  if (incoming.readableDidRead)
    return new Response(
      "The request's body was already consumed: register nodeHandler before express.json() and other body parsers.\n",
      {
        status: 500,
      },
    );
  try {
    if (!HOST.test(base)) throw new TypeError("no host");
    // Whoever is in front may have gone by another one than this server.
    if ((incoming.headersDistinct?.host?.length ?? 0) > 1) throw new TypeError("two hosts");
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (name.startsWith(":") || value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
    }
    const init: RequestInit & { duplex?: "half" } = { method, headers, signal };
    if (method !== "GET" && method !== "HEAD") {
      init.body = streamOf(incoming);
      init.duplex = "half";
    }
    // Joined as text, since URL parsing treats a path that begins with two slashes as a host name.
    return new Request(base + (originalUrl?.startsWith("/") ? originalUrl : "/"), init);
  } catch {
    return new Response(null, { status: 400 });
  }
}

/**
 * The body, of which only as much is read as is requested. It is not `Readable.toWeb`, which ends the process when a
 * body continues after its reader has seen enough.
 */
function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}
