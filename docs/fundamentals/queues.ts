import { Admission } from "@unblock/executors/admission";

// Two slots, three may wait, and ten come at once.
const executor = new Admission("example", 2, 3);
const work = Promise.withResolvers<void>();
const deadline = new AbortController();
const never = new AbortController();
const ran: number[] = [];
const callers = Array.from({ length: 10 }, (_, index) => {
  const job = () => {
    ran.push(index + 1);
    return work.promise;
  };
  return executor.run(job, index + 1 === 4 ? deadline : never);
});
const { running, queued, rejected } = executor.vitals();
console.log(`of 10 callers ${running} run, ${queued} wait, and ${rejected} are rejected`);
// The deadline of caller 4 passes while it waits.
deadline.abort();
work.resolve();
await Promise.allSettled(callers);
console.log(`in the end these have run: ${ran.join(", ")}`);

/**
 * Calculates a minute in which 50 calls per second come, and two slots at 50 ms per call serve 40.
 * Each caller leaves after a second, but its call stays in the queue.
 */
function overload(maxWaitMs: number): string {
  const freeAtMs = [0, 0];
  const count = { inTime: 0, late: 0, rejected: 0 };
  for (let nowMs = 0; nowMs < 60_000; nowMs += 20) {
    const [nextFreeMs = 0] = freeAtMs.sort((a, b) => a - b);
    const beginMs = Math.max(nowMs, nextFreeMs);
    if (beginMs - nowMs > maxWaitMs) {
      count.rejected++;
    } else {
      freeAtMs[0] = beginMs + 50;
      count[beginMs + 50 - nowMs <= 1_000 ? "inTime" : "late"]++;
    }
  }
  return `${count.inTime} in time, ${count.late} too late, ${count.rejected} rejected at once`;
}

console.log(`a queue without end: ${overload(Number.POSITIVE_INFINITY)}`);
console.log(`a queue of 250 ms:   ${overload(250)}`);
