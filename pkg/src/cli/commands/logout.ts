/** `keyturn logout`: revokes the credential that `keyturn login` created, and removes the profile. */

import { KeyturnError } from "../../base/errors.js";
import { c1Client } from "../clients.js";
import type { Context } from "../context.js";
import { CommandError, EXIT, exitOf, UsageError } from "../exit.js";
import type { Given } from "../given.js";
import { type Api, allProfiles, DEFAULT_PROFILE, type Profile, removeProfile } from "../profiles.js";

/** Logs out. */
export async function run(context: Context, given: Given): Promise<void> {
  const api = (given.args[0] ?? "c1") as Api;
  const name = given.text("profile") ?? DEFAULT_PROFILE;
  const profiles = (await allProfiles(context)).filter((one) => one.api === api);
  const profile = profiles.find((one) => one.name === name);
  if (profile === undefined)
    throw new UsageError(`there is no profile ${name} for ${api}`, {
      hint:
        profiles.length > 0
          ? `The profiles are ${profiles.map((one) => one.name).join(", ")}.`
          : "There is nothing to log out of.",
    });
  const ends = profile.made && !given.flag("local");
  if (ends) {
    await context.confirm(`This revokes the credential ${profile.clientId} everywhere it is used. Continue?`);
    await end(context, profile);
  }
  // Removed last: while the credential may be valid, the profile is needed to revoke it.
  await removeProfile(context, profile);
  const validity = profile.made
    ? "it stays valid until it expires or is revoked"
    : "it stays valid, since `keyturn login` did not create it";
  await context.say(`logged out: removed the profile ${name}`);
  await context.say(`the credential ${profile.clientId}: ${ends ? "it can no longer log in" : validity}`);
}

async function end(context: Context, { name, api, clientId }: Profile): Promise<void> {
  const c1 = await c1Client(context, { api, profile: name });
  try {
    await c1.personalClient.delete({ id: clientId.split("@")[0] ?? "" }, { signal: context.signal });
  } catch (error) {
    // The credential is already revoked: it cannot even log in.
    if (KeyturnError.is(error) && ["not_found", "authentication_failed", "unauthorized"].includes(error.kind)) {
      if (error.kind === "not_found" || reasonOf(error) === "invalid_client") return;
    }
    const code = exitOf(error);
    throw new CommandError(
      code === EXIT.usage ? EXIT.failed : code,
      `${clientId} could not be revoked: ${(error as Error).message}`,
      {
        cause: error,
        hint: `Revoke it in C1, among your API keys, and remove the profile with: keyturn logout --profile ${name} --local`,
      },
    );
  } finally {
    c1.close();
  }
}

function reasonOf(error: unknown): unknown {
  return (error as { reason?: unknown }).reason;
}
