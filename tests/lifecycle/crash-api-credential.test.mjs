// An API credential of Commerce Layer: see `lib/crash.mjs`.
import { crashes } from "../lib/crash.mjs";

crashes("api-credential");
