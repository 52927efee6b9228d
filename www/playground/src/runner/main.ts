/** The script of the workers: one runs a program, another the sandbox tenant. Either ends with its worker. */

import type { Beginning } from "../messages.js";
import { runPrograms } from "./program.js";
import { serveTenant } from "./tenant.js";

addEventListener("message", ({ data: { role, port } }: MessageEvent<Beginning>) => {
  if (role === "program") runPrograms(port);
  else void serveTenant(port);
});
