/** The session that the link from the terminal opens. */

/** The header that carries the session in each request. */
const HEADER = "x-keyturn-session";
/**
 * The key in `sessionStorage`. The session lasts as long as the tab, and is worthless once the server stops and forgets
 * it.
 */
const KEPT = "keyturn-session";

/** What the server reports about itself. */
export interface About {
  readonly config: string;
  readonly journal: string;
  /** Its time, in milliseconds since 1970. */
  readonly now: number;
  /** Whether the configuration has changed since the server read it at its start. */
  readonly changed: boolean;
}

/** An open session. */
export interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly about: About;
}

/**
 * Opens the session of the link in the address, or resumes that of this tab. Returns `undefined` if there is none that
 * the server knows.
 */
export async function openSession(): Promise<Session | undefined> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) {
    // Keep the token out of the history and of copied addresses.
    history.replaceState(null, "", "#/");
    const opened = await fetch("/_keyturn/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (opened.ok) sessionStorage.setItem(KEPT, ((await opened.json()) as { session: string }).session);
  }
  const session = sessionStorage.getItem(KEPT);
  if (session === null) return undefined;
  const headers = { [HEADER]: session };
  const about = await aboutOf(headers);
  return about && { headers, about };
}

/** Fetches what the server reports about itself; returns `undefined` if it does not know the session. */
export async function aboutOf(headers: Session["headers"]): Promise<About | undefined> {
  const response = await fetch("/_keyturn/about", { headers });
  return response.ok ? ((await response.json()) as About) : undefined;
}
