// A journal in a folder that was restored from a backup, copied, moved or truncated. What was issued after the backup
// is not issued again: the control plane shows it, or a person checks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { installed } from "../lib/installed.mjs";
import { Clock, ControlPlane, MemorySink, settled } from "../lib/lifecycle-world.mjs";

const require = createRequire(join(installed(), "load.cjs"));
const { openLifecycle } = require("keyturn/lifecycle");
const { declareRestored, directoryJournal } = require("keyturn/lifecycle/node");

const scratch = await mkdtemp(join(tmpdir(), "keyturn-restore-"));
after(() => rm(scratch, { recursive: true }));

const DAY = 86_400_000;
const RESTORED = ["stopped", "refused", "provider_failed:restored"];
const NEWER = ["stopped", "refused", "provider_failed:newer_credential"];
const seen = ({ state, reason, about }) => [state, reason, about];

/** What a control plane can show: a list, records of a period, credentials with a marker, or nothing. */
const PLANES = {
  lists: { evidence: false, list: true },
  records: { evidence: true, list: false },
  marked: { evidence: true, list: false },
  mute: { evidence: false, list: false },
};

/** The ways in which a folder is restored: each copies a folder to a path that does not exist. */
const COPIES = {
  "cp -a": (from, to) => execFileSync("cp", ["-a", from, to]),
  tar: async (from, to) => {
    execFileSync("tar", ["-C", from, "-cpf", `${to}.tar`, "."]);
    await mkdir(to);
    execFileSync("tar", ["-C", to, "-xpf", `${to}.tar`]);
  },
  cp: (from, to) => cp(from, to, { recursive: true, preserveTimestamps: true }),
};

/** Creates a target with one credential, which the journal knows. */
async function world(plane, { readback = "pair" } = {}) {
  const folder = join(await mkdtemp(join(scratch, "w-")), "journal");
  const clock = new Clock();
  const control = new ControlPlane({ clock, ...plane });
  const made = (is) => [...control.credentials.values()].filter(is);
  if (plane === PLANES.records)
    control.provider.search = async ({ from, until }) =>
      made(({ marker, createdAt }) => marker !== "by hand" && createdAt >= from && createdAt <= until);
  if (plane === PLANES.marked)
    control.provider.listIssued = async (prefix) => made(({ marker }) => marker.startsWith(prefix));
  const place = new MemorySink({ readback });
  const { clientId, secret } = control.make("by hand");
  place.put({ clientId, clientSecret: secret });
  const opened = [];
  const open = ({ journal, ...options } = {}) => {
    const lifecycle = openLifecycle({
      journal: journal ?? directoryJournal(folder, { noticeCopies: true, ...options }),
      clock,
      targets: {
        app: {
          provider: control.provider,
          sinks: [place.sink],
          policy: { grace: "1h", backoff: 1000, maxBackoff: 4000 },
        },
      },
    });
    opened.push(lifecycle);
    return lifecycle;
  };
  const first = open();
  await first.adopt("app", "c0");
  await first.close();
  return { folder, clock, control, place, open };
}

const issues = ({ control }) => control.calls.filter(([method]) => method === "issue").map(([, marker]) => marker);

/** Rotates once a day, and copies the folder after each event of the first rotation. */
async function rotated(it, rounds) {
  const copies = [];
  const journal = directoryJournal(it.folder, { noticeCopies: true });
  const copying = {
    read: (...args) => journal.read(...args),
    streams: () => journal.streams(),
    guard: (...args) => journal.guard(...args),
    append: async (stream, sequence, event) => {
      const stored = await journal.append(stream, sequence, event);
      const [copy, method] = [`${it.folder}-${sequence}`, Object.keys(COPIES)[sequence % 3]];
      await COPIES[method](it.folder, copy);
      copies.push({ copy, method, sequence, word: JSON.parse(event).event });
      return stored;
    },
  };
  for (let round = 0; round < rounds; round++) {
    it.clock.pass(DAY);
    const lifecycle = it.open(round === 0 ? { journal: copying } : {});
    await lifecycle.rotate("app");
    assert.equal((await settled(it, lifecycle)).last, "done");
    await lifecycle.close();
  }
  it.clock.pass(DAY);
  return copies;
}

