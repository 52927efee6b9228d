/** A response that has arrived, and the error that reports it or its absence. */

import {
  type AnswerFacts,
  apiError,
  ClosedError,
  ConnectionError,
  DecodeError,
  InternalError,
  isOwn,
  type KeyturnError,
  OutcomeUnknownError,
  ProxyError,
  RequestAbortedError,
  RequestTimeoutError,
} from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import { isSignal } from "../base/signal.js";
import { Effect } from "../generated/boundary.js";
import { requestId } from "./transport.js";

/**
 * How much of an error's body is examined, in bytes. Shorter bodies are examined to their end, since a message may be
 * there.
 */
const LONGEST_ERROR = 1 << 20;

/** A response whose body has been read. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Milliseconds that the server asks to wait. */
  retryAfterMs: number | undefined;
  constructor(
    readonly response: Response,
    readonly body: Uint8Array,
    /** The request's `Authorization`: a server may repeat it. */
    readonly authorization: string,
  ) {
    this.status = response.status;
    const { headers } = response;
    // A caller's own `fetch` may return them as a plain object.
    this.headers = typeof headers?.get === "function" ? headers : new Headers(headers);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}

/** The end, by the deadline or the caller, of a call whose request was on its way. */
export class Interrupted {
  constructor(readonly reason: KeyturnError) {}
}

/** Returns the error for a success that cannot be read. */
export function decodeError(facts: Operation, answer: Answer, message: string): DecodeError {
  const { excerpt } = failureOf(facts, answer);
  return new DecodeError(message, answer.status, answer.headers, excerpt, {
    operation: facts.id,
    requestId: requestId(answer.headers),
  });
}

interface FailureText {
  code: string;
  message: string;
  details: string;
  excerpt: string;
}

function failureOf(facts: Operation, answer: Answer): FailureText {
  const text = new TextDecoder().decode(answer.body.subarray(0, LONGEST_ERROR));
  return JSON.parse(facts.failure(text, answer.authorization)) as FailureText;
}

/** Returns the error for a response that is not a success. */
export function answered(facts: Operation, answer: Answer): KeyturnError {
  const { status, headers, response } = answer;
  const operationId = facts.id;
  if (status === 0 || (status >= 300 && status < 400)) {
    return apiError({
      status,
      headers,
      response,
      apiCode: "",
      apiMessage: "a redirect, which is not followed, since a token must not leave its origin",
      details: [],
      excerpt: "",
      operation: operationId,
      requestId: requestId(headers),
      hint: "Check serverURL and tenantDomain.",
    });
  }
  const failure = failureOf(facts, answer);
  const facts_: AnswerFacts = {
    status,
    headers,
    response,
    apiCode: failure.code,
    apiMessage: failure.message,
    details: details(failure.details),
    excerpt: failure.excerpt,
    operation: operationId,
    requestId: requestId(headers),
    outcome: mayBeDone(status, facts) ? "unknown" : "answered",
    hint: hintFor(status, facts),
  };
  if (answer.retryAfterMs !== undefined) facts_.retryAfterMs = answer.retryAfterMs;
  return apiError(facts_);
}

/** Returns whether a response with this status leaves it open what the server did. */
export function mayBeDone(status: number, facts: Operation): boolean {
  return status >= 500 && facts.effect !== Effect.read;
}

function details(json: string): readonly unknown[] {
  try {
    return json === "" ? [] : (JSON.parse(json) as unknown[]);
  } catch {
    return [];
  }
}

function hintFor(status: number, facts: Operation): string | undefined {
  if (status === 401) {
    return facts.effect === Effect.secret
      ? "Nothing was issued. The token was refused; the next call logs in again."
      : "The token was refused, and so was a fresh one: check that the credential is for this tenant and active.";
  }
  if (status === 403) return "The credential lacks the permission: check its roles and scopes.";
  if (status >= 500 && facts.effect === Effect.secret) {
    return "A secret may have been issued anyway: look for a new credential before you call again.";
  }
  return undefined;
}

/** How far the attempts of a call got. */
export interface Reached {
  /** Whether an earlier attempt may have been carried out: whatever later ones encounter does not change that. */
  earlier: boolean;
  /** Whether the last attempt was sent, and nothing shows that it was not carried out. */
  last: boolean;
}

const SENT: Reached = { earlier: false, last: true };

/** Returns the error that a caller sees, with its operation and an accurate outcome. */
export function toKeyturnError(error: unknown, facts: Operation, reached = SENT): unknown {
  const own = lastError(error, facts, reached.last);
  return reached.earlier && isOwn(own) ? inDoubt(own, facts) : own;
}

/** Adjusts the error of a later attempt, after one that may have been carried out. */
function inDoubt(error: KeyturnError, facts: Operation): KeyturnError {
  if (error.outcome === "unknown") return error;
  if (facts.effect === Effect.secret) {
    return new OutcomeUnknownError({ operation: facts.id, requestId: error.requestId, cause: error });
  }
  return Object.defineProperty(error, "outcome", { value: "unknown" });
}

/** Returns the error of the last attempt. `sent`: nothing shows that the request was not carried out. */
function lastError(error: unknown, facts: Operation, sent: boolean): unknown {
  const operationId = facts.id;
  if (isSignal(error)) return error;
  if (error instanceof Interrupted) {
    const outcome = facts.effect === Effect.read ? "none" : "unknown";
    const reason = withOperation(error.reason, { operation: operationId, outcome });
    return facts.effect === Effect.secret ? new OutcomeUnknownError({ operation: operationId, cause: reason }) : reason;
  }
  if (error instanceof RequestTimeoutError || error instanceof RequestAbortedError) {
    return withOperation(error, { operation: operationId });
  }
  if (!isOwn(error)) {
    return lastError(new InternalError("an unexpected value was thrown", { cause: error }), facts, sent);
  }
  const unread =
    error instanceof DecodeError ||
    (error instanceof InternalError && sent) ||
    ((error instanceof ConnectionError || error instanceof ProxyError) && error.outcome === "unknown");
  if (facts.effect === Effect.secret && unread) {
    return new OutcomeUnknownError({ operation: operationId, requestId: error.requestId, cause: error });
  }
  return unread && error.outcome === "none" && facts.effect !== Effect.read ? inDoubt(error, facts) : error;
}

/** Returns the reason why a call ended as a separate error: one that many calls share would describe none of them. */
function withOperation(error: KeyturnError, facts: { operation: string; outcome?: "none" | "unknown" }): KeyturnError {
  if (error instanceof RequestTimeoutError) return new RequestTimeoutError(error.timeoutMs, facts);
  if (error instanceof RequestAbortedError) return new RequestAbortedError({ ...facts, cause: error.cause });
  return error instanceof ClosedError ? new ClosedError(facts) : error;
}
