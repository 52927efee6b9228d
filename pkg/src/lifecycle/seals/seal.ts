/** Sealed copies of answers, so that a restarted process still has the secret. */

import { type Sealer, sealer } from "../../auth/sealing.js";
import type { PlatformKey } from "../../base/platform.js";
import type { CredentialFacts, SealStore } from "../ports.js";

/**
 * A key: 16 or 32 random bytes, or an AES-GCM `CryptoKey` that encrypts and decrypts. A function is called with the
 * attempt's marker, and may return a separate key for each, such as a data key of a key management service, so that
 * destroying the key makes copies in backups unreadable.
 */
export type SealKey = Uint8Array | PlatformKey | ((marker: string) => SealKeyOfOne | Promise<SealKeyOfOne>);

/** The key of one copy. */
export type SealKeyOfOne = Uint8Array | PlatformKey;

/** The option `seal` of a lifecycle. All processes that rotate a target need the same store and key. */
export interface SealOptions {
  readonly store: SealStore;
  readonly key: SealKey;
}

/** The error for a copy that does not give its secret back. The codes are those of the journal's events. */
export class Unsealed extends Error {
  readonly code: "not_sealed" | "wrong_key";

  constructor(code: Unsealed["code"]) {
    super(code);
    this.code = code;
  }
}

/** The content of a copy. */
export interface Copy {
  readonly credential: CredentialFacts;
  readonly secret: string;
}

/** Seals copies and opens them. */
export class Seals {
  readonly #store: SealStore;
  readonly #sealer: (marker: string) => Promise<Sealer>;
  /**
   * Copies that are on their way to the store. `delete` waits for them, so that an abandoned copy does not arrive after
   * its deletion.
   */
  readonly #pending = new Map<string, Promise<void>>();

  /** @throws {@link ConfigurationError} for an invalid key. */
  constructor({ store, key }: SealOptions) {
    this.#store = store;
    if (typeof key === "function") this.#sealer = async (marker) => sealer("seal", await key(marker));
    else {
      const one = sealer("seal", key);
      this.#sealer = async () => one;
    }
  }

  put(marker: string, copy: Copy): Promise<void> {
    const put = this.#put(marker, copy).finally(() => this.#pending.delete(marker));
    this.#pending.set(
      marker,
      put.catch(() => undefined),
    );
    return put;
  }

  async #put(marker: string, copy: Copy): Promise<void> {
    const { seal } = await this.#sealer(marker);
    await this.#store.put(marker, await seal(placeOf(marker), JSON.stringify(copy)));
  }

  /** @throws {@link Unsealed}, or what the store throws. */
  async open(marker: string): Promise<Copy> {
    const sealed = await this.#store.get(marker);
    if (sealed === undefined) throw new Unsealed("not_sealed");
    const { open } = await this.#sealer(marker);
    let text: string;
    try {
      text = await open(placeOf(marker), sealed);
    } catch {
      throw new Unsealed("wrong_key");
    }
    return JSON.parse(text) as Copy;
  }

  async delete(marker: string): Promise<void> {
    await this.#pending.get(marker);
    await this.#store.delete(marker);
  }
}

function placeOf(marker: string): string {
  return `keyturn-seal-1:${marker}`;
}
