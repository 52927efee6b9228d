/** A program that delivers the pair. */

import { spawn } from "node:child_process";
import { delimiter, isAbsolute, resolve } from "node:path";
import { RequestAbortedError } from "../../base/errors.js";
import { checkText } from "../formats.js";
import type { Holding, Sink } from "../ports.js";
import { mayUse } from "./access.js";
import { SinkError, unlessAborted } from "./error.js";
import { textAt } from "./http.js";
import { killAll } from "./processes.js";

/** A program and its arguments. It is not run through a shell. */
export type Command = readonly [program: string, ...args: string[]];

/** Options of {@link commandSink}. */
export interface CommandOptions {
  /** The name of the sink. */
  readonly name: string;
  /**
   * The program that delivers the pair. It gets one line of JSON on its standard input,
   * `{"clientId":...,"clientSecret":...}`, and exits with 0 once consumers find that pair. Any other exit is a failure.
   * It may be run again with the same pair, and must accept that.
   */
  readonly write: Command;
  /**
   * The program that writes what consumers find now to its standard output, as JSON:
   * `{"clientId":...,"clientSecret":...}`, without the secret if that cannot be read, and `{}` if there is nothing.
   * Without this program the sink cannot be read.
   */
  readonly read?: Command | undefined;
  /** Whether `read` returns the secret as well. Default: false. */
  readonly readsSecret?: boolean | undefined;
  /** The environment of the programs. Default: that of this process. */
  readonly env?: Record<string, string | undefined> | undefined;
  /** The folder that they run in. */
  readonly cwd?: string | undefined;
  /**
   * How long each program may take, in milliseconds. It is then killed together with all that it has started, which is
   * a failure. Default: one minute.
   */
  readonly timeoutMs?: number | undefined;
}

/** The longest output that is read, in bytes: more than any pair needs. */
const MOST_OUTPUT = 1 << 20;

/**
 * Creates a sink that passes the pair to a program on its standard input, never in its arguments or its environment,
 * which other users can see. What the program writes to its standard error goes to that of this process, and is not
 * included in an error.
 *
 * It compares nothing. Without `read`, it is unknown what consumers find: the engine then takes the exit status 0 for a
 * delivery, and delivers again after a crash.
 */
export function commandSink(options: CommandOptions): Sink {
  const { name, write, read, readsSecret = false } = options;
  const look = async (
    signal: AbortSignal,
  ): Promise<{ clientId?: string | undefined; clientSecret?: string | undefined }> => {
    if (read === undefined) throw new SinkError(name, "unreadable", "no command to read it was given");
    const output = await run(options, read, "", signal, false);
    let value: unknown;
    try {
      value = JSON.parse(output);
    } catch {
      throw new SinkError(name, "malformed", `${read[0]} did not write JSON`);
    }
    return { clientId: textAt(value, "clientId"), clientSecret: textAt(value, "clientSecret") };
  };
  return {
    name,
    compares: false,
    readback: read === undefined ? "none" : readsSecret ? "pair" : "client-id",
    async read(signal): Promise<Holding> {
      unlessAborted(signal);
      if (read === undefined) return { clientId: undefined, version: "" };
      const { clientId } = await look(signal);
      return { clientId, version: clientId ?? "" };
    },
    async check(signal) {
      unlessAborted(signal);
      for (const [program] of [write, ...(read ? [read] : [])])
        if (!(await canRun(program, options)))
          throw new SinkError(name, "missing", `${program} is not an executable program`);
      if (read !== undefined) await look(signal);
    },
    async holds(pair, signal) {
      unlessAborted(signal);
      const { clientId, clientSecret } = await look(signal);
      return clientId === pair.clientId && (!readsSecret || clientSecret === pair.clientSecret);
    },
    async write({ clientId, clientSecret }, _expected, signal) {
      unlessAborted(signal);
      checkText(name, clientId, clientSecret);
      await run(options, write, `${JSON.stringify({ clientId, clientSecret })}\n`, signal, true);
      return true;
    },
  };
}

/**
 * Returns whether there is such a program. Windows resolves names in its own ways, and reports a missing program once
 * it is run.
 */
async function canRun(program: string, { cwd = ".", env = process.env }: CommandOptions): Promise<boolean> {
  if (process.platform === "win32") return true;
  const isPath = program.includes("/") || isAbsolute(program);
  const places = isPath
    ? [resolve(cwd, program)]
    : (env.PATH ?? "").split(delimiter).map((one) => resolve(one, program));
  const found = await Promise.all(
    places.map((place) =>
      mayUse(place, "run").then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function run(
  { name, cwd, env, timeoutMs = 60_000 }: CommandOptions,
  [program, ...args]: Command,
  input: string,
  signal: AbortSignal,
  changes: boolean,
): Promise<string> {
  const failure = (reason: "failed" | "unavailable" | "missing" | "denied", why: string, begun: boolean) =>
    new SinkError(name, reason, `${program} ${why}`, { outcome: changes && begun ? "unknown" : "none" });
  return new Promise((resolve, reject) => {
    // Processes that a program leaves running may keep its output open. Nobody needs the output of a write, so it is
    // not waited for.
    const output = changes ? "ignore" : "pipe";
    const child = spawn(program, args, { stdio: ["pipe", output, "inherit"], cwd, env: env ?? process.env });
    const chunks: Buffer[] = [];
    let size = 0;
    let late = false;
    const kill = (): void => {
      killAll(child);
      child.stdout?.destroy();
    };
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, timeoutMs);
    signal.addEventListener("abort", kill, { once: true });
    child.stdout?.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_OUTPUT) kill();
      else chunks.push(chunk);
    });
    // A program that does not read its input closes the pipe; its exit status says the rest.
    child.stdin?.on("error", () => undefined);
    child.on("error", (error: NodeJS.ErrnoException) => {
      end();
      reject(
        error.code === "ENOENT"
          ? failure("missing", "does not exist", false)
          : failure("denied", `cannot be run: ${error.code}`, false),
      );
    });
    child.on("close", (code, by) => {
      end();
      if (signal.aborted)
        return reject(new RequestAbortedError({ cause: signal.reason, outcome: changes ? "unknown" : "none" }));
      if (late) return reject(failure("unavailable", `did not end within ${timeoutMs / 1000} s, and was killed`, true));
      if (code !== 0) return reject(failure("failed", `ended with ${code ?? by}`, true));
      resolve(Buffer.concat(chunks).toString("utf8"));
    });
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
    };
    child.stdin?.end(input);
  });
}
