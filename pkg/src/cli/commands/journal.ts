/** `keyturn journal`: reads the record of all rotations. */

import { resolve } from "node:path";
import type { LifecycleEvent, LifecycleVerification } from "../../lifecycle.js";
import { declareRestored } from "../../lifecycle-node.js";
import { namesOf, type Opened, openConfig, readConfig, workerText } from "../config.js";
import type { Context } from "../context.js";
import { type Database, openDatabase } from "../database.js";
import { EXIT, type Exit, UsageError } from "../exit.js";
import type { Given } from "../given.js";
import { momentText } from "../times.js";

/** The fields of every event; the others depend on its kind. */
const COMMON = new Set(["target", "sequence", "at", "by", "event"]);

/** `journal show`: the events of a target. */
export async function show(context: Context, given: Given): Promise<Exit> {
  await using opened = await openConfig(context, { online: "none" });
  const [name = ""] = await recorded(opened, given.args);
  const events = await opened.lifecycle.history(name);
  const last = given.count("last");
  const shown = last === undefined ? events : events.slice(Math.max(0, events.length - last));
  await context.show<LifecycleEvent>(shown, {
    columns: [
      { head: "#", text: ({ sequence }) => String(sequence) },
      { head: "AT", text: ({ at }) => momentText(at), shrinks: false },
      { head: "EVENT", text: ({ event }) => event, shrinks: false },
      { head: "BY", text: ({ by }) => workerText(by) },
      { head: "WHAT", text: detailOf },
    ],
    // With `--last 0`, the list is empty although the journal may have events.
    ...(events.length === 0 ? { empty: `the journal has no events for ${name}` } : {}),
  });
  return EXIT.done;
}

/** Returns the named targets, or all that the journal has, including those that `keyturn.json` no longer names. */
async function recorded(opened: Opened, given: readonly string[]): Promise<readonly string[]> {
  const streams = (await opened.journal.streams()).map(({ stream }) => stream);
  if (given.length === 0) return [...new Set([...opened.names, ...streams])];
  const known = new Set(streams);
  return [...new Set(given)].flatMap((name) => (known.has(name) ? [name] : namesOf(opened, [name])));
}

function detailOf(event: LifecycleEvent): string {
  return Object.entries(event)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name}=${fieldText(name, value)}`)
    .join(" ");
}

/** Formats a value of an event for people: times as dates, and credentials by their ids. */
function fieldText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" && /(?:until|at)$/i.test(name)) return momentText(value);
  const { id, clientId } = (value ?? {}) as { id?: unknown; clientId?: unknown };
  return typeof id === "string" && typeof clientId === "string" ? `${id} (${clientId})` : JSON.stringify(value);
}

/** `journal verify`: checks that no event was changed. */
export async function verify(context: Context, _given: Given): Promise<Exit> {
  await using opened = await openConfig(context, { online: "none" });
  const found = await opened.lifecycle.verify();
  await context.show<LifecycleVerification>(found, {
    columns: [
      { head: "TARGET", text: ({ target }) => target },
      { head: "EVENTS", text: ({ events }) => String(events), shrinks: false },
      {
        head: "JOURNAL",
        text: ({ broken }) =>
          broken === undefined ? "unchanged" : `broken at event ${broken.sequence}: ${broken.message}`,
        style: ({ broken }) => (broken === undefined ? "green" : "red"),
      },
    ],
    empty: "the journal is empty",
  });
  return found.some(({ broken }) => broken !== undefined) ? EXIT.journal : EXIT.done;
}

/** `journal export`: writes the events of all targets as lines of JSON. */
export async function exported(context: Context, given: Given): Promise<Exit> {
  await using opened = await openConfig(context, { online: "none" });
  const { lifecycle } = opened;
  const names = await recorded(opened, given.args);
  if (context.manner.format === "ocsf") {
    for await (const record of lifecycle.audit(names)) await context.out.write(`${JSON.stringify(record)}\n`);
    return EXIT.done;
  }
  for (const name of names) {
    const events = await lifecycle.history(name);
    await context.out.write(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  }
  return EXIT.done;
}

/** `journal migrate`: creates the tables of a fleet's database, or updates them. */
export async function migrate(context: Context, given: Given): Promise<Exit> {
  return within(context, async (database) => {
    const { schema, pool } = database;
    const [workers, readers] = [given.list("worker"), given.list("reader")];
    const { migratePostgres } = await import("../../postgres.js");
    let done: { readonly from: number; readonly to: number };
    if (given.flag("queue")) {
      const [{ migrateFleet }, { openBoss }] = await Promise.all([import("../../fleet.js"), import("./worker.js")]);
      const boss = await openBoss(context, database);
      try {
        done = await migrateFleet({ boss, database: pool, schema, workers, readers });
      } finally {
        await boss.stop({ graceful: false });
      }
    } else done = await migratePostgres(pool, { schema, workers, readers });
    await context.show([done], {
      columns: [
        { head: "FROM VERSION", text: ({ from }) => String(from) },
        { head: "TO VERSION", text: ({ to }) => String(to) },
      ],
      empty: "",
    });
    return EXIT.done;
  });
}

/** `journal restored`: records that the journal was restored from a backup, or that nothing is missing from it. */
export async function restored(context: Context, given: Given): Promise<Exit> {
  const lost = !given.flag("nothing-lost");
  const database = await openDatabase(context);
  try {
    const { where, what, declare } = database === undefined ? ofFolder(context) : ofDatabase(database);
    if (!lost)
      await context.confirm(
        `Does the journal of ${what} have every event that was ever acknowledged? If not, credentials may be issued twice.`,
      );
    await declare(lost);
    await context.err.write(
      lost
        ? `each target of ${what} now issues a credential only after a check that none is missing from the journal\n`
        : `${what} continues with this ${where} as before\n`,
    );
    return EXIT.done;
  } finally {
    await database?.close();
  }
}

/** A journal that may have been restored. */
interface Restorable {
  readonly where: "database" | "folder";
  /** The owner of the journal, for people. */
  readonly what: string;
  declare(lost: boolean): Promise<void>;
}

function ofDatabase({ fleet, schema, pool }: Database): Restorable {
  const declare = async (lost: boolean): Promise<void> =>
    (await import("../../postgres.js")).declareRestored(pool, { fleet, schema, lost });
  return { where: "database", what: `the fleet ${fleet}`, declare };
}

function ofFolder(context: Context): Restorable {
  const { name, folder, config } = readConfig(context);
  return {
    where: "folder",
    what: name,
    declare: (lost) => declareRestored(resolve(folder, config.journal), { lost }),
  };
}

/** Runs `work` with the database, for a command that does not need `keyturn.json`. */
async function within(context: Context, work: (database: Database) => Promise<Exit>): Promise<Exit> {
  const database = await openDatabase(context);
  if (database === undefined)
    throw new UsageError("this command needs a journal in a database", {
      hint: "Pass --database, or set KEYTURN_DATABASE.",
    });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
