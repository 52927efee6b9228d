/**
 * How long tests wait for what a page, a program or a server does, in milliseconds. It only bounds a failure: a busy machine may need
 * long for what takes an instant otherwise, and a test that gives up early fails for nothing.
 */
export const PATIENCE = 60_000;
