/** POST /keyturn: the calls of the page. */

export async function POST(request) {
  // Not at the top level: `next build` evaluates this module without credentials.
  const { proxy } = await import("../../server/keyturn.js");
  return proxy(request);
}
