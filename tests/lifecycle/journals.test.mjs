// The journal in a folder: what holds for every journal, and what happens when processes are killed, disks are full, or
// files have changed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../xtask/steps.mjs";
import { installed } from "../lib/installed.mjs";

const folder = installed();
const { testJournal } = createRequire(join(folder, "load.cjs"))("keyturn/lifecycle/testing");
// As ES modules, so that they call the replacements of functions of `node:fs/promises`.
const { directoryJournal, JournalError } = await import(
  pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm/lifecycle-node.js")).href
);

const scratch = await mkdtemp(join(tmpdir(), "keyturn-journals-"));
after(() => rm(scratch, { recursive: true }));
const fresh = () => mkdtemp(join(scratch, "j-"));
/** Returns the path of a folder that does not exist yet. */
const place = async () => join(await fresh(), "deep/journal");
const file = (journal, stream, sequence) =>
  join(journal, "streams", stream, `${String(sequence).padStart(10, "0")}.json`);

describe("a journal in a folder", () => {
  testJournal(test, async () => {
    const own = await place();
    return { open: () => directoryJournal(own) };
  });
});

test("the conformance tests find journals that do not hold their promises", async () => {
  const { memoryJournal } = createRequire(join(folder, "load.cjs"))("keyturn/lifecycle");
  const failures = async (change) => {
    const failed = [];
    const runs = [];
    testJournal(
      (name, run) => runs.push([name, run]),
      () => {
        const journal = memoryJournal();
        const open = () => ({ ...journal, ...change(journal) });
        return { open };
      },
    );
    for (const [name, run] of runs) await run().catch(() => failed.push(name));
    return failed;
  };
  assert.deepEqual(await failures(() => ({})), []);
  for (const [fault, change] of Object.entries({
    "says yes to a number that is taken": (j) => ({
      append: async (...args) => (await j.append(...args)) || true,
    }),
    forgets: () => ({ append: async () => true }),
    "folds case": (j) => ({
      append: (stream, ...rest) => j.append(stream.toLowerCase(), ...rest),
      read: (stream, from) => j.read(stream.toLowerCase(), from),
    }),
    "trims events": (j) => ({ read: async (...args) => (await j.read(...args)).map((event) => event.trim()) }),
    "counts from zero": (j) => ({ read: (stream, from) => j.read(stream, from + 1) }),
    "gives one version for ever": (j) => ({
      streams: async () => (await j.streams()).map(({ stream }) => ({ stream, version: "1" })),
    }),
    "compares and then sets": (j) => ({
      append: async (stream, sequence, event) => {
        const taken = (await j.read(stream, sequence)).length > 0;
        await new Promise((resolve) => setTimeout(resolve));
        await j.append(stream, sequence, event);
        return !taken;
      },
    }),
  }))
    assert.notDeepEqual(await failures(change), [], fault);
});

