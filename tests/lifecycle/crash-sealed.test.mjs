// A connector of C1, with answers that are sealed for a restart: see `lib/crash.mjs`.
import { sealedCrashes } from "../lib/crash.mjs";

sealedCrashes("connector");
