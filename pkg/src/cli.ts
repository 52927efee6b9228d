#!/usr/bin/env node
/** `npx keyturn`: starts the command line, which is a bundle of its own. */

import { main } from "./cli/main.js";

await main(process);