const worker = (journal, stream, writer, count) => {
  const args = [join(root, "tests/lib/journal-worker.mjs"), folder, journal, stream, writer, String(count)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = [];
  const reader = createInterface(child.stdout).on("line", (line) => lines.push(line));
  return { child, lines, done: Promise.all([once(child, "exit"), once(reader, "close")]) };
};

test("four processes append 50 events each to one stream, and none is lost", async () => {
  const journal = await place();
  const workers = ["a", "b", "c", "d"].map((writer) => worker(journal, "s", writer, 50));
  await Promise.all(workers.map(({ done }) => done));
  const events = await directoryJournal(journal).read("s", 1);
  assert.equal(events.length, 200);
  assert.equal(new Set(events).size, 200);
  const acknowledged = workers.flatMap(({ lines }) => lines);
  assert.equal(acknowledged.length, 200);
  for (const line of acknowledged) {
    const [sequence, event] = line.split(" ");
    assert.ok(events[Number(sequence) - 1].startsWith(`${event}:`), line);
  }
  assert.deepEqual(await readdir(join(journal, "temporary")), []);
});

test("processes that are killed while they append lose nothing that was acknowledged, and leave nothing torn", async () => {
  const journal = await place();
  const acknowledged = [];
  for (let kill = 0; kill < 15; kill++) {
    const workers = ["a", "b"].map((writer) => worker(journal, "s", `${kill}${writer}`, 1_000_000));
    // The processes are killed at whatever they do after some events, a little later each time.
    await once(createInterface(workers[0].child.stdout), "line");
    for (let turn = 0; turn < kill * 37; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const { child } of workers) child.kill("SIGKILL");
    for (const { done, lines } of workers) {
      await done;
      acknowledged.push(...lines);
    }
  }
  assert.ok(acknowledged.length >= 15);
  const events = await directoryJournal(journal).read("s", 1);
  for (const line of acknowledged) {
    const [sequence, event] = line.split(" ");
    assert.ok(events[Number(sequence) - 1].startsWith(`${event}:`), line);
  }
  for (const event of events) assert.match(event, /^\d+[ab]:\d+:x{2000}$/);
});

test("temporary files of dead processes are removed, and those of living ones are not", async () => {
  const journal = await place();
  await directoryJournal(journal).append("s", 1, "e");
  const [old, young] = ["old", "young"].map((name) => join(journal, "temporary", name));
  for (const path of [old, young]) await writeFile(path, "half of an ev");
  const { mtimeMs } = await stat(young);
  await utimes(old, (mtimeMs - 120_000) / 1000, (mtimeMs - 120_000) / 1000);
  assert.deepEqual(await directoryJournal(journal).read("s", 1), ["e"]);
  assert.equal(await directoryJournal(journal).append("s", 2, "f"), true);
  assert.deepEqual(await readdir(join(journal, "temporary")), ["young"]);
});

/** Runs something while a function of `node:fs/promises` is replaced, or of `node:fs` if it is a synchronous one. */
async function replaced(name, replacement, work) {
  const module = name.endsWith("Sync") ? fs : fs.promises;
  const original = module[name];
  module[name] = (...args) => replacement(original, ...args);
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    module[name] = original;
    syncBuiltinESMExports();
  }
}
const fails = (code) => async () => {
  throw Object.assign(new Error(`${code}: it fails`), { code });
};

test("a process that was stopped while it wrote, and whose file was removed, writes again", async () => {
  const journal = await place();
  await directoryJournal(journal).append("s", 1, "e");
  let times = 0;
  const stopped = async (link, from, to) => {
    if (times++ === 0) await rm(from);
    return link(from, to);
  };
  assert.equal(await replaced("link", stopped, () => directoryJournal(journal).append("s", 2, "f")), true);
  assert.equal(times, 2);
  assert.deepEqual(await directoryJournal(journal).read("s", 1), ["e", "f"]);
});

test("a link that was made although its answer says otherwise counts as made", async () => {
  const journal = await place();
  const lying = async (link, from, to) => {
    await link(from, to);
    throw Object.assign(new Error("EEXIST"), { code: "EEXIST" });
  };
  assert.equal(await replaced("link", lying, () => directoryJournal(journal).append("s", 1, "e")), true);
});

test("a file that cannot be read is an error that names it", async () => {
  const journal = await place();
  for (const sequence of [1, 2]) await directoryJournal(journal).append("s", sequence, "e");
  const denied = () => {
    throw Object.assign(new Error("EACCES"), { code: "EACCES" });
  };
  for (const name of ["readFileSync", "statSync", "readFile", "stat"]) {
    const error = await replaced(name, denied, () => directoryJournal(journal).read("s", 1)).then(
      assert.fail,
      (e) => e,
    );
    assert.deepEqual([error.name, error.reason, error.outcome], ["JournalError", "denied", "none"]);
    assert.ok(error.path.startsWith(journal));
  }
});