for (const [kind, plane] of Object.entries(PLANES))
  for (const readback of ["pair", "none"])
    for (const rounds of [1, 2])
      test(`restored after any event of a rotation, nothing is issued again (${kind}, sink: ${readback}, ${rounds})`, async () => {
        const it = await world(plane, { readback });
        const copies = await rotated(it, rounds);
        assert.deepEqual(
          ["planned", "issuing", "issued", "delivered", "grace", "retiring", "done"].filter(
            (word) => !copies.some((copy) => copy.word === word),
          ),
          [],
        );
        const { control, place } = it;
        const { provider } = control;
        const credentials = structuredClone([...control.credentials]);
        const sink = { pair: place.pair, version: place.version, kept: new Map(place.kept) };
        for (const { copy, method, sequence, word } of copies) {
          const where = `restored by ${method} after event ${sequence}, ${word}`;
          control.credentials = new Map(structuredClone(credentials));
          Object.assign(place, { ...sink, kept: new Map(sink.kept) });
          await rm(it.folder, { recursive: true });
          await COPIES[method](copy, it.folder);
          control.calls = [];
          let noticed = 0;
          control.provider = {
            ...provider,
            issue: async (intent) => {
              const known = (await lifecycle.status(["app"]))[0].credentials.map(({ id }) => id);
              assert.deepEqual(
                control.alive().filter((id) => !known.includes(id)),
                [],
                `${where}: issued without knowing`,
              );
              assert.ok(!credentials.some(([, { marker }]) => marker === intent.marker), `${where}: issued again`);
              return provider.issue(intent);
            },
            end: async (...args) => {
              await provider.end(...args);
              assert.ok(control.accepts(place.pair), `${where}: ended what the sink has`);
            },
          };
          const lifecycle = it.open({ onRestored: () => noticed++ });
          let progress = await settled(it, lifecycle);
          if (progress.state === "idle" && issues(it).length === 0) {
            await lifecycle.rotate("app");
            progress = await settled(it, lifecycle);
          }
          const [{ current }] = await lifecycle.status(["app"]);
          if (progress.state === "idle") assert.deepEqual(control.alive(), [current.id], where);
          else assert.equal(progress.state, "stopped", where);
          // Without records or a list, or if a later rotation is missing, a person has to check.
          const asks = kind === "mute" || (rounds === 2 && kind !== "records" && readback === "pair");
          if (asks) assert.equal(progress.state, "stopped", where);
          assert.ok(control.accepts(place.pair), where);
          assert.equal(noticed, 1, where);
          await lifecycle.close();
        }
      });

test("a copy is noticed once, and a person's answer counts until the next one", async () => {
  const it = await world(PLANES.mute);
  for (const [round, copy] of Object.values(COPIES).entries()) {
    const backup = `${it.folder}-${round}`;
    await copy(it.folder, backup);
    // The file system may give the copy the number of the original file.
    await rm(it.folder, { recursive: true });
    await copy(backup, it.folder);
    let noticed = 0;
    const [one, other] = [0, 1].map(() => it.open({ onRestored: () => noticed++ }));
    const before = issues(it).length;
    assert.deepEqual(seen(await one.rotate("app")), RESTORED);
    await other.resume("app");
    assert.deepEqual(seen(await other.advance("app")).slice(0, 1), ["waiting"]);
    assert.equal(issues(it).length, before + 1);
    await settled(it, other);
    // The next rotation needs no person.
    await one.rotate("app");
    assert.equal((await settled(it, one)).last, "done");
    assert.equal(noticed, 1);
    it.clock.pass(DAY);
    for (const lifecycle of [one, other]) await lifecycle.close();
  }
});

test("a move within a file system is no restore, and one that copies is dismissed", async () => {
  const it = await world(PLANES.mute);
  const away = `${it.folder}-moved`;
  await rename(it.folder, away);
  await rename(away, it.folder);
  const moved = it.open();
  await moved.rotate("app");
  assert.equal((await settled(it, moved)).last, "done");
  await moved.close();

  await COPIES["cp -a"](it.folder, away);
  await rm(it.folder, { recursive: true });
  await rename(away, it.folder);
  const copied = it.open();
  assert.deepEqual(seen(await copied.rotate("app")), RESTORED);
  await declareRestored(it.folder, { lost: false });
  await copied.rollback("app");
  await copied.rotate("app");
  assert.equal((await settled(it, copied)).last, "done");
  await copied.close();

  // If a list shows that nothing is missing, no person is needed.
  const listed = await world(PLANES.lists);
  await COPIES.cp(listed.folder, away);
  await rm(listed.folder, { recursive: true });
  await rename(away, listed.folder);
  let noticed = 0;
  const lifecycle = listed.open({ onRestored: () => noticed++ });
  await lifecycle.rotate("app");
  assert.equal((await settled(listed, lifecycle)).last, "done");
  assert.equal(noticed, 1);
  await lifecycle.close();
});

