/** Bodies of incoming requests and responses. */

/**
 * Reads the body of a request or a response, of which at most `most` bytes are held.
 *
 * @param above Called if the body is longer. Throws.
 */
export async function bounded(
  source: Request | Response,
  most: number,
  above: () => never,
): Promise<Uint8Array<ArrayBuffer>> {
  const { body, headers } = source;
  if (Number(headers.get("content-length") ?? 0) > most) {
    // Nobody waits for the cancellation.
    body?.cancel().catch(() => undefined);
    above();
  }
  if (body === undefined) {
    // Firefox has no `Request.body`. In its service workers, the memory used is the sender's own.
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

/** Returns whether a value is a `Response`, possibly of another realm. */
export function isResponse(value: unknown): value is Response {
  return value instanceof Response || Object.prototype.toString.call(value) === "[object Response]";
}
