/** The origins that a server's request was sent to. */

/**
 * The origin of a request's URL, and the one that its `Host` header names: Next builds the URL from its own configuration, not from what
 * the browser sent. A page can set neither its `Host` nor its `Origin`.
 */
export function ownOrigins(request: Request): readonly string[] {
  const { origin, protocol } = new URL(request.url);
  const host = request.headers.get("host");
  return host ? [origin, `${protocol}//${host}`] : [origin];
}
