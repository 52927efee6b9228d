// What is about pg-boss runs in the Node that `xtask/node.mjs` has for it. Imported first by such tests, so that a run by hand says so.
import { newerNode } from "../../xtask/node.mjs";

if (newerNode() !== process.execPath)
  throw new Error(`this needs a newer Node than ${process.version}: run it with ${newerNode()}`);
