/**
 * The key of DPoP (RFC 9449). The platform creates it so that its private half cannot be read; the core determines what
 * to sign.
 */

import { ConfigurationError } from "../base/errors.js";
import type { PlatformKey } from "../base/platform.js";
import type { Session as Handle } from "../generated/core-glue.js";
import { base64url, sha256, subtle } from "./crypto.js";

/** How requests are proven. */
export interface DpopOptions {
  /** `ES256`, which every runtime has, or `EdDSA` (Ed25519), which most have. Default: `ES256`. */
  algorithm?: "ES256" | "EdDSA" | undefined;
  /**
   * Your own key pair, to use the same key again later (IndexedDB can store it without being able to read it) or in
   * several clients. Its public half must be extractable, its private half should not be. Default: a new pair for each
   * client.
   */
  keyPair?: { privateKey: PlatformKey; publicKey: PlatformKey } | undefined;
}

const ALGORITHMS = {
  ES256: { make: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
  EdDSA: { make: { name: "Ed25519" }, sign: { name: "Ed25519" } },
} as const;

interface Key {
  readonly private: CryptoKey;
  readonly sign: AlgorithmIdentifier | EcdsaParams;
  readonly x: string;
  readonly y: string | undefined;
}

/** Signs proofs. @internal */
export class Prover {
  readonly #options: DpopOptions;
  #making: Promise<Key> | undefined;
  #key: Key | undefined;
  /** The public key, in the form whose hash is its thumbprint. */
  #jwk = "";
  /** The last token and its hash: many requests use the same token. */
  #hashed: readonly [token: string, hash: string] | undefined;

  constructor(options: DpopOptions) {
    const { algorithm, keyPair } = options;
    subtle("dpop");
    if (algorithm !== undefined && !Object.hasOwn(ALGORITHMS, algorithm))
      throw unusable("algorithm", "the algorithm must be ES256 or EdDSA");
    if (keyPair) check(keyPair, algorithm);
    // The key pair is copied now, so later changes to the caller's object do not matter.
    this.#options = { algorithm, keyPair: keyPair && { ...keyPair } };
  }

  /** Resolves when the key exists. */
  async ready(): Promise<void> {
    this.#key ??= await (this.#making ??= make(this.#options));
  }

  /** Passes the public half to the core. */
  bind(handle: Handle): void {
    if (this.#key) this.#jwk = handle.bind(this.#key.x, this.#key.y ?? null);
  }

  /** Returns the thumbprint of the key (RFC 7638). */
  async thumbprint(): Promise<string> {
    return base64url(await sha256(this.#jwk, "dpop"));
  }

  /** Returns the hash that binds a proof to a token. */
  async hash(token: string): Promise<string> {
    if (this.#hashed?.[0] !== token) this.#hashed = [token, base64url(await sha256(token, "dpop"))];
    return this.#hashed[1];
  }

  /** Signs the core's input, and returns the complete proof. */
  async sign(input: string): Promise<string> {
    const key = this.#key as Key;
    const signature = await subtle("dpop").sign(key.sign, key.private, new TextEncoder().encode(input));
    return `${input}.${base64url(new Uint8Array(signature))}`;
  }

  /** Releases the key and the hashes. */
  forget(): void {
    this.#key = undefined;
    this.#making = undefined;
    this.#hashed = undefined;
  }
}

const unusable = (reason: string, message: string, cause?: unknown): ConfigurationError =>
  new ConfigurationError("dpop", reason, `dpop: ${message}`, { cause });

const NO_PAIR =
  "the key pair must be P-256 or Ed25519, with a private key that signs and a public key that can be exported";

/** Checks the properties of a key pair. Only a server can find out whether its halves belong together. */
function check({ privateKey, publicKey }: NonNullable<DpopOptions["keyPair"]>, algorithm: string | undefined): void {
  const [own, other] = [privateKey, publicKey].map((key) => {
    const { name, namedCurve } = (key?.algorithm ?? {}) as { name?: string; namedCurve?: string };
    return name === "Ed25519" ? "EdDSA" : name === "ECDSA" && namedCurve === "P-256" ? "ES256" : undefined;
  });
  const fits = privateKey?.type === "private" && publicKey?.type === "public" && publicKey.extractable;
  if (!own || own !== other || !fits || !privateKey.usages.includes("sign")) throw unusable("key", NO_PAIR);
  if (algorithm && own !== algorithm) throw unusable("key", "the key pair does not match the algorithm");
}

async function make({ algorithm, keyPair }: DpopOptions): Promise<Key> {
  const given = keyPair && (keyPair.privateKey.algorithm.name === "Ed25519" ? "EdDSA" : "ES256");
  const { make, sign } = ALGORITHMS[given ?? algorithm ?? "ES256"];
  let pair: CryptoKeyPair;
  try {
    pair = keyPair ?? ((await subtle("dpop").generateKey(make, false, ["sign", "verify"])) as CryptoKeyPair);
  } catch (error) {
    throw unusable("algorithm", "this runtime cannot create such a key; ES256 works everywhere", error);
  }
  try {
    const { x, y } = await subtle("dpop").exportKey("jwk", pair.publicKey);
    if (!x) throw new TypeError("another kind of key");
    return { private: pair.privateKey, sign, x, y: make.name === "ECDSA" ? y : undefined };
  } catch (error) {
    throw unusable("key", NO_PAIR, error);
  }
}
