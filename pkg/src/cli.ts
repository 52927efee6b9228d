#!/usr/bin/env node
/** `npx keyturn`: starts the command line, which is a separate bundle. */

import { main } from "./cli/main.js";

await main(process);
