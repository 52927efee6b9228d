// The command is killed a hundred times at random moments while it rotates, and the next one continues. In the end, the
// file contains a pair that logs in, and the control plane has no other credential of the target.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { run, scratch, setOn, smallest, start } from "../lib/cli.mjs";
import { installed } from "../lib/installed.mjs";

const { keyturn, lifecycle, sandbox } = await import(pathToFileURL(join(installed(), "load.mjs")).href);
const { ConductorOne } = keyturn;
const { connectorProvider, openLifecycle } = lifecycle;
const { directoryJournal, envFile } = await import(
  pathToFileURL(join(installed(), "node_modules/keyturn/pkg/dist/esm/lifecycle-node.js")).href
);

const KILLS = 100;
const LANES = 4;
/** The number of kills in a row before the rotation is finished. */
const IN_A_ROW = 4;
/** A limit above the number of steps that any rotation needs. */
const MOST_STEPS = 12;
const seed = Number(process.env.KEYTURN_SEED ?? Date.now() % 1_000_000);

/** Returns a generator of numbers from 0 to below 1 for a seed (mulberry32). */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const NAME = "github-production";

/** A separate tenant, folder and clock. */
class Lane {
  cwd = scratch("kill");
  offset = 0;
  kills = 0;
  late = 0;
  helped = 0;

  constructor(number) {
    this.random = dice(seed + number);
  }

  async open() {
    this.server = await sandbox.serveSandbox();
    const { url, clientId, clientSecret, appId, connectorId } = this.server;
    this.env = {
      CONDUCTORONE_SERVER_URL: url,
      CONDUCTORONE_CLIENT_ID: clientId,
      CONDUCTORONE_CLIENT_SECRET: clientSecret,
    };
    writeFileSync(join(this.cwd, "keyturn.json"), smallest({ appId, connectorId, credential: "unused" }));
    this.before = new Set(this.alive());
    this.nobody = new ConductorOne({ clientID: clientId, clientSecret, serverURL: url });
  }

  async close() {
    this.nobody.close();
    await this.server.close();
    rmSync(this.cwd, { recursive: true });
  }

  /** Returns the ids of the connector's credentials that can log in. */
  alive() {
    const { connectorId } = this.server;
    return this.server.sandbox
      .snapshot()
      .connectorCredentials.filter((one) => one.connectorId === connectorId && (one.deletedAt ?? null) === null)
      .map(({ id }) => id);
  }

  get options() {
    const now = new Date(Date.now() + this.offset).toISOString();
    return { cwd: this.cwd, env: { ...this.env, KEYTURN_NOW: now } };
  }

  /** Returns the number of the target's events. */
  events() {
    const folder = join(this.cwd, "keyturn-journal/streams", NAME);
    return existsSync(folder) ? readdirSync(folder).length : 0;
  }

  /** Starts a command and kills it, after some time or when it has written some events. */
  async kill(...args) {
    const { child, done } = start(args, this.options);
    const [first, wanted] = [this.events(), Math.floor(this.random() * 6)];
    const delay = this.random() * (wanted === 0 ? 500 : 12);
    const kill = () => setTimeout(() => child.kill("SIGKILL"), delay);
    const watch =
      wanted === 0
        ? kill()
        : setInterval(() => {
            if (this.events() < first + wanted) return;
            clearInterval(watch);
            kill();
          }, 4);
    const { signal } = await done;
    clearInterval(watch);
    // A process that ended by itself does not count as a kill.
    if (signal === "SIGKILL") this.kills++;
    else this.late++;
  }

  /** Advances both clocks. */
  async wait(ms) {
    this.offset += ms;
    await setOn(this.server.url, ms);
  }

