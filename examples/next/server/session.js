/**
 * Sessions: a cookie with a user and an expiry time, signed with SESSION_SECRET. Any number of servers can share them.
 */

import "server-only";
import { createHmac, timingSafeEqual } from "node:crypto";
import { cookies } from "next/headers";

const COOKIE = "session";
const HOURS = 8;

/** The users who may sign in. A real console asks its identity provider. */
const USERS = {
  ada: { name: "Ada", rotates: true },
  ben: { name: "Ben", rotates: false },
};

/** Returns the user of the current request; `undefined` without a session. */
export async function currentUser() {
  const [id, until, signature = ""] = (await cookies()).get(COOKIE)?.value.split(".") ?? [];
  const expected = Buffer.from(sign(`${id}.${until}`));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return Date.now() < Number(until) ? USERS[id] : undefined;
}

/** Starts a session in the response to the current request. */
export async function beginSession(id) {
  if (!Object.hasOwn(USERS, id)) return;
  const session = `${id}.${Date.now() + HOURS * 3_600_000}`;
  (await cookies()).set(COOKIE, `${session}.${sign(session)}`, {
    httpOnly: true,
    sameSite: "strict",
    secure: true, // browsers keep such a cookie for http://127.0.0.1 too
    maxAge: HOURS * 3_600,
  });
}

/** Ends the session of the current request. */
export async function endSession() {
  (await cookies()).delete(COOKIE);
}

function sign(text) {
  const { SESSION_SECRET } = process.env;
  if (!SESSION_SECRET) throw new Error("SESSION_SECRET is not set: it signs the sessions");
  return createHmac("sha256", SESSION_SECRET).update(text).digest("base64url");
}
