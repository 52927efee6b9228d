// A process of its own rotates, with the journal in a folder and a `.env` file as its sink, and is killed before and after each call that
// it makes to one of them or to the control plane. Another process goes on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { installed } from "../lib/installed.mjs";
import { Clock, ControlPlane } from "../lib/lifecycle-world.mjs";

const folder = installed();
const worker = fileURLToPath(new URL("../lib/lifecycle-worker.mjs", import.meta.url));
const START = 1_700_000_000_000;

let scratch;
let server;
const planes = new Map();

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), "keyturn-kill-"));
  server = createServer(async (request, response) => {
    const [, plane, method] = request.url.split("/");
    const body = JSON.parse(await text(request));
    const { provider } = planes.get(plane);
    const call = {
      issue: () => provider.issue(body),
      search: () => provider.search(body),
      look: () => provider.look(body.id),
      list: () => provider.list(),
      login: () => provider.login(body),
      end: () => provider.end(body.id),
    }[method];
    response.end(JSON.stringify({ value: await call() }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(scratch, { recursive: true });
});

/** A place of its own for one rotation. */
async function place(name) {
  const control = new ControlPlane({ clock: new Clock(START) });
  planes.set(name, control);
  const first = control.make("by hand");
  const env = join(scratch, `${name}.env`);
  await writeFile(env, `# kept\nBATON_CLIENT_ID=${first.clientId}\nBATON_CLIENT_SECRET=${first.secret}\n`);
  const url = `http://127.0.0.1:${server.address().port}/${name}`;
  /** What a process says at its end; `undefined` if it was killed. */
  const run = async (at, command, point = "") => {
    const args = [worker, folder, join(scratch, name), env, url, String(at), command, String(point)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const [said, errors, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    if (signal === "SIGKILL") return undefined;
    assert.equal(code, 0, errors);
    return JSON.parse(said);
  };
  const works = async () => {
    const lines = await readFile(env, "utf8");
    assert.match(lines, /^# kept$/m);
    const value = (variable) => new RegExp(`^${variable}=(.*)$`, "m").exec(lines)?.[1];
    const pair = { clientId: value("BATON_CLIENT_ID"), clientSecret: value("BATON_CLIENT_SECRET") };
    assert.ok(control.accepts(pair), `the sink's pair logs in: ${pair.clientId}`);
    return pair.clientId;
  };
  return { control, run, works };
}

test("a rotation is killed before and after each of its calls, and another process finishes it", async (t) => {
  const whole = await place("whole");
  const { progress, passed } = await whole.run(START, "rotate");
  assert.equal(progress.last, "done");
  t.diagnostic(`${passed} points`);
  assert.ok(passed >= 20);

  const points = Array.from({ length: passed }, (_, point) => point);
  const next = async () => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) {
      const { control, run, works } = await place(`point-${point}`);
      assert.equal(await run(START, "rotate", point), undefined, `it is killed at ${point}`);
      await works();
      let at = START + 1000;
      let said = await run(at, "advance");
      for (let turn = 0; said.progress.state === "waiting" && turn < 10; turn++) {
        await works();
        at = Math.max(at, said.progress.until);
        said = await run(at, "advance");
      }
      assert.equal(said.progress.state, "idle", `${point}: ${JSON.stringify(said)}`);
      assert.equal(said.broken, null);
      const held = await works();
      const alive = control.alive();
      assert.equal(alive.length, 1, `${point}: ${alive}`);
      assert.equal(held, `${alive[0]}@host`);
      const markers = control.calls.filter(([method]) => method === "issue").map(([, marker]) => marker);
      assert.equal(new Set(markers).size, markers.length, `${point}: ${markers}`);
      if (said.progress.rotation === 1) assert.equal(said.progress.last, "done");
    }
  };
  await Promise.all([next(), next()]);
});
