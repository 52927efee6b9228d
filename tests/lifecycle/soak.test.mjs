// See `lib/soak.mjs`. `npm run soak` does the same for two minutes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { installed } from "../lib/installed.mjs";
import { soak } from "../lib/soak.mjs";

test("four processes advance fifty targets while they are killed at random", async (t) => {
  const seconds = Number(process.env.KEYTURN_SOAK_SECONDS ?? 20);
  const { kills, rotations } = await soak(installed(), { seconds, say: (line) => t.diagnostic(line) });
  assert.ok(kills > 0 && rotations > 0);
});