for (const [name, code, reason, outcome] of [
  ["open", "ENOSPC", "full", "none"],
  ["open", "EDQUOT", "full", "none"],
  ["open", "EROFS", "read_only", "none"],
  ["open", "EACCES", "denied", "none"],
  ["mkdir", "EROFS", "read_only", "none"],
  ["link", "EOPNOTSUPP", "unsupported", "unknown"],
  ["link", "ENOSPC", "full", "unknown"],
  ["link", "EIO", "unavailable", "unknown"],
]) {
  test(`${code} of ${name}() is an error that names the file`, async () => {
    const journal = await place();
    await directoryJournal(journal).append("other", 1, "e");
    const later = directoryJournal(journal);
    const error = await replaced(name, fails(code), () => later.append("s", 1, "e")).then(assert.fail, (e) => e);
    assert.ok(error instanceof JournalError);
    assert.deepEqual([error.code, error.reason, error.cause.code], ["journal_failed", reason, code]);
    assert.ok(error.path.startsWith(journal) && error.message.includes(error.path), error.message);
    if (name !== "open") assert.equal(error.outcome, outcome);
    // No partial event is left, and the next attempt succeeds.
    assert.deepEqual(await later.read("s", 1), []);
    assert.equal(await later.append("s", 1, "e"), true);
  });
}

describe("files that are not what they were", () => {
  const three = async () => {
    const journal = await place();
    for (const sequence of [1, 2, 3]) await directoryJournal(journal).append("s", sequence, `e${sequence}`);
    return journal;
  };
  const refused = async (journal, reason, path) => {
    const error = await directoryJournal(journal)
      .read("s", 1)
      .then(assert.fail, (e) => e);
    assert.deepEqual([error.name, error.reason, error.path], ["JournalError", reason, path]);
    assert.ok(error.message.includes(path) && error.hint !== "", error.message);
  };

  for (const [what, content] of [
    ["empty", ""],
    ["cut off", "e"],
    ["not UTF-8", Buffer.from([0xff, 0x0a])],
  ]) {
    test(`an event's file that is ${what}`, async () => {
      const journal = await three();
      await writeFile(file(journal, "s", 2), content);
      await refused(journal, "torn", file(journal, "s", 2));
    });
  }

  test("an event's file that is missing", async () => {
    const journal = await three();
    await rm(file(journal, "s", 2));
    await refused(journal, "gap", file(journal, "s", 2));
  });

  test("a file of somebody else, but not one that some system hides there", async () => {
    const journal = await three();
    await writeFile(join(journal, "streams/s/.nfs0001"), "");
    await writeFile(join(journal, "streams/.DS_Store"), "");
    assert.deepEqual(await directoryJournal(journal).read("s", 1), ["e1", "e2", "e3"]);
    assert.equal((await directoryJournal(journal).streams()).length, 1);
    await cp(file(journal, "s", 1), join(journal, "streams/s/copy.json"));
    await refused(journal, "foreign", join(journal, "streams/s/copy.json"));
    await rm(join(journal, "streams/s/copy.json"));
    await mkdir(join(journal, "streams/Not a stream"));
    await assert.rejects(directoryJournal(journal).streams(), {
      reason: "foreign",
      path: join(journal, "streams/Not a stream"),
    });
  });

  test("a file where the journal's folder should be", async () => {
    const path = join(await fresh(), "file");
    await writeFile(path, "");
    for (const call of [(j) => j.append("s", 1, "e"), (j) => j.read("s", 1), (j) => j.streams()]) {
      const error = await call(directoryJournal(path)).then(assert.fail, (e) => e);
      assert.deepEqual([error.name, error.reason], ["JournalError", "foreign"]);
    }
  });
});

test("a folder that is made but has no event is no stream", async () => {
  const journal = await place();
  await directoryJournal(journal).append("s", 1, "e");
  await mkdir(join(journal, "streams/empty"));
  assert.deepEqual(await directoryJournal(journal).streams(), [{ stream: "s", version: "1" }]);
});

test("a stream's name that is too long for a folder is refused with its length", async () => {
  const journal = directoryJournal(await place());
  await assert.rejects(journal.append("\u{1f511}".repeat(22), 1, "e"), { reason: "invalid", message: /264 bytes/ });
  await assert.rejects(journal.append("half \ud800", 1, "e"), { reason: "invalid" });
  await assert.rejects(journal.append("s", 1, "half \ud800"), { reason: "invalid" });
});

test("only its owner can read what is stored", async () => {
  const journal = await place();
  await directoryJournal(journal).append("s", 1, "e");
  for (const path of [journal, join(journal, "streams"), join(journal, "streams/s")])
    assert.equal((await stat(path)).mode & 0o777, 0o700);
  assert.equal((await stat(file(journal, "s", 1))).mode & 0o777, 0o600);
  assert.equal(await readFile(file(journal, "s", 1), "utf8"), "e\n");
});

