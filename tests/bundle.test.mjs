// An application in a page: bundled by esbuild as it comes, served under a strict policy, run in real browsers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { launch } from "./lib/browsers.mjs";
import { installed } from "./lib/installed.mjs";

const folder = installed();
const dist = join(folder, "node_modules/keyturn/pkg/dist");

/** Rotates a credential of a sandbox in the page, and writes into the page how that went. */
const application = (from, ready) => `
  import { ConductorOne, KeyturnError } from "${from}";
  import { createSandbox } from "keyturn/sandbox";
  ${ready}
  async function main() {
    ${from === "keyturn/slim" ? 'await load("/core.wasm");' : ""}
    const sandbox = await createSandbox({ wasm: "/sandbox.wasm" });
    const { clientId: clientID, clientSecret, url: serverURL, fetch, appId, connectorId } = sandbox;
    const c1 = new ConductorOne({ clientID, clientSecret, serverURL, fetch });
    const answer = await c1.connector.rotateCredential({ appId, connectorId });
    const { credential } = answer.connectorServiceRotateCredentialResponse;
    const error = await c1.apps.get({ id: "no-such-app" }).catch((error) => error);
    return [credential.clientSecret.split(":", 3).join(":"), credential.createdAt instanceof Date, KeyturnError.is(error) && error.code].join(" ");
  }
  main().catch((error) => "failed: " + error.stack).then((text) => { document.body.textContent = text; });
`;

const APPLICATIONS = {
  "the default entry, as a module": {
    source: application("keyturn", ""),
    script: '<script type="module" src="/app.js"></script>',
    options: { format: "esm" },
  },
  "the default entry, as a script": {
    source: application("keyturn", ""),
    script: '<body><script src="/app.js"></script>',
    options: {},
  },
  "the slim entry, minified": {
    source: application("keyturn/slim", 'import { load } from "keyturn/slim";'),
    script: '<script type="module" src="/app.js"></script>',
    options: { format: "esm", minify: true },
  },
};

/** Serves one application. The policy allows WebAssembly and nothing else that is not the page's own. */
async function serve({ source, script, options }) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    write: false,
    logLevel: "silent",
    ...options,
  });
  const files = {
    "/": ["text/html; charset=utf-8", `<!doctype html><meta charset="utf-8"><title>app</title>${script}`],
    "/app.js": ["text/javascript; charset=utf-8", outputFiles[0].contents],
    "/core.wasm": ["application/wasm", readFileSync(join(dist, "core.wasm"))],
    "/sandbox.wasm": ["application/wasm", readFileSync(join(dist, "sandbox.wasm"))],
    "/favicon.ico": ["image/x-icon", ""],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src 'self'";
    response
      .writeHead(type ? 200 : 404, { "content-type": type ?? "text/plain", "content-security-policy": policy })
      .end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

for (const name of ["chromium", "firefox"]) {
  describe(name, () => {
    let browser;
    before(async () => {
      browser = await launch(name);
    });
    after(() => browser.close());

    for (const [what, application] of Object.entries(APPLICATIONS)) {
      test(what, async () => {
        const { server, url } = await serve(application);
        const page = await browser.newPage();
        const errors = [];
        page.on("pageerror", (error) => errors.push(error.message));
        try {
          await page.goto(url);
          // Puppeteer's own waiting needs an eval, which the policy forbids.
          let text = "";
          for (
            const end = Date.now() + 20_000;
            text === "" && Date.now() < end;
            await new Promise((resolve) => setTimeout(resolve, 25))
          ) {
            text = await page.evaluate(() => document.body?.textContent.trim() ?? "");
          }
          assert.equal(text, "secret-token:conductorone.com:v1 true not_found", errors.join("\n"));
          assert.deepEqual(errors, []);
        } finally {
          await page.close();
          server.close();
          server.closeAllConnections();
        }
      });
    }
  });
}
