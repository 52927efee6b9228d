/**
 * A program in its worker: an ES module whose imports resolve to the package that is bundled into this script. Its
 * `fetch` only reaches the sandbox, it has no access to what the page's origin has stored, and its clock is the
 * sandbox's.
 */

import * as keyturn from "keyturn";
import * as commercelayer from "keyturn/commercelayer";
import * as jsonapi from "keyturn/commercelayer/jsonapi";
import * as enums from "keyturn/enums";
import * as lifecycle from "keyturn/lifecycle";
import * as remote from "keyturn/lifecycle/remote";
import * as testing from "keyturn/lifecycle/testing";
import * as proxy from "keyturn/proxy";
import * as sandbox from "keyturn/sandbox";
import { type Answered, type FromProgram, slot, type ToProgram } from "../messages.js";
import modules from "../modules.json";
import * as node from "./node.js";
import { failureOf, printed } from "./show.js";

/** The maximum number of lines that a run may print, so that a loop cannot flood the page. */
const MOST_LINES = 2_000;

/** Returns all modules that a program can import, by the names in `modules.json`. */
function namespaces(tell: (message: FromProgram) => void): Record<string, object> {
  const assert = { ...node.assert, default: node.assert };
  return {
    keyturn,
    "keyturn/enums": enums,
    "keyturn/commercelayer": commercelayer,
    "keyturn/commercelayer/jsonapi": jsonapi,
    "keyturn/lifecycle": lifecycle,
    "keyturn/lifecycle/node": node.lifecycle,
    "keyturn/lifecycle/remote": remote,
    "keyturn/lifecycle/testing": testing,
    "keyturn/proxy": proxy,
    "keyturn/sandbox": {
      ...sandbox,
      async createSandbox(options?: sandbox.SandboxOptions) {
        const own = await sandbox.createSandbox(options);
        const answer = own.fetch;
        const fetch: typeof answer = async (input, init) => {
          try {
            return await answer(input, init);
          } finally {
            tell({ kind: "own", requests: own.requests() });
          }
        };
        return Object.defineProperty(own, "fetch", { value: fetch });
      },
    },
    "node:assert": assert,
    "node:assert/strict": assert,
    "node:fs/promises": { ...node.fs, default: node.fs },
    "node:os": { ...node.os, default: node.os },
    "node:path": { ...node.path, default: node.path },
    "node:process": { default: (globalThis as { process?: object }).process },
  };
}

/** Returns the text of a module that exports the names of a namespace, which it finds at a key of the global object. */
function facade(name: string, names: readonly string[]): string {
  const whole = `globalThis[Symbol.for("keyturn-playground")][${JSON.stringify(name)}]`;
  return names
    .map((one) => (one === "default" ? `export default ${whole}.default;` : `export const ${one} = ${whole}.${one};`))
    .join("\n");
}

const blob = (text: string): string => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));

/** Waits for the page to send a program, and runs it. */
export function runPrograms(page: MessagePort): void {
  let ahead = 0;
  const tell = (message: FromProgram): void => page.postMessage(message);
  page.onmessage = ({ data }: MessageEvent<ToProgram>) => {
    if ("run" in data) {
      ahead = data.run.ahead;
      void run(data.run, tell);
    } else ahead = data.ahead;
  };
  confine();
  moveClock(() => ahead);
  tell({ kind: "loaded" });
}

type Run = Extract<ToProgram, { run: unknown }>["run"];

