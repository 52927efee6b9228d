/** The origins that a request to a server was sent to. */

/**
 * Returns the origin of a request's URL, and the one that its `Host` header names: Next.js builds the URL from its own
 * configuration, not from what the browser sent. A page can set neither its `Host` nor its `Origin` header.
 */
export function ownOrigins(request: Request): readonly string[] {
  const { origin, protocol } = new URL(request.url);
  const host = request.headers.get("host");
  return host ? [origin, `${protocol}//${host}`] : [origin];
}
