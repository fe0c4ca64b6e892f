import { setTimeout as sleep } from "node:timers/promises";
import { latencyMs, startService } from "./service.ts";

/** How many threads do 160 queries a second need that block for 50 ms each? */
const callsPerSecond = 160;
const queryMs = 50;
const seconds = 5;

const busy = (callsPerSecond * queryMs) / 1_000;
console.log(`${callsPerSecond} calls a second × ${queryMs} ms = ${busy} threads busy on average`);

for (const threads of [6, 8, 10, 16]) {
  const service = await startService(`--blocking-threads=${threads}`);
  await service.load("GetUser", "--requests=200", `--concurrency=${threads}`);
  const looks: { running: number; queued: number }[] = [];
  const load = service.load(
    ...["GetUser", `--rate=${callsPerSecond}`, "--arrivals=poisson", `--duration=${seconds}s`],
  );
  let isOver = false;
  const report = load.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    looks.push(await service.place("threads"));
    await sleep(25);
  }
  const ended = await report;
  await service.close();

  // The client starts before its load does, and ends after it.
  const during = looks.filter(({ running }) => running > 0);
  const running = during.reduce((sum, look) => sum + look.running, 0) / during.length;
  const longestQueue = Math.max(...during.map(({ queued }) => queued));
  // Fewer than are busy can't do it, wherever it runs; what the others do is up to the machine as well.
  const grew = threads < busy && longestQueue > callsPerSecond / 10;
  console.log(`${threads} threads${grew ? ": the queue grows" : ""}`);
  console.log(
    `here: ${running.toFixed(1)} of them busy, ${longestQueue} calls waited at the worst, ` +
      `p50 ${latencyMs(ended, 50).toFixed(0)} ms, p99 ${latencyMs(ended, 99).toFixed(0)} ms`,
  );
}
