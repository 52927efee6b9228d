// The TypeScript compiler as a library.
import { createRequire } from "node:module";

/**
 * Release 7 has no stable library yet. This is the one that the package checker `attw` depends on; it only reads
 * sources and declarations here.
 */
const require = createRequire(import.meta.url);
export const ts = createRequire(
  createRequire(require.resolve("@arethetypeswrong/cli/package.json")).resolve("@arethetypeswrong/core"),
)("typescript");
