/** `keyturn/postgres`: a fleet's journal and its tokens in Postgres. */

export * from "./postgres/exports.js";
