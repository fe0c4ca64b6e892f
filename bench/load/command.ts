import type { BenchCommand } from "../harness/command.ts";
import { measureBurst } from "./burst.ts";
import { measureMemory } from "./memory.ts";
import { measureStalled } from "./stalled.ts";
import { measureSteady } from "./steady.ts";
import { measureThroughput } from "./throughput.ts";

export const loadBench: BenchCommand = {
  name: "load",
  description: "Measures the load client beside ghz, and against what is to be reached.",
  title: "unblock's load client",
  parts: {
    throughput: {
      about: "calls per second beside ghz's, against three servers (four minutes)",
      measure: measureThroughput,
    },
    burst: { about: "100 calls of 10 ms at once (seconds)", measure: measureBurst },
    stalled: {
      about: "a server that stalls twice: what is said of it, and the truth (half a minute)",
      measure: measureStalled,
    },
    steady: { about: "2,000 calls a second for 30 s, three times", measure: measureSteady },
    memory: {
      about: "ten million calls beside a hundred thousand (six minutes)",
      measure: measureMemory,
    },
  },
};
