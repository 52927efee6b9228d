/** The sandbox tenant over HTTP. It listens on 127.0.0.1 only. */

import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigurationError } from "../base/errors.js";
import { type ReadyTenant, Sandbox, type SandboxOptions } from "./tenant.js";

/** The options of `serveSandbox`. */
export interface ServerOptions extends Omit<SandboxOptions, "url"> {
  /** The port; 0 for any that is free. Default: 0. */
  port?: number | undefined;
  /** The address, which has to be a loopback address. Default: `127.0.0.1`. */
  host?: string | undefined;
  /**
   * The origin whose pages may call the server, besides its own; `*` for any. Default: none, since C1 documents none.
   */
  cors?: string | undefined;
  /** A file that the rows are stored in, without secrets: only the public key of each credential. Default: none. */
  state?: string | undefined;
}

/** A running server. */
export interface SandboxServer extends ReadyTenant {
  /** The port. */
  readonly port: number;
  /** The tenant that it serves, with its faults, clock and requests. */
  readonly sandbox: Sandbox;
  /** Stops listening, closes open connections, and writes the state. */
  close(): Promise<void>;
}

/** The longest body that is read, in bytes. */
const LONGEST_BODY = 16 << 20;
/** How long a change may stay unwritten, in milliseconds. */
const STATE_DELAY = 200;
const LOOPBACK = ["127.0.0.1", "localhost"];

/** Serves a sandbox; its module must be loaded. @internal */
export async function serve(options: ServerOptions): Promise<SandboxServer> {
  const { host = "127.0.0.1", port = 0, cors, state } = options;
  if (!LOOPBACK.includes(host)) {
    const message = `host: the sandbox listens on 127.0.0.1 only, not on ${JSON.stringify(host)}`;
    throw new ConfigurationError("host", "not_loopback", message);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new ConfigurationError("port", "invalid", "port: must be an integer from 0 to 65535");
  }
  const server = createServer();
  // The client ids contain the port, so it must be known before the tenant is created.
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  try {
    const sandbox = new Sandbox(options, `http://127.0.0.1:${address.port}`, cors);
    const file = state === undefined ? undefined : await StateFile.open(state, sandbox);
    server.on("request", (request, response) => {
      answer(sandbox, request, response).then(
        () => file?.changed(),
        () => response.destroy(),
      );
    });
    const { url, clientId, clientSecret, appId, connectorId, trustId, commercelayer } = sandbox;
    return {
      ...{ url, clientId, clientSecret, appId, connectorId, trustId, commercelayer },
      port: address.port,
      sandbox,
      async close() {
        await new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        });
        await file?.close();
        sandbox.close();
      },
    };
  } catch (error) {
    server.close();
    throw error;
  }
}

async function answer(sandbox: Sandbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host, path } = target(request);
  // A host name that somebody else controls can be made to resolve to this server: a page under such a name gets no
  // response.
  if (!LOOPBACK.includes(host.replace(/:\d+$/, ""))) {
    response
      .writeHead(421, { "content-type": "text/plain" })
      .end("this sandbox only accepts requests for 127.0.0.1 and localhost\n");
    return;
  }
  const body = await read(request);
  if (body === undefined) {
    response.writeHead(413, { connection: "close" }).end();
    return;
  }
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const reply = sandbox.handle(request.method ?? "", `http://${host}${path}`, headers, body);
  if (reply.delayMs > 0) await wait(reply.delayMs, response);
  if (reply.dropped) {
    request.socket.destroy();
  } else if (!response.destroyed) {
    response.statusCode = reply.status;
    for (const [name, value] of reply.headers) response.setHeader(name, value);
    response.end(reply.body);
  }
}

/**
 * Returns the host of a request, in lower case, and its path. A request line in absolute form, as clients of a proxy
 * send it, names its host itself, and `Host` is then ignored (RFC 9112, section 3.2.2).
 */
function target({ url = "", headers }: IncomingMessage): { host: string; path: string } {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  const [host = "", path = ""] = absolute === null ? [headers.host, url] : absolute.slice(1);
  return { host: host.toLowerCase(), path: path.startsWith("/") || absolute === null ? path : `/${path}` };
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Waits, but only as long as the caller does. */
function wait(ms: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      response.off("close", end);
      resolve();
    }
    response.once("close", end);
  });
}

/** The file that the rows are stored in. It is replaced atomically, so that it is never half written. */
class StateFile {
  readonly #path: string;
  readonly #sandbox: Sandbox;
  #written: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, sandbox: Sandbox, written: number) {
    this.#path = path;
    this.#sandbox = sandbox;
    this.#written = written;
  }

  /** Restores the rows of the file; creates a missing file. */
  static async open(path: string, sandbox: Sandbox): Promise<StateFile> {
    let text: string | undefined;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw unusable(path, "read", codeOf(error));
    }
    if (text === undefined) {
      const file = new StateFile(path, sandbox, -1);
      await file.#write().catch((error: unknown) => {
        throw unusable(path, "created", codeOf(error));
      });
      return file;
    }
    let snapshot: unknown;
    try {
      snapshot = JSON.parse(text);
    } catch {
      throw new ConfigurationError("state", "invalid", `state: ${path} is not JSON`);
    }
    sandbox.restore(snapshot as object);
    return new StateFile(path, sandbox, sandbox.revision);
  }

  /** Schedules a write if anything has changed. Called after each request. */
  changed(): void {
    if (this.#timer !== undefined || this.#sandbox.revision === this.#written) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // The disk may be full only for now: the next change tries again.
      this.#write().catch((error: unknown) =>
        process.emitWarning(`the sandbox's state was not written: ${String(error)}`),
      );
    }, STATE_DELAY).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#write();
  }

  #write(): Promise<void> {
    const write = this.#writing.then(() => this.#writeNow());
    this.#writing = write.catch(() => {});
    return write;
  }

  async #writeNow(): Promise<void> {
    const { revision } = this.#sandbox;
    if (revision === this.#written) return;
    const text = JSON.stringify(this.#sandbox.snapshot(), null, 1);
    const draft = `${this.#path}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      const handle = await open(draft, "wx", 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, this.#path);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    this.#written = revision;
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? error);
}

function unusable(path: string, verb: string, code: string): ConfigurationError {
  const why = code === "ENOENT" ? "there is no such folder" : code;
  return new ConfigurationError("state", "invalid", `state: ${path} cannot be ${verb}: ${why}`);
}
