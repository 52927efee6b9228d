// A Temporal worker that rotates credentials. Start any number, on any machine that reaches Temporal and the database.
import { fileURLToPath } from "node:url";
import { NativeConnection, Worker } from "@temporalio/worker";
import { openLifecycle } from "keyturn/lifecycle";
import { migratePostgres, postgresJournal } from "keyturn/postgres";
import pg from "pg";
import { activities } from "./activities.mjs";
import { targets } from "./targets.mjs";

const { DATABASE_URL: connectionString, TEMPORAL_ADDRESS: address = "127.0.0.1:7233" } = process.env;
const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 5_000 });
pool.on("error", ({ message }) => console.warn(message));
await migratePostgres(pool);

const lifecycle = openLifecycle({ journal: postgresJournal(pool, { fleet: "temporal" }), targets, worker: "temporal" });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue: "keyturn",
  workflowsPath: fileURLToPath(new URL("workflows.mjs", import.meta.url)),
  activities: activities(lifecycle),
  // Rotations in progress finish their current step, and another worker continues.
  shutdownGraceTime: "20 seconds",
});
console.log("ready");
await worker.run(); // until SIGTERM or SIGINT
await lifecycle.close();
await connection.close();
await pool.end();
