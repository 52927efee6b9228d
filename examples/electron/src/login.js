/** The program's own credential: created once when a person logs in, and stored encrypted with the system's keychain. */

import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { ConductorOne, createPersonalClient, deviceLogin } from "keyturn";

/** Reads the stored credential; `undefined` if nobody has logged in yet. */
export async function keptLogin(file, safeStorage) {
  const encrypted = await readFile(file).catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
  return encrypted && JSON.parse((await safeStorage.decryptStringAsync(encrypted)).result);
}

/**
 * Logs in a person, who confirms a code in the browser, and creates a credential for this machine.
 *
 * @param {{ serverURL: string, program: string }} tenant its URL, and the OAuth client that people log in to
 * @param {(code: { userCode: string, url: string }) => void} onCode shows the code, and opens the browser
 */
export async function logIn(file, safeStorage, { serverURL, program }, onCode) {
  // Checked before the credential exists, since a secret that cannot be stored would be lost.
  if (!(await safeStorage.isAsyncEncryptionAvailable()) || safeStorage.getSelectedStorageBackend?.() === "basic_text")
    throw new Error(
      "this system has no keychain that can keep a secret: install one, such as GNOME Keyring or KWallet",
    );
  const person = new ConductorOne({
    serverURL,
    credentials: deviceLogin({
      clientID: program,
      onCode: ({ userCode, verificationUri, verificationUriComplete }) =>
        onCode({ userCode, url: verificationUriComplete ?? verificationUri }),
    }),
  });
  try {
    await person.authenticate();
    const { clientID, clientSecret } = await createPersonalClient(person, {
      displayName: `desktop console on ${hostname()}`,
      expiresInDays: 90,
      scopedRoles: "all",
      allowSourceCidr: "anywhere",
    });
    const login = { clientID, clientSecret: clientSecret.reveal() };
    await writeFile(file, await safeStorage.encryptStringAsync(JSON.stringify(login)), { mode: 0o600 });
    return login;
  } finally {
    person.close();
  }
}
