// Where the matrix runs: a folder with tools from npm, and in it one folder for each application.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { dirname, extname, join } from "node:path";
import { newerNode } from "../../xtask/node.mjs";
import { root, StepError } from "../../xtask/steps.mjs";
import { launch } from "../lib/browsers.mjs";
import { CJS, ESM, WORKS } from "./app.mjs";

/** A limit above the time that any tool takes, even on a busy machine. */
const TIME_MS = 240_000;
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

/** Variables that turn off colours, questions, telemetry and updates. */
const QUIET = {
  CI: "1",
  NO_COLOR: "1",
  FORCE_COLOR: "0",
  NEXT_TELEMETRY_DISABLED: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
};

/** An application's folder, with the packed package in it as npm puts it there. */
export class Place {
  #stops = [];

  /**
   * @param {string} tools The folder whose `node_modules` contains the row's tools.
   * @param {string} installed The folder in which the tarball is installed.
   */
  constructor(tools, installed, name) {
    mkdirSync(join(tools, "applications"), { recursive: true });
    this.tools = tools;
    this.folder = mkdtempSync(join(tools, "applications", `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-`));
    cpSync(join(installed, "node_modules/keyturn"), join(this.folder, "node_modules/keyturn"), { recursive: true });
    this.write({
      "package.json": '{ "name": "application", "private": true, "type": "module" }\n',
      "app.mjs": ESM,
      "app.cjs": CJS,
    });
  }

  write(files) {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** Copies an example of the repository, without what was built or installed there. */
  copy(example) {
    cpSync(join(root, "examples", example), this.folder, {
      recursive: true,
      filter: (path) => !/[/\\](node_modules|dist|\.next)$/.test(path),
    });
  }

  /** Returns the path of a tool's file. */
  tool(path) {
    const found = join(this.tools, "node_modules", path);
    if (!existsSync(found)) throw new StepError(`${path} is not installed in ${this.tools}`);
    return found;
  }

  remove(path) {
    rmSync(join(this.folder, path), { recursive: true, force: true });
  }

  read(file) {
    return readFileSync(join(this.folder, file), "utf8");
  }

  /** Runs a Node program to its end, and returns its output. */
  node(args, options) {
    return this.run(process.execPath, args, options);
  }

  run(program, args, { env = {}, input } = {}) {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd: this.folder,
      env: { ...process.env, ...QUIET, ...env },
      encoding: "utf8",
      input,
      timeout: TIME_MS,
    });
    if (error) throw error;
    if (status !== 0) throw new Error(`${[program, ...args].join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Runs the application in Node, with these arguments, and checks its output. */
  says(args, options) {
    expect(this.node(args, options));
  }

  /** Starts a server, and waits until it responds on a free port. */
  async start(program, args, { env = {} } = {}) {
    const port = await freePort();
    const child = spawn(
      program,
      args.map((one) => one.replace("PORT", port)),
      {
        cwd: this.folder,
        env: { ...process.env, ...QUIET, PORT: String(port), HOST: "127.0.0.1", ...env },
        stdio: ["ignore", "pipe", "pipe"],
        // Some are shells or programs that start others; in a process group, they are ended together.
        detached: true,
      },
    );
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => {
        text += data;
      });
    const ended = once(child, "exit");
    this.#stops.push(async () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has already ended.
      }
      await ended;
    });
    const url = `http://127.0.0.1:${port}`;
    for (const end = Date.now() + TIME_MS; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${text}`);
      const answer = await fetch(url).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer) return url;
    }
    throw new Error(`${program} did not answer:\n${text}`);
  }

  /** Serves a folder. */
  async serve(folder) {
    const server = createServer((request, response) => {
      const path = new URL(request.url, "http://localhost").pathname;
      const file = join(this.folder, folder, path.endsWith("/") ? `${path}index.html` : path);
      if (!existsSync(file)) return response.writeHead(404).end();
      response
        .writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" })
        .end(readFileSync(file));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#stops.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${server.address().port}`;
  }

  /** Opens a page in Chromium. `errors` collects the page's errors. */
  async open(url) {
    const browser = await launch("chromium");
    this.#stops.push(() => browser.close());
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(url);
    return { page, errors };
  }

  /** Opens a page in Chromium, and waits until it reports success. */
  async browse(url) {
    const { page, errors } = await this.open(url);
    let text = "";
    for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
      // A development server may reload the page.
      text = await page.title().catch(() => "");
      if (/^(works|failed):/.test(text)) break;
    }
    if (text !== WORKS) throw new Error(`the page says ${JSON.stringify(text)}; ${errors.join("; ")}`);
  }

  /** Sends a request to a server, whose response has to report success. */
  async ask(url) {
    expect(await (await fetch(url)).text());
  }

  /** Returns the size of a folder's scripts in bytes. */
  size(folder) {
    const scripts = readdirSync(join(this.folder, folder), { recursive: true }).filter((file) =>
      /\.(m?js|cjs|wasm)$/.test(file),
    );
    return scripts.reduce((sum, file) => sum + statSync(join(this.folder, folder, file)).size, 0);
  }

  get newerNode() {
    return newerNode();
  }

  /** Registers a function that is called at the end of the row. */
  stopLater(stop) {
    this.#stops.push(stop);
  }

  /** Ends what was started. */
  async stop() {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  /** Ends what was started, and removes the folder. */
  async close() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Throws unless a text contains the application's output. */
export function expect(text, what = WORKS) {
  if (!text.includes(what)) throw new Error(`${JSON.stringify(what)} is not in: ${text}`);
}

async function freePort() {
  const server = createSocket();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
