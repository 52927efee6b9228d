/** The faults that can be switched on. */

const ROTATE = "connector.rotateCredential";

export interface Fault {
  readonly label: string;
  readonly rule: { readonly operation: string; readonly times: "always"; readonly action: unknown };
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  lost: {
    label: "C1 rotates, and the answer is lost",
    rule: { operation: ROTATE, times: "always", action: "drop-answer" },
  },
  refused: {
    label: "C1 refuses rotations: 403",
    rule: { operation: ROTATE, times: "always", action: { status: 403 } },
  },
  broken: {
    label: "Every request is answered 503",
    rule: { operation: "*", times: "always", action: { status: 503 } },
  },
  limited: {
    label: "Every request is answered 429",
    rule: { operation: "*", times: "always", action: { status: 429, headers: { "retry-after": "1" } } },
  },
  down: {
    label: "No request arrives",
    rule: { operation: "*", times: "always", action: "drop" },
  },
  slow: {
    label: "Every answer takes 2 seconds",
    rule: { operation: "*", times: "always", action: { delayMs: 2_000 } },
  },
};
