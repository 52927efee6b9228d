/**
 * Checks the options that untyped programs pass: an option of the wrong kind is reported by its name, before anything
 * else happens. An option that is `null` counts as missing.
 */

import { ConfigurationError, InputError } from "./errors.js";

interface Kind {
  readonly is: string;
  /** The `reason` of the {@link ConfigurationError} for another value. */
  readonly reason?: string;
  fits(value: unknown): boolean;
}

/** The names of options with their kinds. */
type Kinds = readonly (readonly [option: string, kind: Kind])[];

const text: Kind = { is: "a string", reason: "not_text", fits: (value) => typeof value === "string" };
const flag: Kind = { is: "true or false", fits: (value) => typeof value === "boolean" };
const object: Kind = { is: "an object", fits: (value) => typeof value === "object" };
const call: Kind = { is: "a function", reason: "not_a_function", fits: (value) => typeof value === "function" };
/** Numeric text counts as a number, since the platform's timers accept it too. */
const number: Kind = {
  is: "a number",
  fits: (value) => (typeof value === "number" || typeof value === "string") && !Number.isNaN(Number(value)),
};
const url: Kind = {
  is: "a string or a URL",
  fits: (value) => typeof value === "string" || typeof (value as { href?: unknown }).href === "string",
};
const texts: Kind = {
  is: "an array of strings",
  fits: (value) => Array.isArray(value) && value.every((one) => typeof one === "string" || typeof one === "number"),
};

function either(...kinds: readonly Kind[]): Kind {
  return { is: kinds.map(({ is }) => is).join(" or "), fits: (value) => kinds.some((kind) => kind.fits(value)) };
}

/** Matches an object with a method; a function may have one too. */
function having(method: string): Kind {
  return {
    is: `an object with the method \`${method}\``,
    fits: (value) => typeof (value as Record<string, unknown>)[method] === "function",
  };
}

/** Retry options of any strategy, whose numeric fields must be numbers. */
const retries: Kind = {
  is: "an object with numbers",
  fits: (value) => {
    if (typeof value !== "object") return false;
    const { maxAttempts, backoff } = value as Record<string, unknown>;
    const { initialInterval, maxInterval, exponent, maxElapsedTime } = (backoff ?? {}) as Record<string, unknown>;
    const numbers = [maxAttempts, initialInterval, maxInterval, exponent, maxElapsedTime];
    return numbers.every((one) => one === undefined || one === null || number.fits(one));
  },
};
const clock: Kind = {
  is: "an object with the method `now`",
  fits: (value) => {
    const { now, monotonic } = value as Record<string, unknown>;
    return typeof now === "function" && (monotonic === undefined || typeof monotonic === "function");
  },
};

/** The arguments that are text in every function that takes them. */
const TEXTS: Kinds = /* @__PURE__ */ [
  "clientID",
  "clientId",
  "scope",
  "audience",
  "issuer",
  "username",
  "redirectUri",
  "code",
  "codeVerifier",
  "codeChallenge",
  "state",
  "reference",
].map((name) => [name, text] as const);

/** The options of clients and calls of either API. Options that are missing here are checked where they are used. */
const KINDS: Kinds = /* @__PURE__ */ (() => [
  ...TEXTS,
  ...Object.entries({
    tenantDomain: text,
    domain: text,
    userAgent: text,
    serverIdx: number,
    timeout: number,
    timeoutMs: number,
    secrets: flag,
    debugBodies: flag,
    serverURL: url,
    authURL: url,
    pageURL: url,
    fetch: call,
    refreshToken: call,
    httpClient: having("request"),
    defaultClient: having("request"),
    clock,
    hooks: having("sdkInit"),
    debugLogger: either(object, call),
    environment: object,
    retryConfig: retries,
    retries,
    fetchOptions: object,
    headers: object,
    params: object,
    signal: object,
    retryCodes: texts,
  }),
])();

type Refuse = (option: string, problem: string, facts?: { reason?: string | undefined; cause?: unknown }) => Error;

const asConfiguration: Refuse = (option, problem, { reason = "wrong_kind", ...cause } = {}) =>
  new ConfigurationError(option, reason, `${option}: ${problem}`, cause);

/**
 * Checks the options of a client, or of a function.
 *
 * @param name What the options as a whole are called.
 * @throws {@link ConfigurationError}
 */
export function optionsOf<Options extends object>(name: string, given: Options): Options {
  return checked(name, given, KINDS, asConfiguration);
}

/**
 * Checks the arguments of a function that come as one object. Only those that are text are checked: the other names are
 * the function's own.
 *
 * @throws {@link ConfigurationError}
 */
export function argumentsOf<Arguments extends object>(name: string, given: Arguments): Arguments {
  return checked(name, given, TEXTS, asConfiguration);
}

/**
 * Checks the options of a call.
 *
 * @throws {@link InputError}
 */
export function callOptionsOf<Options extends object>(
  given: Options | null | undefined,
  operation?: string,
): Options | undefined {
  if (given === undefined || given === null) return undefined;
  const refuse: Refuse = (option, problem, { reason, ...cause } = {}) =>
    new InputError(option, problem, { operation, ...cause });
  return checked("options", given, KINDS, refuse);
}

function checked<Options extends object>(
  name: string,
  given: Options | null | undefined,
  kinds: Kinds,
  refuse: Refuse,
): Options {
  if (typeof given !== "object" || given === null) throw refuse(name, "must be an object");
  let missing: Record<string, undefined> | undefined;
  for (const [option, kind] of kinds) {
    let value: unknown;
    try {
      value = (given as Record<string, unknown>)[option];
    } catch (cause) {
      throw refuse(option, "could not be read: reading threw an error", { cause });
    }
    if (value === null) missing = { ...missing, [option]: undefined };
    else if (value !== undefined && !fits(kind, value))
      throw refuse(option, `must be ${kind.is}`, { reason: kind.reason });
  }
  // Usually the object itself is returned: its fields may be those of a class.
  return missing ? { ...given, ...missing } : given;
}

/** Returns whether a value is of a kind. A proxy that throws when it is inspected is of none. */
function fits(kind: Kind, value: unknown): boolean {
  try {
    return kind.fits(value);
  } catch {
    return false;
  }
}
