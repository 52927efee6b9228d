// `npm start`: sets up, builds, and serves the console with a sandbox tenant: `npm start -- [--port N] [--seed NAME]`.
import { parseArgs } from "node:util";
import { setUp } from "./setup.mjs";
import { drive, run, StepError, say } from "./steps.mjs";

await drive(async () => {
  const { port, seed } = options();
  await setUp();
  run("cargo", ["xtask", "build"]);
  // The package can be imported only after the build.
  const { serveConsole } = await import("../www/server.mjs");
  const { url, close } = await serveConsole({ port, seed }).catch((error) => {
    throw error.code === "EADDRINUSE" ? new StepError(`port ${port} is taken; --port 0 chooses a free one`) : error;
  });
  say(`the console, with a sandbox tenant, is at ${url}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, close);
});

function options() {
  try {
    const text = { type: "string" };
    const { values } = parseArgs({ options: { port: text, seed: text } });
    if (!/^\d{1,5}$/.test(values.port ?? "0")) throw new Error("--port: a number");
    if (!["demo", "empty", "large", undefined].includes(values.seed)) throw new Error("--seed: demo, empty or large");
    return { port: Number(values.port ?? 0), seed: values.seed };
  } catch (error) {
    throw new StepError(error.message);
  }
}