test("each event is synced before it has its name, and its name before anyone is told", async () => {
  const journal = directoryJournal(await place());
  await journal.append("s", 1, "e");
  const steps = [];
  const watched = async (open, path, flags, mode) => {
    const handle = await open(path, flags, mode);
    for (const name of ["datasync", "sync"]) {
      const original = handle[name].bind(handle);
      handle[name] = async () => {
        await original();
        steps.push(name);
      };
    }
    return handle;
  };
  const linking = async (link, from, to) => {
    await link(from, to);
    steps.push("link");
  };
  await replaced("open", watched, () => replaced("link", linking, () => journal.append("s", 2, "f")));
  assert.deepEqual(steps, ["datasync", "link", "sync"]);
});

test("a number that is taken is vouched for: the name of what has it is durable before that is said", async () => {
  const journal = await place();
  // The file has its name, but the system fails to make that durable.
  const { open } = fs.promises;
  const refusing = async (original, ...args) => {
    const handle = await original(...args);
    if (args[1] === "r")
      handle.sync = async () => {
        throw Object.assign(new Error("EIO"), { code: "EIO" });
      };
    return handle;
  };
  const first = directoryJournal(journal);
  await first.append("s", 1, "e");
  const failed = (promise) => promise.then(assert.fail, (error) => error);
  const lost = await failed(replaced("open", refusing, () => first.append("s", 2, "f")));
  assert.deepEqual([lost.code, lost.outcome], ["journal_failed", "unknown"]);
  // The next writer is not told that the number is taken while the file can still be lost.
  const again = await failed(replaced("open", refusing, () => directoryJournal(journal).append("s", 2, "f")));
  assert.equal(again.outcome, "unknown");
  let synced = 0;
  const counting = async (original, ...args) => {
    const handle = await original(...args);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      if (String(args[0]).endsWith(join("streams", "s"))) synced++;
    };
    return handle;
  };
  assert.equal(await replaced("open", counting, () => directoryJournal(journal).append("s", 2, "f")), false);
  assert.equal(synced, 1);
  assert.deepEqual(await first.read("s", 1), ["e", "f"]);
  assert.equal(fs.promises.open, open);
});

test("two configurations of one folder, by its name and by a link to it, are one journal; a link that leads elsewhere is not gone on with", async () => {
  const base = await fresh();
  const [real, other, link] = ["real", "other", "link"].map((name) => join(base, name));
  const byName = directoryJournal(real);
  await byName.append("s", 1, "e");
  await symlink(real, link);
  const byLink = directoryJournal(link);
  assert.equal(await byLink.append("s", 1, "x"), false);
  assert.equal(await byLink.append("s", 2, "f"), true);
  assert.deepEqual(await byName.read("s", 1), ["e", "f"]);
  // The link leads to an older copy from now on: its missing events are noticed, and nothing is appended to it.
  await directoryJournal(other).append("s", 1, "e");
  await rm(link);
  await symlink(other, link);
  await assert.rejects(byLink.append("s", 3, "g"), { code: "journal_failed", reason: "gap" });
  assert.deepEqual(await directoryJournal(other).read("s", 1), ["e"]);
});

test("reading goes on from what is new: one look at the next name for each stream, no listing", async () => {
  const own = await place();
  const journal = directoryJournal(own);
  for (let sequence = 1; sequence <= 50; sequence++) await journal.append("s", sequence, "e");
  await journal.read("s", 1);
  await directoryJournal(own).append("s", 51, "new");
  let looks = 0;
  const reads = [];
  const looking = (statSync, ...args) => (looks++, statSync(...args));
  const reading = (read, ...args) => (reads.push(args[0]), read(...args));
  const listing = () => assert.fail("a stream's folder is listed");
  const events = await replaced("statSync", looking, () =>
    replaced("readFileSync", reading, () =>
      replaced("readFile", reading, () => replaced("readdir", listing, () => journal.read("s", 51))),
    ),
  );
  assert.deepEqual(events, ["new"]);
  assert.equal(reads.length, 1);
  assert.equal(looks, 2);
});
