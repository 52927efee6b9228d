/** `keyturn rotate`: shows what rotations would change, begins them, and continues them as far as they can go now. */

import { sayAhead, unlessClocksDiffer } from "../clocks.js";
import { namesOf, type Opened, openConfig } from "../config.js";
import type { Context } from "../context.js";
import { EXIT, type Exit, exitOf, gravest, type Interruption, UsageError } from "../exit.js";
import type { Given } from "../given.js";
import { tableText } from "../output.js";
import { pool } from "../pool.js";
import { announce, quarrelsOf } from "../rivals.js";
import { quoted } from "../shell.js";
import { spanOf } from "../times.js";
import { begin, changesOf, type Prospect, prospectsOf } from "./prospect.js";
import { exitOfOutcome, outcomesOf, readStatuses, showOutcomes } from "./report.js";
import { inWindow } from "./window.js";

/** How long current rotations may continue after Ctrl-C before their calls are aborted, in milliseconds. */
const LAST_CALLS_MS = 5000;

/** The options of the command. */
interface Wish {
  /** Every target, or every due one. */
  readonly bulk: "all" | "due" | undefined;
  readonly canary: number;
  readonly parallel: number;
  readonly stopAfter: number;
  readonly leaveUnknown: boolean;
}

/** Rotates the named targets, all, or those that are due. */
export async function run(context: Context, given: Given): Promise<Exit> {
  const bulk = given.flag("all") ? "all" : given.flag("due") ? "due" : undefined;
  if ((given.flag("all") && given.flag("due")) || (bulk === undefined) === (given.args.length === 0))
    throw new UsageError("name targets, or pass either --all or --due");
  const wish: Wish = {
    bulk,
    canary: given.count("canary") ?? 0,
    parallel: given.count("parallel") ?? 4,
    stopAfter: given.count("stop-after") ?? 1,
    leaveUnknown: given.flag("leave-unknown"),
  };
  if (wish.parallel < 1 || wish.stopAfter < 1) throw new UsageError("--parallel and --stop-after must be 1 or more");
  if (bulk !== undefined) context.unlessUnanswerable("Rotate several targets?");
  await using opened = await openConfig(context, bulk === undefined ? { online: given.args } : {});
  const names = await chosen(context, opened, given, wish);
  const { statuses } = await readStatuses(opened.lifecycle, names);
  await sayAhead(context, opened, statuses.values());
  await unlessClocksDiffer(context, opened, statuses.values());
  const quarrels = await quarrelsOf(opened, statuses.values());
  const prospects = await prospectsOf(context, opened, names, { ...wish, quarrels });
  const ready = prospects.filter(({ refusal }) => refusal === undefined);
  // If none is ready, the results alone say why.
  if (ready.length > 0 && (bulk !== undefined || context.interactive)) {
    await context.say(tableText(context.err, changesOf(context), prospects).trimEnd());
    await context.confirm(question(ready), { optional: bulk === undefined });
  }
  const errors = new Map(
    prospects.flatMap(({ target, refusal }) => (refusal === undefined ? [] : [[target, refusal]])),
  );
  const round = new Round(context, opened, wish, ready, errors);
  const begun = await round.run();
  announce(opened);
  const reported = prospects.map(({ target }) => target).filter((target) => begun.has(target) || errors.has(target));
  const exit = await showOutcomes(context, await outcomesOf(opened, reported, errors), NOTHING[bulk ?? "all"]);
  const waiting = ready.map(({ target }) => target).filter((target) => !begun.has(target));
  if (waiting.length === 0) return exit;
  await context.say(
    `${waiting.length} of ${ready.length} were not started; continue with \`${continueCommand(waiting, given, begun.size)}\``,
  );
  if (context.signal.aborted) return (context.signal.reason as Interruption).exit;
  return gravest([exit, round.declined === undefined ? EXIT.failed : exitOf(round.declined)]);
}

const NOTHING = { all: "keyturn.json has no targets", due: "nothing is due" };

/** Returns the selected targets. */
async function chosen(context: Context, opened: Opened, given: Given, { bulk }: Wish): Promise<readonly string[]> {
  const { lifecycle, config } = opened;
  if (bulk === undefined) return namesOf(opened, given.args);
  // Targets whose journal is damaged are selected too, so that it is shown why they do not begin.
  const { statuses, damaged } = await readStatuses(lifecycle, opened.names);
  if (bulk === "due") {
    const { begin, waiting } = await lifecycle.due([...statuses.keys()]);
    if (waiting.length > 0)
      await context.say(`${waiting.length} more are due but exceed the caps: ${waiting.join(", ")}`);
    return [...begin, ...damaged.keys()];
  }
  const text = given.text("older-than");
  const age = text === undefined ? undefined : spanOf(text);
  if (text !== undefined && age === undefined)
    throw new UsageError(`--older-than: ${text} is not a duration such as 7d`);
  const now = context.clock.now();
  const outside: string[] = [];
  const names = [...statuses.values()]
    .filter(({ forgotten, current, progress }) => {
      if (forgotten) return false;
      // A target with a current rotation is selected at any age: that rotation continues, and no second one begins.
      return age === undefined || current === undefined || progress.state !== "idle" || now - current.since >= age;
    })
    .map(({ target }) => target)
    .filter((name) => {
      const policy = { ...config.policy, ...config.targets[name]?.policy };
      const inside = given.flag("anytime") || inWindow(policy, now);
      if (!inside) outside.push(name);
      return inside;
    });
  if (outside.length > 0)
    await context.say(`skipped, because outside their windows: ${outside.join(", ")} (--anytime includes them)`);
  return [...names, ...damaged.keys()];
}

