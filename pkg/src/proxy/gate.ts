/** The conditions that a request to a proxy must meet before anything in it is trusted. */

import { bounded } from "../base/body.js";
import { isOwn, ProxyError } from "../base/errors.js";
import { ownOrigins } from "../base/origin.js";
import { MARK } from "../http/relay.js";

/**
 * Refuses requests that no page of the application sends. A page of another site can submit a form or send simple
 * requests with the user's cookies, but neither can have this header and content type without permission by CORS, nor
 * this origin.
 *
 * @param origins The application's origins, if its server cannot tell them from a request. Default: those that the
 *   request was sent to.
 * @throws {@link ProxyError}
 */
export function admit(request: Request, origins: readonly string[] | undefined): void {
  const { method, headers } = request;
  if (method !== "POST") throw new ProxyError(`${method.slice(0, 20)} is not allowed; use POST`, 405, "method");
  if (headers.get(MARK) !== "1")
    throw new ProxyError(`the request lacks the header ${MARK}: 1, which keyturn's clients send`, 403, "cross_site");
  const origin = headers.get("origin");
  const own = origins ?? ownOrigins(request);
  const site = headers.get("sec-fetch-site");
  const named = origins !== undefined && origin !== null && origins.includes(origin);
  if (origin === null || !own.includes(origin) || (site !== null && site !== "same-origin" && !named)) {
    throw new ProxyError(
      "the request comes from a page of another origin, or from none; if another server terminates TLS, name the " +
        "application's origin in `origins`",
      403,
      "cross_site",
    );
  }
  const type = headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new ProxyError("the request's content type is not application/json", 415, "content_type");
  if (!/^(identity)?$/i.test(headers.get("content-encoding") ?? ""))
    throw new ProxyError("the request has a content encoding", 415, "content_encoding");
}

/**
 * Reads the body of a request as text.
 *
 * @param most The largest body, in bytes.
 * @throws {@link ProxyError}
 */
export async function textOf(request: Request, most: number): Promise<string> {
  if (request.bodyUsed)
    throw new ProxyError("the request's body was already consumed; in `authorize`, read a clone", 500, "failed");
  const bytes = await bounded(request, most, () => {
    throw new ProxyError(`the request is larger than ${most} bytes`, 413, "too_large");
  }).catch((error: unknown) => {
    throw isOwn(error) ? error : new ProxyError("the request was aborted", 400, "malformed");
  });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ProxyError("the request is not UTF-8", 400, "malformed");
  }
}
