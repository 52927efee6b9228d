// An origin for a page that loads the installed package unbundled, with a sandbox behind the same origin.
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { root } from "../../xtask/steps.mjs";

const TYPES = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".idl": "text/plain; charset=utf-8",
  ".tsv": "text/plain; charset=utf-8",
};

/** The strictest policy for a page that runs WebAssembly. The nonce is for the import map, which must be inline. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'nonce-map'; connect-src 'self'; img-src 'self'";

/**
 * @param {string} folder Where the package is installed.
 * @param {string} sandbox The sandbox's origin: all requests except those for files go there.
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function servePage(folder, sandbox) {
  const page = await html(folder);
  // The API's own paths begin with /api, so the repository's files have a prefix.
  const folders = {
    "/node_modules/keyturn/": join(folder, "node_modules/keyturn"),
    "/repository/api/": join(root, "api"),
    "/repository/tests/": join(root, "tests"),
  };
  const server = createServer(async (incoming, outgoing) => {
    // Browsers retry a request by themselves, even a POST, when a connection breaks that has been used before. With a
    // connection for each request, only what the client sent arrives.
    outgoing.setHeader("connection", "close");
    const { pathname } = new URL(incoming.url, "http://page");
    if (pathname === "/")
      return outgoing.writeHead(200, { "content-type": TYPES[".html"], "content-security-policy": POLICY }).end(page);
    if (pathname === "/favicon.ico") return outgoing.writeHead(204).end();
    const prefix = Object.keys(folders).find((prefix) => pathname.startsWith(prefix));
    if (prefix === undefined) return forward(incoming, outgoing, sandbox);
    const file = normalize(join(folders[prefix], decodeURIComponent(pathname.slice(prefix.length))));
    const known = file.startsWith(folders[prefix] + sep) && (await stat(file).catch(() => undefined))?.isFile();
    if (!known) return outgoing.writeHead(404).end();
    outgoing.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(outgoing);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** Returns an empty page with an import map made from the package's own `exports`. */
async function html(folder) {
  const { exports } = JSON.parse(await readFile(join(folder, "node_modules/keyturn/package.json"), "utf8"));
  const imports = {};
  for (const [entry, conditions] of Object.entries(exports)) {
    const file = conditions.default?.default ?? conditions;
    // This entry has only types.
    if (typeof file !== "string") continue;
    imports[entry.replace(".", "keyturn")] = file.replace(".", "/node_modules/keyturn");
  }
  const map = JSON.stringify({ imports });
  return `<!doctype html><title>keyturn</title><script type="importmap" nonce="map">${map}</script><script type="module" src="/repository/tests/lib/in-page.mjs"></script>\n`;
}

/** Forwards a request and its response. A connection that breaks on one side is broken on the other. */
function forward(incoming, outgoing, sandbox) {
  const { method, headers, url } = incoming;
  const passed = request(
    new URL(url, sandbox),
    { method, headers: { ...headers, host: new URL(sandbox).host } },
    (answer) => {
      outgoing.writeHead(answer.statusCode, { ...answer.headers, connection: "close" });
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    },
  );
  passed.on("error", () => outgoing.destroy());
  outgoing.on("close", () => passed.destroy());
  incoming.pipe(passed);
}
