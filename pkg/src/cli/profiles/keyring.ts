/**
 * The system's keyring, through the optional peer dependency `@napi-rs/keyring`, which is loaded when a secret is first
 * read or stored.
 */

/** The service name in the keyring. */
const SERVICE = "keyturn";

/** The part of the peer dependency that is used. */
interface Peer {
  readonly AsyncEntry: new (
    service: string,
    account: string,
    options?: { linux?: { store: "secret-service" } },
  ) => {
    setPassword(secret: string): Promise<void>;
    getPassword(): Promise<string | null | undefined>;
    deletePassword(): Promise<boolean>;
  };
}

/** A keyring. */
export interface Keyring {
  /** Stores a secret and reads it back. Throws if they differ. */
  put(account: string, secret: string): Promise<void>;
  get(account: string): Promise<string | undefined>;
  /** Removes a secret. Does nothing if there is none. */
  remove(account: string): Promise<void>;
}

/** Loads the keyring; `undefined` without the peer dependency. Whether the system has one shows on first use. */
export async function keyring(): Promise<Keyring | undefined> {
  const peer = await load();
  if (peer === undefined) return undefined;
  // The keyring of the Linux kernel loses everything when the machine restarts.
  const entry = (account: string) => new peer.AsyncEntry(SERVICE, account, { linux: { store: "secret-service" } });
  return {
    async put(account, secret) {
      const one = entry(account);
      await one.setPassword(secret);
      if ((await one.getPassword()) !== secret)
        throw new Error("the keyring does not return the value that was stored in it");
    },
    async get(account) {
      return (await entry(account).getPassword()) ?? undefined;
    },
    async remove(account) {
      await entry(account).deletePassword();
    },
  };
}

async function load(): Promise<Peer | undefined> {
  // Resolved from where this package is installed, never from the current folder, which somebody else may control.
  const name = "@napi-rs/keyring";
  try {
    const peer = (await import(name)) as Peer & { readonly default?: Peer };
    return peer.AsyncEntry === undefined ? peer.default : peer;
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (code === "ERR_MODULE_NOT_FOUND" && message?.includes(name)) return undefined;
    throw error;
  }
}