/** Rotates, removes the events of that rotation, and declares a restore. */
async function forget(it) {
  const stream = join(it.folder, "streams/app");
  const kept = await readdir(stream);
  const lifecycle = it.open();
  await lifecycle.rotate("app");
  await settled(it, lifecycle);
  await lifecycle.close();
  for (const name of await readdir(stream)) if (!kept.includes(name)) await rm(join(stream, name));
  await declareRestored(it.folder);
}

test("newer files that were only removed are declared", async () => {
  const it = await world(PLANES.mute, { readback: "none" });
  await forget(it);
  const next = it.open();
  const before = issues(it);
  assert.notDeepEqual(before, []);
  assert.deepEqual(seen(await next.rotate("app")), RESTORED);
  assert.deepEqual(issues(it), before);
  await next.close();
});

test("a list and a sink show what is missing", async () => {
  const it = await world(PLANES.lists);
  it.clock.pass(DAY);
  await forget(it);
  const next = it.open();
  const before = issues(it);
  assert.deepEqual(seen(await next.rotate("app")), NEWER);
  assert.deepEqual(issues(it), before);
  // As in the runbook: nothing was issued, so this only ends the rotation.
  await next.rollback("app");
  await next.adopt("app", "c1");
  assert.equal((await settled(it, next)).state, "idle");
  assert.deepEqual(it.control.alive(), ["c1"]);
  await next.rotate("app");
  assert.equal((await settled(it, next)).last, "done");
  await next.close();
});

test("a process under which the folder is restored issues nothing", async () => {
  const it = await world(PLANES.mute);
  const backup = `${it.folder}-backup`;
  await COPIES["cp -a"](it.folder, backup);
  const lifecycle = it.open();
  await lifecycle.rotate("app");
  await settled(it, lifecycle);
  await rm(it.folder, { recursive: true });
  await COPIES["cp -a"](backup, it.folder);
  const before = issues(it);
  await assert.rejects(lifecycle.rotate("app"), { code: "journal_failed", reason: "gap" });
  assert.deepEqual(issues(it), before);
  await lifecycle.close();
});

test("a journal of an earlier version, which does not state its folder, continues", async () => {
  const it = await world(PLANES.mute);
  await rm(join(it.folder, "places"), { recursive: true });
  const lifecycle = it.open({ onRestored: () => assert.fail("it was not restored") });
  await lifecycle.rotate("app");
  assert.equal((await settled(it, lifecycle)).last, "done");
  const [name, ...others] = await readdir(join(it.folder, "places"));
  assert.deepEqual(others, []);
  const place = JSON.parse(await readFile(join(it.folder, "places", name), "utf8"));
  assert.deepEqual(Object.keys(place), ["inode", "born"]);
  await lifecycle.close();
});

test("a folder that is not there cannot be declared", async () => {
  const nowhere = join(scratch, "nowhere");
  await assert.rejects(declareRestored(nowhere), { code: "journal_failed", reason: "unavailable", path: nowhere });
});

test("without `noticeCopies`, a copy goes on as the folder did, and a declaration still counts", async () => {
  const it = await world(PLANES.mute);
  const away = `${it.folder}-away`;
  const copy = async () => {
    await COPIES["cp -a"](it.folder, away);
    await rm(it.folder, { recursive: true });
    await rename(away, it.folder);
  };
  await copy();
  const plain = { noticeCopies: false };
  const lifecycle = it.open(plain);
  // A credential that somebody creates by hand meanwhile stops nothing.
  it.clock.pass(DAY);
  it.control.make("by hand");
  await lifecycle.rotate("app");
  assert.equal((await settled(it, lifecycle)).last, "done");
  await lifecycle.close();
  await declareRestored(it.folder);
  await copy();
  const next = it.open(plain);
  assert.deepEqual(seen(await next.rotate("app")), RESTORED);
  await next.close();
});
