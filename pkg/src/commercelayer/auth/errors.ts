/** The errors of checked tokens. */

import { type ErrorFacts, KeyturnError } from "../../base/errors.js";

/** A token that failed a check. The error does not show the token. */
export class TokenError extends KeyturnError {
  /**
   * What is wrong, as a stable code: `malformed`, `algorithm`, `issuer`, `key_unknown`, `key_unusable`, `signature`,
   * `expired`, `not_yet_valid`, `scope`, or `keys_unreachable` when the issuer's keys could not be fetched.
   */
  readonly reason: string;
  /** @internal */
  constructor(reason: string, message: string, facts?: ErrorFacts, name = "TokenError") {
    super(name, "invalid_token", message, facts);
    this.reason = reason;
  }
}

/** A token that is not one of Commerce Layer's, or not for this purpose. */
export class InvalidTokenError extends TokenError {
  /** @internal */
  constructor(reason: string, message: string, facts?: ErrorFacts) {
    super(reason, message, facts, "InvalidTokenError");
  }
}

/** A token that has expired. */
export class TokenExpiredError extends TokenError {
  /** @internal */
  constructor(facts?: ErrorFacts) {
    super("expired", "the token has expired", facts, "TokenExpiredError");
  }
}
