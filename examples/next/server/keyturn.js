/** The proxy: its client has the credentials, and `allow` and `pin` are the whole policy. */

import "server-only";
import { ConductorOne } from "keyturn";
import { createProxy } from "keyturn/proxy";
import { currentUser } from "./session.js";

export const proxy = createProxy({
  client: ConductorOne.fromEnv(),
  authorize: currentUser,
  allow: ["apps.list", "connector.list", "connector.rotateCredential"],
  pin: (user, operation) => user.rotates || operation !== "connector.rotateCredential",
  record: ({ principal, operation, status, reason }) =>
    console.log(`${principal?.name ?? "nobody"} ${operation ?? "-"} ${status} ${reason ?? ""}`.trimEnd()),
});
