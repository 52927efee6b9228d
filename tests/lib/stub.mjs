// A server that is only a function: for responses that no sandbox gives, and for looking at what is sent.

export const SERVER = "https://tenant.conductor.one";

/** Returns a response. A body that is not a string is sent as JSON. */
export function answer(status, body, headers = {}) {
  const text =
    typeof body === "string" || body === null || body instanceof ReadableStream ? body : JSON.stringify(body);
  return () => new Response(text, { status, headers: { "content-type": "application/json", ...headers } });
}

/**
 * @param {...(object | Error | ((url: string, init: RequestInit) => unknown))} script The result of each request in
 *   turn: a value is sent as JSON, an error is thrown, a function returns a response. The last one repeats.
 * @returns {{ fetch: typeof fetch, sent: { url: string, method: string, headers: Headers, body: string | null, init: RequestInit }[] }}
 */
export function stub(...script) {
  const sent = [];
  const fetch = async (url, init = {}) => {
    const step = script[Math.min(sent.length, script.length - 1)] ?? {};
    sent.push({
      url: String(url),
      method: init.method,
      headers: new Headers(init.headers),
      body: init.body ?? null,
      init,
    });
    if (step instanceof Error) throw step;
    return typeof step === "function" ? step(url, init) : answer(200, step)();
  };
  return { fetch, sent };
}

/** Creates a client of a stub, with an access token. */
export function stubClient({ ConductorOne }, { fetch }, options = {}) {
  return new ConductorOne({ security: { bearerAuth: "a-token-for-tests" }, serverURL: SERVER, fetch, ...options });
}
