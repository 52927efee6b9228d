/** `keyturn/postgres`: the journal of a fleet and its tokens in Postgres. */

export * from "./postgres/exports.js";
