// A client of an SSO application of C1: see `lib/crash.mjs`.
import { crashes } from "../lib/crash.mjs";

crashes("sso-client");
