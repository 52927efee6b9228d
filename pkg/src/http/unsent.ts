/**
 * Determines how far a request without a response got. Before a request is written, its host is looked up, a connection
 * is made and, for https, a handshake takes place in which the server presents its certificate. If one of these steps
 * failed, nothing was sent.
 */

import { isOwn } from "../base/errors.js";

/** The step at which a request failed, if that was before it was written. */
export interface Unsent {
  /**
   * `certificate`: the server's certificate is not trusted; `request`: the platform refused to send the request. In
   * both cases another attempt does not help.
   */
  readonly step: "connection" | "certificate" | "request";
  /** Why the certificate was refused, as the platform's code. */
  readonly why: string;
}

/** The system calls that precede any writing, by the names that Node gives them. */
const CALLS = /^(connect|bind|socket|getaddrinfo|query[A-Z]\w*)$/;
/** Codes that occur only while a connection is made: of the system, of undici, of proxies, of permissions. */
const CODES =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EADDRNOTAVAIL|ENETDOWN|UND_ERR_(CONNECT_TIMEOUT|CLOSED|BPL_MISSING_UPSTREAM|PRX_TLS)|ERR_PROXY_(TUNNEL|INVALID_CONFIG)|ConnectionRefused|FailedToOpenSocket)$/;
/**
 * Codes of a `fetch` that refuses its arguments, and of mocks without a matching response: neither has sent anything.
 */
const REFUSED = /^(UND_ERR_(INVALID_ARG|NOT_SUPPORTED)|UND_MOCK_ERR_MOCK_NOT_MATCHED|ERR_NOCK_NO_MATCH)$/;
/** The errors that OpenSSL reports about a certificate, and Node about the host name in it. */
const CERTIFICATE =
  /^(UNABLE_TO_|CERT_|CRL_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|ERROR_IN_C|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;
/**
 * Codes that OpenSSL gives only to failures of a handshake: alerts, except those that may also come later (RFC 8446,
 * 6.2), and what it does not accept of a server. A record that is malformed may also follow the request.
 */
const HANDSHAKE =
  /ALERT_(?!.*(MAC|DECRYPT|DECOD|OVERFLOW|INTERNAL|UNEXPECTED|CLOSE|CANCEL|RENEG))|SUPPORTED_PROTOCOL|UNSAFE_LEGACY|TOO_(SMALL|WEAK)/;
/**
 * Errors without a code, which are recognized by their message: those of hyper, on which Deno is built, of Node's
 * sockets, of Bun, of undici for a proxy that refuses a tunnel and for ports that browsers block, and of node-fetch. An
 * HTTP/2 stream that the server refused was sent, but not processed (RFC 9113, 8.7).
 */
const WORDS =
  /NGHTTP2_REFUSED_STREAM|refused stream before processing|client error \(Connect\)|fatal alert: (\w*Certificate|UnknownCA|AccessDenied)|before secure TLS connection was established|^(E[A-Z]+: )?Unable to connect\.|when HTTP Tunneling|^bad port$|Requests to port \d+ are blocked|reason: (connect|getaddrinfo) /;

const NAMES = ["name", "message", "code", "syscall", "erroredSysCall", "permission", "errors", "cause"] as const;

type Facts = { [name in (typeof NAMES)[number]]?: unknown };

/** How many errors are examined: thrown errors may refer to one another in any way. */
const MOST = 64;

/** Reads the properties of an error. One that cannot be read is left out. */
function factsOf(error: object): Facts {
  const facts: Facts = {};
  for (const name of NAMES) {
    try {
      facts[name] = (error as Facts)[name];
    } catch {
      // A getter that throws, or a proxy.
    }
  }
  return facts;
}

/**
 * Returns the step at which a request that was never sent failed; `undefined` if it may have arrived. This depends on
 * the errors' properties, not on their class: in a test runner's sandbox or a frame, the platform's errors are those of
 * another realm. Browsers and workerd give no details, so there every request may have arrived. An error of this
 * package belongs to another call, and says nothing about this one.
 */
export function unsent(
  error: unknown,
  known = new Map<unknown, Unsent | undefined>(),
  outer?: unknown,
): Unsent | undefined {
  if (typeof error !== "object" || error === null || isOwn(error)) return undefined;
  if (known.has(error) || known.size >= MOST) return known.get(error);
  // A circular reference says nothing by itself.
  known.set(error, undefined);
  const facts = factsOf(error);
  const found = stepOf(facts, outer) ?? ofAll(facts.errors, known) ?? unsent(facts.cause, known, facts.message);
  known.set(error, found);
  return found;
}

/** Handles an error for several addresses: nothing was sent only if none of them was reached. */
function ofAll(errors: unknown, known: Map<unknown, Unsent | undefined>): Unsent | undefined {
  if (!Array.isArray(errors) || errors.length > MOST) return undefined;
  const all = errors.map((one) => unsent(one, known));
  return all.every((one) => one !== undefined) ? all[0] : undefined;
}

/** @param outer The message of the error whose cause this is. */
function stepOf(
  { name, message, code, syscall, erroredSysCall, permission }: Facts,
  outer: unknown,
): Unsent | undefined {
  const [text, word] = [message, code].map((value) => (typeof value === "string" ? value : "")) as [string, string];
  const connection: Unsent = { step: "connection", why: "" };
  if (CERTIFICATE.test(word)) return { step: "certificate", why: word };
  const found = /invalid peer certificate: (\w+)/.exec(text);
  if (found) return { step: "certificate", why: found[1] as string };
  if (/^(ERR_SSL_|EPROTO$)/.test(word)) {
    // A failed handshake fails the write that waits for it. undici writes only after the handshake, in which a server
    // without TLS is found out by the version of its first record. Bun calls every failure of TLS one of the handshake.
    const first = /\bwrite EPROTO\b/.test(text) || (outer === "fetch failed" && /WRONG_VERSION/.test(word));
    return first || HANDSHAKE.test(word) ? connection : undefined;
  }
  const call = syscall ?? erroredSysCall;
  if (typeof call === "string") return CALLS.test(call) ? connection : undefined;
  if (REFUSED.test(word)) return { step: "request", why: "" };
  const refused = name === "NotCapable" || (word === "ERR_ACCESS_DENIED" && permission === "Net");
  const unreachable = /^E(HOST|NET)UNREACH$/.test(word) && !/\b(read|write) E/.test(text);
  return refused || unreachable || CODES.test(word) || WORDS.test(text) ? connection : undefined;
}

/** Explains why a certificate was refused, and what to do about it. */
export function aboutCertificate(why: string): { message: string; hint: string } {
  const hint = /expired|not_?yet_?valid/i.test(why)
    ? "It has expired or is not valid yet: check this machine's clock, and the server's certificate."
    : /altname|hostname|forname/i.test(why)
      ? "It was issued for another host: check serverURL and tenantDomain."
      : "If your own proxy or authority signed it, trust that: NODE_EXTRA_CA_CERTS=authority.pem for Node and Bun, " +
        "DENO_CERT=authority.pem for Deno, or a dispatcher in `fetchOptions`. Do not disable the check: tokens are sent here.";
  return { message: `the server's certificate is not trusted (${why})`, hint };
}
