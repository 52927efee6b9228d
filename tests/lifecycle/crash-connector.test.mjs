// A connector of C1: see `lib/crash.mjs`.
import { crashes } from "../lib/crash.mjs";

crashes("connector");
