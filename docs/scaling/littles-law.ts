import { setTimeout as sleep } from "node:timers/promises";
import { latencyMs, startService } from "./service.ts";

/** How many threads do 160 queries per second need that block for 50 ms each? */
const callsPerSecond = 160;
const queryMs = 50;
const seconds = 5;

const busy = (callsPerSecond * queryMs) / 1_000;
console.log(`${callsPerSecond} calls per second × ${queryMs} ms = ${busy} threads busy on average`);

for (const threads of [6, 8, 10, 16]) {
  const service = await startService(`--blocking-threads=${threads}`);
  await service.load("GetUser", "--requests=200", `--concurrency=${threads}`);
  const samples: { running: number; queued: number }[] = [];
  const flags = [`--rate=${callsPerSecond}`, "--arrivals=poisson", `--duration=${seconds}s`];
  let isOver = false;
  const report = service.load("GetUser", ...flags).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    samples.push(await service.executor("blocking-pool"));
    await sleep(25);
  }
  const ended = await report;
  await service.close();

  // The client starts before its load, and ends after it.
  const during = samples.filter(({ running }) => running > 0);
  const running = during.reduce((sum, sample) => sum + sample.running, 0) / during.length;
  const maxQueue = Math.max(...during.map(({ queued }) => queued));
  // Fewer threads than are busy cannot keep up on any machine; larger pools depend on the machine as well.
  const grew = threads < busy && maxQueue > callsPerSecond / 10;
  console.log(`${threads} threads${grew ? ": the queue grows" : ""}`);
  console.log(
    `here: ${running.toFixed(1)} of them busy, at most ${maxQueue} calls waiting, ` +
      `p50 ${latencyMs(ended, 50).toFixed(0)} ms, p99 ${latencyMs(ended, 99).toFixed(0)} ms`,
  );
}
