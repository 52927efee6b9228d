/**
 * How long tests wait for a page, a program or a server, in milliseconds. This only bounds a failure: a busy machine
 * may take long for what is otherwise instant, and a test that gives up early fails for no reason.
 */
export const PATIENCE = 60_000;
