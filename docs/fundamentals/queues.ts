import { Admission } from "../../server/places/admission.ts";

// Two seats, three may wait, and ten come at once.
const place = new Admission("example", 2, 3);
const work = Promise.withResolvers<void>();
const deadline = new AbortController();
const never = new AbortController();
const ran: number[] = [];
const callers = Array.from({ length: 10 }, (_, index) => {
  const job = () => {
    ran.push(index + 1);
    return work.promise;
  };
  return place.run(job, index + 1 === 4 ? deadline : never);
});
const { running, queued, refused } = place.vitals();
console.log(`of 10 callers ${running} run, ${queued} wait, and ${refused} are refused`);
// The deadline of caller 4 passes while it waits.
deadline.abort();
work.resolve();
await Promise.allSettled(callers);
console.log(`in the end these have run: ${ran.join(", ")}`);

/**
 * A minute in which 50 calls a second come, and two seats at 50 ms a call serve 40. Each caller
 * leaves after a second, but nobody tells the queue.
 */
function overload(longestWaitMs: number): string {
  const freeAtMs = [0, 0];
  const count = { inTime: 0, late: 0, refused: 0 };
  for (let nowMs = 0; nowMs < 60_000; nowMs += 20) {
    const [nextFreeMs = 0] = freeAtMs.sort((a, b) => a - b);
    const beginMs = Math.max(nowMs, nextFreeMs);
    if (beginMs - nowMs > longestWaitMs) {
      count.refused++;
    } else {
      freeAtMs[0] = beginMs + 50;
      count[beginMs + 50 - nowMs <= 1_000 ? "inTime" : "late"]++;
    }
  }
  return `${count.inTime} in time, ${count.late} too late, ${count.refused} refused at once`;
}

console.log(`a queue without end: ${overload(Number.POSITIVE_INFINITY)}`);
console.log(`a queue of 250 ms:   ${overload(250)}`);
