// Runs `keyturn` of the installed package as a program, in a separate folder and without this machine's settings.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Returns a function that runs the command in `cwd`, with the folder `home` there as its home.
 *
 * @param {{ folder: string, cwd: string, env?: Record<string, string> }} where The installation, the current folder,
 *   more variables.
 * @returns {(...args: (string | { stdin?: string, env?: Record<string, string>, tty?: boolean | string })[]) =>
 *   Promise<{ code: number, stdout: string, stderr: string }>} `tty` runs it on a terminal of 80 columns, where `stdin`
 *   is typed and `stdout` is everything that was shown; a string is a prefix of the shell's command.
 */
export function command({ folder, cwd, env = {} }) {
  const program = join(folder, "node_modules/keyturn/pkg/dist/esm/cli.js");
  const home = join(cwd, "home");
  mkdirSync(home, { recursive: true });
  return (...all) => {
    const args = all.filter((one) => typeof one === "string");
    const { stdin, env: more, tty } = Object.assign({}, ...all.filter((one) => typeof one === "object"));
    const { PATH, SystemRoot } = process.env;
    const variables = { PATH, ...(SystemRoot && { SystemRoot }), HOME: home, TERM: "xterm", ...env, ...more };
    const quoted = [process.execPath, program, ...args].map((one) => `'${one.replaceAll("'", "'\\''")}'`).join(" ");
    const [file, argv] = tty
      ? ["script", ["-qec", `stty cols 80 rows 40; ${tty === true ? "" : tty} ${quoted}`, "/dev/null"]]
      : [process.execPath, [program, ...args]];
    const child = spawn(file, argv, { cwd, env: variables, stdio: ["pipe", "pipe", "pipe"] });
    const text = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (part) => (text[name] += part));
    child.stdin.on("error", () => {});
    const running = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code: code ?? signal, ...text }));
    });
    if (tty && Array.isArray(stdin)) typed(child, text, stdin);
    else child.stdin.end(stdin ?? "");
    return Object.assign(running, { child, seen: () => text.stdout + text.stderr });
  };
}

/** Types the keys of each `[question, keys]` once the question is on the screen. */
async function typed(child, text, answers) {
  let from = 0;
  for (const [question, keys] of answers) {
    while (!text.stdout.slice(from).includes(question)) {
      if (child.exitCode !== null) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    from = text.stdout.length;
    child.stdin.write(keys);
  }
}
