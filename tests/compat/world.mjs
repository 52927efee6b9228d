// Shared by the tests of `keyturn/compat`: the installed package, a server that is only a function, and the facts of
// release 1.2.2.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../xtask/steps.mjs";
import { installed } from "../lib/installed.mjs";
import { readFacts } from "../vectors/facts.mjs";

export const folder = installed();

const loader = join(folder, "load-compat.mjs");
writeFileSync(loader, "export const load = (name) => import(name);\n");

/** Imports a module as a program in the folder of the installation does. */
export const { load } = await import(pathToFileURL(loader).href);

/** Requires a module in the same way. */
export const require = createRequire(join(folder, "load.cjs"));

export const { ConductoroneSDKTypescript } = await load("keyturn/compat");
export const { ConductoroneSDKTypescriptCore } = await load("keyturn/compat/core.js");
export const { HTTPClient } = await load("keyturn/compat/lib/http.js");
export const errors = await load("keyturn/compat/sdk/models/errors");

export const SERVER = "https://tenant.conductor.one";
export const TOKEN = "a-token-for-tests";
export const security = { bearerAuth: TOKEN, oauth: TOKEN };

const read = (path) => readFileSync(join(root, path), "utf8");
const lines = (text) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const camel = (name) => name[0].toLowerCase() + name.slice(1);

/** The standalone function of each operation, and whether release 1.2.2 has it. */
export const functions = new Map();

/**
 * Returns the facts of `tests/vectors/facts.mjs` under the names of release 1.2.2, which `api/c1.sdk122` lists. It
 * sends fields that the server sets where these can be null.
 */
export function facts122() {
  const renamed = new Map();
  const ofOperation = new Map();
  for (const [what, key, ...words] of lines(read("api/c1.sdk122")).map((line) => line.split(" "))) {
    if (what === "op")
      ofOperation.set(
        key,
        Object.fromEntries(words.filter((word) => word.includes("=")).map((word) => word.split("="))),
      );
    if (what === "field") renamed.set(`${key} ${words[0]}`, words[1]);
    if (what === "gone")
      renamed.set(`${key} ${words[0]}`, words.find((word) => word.startsWith("1.2.2="))?.slice(6) ?? words[0]);
  }
  const surface = lines(read("tests/facts/c1-surface.tsv")).map((line) => {
    const cells = line.split("\t");
    if (cells[0] === "op") {
      const names = ofOperation.get(cells[1]);
      functions.set(cells[1], { name: cells[5], of122: names !== undefined });
      if (names?.body && cells[10]) cells[10] = camel(names.body);
      if (names?.response) cells[11] = camel(names.response);
    } else {
      const named = new Map(
        (cells[4] ?? "")
          .split(",")
          .filter(Boolean)
          .map((name) => name.split("="))
          .map(([wire, name = wire]) => [wire, name]),
      );
      for (const [key, name] of renamed) {
        const [message, wire] = key.split(" ");
        if (message === cells[1]) named.set(wire, name);
      }
      cells[4] = [...named].map((pair) => pair.join("=")).join(",");
    }
    return cells.join("\t");
  });
  const idl = read("api/c1.idl")
    .split("\n")
    .map((line) => line.replace(" gone", "").replace(/^( {2}\S+ [^<> ]+\?) read-only/, "$1"));
  return readFacts(idl.join("\n"), surface.join("\n"));
}

/** Returns a server's response. A body that is not a string is sent as JSON. */
export function answer(status, body, headers = {}) {
  return () =>
    new Response(typeof body === "string" || body === null ? body : JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json", ...headers },
    });
}

/**
 * Returns a server with a response for each request in turn. A value is sent as JSON, an error is thrown, a function is
 * called; the last one repeats.
 *
 * @returns {{ httpClient: object, sent: { method: string, url: string, path: string, headers: Headers, body: string }[] }}
 */
export function server(...script) {
  const sent = [];
  const fetcher = async (request) => {
    const step = script[Math.min(sent.length, script.length - 1)] ?? {};
    const { pathname, search } = new URL(request.url);
    sent.push({
      method: request.method,
      url: request.url,
      path: pathname + search,
      headers: request.headers,
      body: await request.clone().text(),
      signal: request.signal,
    });
    if (step instanceof Error) throw step;
    return typeof step === "function" ? step(request) : answer(200, step)();
  };
  return { httpClient: new HTTPClient({ fetcher }), fetcher, sent };
}

/** Returns a client of such a server. */
export function client(at, options = {}) {
  return new ConductoroneSDKTypescript({ security, serverURL: SERVER, httpClient: at.httpClient, ...options });
}

/** Resolves with the error that a promise rejects with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}
