// A process with some clients that share tokens in a Redis: `node store-worker.mjs`, with its task in an environment
// variable. It prints "ready", waits for a line, makes one call with each client at once, and prints the results.
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "redis";

const { folder, redisURL, options, clients, key } = JSON.parse(process.env.STORE_WORKER);
const require = createRequire(join(folder, "load.mjs"));
const { ConductorOne, encryptedStore } = require("keyturn");
const { redisStore } = require("keyturn/redis");

const redis = createClient({ url: redisURL });
redis.on("error", () => {});
await redis.connect();
const tokenStore = encryptedStore(redisStore(redis), Buffer.from(key, "hex"));
const all = Array.from({ length: clients }, () => new ConductorOne({ ...options, tokenStore }));
console.log("ready");
const lines = createInterface(process.stdin);
await once(lines, "line");
const ends = await Promise.allSettled(all.map((client) => client.auth.introspect()));
console.log(
  JSON.stringify(
    ends.map(({ status, reason }) => (status === "fulfilled" ? "ok" : `${reason.code} ${reason.reason ?? ""}`)),
  ),
);
all.forEach((client) => client.close());
redis.destroy();
lines.close();
