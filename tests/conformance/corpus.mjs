// Calls to Commerce Layer's Provisioning API as the official SDK makes them.

import { CORPUS, failuresOf, readCorpus } from "../lib/corpus.mjs";

export default ({ test, assert, commercelayer, load, runtime }) => {
  test("sends what the official SDK sends, and makes of answers what it makes of them, but for what is meant to differ", async () => {
    const cases = readCorpus(await load(CORPUS));
    const failures = await failuresOf(commercelayer, cases, { page: runtime === "chromium" || runtime === "firefox" });
    assert.equal(
      `${failures.length} of ${cases.length} fail${failures
        .slice(0, 5)
        .map((text) => `\n${text}`)
        .join("")}`,
      `0 of ${cases.length} fail`,
    );
  });
};
