/** Bodies of requests and answers from outside. */

/**
 * The body of a request or an answer, of which only a limited number of bytes is held.
 *
 * @param above Called when there are more. Throws.
 */
export async function bounded(
  source: Request | Response,
  most: number,
  above: () => never,
): Promise<Uint8Array<ArrayBuffer>> {
  const { body, headers } = source;
  if (Number(headers.get("content-length") ?? 0) > most) {
    // Nobody waits for this.
    body?.cancel().catch(() => undefined);
    above();
  }
  if (body === undefined) {
    // Firefox has no streams of requests. In its service workers, who sends one also bears it.
    const all = new Uint8Array(await source.arrayBuffer());
    return all.byteLength > most ? above() : all;
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (value === undefined) break;
    length += value.byteLength;
    if (length > most) {
      reader?.cancel().catch(() => undefined);
      above();
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** Whether a value is an answer, also one of another realm. */
export function isResponse(value: unknown): value is Response {
  return value instanceof Response || Object.prototype.toString.call(value) === "[object Response]";
}
