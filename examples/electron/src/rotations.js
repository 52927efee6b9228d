/**
 * Connectors, and the rotations of their credentials into env files. The journal is a folder of the program's own data.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectorProvider, openLifecycle } from "keyturn/lifecycle";
import { directoryJournal, envFile } from "keyturn/lifecycle/node";

export class Rotations {
  #client;
  #folder;
  #grace;
  #lifecycles = new Map();
  #known = new Map();

  /**
   * @param {import("keyturn").ConductorOne} client
   * @param {string} folder where the journal and the names of the files are
   * @param {import("keyturn/lifecycle").LifecycleDuration} grace how long an old credential stays valid
   */
  constructor(client, folder, grace = "24h") {
    this.#client = client;
    this.#folder = folder;
    this.#grace = grace;
  }

  /** Returns all connectors, with the state of their rotations. */
  async list() {
    const found = [];
    const files = await this.#files();
    for await (const app of this.#client.apps.list())
      for await (const { connector } of this.#client.connector.list({ appId: app.id })) {
        const name = `${app.id}/${connector.id}`;
        this.#known.set(name, { appId: app.id, connectorId: connector.id });
        const [status] = files[name] ? await this.#of(name, files[name]).status() : [];
        found.push({
          name,
          app: app.displayName,
          connector: connector.displayName,
          state: status?.progress.state ?? "none",
        });
      }
    return found;
  }

  /**
   * Rotates the credential of a connector that was listed.
   *
   * @param {() => Promise<string | undefined>} chooseFile asks for the file that the connector reads, the first time
   */
  async rotate(name, chooseFile) {
    if (!this.#known.has(name)) throw new Error("no such connector");
    const files = await this.#files();
    const file = files[name] ?? (await chooseFile());
    if (!file) return undefined;
    if (!files[name]) await writeFile(this.#filesPath, JSON.stringify({ ...files, [name]: file }));
    const { state } = await this.#of(name, file).rotate(name);
    return { state, file };
  }

  /** Continues the rotations in progress; called by a timer. */
  async advance() {
    for (const [name, file] of Object.entries(await this.#files())) await this.#of(name, file).advance(name);
  }

  async close() {
    await Promise.all([...this.#lifecycles.values()].map((lifecycle) => lifecycle.close()));
    this.#client.close();
  }

  get #filesPath() {
    return join(this.#folder, "files.json");
  }

  async #files() {
    return JSON.parse(await readFile(this.#filesPath, "utf8").catch(() => "{}"));
  }

  #of(name, file) {
    let lifecycle = this.#lifecycles.get(name);
    if (lifecycle) return lifecycle;
    const [appId, connectorId] = name.split("/");
    lifecycle = openLifecycle({
      journal: directoryJournal(join(this.#folder, "journal")),
      worker: "desktop",
      targets: {
        [name]: {
          provider: connectorProvider({ client: this.#client, appId, connectorId }),
          sinks: [envFile({ path: file })],
          policy: { grace: this.#grace },
        },
      },
    });
    this.#lifecycles.set(name, lifecycle);
    return lifecycle;
  }
}
