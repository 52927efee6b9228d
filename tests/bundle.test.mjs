// An application in a page: bundled by esbuild without options, served under a strict policy, run in real browsers.
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

/** What the page shows on success. */
const WORKS = "secret-token:conductorone.com:v1 true not_found";

/** Returns an application that rotates a credential of a sandbox in the page, and writes the result into the page. */
const application = (from, ready) => `
  import { ConductorOne, KeyturnError } from "${from}";
  import { createSandbox } from "keyturn/sandbox${from === "keyturn/slim" ? "/slim" : ""}";
  ${ready}
  async function main() {
    ${from === "keyturn/slim" ? 'await load("/core.wasm");' : ""}
    const sandbox = await createSandbox(${from === "keyturn/slim" ? '{ wasm: "/sandbox.wasm" }' : ""});
    const { clientId: clientID, clientSecret, url: serverURL, fetch, appId, connectorId } = sandbox;
    const c1 = new ConductorOne({ clientID, clientSecret, serverURL, fetch });
    const answer = await c1.connector.rotateCredential({ appId, connectorId });
    const { credential } = answer.connectorServiceRotateCredentialResponse;
    const error = await c1.apps.get({ id: "no-such-app" }).catch((error) => error);
    return [credential.clientSecret.split(":", 3).join(":"), credential.createdAt instanceof Date, KeyturnError.is(error) && error.code].join(" ");
  }
  main().catch((error) => error.reason === undefined ? "failed: " + error.stack : error.reason + ": " + error.message).then((text) => { document.body.textContent = text; });
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

/** Pages in which the package cannot work, and the changes that the errors suggest. */
const REFUSED = {
  "a policy without 'wasm-unsafe-eval'": {
    source: application("keyturn", ""),
    script: '<script type="module" src="/app.js"></script>',
    options: { format: "esm" },
    allowed: "'self'",
    expected: /^webassembly_forbidden: .*`script-src` needs only 'wasm-unsafe-eval'/,
  },
  "a script that is not read as UTF-8": {
    source: application("keyturn", ""),
    script: '<body><script src="/app.js"></script>',
    options: { charset: "utf8" },
    charset: "windows-1252",
    expected: /^not_utf8: .*<meta charset="utf-8">/,
  },
};

/**
 * Serves one application. By default, the policy allows WebAssembly, and all other resources only from the page's
 * origin.
 */
async function serve({ source, script, options, allowed = "'self' 'wasm-unsafe-eval'", charset = "utf-8" }) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    write: false,
    logLevel: "silent",
    ...options,
  });
  const files = {
    "/": [`text/html; charset=${charset}`, `<!doctype html><meta charset="${charset}"><title>app</title>${script}`],
    "/app.js": [`text/javascript${charset === "utf-8" ? "; charset=utf-8" : ""}`, outputFiles[0].contents],
    "/core.wasm": ["application/wasm", readFileSync(join(dist, "core.wasm"))],
    "/sandbox.wasm": ["application/wasm", readFileSync(join(dist, "sandbox.wasm"))],
    "/favicon.ico": ["image/x-icon", ""],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    const policy = `default-src 'none'; script-src ${allowed}; connect-src 'self'; img-src 'self'`;
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

    /** Returns what an application writes into its page, and uncaught errors. */
    async function shown(application) {
      const { server, url } = await serve(application);
      const page = await browser.newPage();
      const errors = [];
      page.on("pageerror", (error) => errors.push(error.message));
      try {
        await page.goto(url);
        // Puppeteer's own wait functions need eval, which the policy forbids.
        let text = "";
        for (
          const end = Date.now() + 20_000;
          text === "" && Date.now() < end;
          await new Promise((resolve) => setTimeout(resolve, 25))
        ) {
          text = await page.evaluate(() => document.body?.textContent.trim() ?? "");
        }
        return { text, errors };
      } finally {
        await page.close();
        server.close();
        server.closeAllConnections();
      }
    }

    for (const [what, application] of Object.entries(APPLICATIONS)) {
      test(what, async () => {
        assert.deepEqual(await shown(application), { text: WORKS, errors: [] });
      });
    }

    for (const [what, { expected, ...application }] of Object.entries(REFUSED)) {
      test(what, async () => {
        const { text, errors } = await shown(application);
        assert.match(text, expected);
        // Firefox reports its own policy among a page's errors.
        assert.deepEqual(
          errors.filter((message) => !message.startsWith("Content-Security-Policy: ")),
          [],
        );
      });
    }
  });
}
