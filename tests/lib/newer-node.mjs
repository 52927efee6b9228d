// Tests of pg-boss run in the Node that `xtask/node.mjs` installs for them. They import this first, so that running one
// by hand names that Node.
import { newerNode } from "../../xtask/node.mjs";

if (newerNode() !== process.execPath)
  throw new Error(`this needs a newer Node than ${process.version}: run it with ${newerNode()}`);
