/** Retry options in the form that the core reads. */

import type { RetryConfig } from "../base/options.js";

const USUAL = /* @__PURE__ */ new Float64Array();
const NEVER = /* @__PURE__ */ new Float64Array([1, 0, 0, 1, 0, 0, 0, 0]);
const OFFICIAL_BACKOFF = { initialInterval: 500, maxInterval: 60_000, exponent: 1.5, maxElapsedTime: 3_600_000 };

/** Returns the policy of a client or a call. If empty, the default policy applies. */
export function policyOf(config: RetryConfig | undefined, codes?: string[] | undefined): Float64Array {
  if (config === undefined) return USUAL;
  if (config.strategy === "none") return NEVER;
  const { initialInterval, maxInterval, exponent, maxElapsedTime } = { ...OFFICIAL_BACKOFF, ...config.backoff };
  const statuses = (codes ?? ["429", "500", "502", "503", "504"]).flatMap((code) =>
    /^[1-5]XX$/i.test(code) ? [Number(code[0]) * 100, Number(code[0]) * 100 + 99] : [Number(code), Number(code)],
  );
  const flags = [config.retryConnectionErrors === true, true, config.repeatOneTimeSecrets === true].map(Number);
  return new Float64Array([
    config.maxAttempts ?? 10,
    initialInterval,
    maxInterval,
    exponent,
    maxElapsedTime,
    ...flags,
    ...statuses,
  ]);
}
