// Runs tasks concurrently, except that tasks that need the same resource run one after another.

/**
 * Runs `work` on each task, at most `jobs` at a time, in order as far as the needed resources are free.
 * @template {{ needs?: string }} Task
 * @param {Task[]} tasks
 * @param {number} jobs
 * @param {(task: Task) => Promise<void>} work
 */
export async function inTurns(tasks, jobs, work) {
  const waiting = [...tasks];
  const taken = new Set();
  const running = new Set();
  for (;;) {
    while (running.size < jobs) {
      const next = waiting.findIndex(({ needs }) => needs === undefined || !taken.has(needs));
      if (next < 0) break;
      const [task] = waiting.splice(next, 1);
      if (task.needs !== undefined) taken.add(task.needs);
      const done = work(task).finally(() => {
        taken.delete(task.needs);
        running.delete(done);
      });
      running.add(done);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
}
