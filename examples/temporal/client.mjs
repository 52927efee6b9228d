// `node client.mjs schedule` checks all targets every minute; `node client.mjs rotate crm` rotates one now;
// `node client.mjs wake crm` continues after a person has acted.
import { Client, Connection, ScheduleOverlapPolicy, WorkflowNotFoundError } from "@temporalio/client";

const [command, target] = process.argv.slice(2);
const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS ?? "127.0.0.1:7233" });
const { schedule, workflow } = new Client({ connection });
const workflowId = `keyturn-rotate-${target}`;
switch (command) {
  case "schedule":
    await schedule.create({
      scheduleId: "keyturn-sweep",
      spec: { intervals: [{ every: "1 minute" }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP },
      action: { type: "startWorkflow", workflowType: "sweep", taskQueue: "keyturn" },
    });
    break;
  case "rotate":
    // At most one workflow runs for each id: a second caller gets the rotation in progress.
    await workflow.start("rotate", {
      args: [target],
      taskQueue: "keyturn",
      workflowId,
      workflowIdConflictPolicy: "USE_EXISTING",
    });
    break;
  case "wake":
    try {
      await workflow.getHandle(workflowId).signal("wake");
    } catch (error) {
      // The worker may have finished the rotation before the signal was sent.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      console.error(`No rotation of ${target} is in progress.`);
    }
    break;
  default:
    console.error("node client.mjs schedule | rotate TARGET | wake TARGET");
    process.exitCode = 2;
}
await connection.close();
