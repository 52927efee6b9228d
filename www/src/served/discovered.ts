/** What the server finds at the tenant that is not in `keyturn.json`. */

/** A connector or an API credential, with the entry that it would get in `targets`. */
export interface Candidate {
  readonly target: string;
  readonly label: string;
  readonly api: "c1" | "commercelayer";
  readonly entry: { readonly kind: string; readonly [field: string]: unknown };
}

/** One line of the server's answer. */
export type Discovered =
  | { readonly candidate: Candidate; readonly missing?: undefined }
  | { readonly missing: { readonly what: string; readonly message: string }; readonly candidate?: undefined };

/** Lists what could become a target, until `signal` aborts that. */
export async function* discovered(
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<Discovered> {
  const response = await fetch("/_keyturn/discover", { method: "POST", headers, signal });
  if (!response.ok || response.body === null) throw new Error(String(response.status));
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Discovered;
  }
}