async function run({ code, tenant, ready }: Run, tell: (message: FromProgram) => void): Promise<void> {
  let address = "";
  let status = 0;
  const end = (): void => tell({ kind: "end", status });
  const failed = (error: unknown): void => {
    status = 1;
    tell({ kind: "failure", failure: failureOf(error, address) });
  };
  node.furnish(ready.files, (path, text) => tell({ kind: "file", path, text }));
  const process = {
    env: ready.env,
    argv: ["node", "program.mjs"],
    platform: "playground",
    exitCode: undefined as number | undefined,
    cwd: () => "/",
    on: () => process,
    once: () => process,
    getBuiltinModule: (name: string) => (/^(node:)?fs\/promises$/.test(name) ? node.fs : undefined),
    stdout: { write: (text: string) => print("log", [text.replace(/\n$/, "")]) },
    exit(code = 0): never {
      status = code;
      end();
      // The page terminates this worker; the error keeps the program from continuing until then.
      throw new Error(`the program ended itself with ${code}`);
    },
  };
  let lines = 0;
  const print = (level: "log" | "warn" | "error", values: readonly unknown[]): void => {
    lines++;
    if (lines < MOST_LINES) tell({ kind: "print", level, text: printed(values) });
    else if (lines === MOST_LINES)
      tell({
        kind: "print",
        level: "warn",
        text: `${MOST_LINES} lines: what the program prints from here on is not shown.`,
      });
  };
  const say =
    (level: "log" | "warn" | "error") =>
    (...values: unknown[]) =>
      print(level, values);
  Object.assign(globalThis, {
    process,
    fetch: fetchOver(tenant, ready.url),
    console: {
      ...console,
      ...{ log: say("log"), info: say("log"), debug: say("log"), table: say("log"), dir: say("log") },
      ...{ warn: say("warn"), error: say("error"), trace: say("log") },
    },
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    failed(event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    failed(event.error ?? new Error(event.message));
  });

  const all = namespaces(tell);
  (globalThis as Record<symbol, unknown>)[Symbol.for("keyturn-playground")] = all;
  let text = code;
  for (const name of modules)
    if (text.includes(slot(name)))
      text = text.replaceAll(`"${slot(name)}"`, JSON.stringify(blob(facade(name, Object.keys(all[name] ?? {})))));
  address = blob(text);
  try {
    await import(address);
  } catch (error) {
    failed(error);
  }
  end();
}

/** What stores data beyond a run, and what would create another global object, in which all of this exists again. */
const BEYOND = {
  global: ["indexedDB", "caches", "cookieStore", "BroadcastChannel", "Worker", "SharedWorker"],
  navigator: ["storage", "locks", "serviceWorker"],
};

/** Removes access to what the page's origin has stored, since a link may have brought the program. */
function confine(): void {
  const take = (from: object, names: readonly string[]): void => {
    for (let object: object | null = from; object !== null; object = Object.getPrototypeOf(object) as object | null)
      for (const name of names) Reflect.deleteProperty(object, name);
  };
  take(globalThis, BEYOND.global);
  take(navigator, BEYOND.navigator);
}

/** Replaces the global `Date` with one that is `ahead()` milliseconds ahead. */
function moveClock(ahead: () => number): void {
  const Real = Date;
  const now = (): number => Real.now() + ahead();
  globalThis.Date = new Proxy(Real, {
    construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self) as object,
    apply: () => new Real(now()).toString(),
    get: (target, name, self) => (name === "now" ? now : Reflect.get(target, name, self)),
  });
}

/** Returns a `fetch` whose requests the sandbox's worker answers. */
function fetchOver(tenant: MessagePort, url: string): typeof fetch {
  const waiting = new Map<number, (answered: Answered) => void>();
  let last = 0;
  tenant.onmessage = ({ data }: MessageEvent<Answered>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  const failure = (code: string, message: string): TypeError =>
    new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
  return async (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const request = new Request(input instanceof Request ? input : new URL(input, url), { ...init, signal: null });
    if (new URL(request.url).origin !== url)
      throw failure("ENOTFOUND", `programs of the playground reach its sandbox alone, ${url}, and not ${request.url}`);
    const id = ++last;
    const body = await request.text();
    const headers = [...request.headers];
    const answered = await new Promise<Answered>((resolve, reject) => {
      waiting.set(id, resolve);
      signal?.addEventListener(
        "abort",
        () => {
          waiting.delete(id);
          tenant.postMessage({ abort: id });
          reject(signal.reason as Error);
        },
        { once: true },
      );
      tenant.postMessage({ id, method: request.method, url: request.url, headers, body });
    });
    if ("lost" in answered) throw failure(answered.lost.code, answered.lost.message);
    const empty = [204, 205, 304].includes(answered.status);
    const response = new Response(empty ? null : answered.body, { status: answered.status, headers: answered.headers });
    return Object.defineProperty(response, "url", { value: request.url });
  };
}
