/** The worker's side of the open panels: messages to them, and the secrets that they show. */

export class Panels {
  /** Each open panel, and the pairs that it shows, by client id. */
  #shown = new Map();
  /** The callbacks that wait until a pair is stored, by client id. */
  #waiting = new Map();

  /** Returns whether any panel is open. */
  get open() {
    return this.#shown.size > 0;
  }

  /** Adds a panel that has opened, or reconnected after the worker was stopped, and reports what it shows. */
  add(port, pairs) {
    this.#shown.set(port, new Map(pairs.map((pair) => [pair.clientId, pair])));
    for (const { clientId, stored } of pairs) if (stored) this.stored(clientId);
    for (const { target, pair } of this.#waiting.values()) this.#show(port, target, pair);
  }

  remove(port) {
    this.#shown.delete(port);
  }

  /** Sends a message to all panels. */
  say(message) {
    for (const port of this.#shown.keys()) port.postMessage(message);
  }

  /** Returns the pair with this client id, if a panel shows it. */
  pair(clientId) {
    for (const pairs of this.#shown.values()) {
      const pair = pairs.get(clientId);
      if (pair) return { clientId, clientSecret: pair.clientSecret };
    }
    return undefined;
  }

  /** Records that a person confirms that the pair is stored. */
  stored(clientId) {
    for (const pairs of this.#shown.values()) {
      const pair = pairs.get(clientId);
      if (pair) pair.stored = true;
    }
    this.#waiting.get(clientId)?.done();
  }

  /** Shows a pair, and resolves once a person has stored it. */
  async show(target, pair, signal) {
    const { clientId } = pair;
    for (const pairs of this.#shown.values()) if (pairs.get(clientId)?.stored) return;
    try {
      await new Promise((resolve, reject) => {
        signal.throwIfAborted();
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        this.#waiting.set(clientId, { target, pair, done: resolve });
        for (const port of this.#shown.keys()) this.#show(port, target, pair);
      });
    } finally {
      this.#waiting.delete(clientId);
    }
  }

  #show(port, target, pair) {
    const pairs = this.#shown.get(port);
    if (!pairs.has(pair.clientId)) pairs.set(pair.clientId, { ...pair, stored: false });
    port.postMessage({ show: { target, ...pair } });
  }
}
