/** Until the engine reads policies as they are written: durations in milliseconds, and no schedule. */

import type { Lifecycle, LifecyclePolicy, LifecycleResult } from "../../lifecycle.js";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const LATER = /^(?:rotate(?:Every|Before)|windows|zone|maxActive|\w+After)$/;

/** The part of a policy that the engine knows. */
export function interim(policy: LifecyclePolicy): LifecyclePolicy {
  return Object.fromEntries(
    Object.entries(policy)
      .filter(([name]) => !LATER.test(name))
      .map(([name, value]) => {
        const [, number, unit = ""] = typeof value === "string" ? (/^(\d+)(ms|[smhdw])$/.exec(value) ?? []) : [];
        return [name, number === undefined ? value : Number(number) * (UNITS[unit] ?? 1)];
      }),
  );
}

declare module "../../lifecycle/lifecycle.js" {
  interface Lifecycle {
    due(): Promise<{ begin: readonly string[]; waiting: readonly string[] }>;
    audit(names: readonly string[]): AsyncIterable<object>;
    findings(
      names: readonly string[] | undefined,
      options: { observe: boolean; signal?: AbortSignal },
    ): Promise<
      readonly {
        code: string;
        severity: "critical" | "high" | "medium" | "low";
        target: string;
        message: string;
        since?: number;
      }[]
    >;
  }
  interface LifecycleStatus {
    readonly due?: { since: number; at: number; why: string; inWindow: boolean; expiresAt?: number } | undefined;
    readonly provider?: string;
    readonly group?: string | undefined;
  }
}

/** Gives the lifecycle the methods that it will have. */
export function patched(lifecycle: Lifecycle): Lifecycle {
  const one = lifecycle.advance.bind(lifecycle);
  const many = async (names: string | readonly string[], options: { signal?: AbortSignal }): Promise<unknown> => {
    if (typeof names === "string") return one(names, options);
    return Promise.all(
      names.map((target) =>
        one(target, options).then(
          (progress) => ({ target, progress }),
          (error: unknown) => ({ target, error }),
        ),
      ),
    );
  };
  return Object.assign(lifecycle, {
    advance: many,
    due: async () => ({ begin: [], waiting: [] }),
    findings: async () => [],
  }) as never;
}

/** One thing that is not as it should be. */
export interface LifecycleFinding {
  readonly code: string;
  readonly severity: "critical" | "high" | "medium" | "low";
  readonly target: string;
  readonly message: string;
}

/** The lifecycle as it will advance. */
export interface Advancing {
  advance(
    names: readonly string[],
    options: { begin: boolean; signal: AbortSignal },
  ): Promise<readonly LifecycleResult[]>;
}
