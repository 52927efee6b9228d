/** The session that the link from the terminal opens. */

/** The header that each request has it in. */
const HEADER = "x-keyturn-session";
/** It lasts as long as the tab does. It is worth nothing without the server, which forgets it when it stops. */
const KEPT = "keyturn-session";

/** What the server says of itself. */
export interface About {
  readonly config: string;
  readonly journal: string;
  /** Its time, in milliseconds since 1970. */
  readonly now: number;
  /** The configuration is no longer what the server read when it started. */
  readonly changed: boolean;
}

/** A session that is open. */
export interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly about: About;
}

/** Opens the session of the address's link, or takes up that of this tab. `undefined` if there is none that the server knows. */
export async function openSession(): Promise<Session | undefined> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) {
    // Neither the history nor a copied address has the token.
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

/** What the server says of itself now; `undefined` if it does not know the session. */
export async function aboutOf(headers: Session["headers"]): Promise<About | undefined> {
  const response = await fetch("/_keyturn/about", { headers });
  return response.ok ? ((await response.json()) as About) : undefined;
}
