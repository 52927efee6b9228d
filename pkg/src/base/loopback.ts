/** Servers on this machine, which are reached without TLS. */

/** Returns whether a URL leads to this machine, judged by its host alone: `localhost`, `127.0.0.0/8`, `[::1]`. */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