function question(ready: readonly Prospect[]): string {
  const cuts = ready.filter(({ plan }) => plan?.cuts).length;
  if (ready.length === 1)
    return `Rotate ${ready[0]?.target}?${cuts === 0 ? "" : " The control plane ends its old credential at once."}`;
  const what = `Rotate ${ready.length} targets?`;
  return cuts === 0 ? what : `${what} The control plane ends the old credential of ${cuts} of them at once.`;
}

/** Returns the command line for the targets that were not begun. */
function continueCommand(waiting: readonly string[], given: Given, begun: number): string {
  if (given.flag("due")) return "keyturn rotate --due";
  return waiting.length <= 8 || begun === 0
    ? `keyturn rotate ${waiting.map(quoted).join(" ")}`
    : "keyturn rotate --all --older-than 1h";
}

/** Runs rotations, with a limit on how many run at a time. */
class Round {
  readonly #context: Context;
  readonly #opened: Opened;
  readonly #wish: Wish;
  readonly #ready: readonly Prospect[];
  readonly #errors: Map<string, unknown>;
  readonly #begun = new Set<string>();
  #failures = 0;
  /**
   * Why the command did not continue after the canaries, if a person declined. Their results are shown all the same.
   */
  declined: unknown;

  constructor(context: Context, opened: Opened, wish: Wish, ready: readonly Prospect[], errors: Map<string, unknown>) {
    this.#context = context;
    this.#opened = opened;
    this.#wish = wish;
    this.#ready = ready;
    this.#errors = errors;
  }

  /** Rotates all ready targets, until too many have failed or the command is stopped. Returns those that were begun. */
  async run(): Promise<ReadonlySet<string>> {
    const { signal } = this.#context;
    const cut = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      timer = setTimeout(() => cut.abort(signal.reason), LAST_CALLS_MS);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    this.#watch();
    try {
      const { canary, bulk } = this.#wish;
      // A rotation that only continues is no canary for those that begin.
      const first = this.#ready.filter(({ plan }) => plan?.blocked !== "rotation_active").slice(0, canary);
      await this.#rotateAll(first, cut.signal);
      const rest = this.#ready.filter((one) => !first.includes(one));
      if (first.length > 0 && rest.length > 0 && !this.#over) {
        if (this.#failures > 0) return this.#begun;
        if (bulk !== undefined && !(await this.#continues(first.length, rest.length))) return this.#begun;
      }
      await this.#rotateAll(rest, cut.signal);
      return this.#begun;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      this.#context.progress.clear();
    }
  }

  /** Asks whether to continue after the canaries. */
  async #continues(first: number, rest: number): Promise<boolean> {
    try {
      await this.#context.confirm(`${first} succeeded. Continue with the other ${rest}?`, { optional: true });
      return true;
    } catch (error) {
      this.declined = error;
      return false;
    }
  }

  /** Rotates some targets, as many at a time as the command and the caps of `keyturn.json` allow. */
  async #rotateAll(some: readonly Prospect[], signal: AbortSignal): Promise<void> {
    const { caps: { atATime, perProvider = {} } = {}, targets } = this.#opened.config;
    const most = Math.min(this.#wish.parallel, atATime ?? Number.POSITIVE_INFINITY);
    await pool(some, most, (one) => this.#rotate(one, signal), {
      stop: () => this.#over,
      limit: ({ target }) => {
        const kind = targets[target]?.kind ?? "";
        const own = Object.hasOwn(perProvider, kind) ? perProvider[kind] : undefined;
        return { kind, most: own ?? Number.POSITIVE_INFINITY };
      },
    });
  }

  get #over(): boolean {
    return this.#context.signal.aborted || this.#failures >= this.#wish.stopAfter;
  }

  async #rotate(prospect: Prospect, signal: AbortSignal): Promise<void> {
    const { target } = prospect;
    this.#begun.add(target);
    try {
      await begin(this.#opened, prospect, { signal, leaveUnknown: this.#wish.leaveUnknown });
    } catch (error) {
      this.#errors.set(target, error);
    }
    const [outcome] = await outcomesOf(this.#opened, [target], this.#errors);
    if (outcome !== undefined && exitOfOutcome(outcome) !== EXIT.done) this.#failures++;
  }

  /** Shows each event on the progress line. */
  async #watch(): Promise<void> {
    for await (const { target, event } of this.#opened.lifecycle.events())
      this.#context.progress.update(`${this.#begun.size} of ${this.#ready.length}: ${target}: ${event}`);
  }
}
