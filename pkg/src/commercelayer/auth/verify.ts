/** Verification of tokens by the keys of the configured issuer, and no others. */

import { subtle } from "../../auth/crypto.js";
import { optionsOf } from "../../base/checked.js";
import { ConfigurationError } from "../../base/errors.js";
import type { Clock, Fetch } from "../../base/options.js";
import { Deadline, elapsed, isWorkerd, platformFetch, RULES, wait } from "../../http/transport.js";
import { InvalidTokenError, TokenError, TokenExpiredError } from "./errors.js";
import { bytesOf, type CommerceLayerJWT, jwtDecode } from "./jwt.js";
import { addresses, type PlaceOptions } from "./plan.js";

/** Options of {@link jwtVerify}. */
export interface VerifyOptions extends PlaceOptions {
  /** The issuer that the token must name. Default: the authentication server of `authURL`, `serverURL` or `domain`. */
  issuer?: string | undefined;
  /** The key to verify with, if you have it. Default: the issuer's, from its `/.well-known/jwks.json`. */
  jwk?: (Record<string, unknown> & { kid?: string }) | undefined;
  /** Also accept a token that has expired. Default: false. */
  ignoreExpiration?: boolean | undefined;
  /** How much clocks may differ, in seconds: a finite number, 0 or more. Default: 10. */
  clockToleranceSeconds?: number | undefined;
  /** The source of time. Default: the machine's clock. */
  clock?: Clock | undefined;
  /** Fetches the keys, instead of the global `fetch`. */
  fetch?: Fetch | undefined;
}

interface Algorithm {
  /** The parameters for importing a key of this kind. */
  readonly key: AlgorithmIdentifier | RsaHashedImportParams | EcKeyImportParams;
  readonly verify: AlgorithmIdentifier | EcdsaParams;
  /** The required properties of a key, and the members that define it. */
  readonly kty: string;
  readonly crv?: string;
  readonly members: readonly string[];
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RS512: {
    key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
    verify: { name: "RSASSA-PKCS1-v1_5" },
    kty: "RSA",
    members: ["n", "e"],
  },
  ES256: {
    key: { name: "ECDSA", namedCurve: "P-256" },
    verify: { name: "ECDSA", hash: "SHA-256" },
    kty: "EC",
    crv: "P-256",
    members: ["x", "y"],
  },
  EdDSA: { key: { name: "Ed25519" }, verify: { name: "Ed25519" }, kty: "OKP", crv: "Ed25519", members: ["x"] },
};

type Jwk = Readonly<Record<string, unknown>>;

/** How long fetched keys are kept; withdrawn keys are gone after this. */
const KEPT_MS = 3_600_000;
/** How long to wait before looking again for a missing key, for any caller. */
const AGAIN_MS = 60_000;
/** How long to wait after a failure before the next attempt. */
const FAILED_MS = 5_000;
const TIMEOUT_MS = 10_000;
const MOST_ISSUERS = 16;
const MOST_KEYS = 64;
const LARGEST = 1 << 20;

/** The keys of one issuer. */
class KeySet {
  readonly #url: string;
  readonly #fetch: Fetch;
  #keys = new Map<string, Jwk>();
  #imported = new Map<string, Promise<CryptoKey>>();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  /** When the set was last fetched for a key that was not in it. */
  #missedAt = Number.NEGATIVE_INFINITY;
  #failed: { readonly error: TokenError; readonly at: number } | undefined;
  #fetching: Promise<void> | undefined;

  constructor(issuer: string, fetch: Fetch) {
    this.#url = `${issuer}/.well-known/jwks.json`;
    this.#fetch = fetch;
  }