  /**
   * Returns the state of the rotation as another process sees it. The library reads it here, since a command for each
   * look would take longer than all the killed commands.
   */
  async status() {
    const { appId, connectorId } = this.server;
    const lifecycle = openLifecycle({
      journal: directoryJournal(join(this.cwd, "keyturn-journal")),
      targets: {
        [NAME]: {
          // The control plane is not called, so these credentials need not be valid.
          provider: connectorProvider({ client: this.nobody, appId, connectorId }),
          // The name must be the one that the command gives the sink; any other name would count as an added sink.
          sinks: [envFile({ path: join(this.cwd, "github.env"), name: "file:./github.env" })],
        },
      },
      clock: { now: () => Date.now() + this.offset },
    });
    const [status] = await lifecycle.status();
    await lifecycle.close();
    return status;
  }

  /** Does what a person would do about a stopped rotation. */
  async help({ progress, credentials }) {
    const { reason } = progress;
    const unseen = this.alive().filter((id) => !this.before.has(id) && !credentials.some((one) => one.id === id));
    const remedies = {
      "too-many-intents": ["resume", NAME],
      "outcome-unknown": [
        "settle",
        NAME,
        "--yes",
        ...(unseen.length > 0 ? unseen.map((id) => `--found=${id}`) : ["--none"]),
      ],
    };
    assert.ok(remedies[reason], JSON.stringify(progress));
    this.helped++;
    const { status, stderr } = await run(remedies[reason], this.options);
    assert.ok([0, 4, 6, 7].includes(status), stderr);
  }

  /** Finishes the rotation, and checks the result. */
  async settle() {
    for (let step = 0; ; step++) {
      assert.ok(step < MOST_STEPS, "the rotation comes to no end");
      const found = await this.status();
      const { progress } = found;
      if (progress.state === "idle") break;
      if (progress.state === "stopped") {
        await this.help(found);
        continue;
      }
      if (progress.state === "waiting") await this.wait(Math.max(0, progress.until - Date.now() - this.offset) + 1000);
      const { stderr, status } = await run(["advance"], this.options);
      assert.ok([0, 4, 6, 7].includes(status), `advance ended with ${status}: ${stderr}`);
    }
    const { current } = await this.status();
    // Killed before it started the first rotation.
    if (current === undefined) return;
    const text = readFileSync(join(this.cwd, "github.env"), "utf8");
    const [, clientID, clientSecret] = /^BATON_CLIENT_ID=(\S+)\nBATON_CLIENT_SECRET=(\S+)$/m.exec(text);
    assert.equal(current.clientId, clientID);
    const clock = { now: () => Date.now() + this.offset };
    const client = new ConductorOne({ clientID, clientSecret, serverURL: this.server.url, clock });
    await client.authenticate();
    client.close();
    const made = this.alive().filter((id) => !this.before.has(id));
    assert.deepEqual(made, [current.id], "a credential was left alive, or the wrong one ended");
  }

  async go() {
    while (this.kills < KILLS / LANES) {
      await this.kill("rotate", NAME);
      for (let more = 1; more < IN_A_ROW; more++) {
        // While a rotation waits, each of these commands would end at once.
        if (this.random() < 0.6) await this.wait(Math.floor(this.random() * 30 * 3_600_000));
        await this.kill(this.random() < 0.5 ? "advance" : "rotate", NAME);
      }
      await this.settle();
    }
    const { stdout, status } = await run(["journal", "verify", "-o", "json"], this.options);
    assert.equal(status, 0, stdout);
  }
}

test(`a hundred times (KEYTURN_SEED=${seed})`, async (t) => {
  const lanes = Array.from({ length: LANES }, (_, number) => new Lane(number));
  await Promise.all(
    lanes.map(async (lane) => {
      await lane.open();
      try {
        await lane.go();
      } finally {
        await lane.close();
      }
    }),
  );
  const sum = (field) => lanes.reduce((all, lane) => all + lane[field], 0);
  t.diagnostic(
    `${sum("kills")} kills, ${sum("late")} commands that ended before, ${sum("helped")} times a person was needed`,
  );
  assert.ok(sum("kills") >= KILLS);
});
