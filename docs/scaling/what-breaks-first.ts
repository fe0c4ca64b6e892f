import { availableParallelism } from "node:os";
import { exerciseOf } from "@unblock/proto/exercises";
import { startService } from "./service.ts";

/** What bounds each exercise on one server with default settings, and the calls per second that it allows. */
const cores = availableParallelism();
const threads = 16;
const seconds = 3;
const onCores = "the cores: one call per 100 ms each";
const onLoop = "the event loop, which handles every call";
/** A closed loop with more calls than slots measures an executor's maximum throughput. */
const bounds = [
  { letter: "C", bound: onCores, concurrency: 2 * cores },
  { letter: "F", bound: onCores, concurrency: 4 * cores },
  { letter: "A", bound: "16 threads of 50 ms: 320 calls per second", concurrency: 2 * threads },
  { letter: "D", bound: "16 threads of 30 ms: 533 calls per second", concurrency: 2 * threads },
  { letter: "B", bound: onLoop, concurrency: 800 },
  { letter: "E", bound: onLoop, concurrency: 200 },
] as const;

// Two of libuv's threads stay free for the server itself.
const service = await startService(
  `--blocking-threads=${threads}`,
  `--libuv-threads=${threads + 2}`,
);
for (const { letter, bound, concurrency } of bounds) {
  const { rpc, recommended, burst } = exerciseOf(letter);
  console.log(`${letter} is bounded by ${bound}`);
  const { rps } = await service.load(
    ...[rpc, `--data=${burst.requestJson(1)}`, `--strategy=${recommended}`],
    ...["--warmup=1s", `--duration=${seconds}s`, `--concurrency=${concurrency}`, "--connections=4"],
  );
  console.log(`here: ${rps.toFixed(0)} calls per second`);
}
await service.close();
