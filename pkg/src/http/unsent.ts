/**
 * How far a request without an answer got. Before a request is written its host is looked up, a connection is made and, for https,
 * a handshake is held in which the server shows its certificate: what failed in one of these was never sent.
 */

/** Where the request ended, if that was before it was written. */
export interface Unsent {
  /** `certificate`: the server's certificate is not trusted, and another attempt does not help. */
  readonly step: "connection" | "certificate";
  /** Why a certificate is refused, as the platform's code. */
  readonly why: string;
}

/** The system calls that come before anything is written, by the names that Node gives them. */
const CALLS = /^(connect|bind|socket|getaddrinfo|query[A-Z]\w*)$/;
/** Codes that only making a connection produces: of the system, of undici, of proxies, of permissions. */
const CODES =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EADDRNOTAVAIL|ENETDOWN|UND_ERR_(CONNECT_TIMEOUT|CLOSED|INVALID_ARG|PRX_TLS)|ERR_PROXY_(TUNNEL|INVALID_CONFIG)|ConnectionRefused|FailedToOpenSocket)$/;
/** The errors that OpenSSL finds in a certificate, and Node in the name in it. */
const CERTIFICATE =
  /^(UNABLE_TO_|CERT_|CRL_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|ERROR_IN_C|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;
/** TLS errors that a connection can also have after its handshake. All others are of the handshake alone (RFC 8446, 6.2). */
const AFTER_HANDSHAKE = /mac|decrypt|decod|overflow|internal|unexpected|eof|clos|shutdown|cancel|reneg/i;
/**
 * Errors that carry no code are known by their words: those of hyper, which Deno's are made of, of Node's sockets, of Bun, of undici
 * for a proxy that refuses a tunnel and for ports that no browser connects to, and of node-fetch.
 */
const WORDS =
  /client error \(Connect\)|before secure TLS connection was established|^(E[A-Z]+: )?Unable to connect\.|when HTTP Tunneling|^bad port$|Requests to port \d+ are blocked|reason: (connect|getaddrinfo) /;

interface Facts {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  syscall?: unknown;
  erroredSysCall?: unknown;
  reason?: unknown;
  permission?: unknown;
  errors?: unknown;
  cause?: unknown;
}

/**
 * Where a request that was never sent ended; `undefined` if it may have arrived. The properties of errors count, not
 * their class: in a test runner's sandbox or a frame the platform's errors are those of another realm. Browsers and workerd do not
 * say, so there every request may have arrived.
 */
export function unsent(error: unknown, depth = 0): Unsent | undefined {
  if (typeof error !== "object" || error === null || depth > 8) return undefined;
  const facts = error as Facts;
  const { errors, cause } = facts;
  const own = stepOf(facts);
  if (own) return own;
  // It may be that none of several addresses was reached.
  const all = Array.isArray(errors) ? errors.map((one) => unsent(one, depth + 1)) : [];
  if (all.length > 0 && all.every((one) => one !== undefined)) return all[0];
  return unsent(cause, depth + 1);
}

function stepOf({ name, message, code, syscall, erroredSysCall, reason, permission }: Facts): Unsent | undefined {
  const [text, word] = [message, code].map((value) => (typeof value === "string" ? value : "")) as [string, string];
  const connection: Unsent = { step: "connection", why: "" };
  if (CERTIFICATE.test(word)) return { step: "certificate", why: word };
  const found = /invalid peer certificate: (\w+)/.exec(text);
  if (found) return { step: "certificate", why: found[1] as string };
  if (/^(ERR_SSL_|EPROTO$)/.test(word))
    return AFTER_HANDSHAKE.test(`${word} ${reason} ${text}`) ? undefined : connection;
  const call = syscall ?? erroredSysCall;
  if (typeof call === "string") return CALLS.test(call) ? connection : undefined;
  const refused = name === "NotCapable" || (word === "ERR_ACCESS_DENIED" && permission === "Net");
  const unreachable = /^E(HOST|NET)UNREACH$/.test(word) && !/\b(read|write) E/.test(text);
  return refused || unreachable || CODES.test(word) || WORDS.test(text) ? connection : undefined;
}

/** Why a certificate is refused, and what to do about it. */
export function aboutCertificate(why: string): { message: string; hint: string } {
  const hint = /expired|not_?yet_?valid/i.test(why)
    ? "It has expired or is not valid yet: check this machine's clock, and the server's certificate."
    : /altname|hostname|forname/i.test(why)
      ? "It was issued for another host: check serverURL and tenantDomain."
      : "If your own proxy or authority signed it, trust that: NODE_EXTRA_CA_CERTS=authority.pem for Node and Bun, " +
        "DENO_CERT=authority.pem for Deno, or a dispatcher in `fetchOptions`. Do not disable the check: tokens are sent here.";
  return { message: `the server's certificate is not trusted (${why})`, hint };
}