  async key(kid: string, alg: string): Promise<CryptoKey> {
    const now = elapsed();
    const missed = now - this.#fetchedAt <= KEPT_MS && !this.#keys.has(kid) && now - this.#missedAt > AGAIN_MS;
    if (missed) this.#missedAt = now;
    // A key that is present is used without waiting: forged tokens must not delay valid ones.
    if (missed || now - this.#fetchedAt > KEPT_MS || (this.#fetching && !this.#keys.has(kid))) await this.#refresh();
    const jwk = this.#keys.get(kid);
    if (!jwk) throw new InvalidTokenError("key_unknown", "the issuer has no key with the token's kid");
    const name = `${alg} ${kid}`;
    let key = this.#imported.get(name);
    if (!key) this.#imported.set(name, (key = imported(jwk, alg)));
    return key;
  }

  async #refresh(): Promise<void> {
    if (this.#failed && elapsed() - this.#failed.at < FAILED_MS) throw this.#failed.error;
    // In a Worker, one request cannot wait for another's promise.
    if (isWorkerd) return this.#load();
    this.#fetching ??= this.#load().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #load(): Promise<void> {
    const deadline = new Deadline(TIMEOUT_MS, [], true);
    // Not every `fetch` respects its signal.
    const exchange = async (): Promise<string> => {
      const init = { headers: { accept: "application/json" }, signal: deadline.signal, ...RULES };
      const response = await this.#fetch(this.#url, init);
      if (response.status !== 200) throw new Error(`the server answered ${response.status}`);
      return response.text();
    };
    try {
      const text = await wait(exchange(), deadline);
      const { keys } = JSON.parse(text.length > LARGEST ? "{}" : text) as { keys?: unknown };
      if (!Array.isArray(keys)) throw new Error("the response has no list of keys");
      const named = keys
        .slice(0, MOST_KEYS)
        .flatMap((key: Jwk | null): [string, Jwk][] => (typeof key?.kid === "string" ? [[key.kid, key]] : []));
      this.#keys = new Map(named);
      this.#imported.clear();
      this.#failed = undefined;
      this.#fetchedAt = elapsed();
    } catch (cause) {
      const error = new TokenError("keys_unreachable", `the keys at ${this.#url} could not be loaded`, { cause });
      this.#failed = { error, at: elapsed() };
      throw error;
    } finally {
      deadline.end();
    }
  }
}

const sets = new WeakMap<object, Map<string, KeySet>>();

/** Returns the key set of an issuer. Of too many, the least recently used set is dropped. */
function setOf(issuer: string, fetch: Fetch | undefined): KeySet {
  const by = fetch ?? globalThis;
  let known = sets.get(by);
  if (!known) sets.set(by, (known = new Map()));
  const set = known.get(issuer) ?? new KeySet(issuer, fetch ?? ((url, init) => platformFetch()(url, init)));
  known.delete(issuer);
  known.set(issuer, set);
  if (known.size > MOST_ISSUERS) known.delete(known.keys().next().value as string);
  return set;
}

async function imported(jwk: Jwk, alg: string): Promise<CryptoKey> {
  const { key, kty, crv, members } = ALGORITHMS[alg] as Algorithm;
  const unusable = (message: string, cause?: unknown): TokenError =>
    new InvalidTokenError("key_unusable", message, { cause });
  const other = (jwk.alg !== undefined && jwk.alg !== alg) || (jwk.use !== undefined && jwk.use !== "sig");
  if (jwk.kty !== kty || (crv && jwk.crv !== crv) || other)
    throw unusable("the issuer's key with the token's kid does not match its algorithm");
  // At least 2048 bits.
  if (kty === "RSA" && String(jwk.n).length < 342) throw unusable("the issuer's key is too short");
  const bare = Object.fromEntries([
    ["kty", kty],
    ...(crv ? [["crv", crv]] : []),
    ...members.map((name) => [name, jwk[name]]),
  ]) as JsonWebKey;
  try {
    return await subtle("jwtVerify").importKey("jwk", bare, key, false, ["verify"]);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw unusable("the issuer's key cannot be used in this runtime", error);
  }
}

/**
 * Verifies a token: its signature with a key of the issuer, the issuer, and the time. The issuer is the configured one,
 * whatever the token says; its keys are fetched once and kept for an hour.
 *
 * @returns The token in its parts.
 * @throws {@link TokenError}; `reason` says what is wrong. {@link ConfigurationError} for a tolerance or a time that is
 *   not a number: a comparison with one would pass or fail by accident.
 */
export async function jwtVerify(accessToken: string, given: VerifyOptions = {}): Promise<CommerceLayerJWT> {
  const options = optionsOf("jwtVerify", given);
  const { jwk, ignoreExpiration, clockToleranceSeconds = 10, clock, fetch } = options;
  if (!(Number.isFinite(clockToleranceSeconds) && clockToleranceSeconds >= 0)) {
    const message = "clockToleranceSeconds: must be a finite number of seconds, 0 or more";
    throw new ConfigurationError("clockToleranceSeconds", "not_a_duration", message);
  }
  const decoded = jwtDecode(accessToken);
  const { alg, kid, crit } = decoded.header as Partial<CommerceLayerJWT["header"]> & { crit?: unknown };
  const server = addresses(options).auth;
  const issuer = options.issuer ?? server;
  // With `alg: none` or an HMAC secret, anybody could have signed.
  if (typeof alg !== "string" || !Object.hasOwn(ALGORITHMS, alg) || crit !== undefined) {
    throw new InvalidTokenError(
      "algorithm",
      `the token's algorithm is not supported; it must be one of ${Object.keys(ALGORITHMS).join(", ")}`,
    );
  }
  const { iss, exp, nbf } = decoded.payload as Partial<CommerceLayerJWT["payload"]>;
  if (typeof iss !== "string" || iss.replace(/\/$/, "") !== issuer.replace(/\/$/, "")) {
    throw new InvalidTokenError("issuer", `the token was not issued by ${issuer}`);
  }
  if (typeof kid !== "string" || (jwk?.kid !== undefined && jwk.kid !== kid)) {
    throw new InvalidTokenError("key_unknown", "the token names another key or none");
  }
  const key = jwk ? await imported(jwk, alg) : await setOf(server, fetch).key(kid, alg);
  const { verify } = ALGORITHMS[alg] as Algorithm;
  const signed = accessToken.trim().slice(0, accessToken.trim().lastIndexOf("."));
  const signature = bytesOf(decoded.signature) as BufferSource;
  // Runtimes treat a signature of another length differently: some return false, some throw.
  const good = await subtle("jwtVerify")
    .verify(verify, key, signature, new TextEncoder().encode(signed))
    .catch(() => false);
  if (!good) throw new InvalidTokenError("signature", "the token's signature is not the issuer's");
  const now = (clock?.now() ?? Date.now()) / 1000;
  if (!Number.isFinite(now))
    throw new ConfigurationError("clock", "not_a_time", "clock: now() did not return a number");
  if (!Number.isFinite(exp)) throw new InvalidTokenError("malformed", "the token does not say when it expires");
  // Only `true` switches the check off: a string such as "false" does not.
  if (ignoreExpiration !== true && now > (exp as number) + clockToleranceSeconds) throw new TokenExpiredError();
  if (nbf !== undefined && !(typeof nbf === "number" && now >= nbf - clockToleranceSeconds)) {
    throw new InvalidTokenError("not_yet_valid", "the token is not valid yet");
  }
  return decoded;
}
