// Shared by the tests of `keyturn/commercelayer`: the installed package, and a server that is only a function.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installed } from "../lib/installed.mjs";

export const folder = installed();

const loader = join(folder, "load-commercelayer.mjs");
writeFileSync(loader, "export const load = (name) => import(name);\n");

/** Imports a module as a program in the folder of the installation does. */
export const { load } = await import(pathToFileURL(loader).href);

/** Requires a module in the same way. */
export const require = createRequire(join(folder, "load.cjs"));

/**
 * Returns a resource object; `related` names linkage:
 * `{ organization: "organizations/o1", roles: ["roles/r1"], role: null }`.
 */
export function resource(type, id, attributes = {}, related = {}, more = {}) {
  const linkage = (text) => text && { type: text.split("/")[0], id: text.split("/")[1] };
  const relationships = Object.fromEntries(
    Object.entries(related).map(([name, to]) => [name, { data: Array.isArray(to) ? to.map(linkage) : linkage(to) }]),
  );
  return { id, type, attributes, relationships, ...more };
}

export const TOKEN = "a-token-for-tests";

/** Returns a response with a document, or with the given body. */
export function answer(body, { status = 200, headers = {}, statusText = "" } = {}) {
  const text =
    typeof body === "string" || body === null || body === undefined || body instanceof ReadableStream
      ? body
      : JSON.stringify(body);
  return () =>
    new Response(text, { status, statusText, headers: { "content-type": "application/vnd.api+json", ...headers } });
}

/** Returns a response with an error of the API. */
export function refusal(status, errors = [], more = {}) {
  return answer({ errors }, { status, ...more });
}

/**
 * @param {...(object | Error | ((url: URL, init: RequestInit) => unknown))} script The result of each request in turn:
 *   a value is the `data` of a document, an error is thrown, a function returns a response. The last one repeats.
 * @returns {{ fetch: typeof fetch, sent: { url: URL, method: string, headers: Record<string, string>, body: any }[] }}
 */
export function server(...script) {
  const sent = [];
  const fetch = async (url, init) => {
    const step = script[Math.min(sent.length, script.length - 1)] ?? [];
    sent.push({
      url: new URL(url),
      method: init.method,
      headers: init.headers,
      body: init.body === undefined ? undefined : JSON.parse(init.body),
      init,
    });
    if (step instanceof Error) throw step;
    return typeof step === "function"
      ? step(url, init)
      : answer({ data: step, meta: { record_count: step.length, page_count: 1 } })();
  };
  return { fetch, sent };
}

/** Resolves with the error that a call rejects with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}
