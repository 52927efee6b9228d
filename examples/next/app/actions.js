"use server";

import { beginSession, endSession } from "../server/session.js";

export async function signIn(form) {
  await beginSession(form.get("user"));
}

export async function signOut() {
  await endSession();
}
