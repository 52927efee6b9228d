/** POST /keyturn: the calls of the page. */

export async function POST(request) {
  // Not at the top: `next build` evaluates this module, where there are no credentials.
  const { proxy } = await import("../../server/keyturn.js");
  return proxy(request);
}
