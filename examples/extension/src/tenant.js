/** The tenant that the extension works with: the login, and the rotations of its connectors. */

import { ConductorOne, deviceLogin, webStore } from "keyturn";
import { connectorProvider, indexedDBJournal, openLifecycle } from "keyturn/lifecycle";
import { byHand } from "./by-hand.js";

const MINUTE = 60_000;

/** Returns the name of a connector as a target of the lifecycle. */
export const nameOf = ({ appId, connectorId }) => `${appId}/${connectorId}`;

export class Tenant {
  #panels;
  #minutes;
  #changed;
  #journal;
  #lifecycles = new Map();
  #closed = new AbortController();
  client;

  /**
   * @param {{ origin: string, clientID: string, minutes: number }} settings the tenant's origin, the OAuth client that
   *   people log in to, and how long an old credential stays valid
   * @param {string} session the name of the login: whoever has it finds the token in `chrome.storage.session`
   * @param {import("./panels.js").Panels} panels
   * @param {() => void} changed called when a rotation has progressed
   */
  constructor({ origin, clientID, minutes }, session, panels, changed) {
    this.#panels = panels;
    this.#minutes = minutes;
    this.#changed = changed;
    this.#journal = indexedDBJournal({ name: `keyturn ${origin}` });
    this.client = new ConductorOne({
      serverURL: origin,
      // In memory, and not accessible to content scripts; `local` would be written to disk.
      tokenStore: webStore(chrome.storage.session),
      credentials: deviceLogin({
        clientID,
        session,
        signal: this.#closed.signal,
        onCode({ userCode, verificationUri, verificationUriComplete }) {
          if (!panels.open) throw new Error("nobody is there to log in");
          panels.say({ code: { userCode, url: verificationUriComplete ?? verificationUri } });
        },
      }),
    });
    this.origin = origin;
    this.session = session;
  }

  /** Yields all connectors, app by app. */
  async *connectors() {
    for await (const app of this.client.apps.list()) {
      if (!app.id) continue;
      for await (const { connector } of this.client.connector.list({ appId: app.id })) {
        if (!connector?.id) continue;
        const target = { appId: app.id, connectorId: connector.id };
        yield {
          name: nameOf(target),
          app: app.displayName ?? app.id,
          connector: connector.displayName ?? connector.id,
        };
      }
    }
  }

  /** Returns the targets in the journal. */
  async targets() {
    return (await this.#journal.streams()).map(({ stream }) => stream);
  }

  /** Returns the lifecycle of one connector. */
  of(name) {
    let lifecycle = this.#lifecycles.get(name);
    if (lifecycle) return lifecycle;
    const [appId, connectorId] = name.split("/");
    const provider = connectorProvider({ client: this.client, appId, connectorId });
    const panels = this.#panels;
    lifecycle = openLifecycle({
      journal: this.#journal,
      worker: "extension",
      targets: {
        [name]: {
          sinks: [byHand(`${this.origin} ${name}`, name, panels)],
          // If the worker is stopped while a person looks at the secret, the next one finds it in the panel.
          provider: {
            ...provider,
            recalls: true,
            async recall(id, signal) {
              if (!panels.open) throw new Error("the panel is closed");
              const facts = await provider.look(id, signal);
              return facts && panels.pair(facts.clientId);
            },
          },
          // People need time to store a secret; requests have the client's own limit.
          policy: { grace: this.#minutes * MINUTE, callDeadline: 5 * MINUTE },
        },
      },
    });
    this.#lifecycles.set(name, lifecycle);
    void this.#follow(lifecycle);
    return lifecycle;
  }

  /** Returns the status of each target in the journal. */
  async status() {
    const all = [];
    for (const name of await this.targets()) all.push(...(await this.of(name).status()));
    return all;
  }

  async close() {
    this.#closed.abort();
    await Promise.all([...this.#lifecycles.values()].map((lifecycle) => lifecycle.close()));
    await this.#journal.close();
    this.client.close();
  }

  async #follow(lifecycle) {
    for await (const _ of lifecycle.events()) this.#changed();
  }
}
