/** Adapts a Fetch handler to a listener of Node's `http`, and of frameworks on top of it, such as Express. */

import type { IncomingMessage, ServerResponse } from "node:http";

/** A listener for Node's `http`, which is also a handler for Express. */
export type NodeHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** Options of {@link nodeHandler}. */
export interface NodeHandlerOptions {
  /**
   * The server's own origin, with which the URLs of requests begin. Default: the request's `Host`, with `https` if the
   * connection uses TLS.
   */
  origin?: string | undefined;
}

/**
 * Creates a listener: `createServer(nodeHandler(proxy))`, `app.use("/keyturn", nodeHandler(proxy))`. Register it before
 * anything that reads bodies, such as `express.json()`.
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
  // If the page disconnects, `close` fires before the answer is written.
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
  // Does not wait for the rest of a request that was refused early.
  if (!incoming.complete) outgoing.setHeader("connection", "close");
  await send(response.body, outgoing);
}

/**
 * Writes a body as it arrives, such as a stream of events. Reading is subject to the connection's backpressure, so a
 * page that reads slowly does not fill the memory, and a page that disconnects ends the stream. A body of one chunk is
 * sent with its length.
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
    // The stream waits for its next chunk: send what there is, even if only the headers.
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

/** Writes a chunk, and waits until the connection accepts more or is closed. */
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

/** Returns the request, or an error response if Fetch cannot represent the request. */
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
    // A server in front of this one may have used the other `Host`.
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
 * Returns the body as a stream that reads only on demand. `Readable.toWeb` is no alternative: it ends the process if a
 * body continues after its reader has stopped.
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
