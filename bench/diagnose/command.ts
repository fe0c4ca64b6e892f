import type { BenchCommand } from "../harness/command.ts";
import { measureThroughput } from "./throughput.ts";

export const diagnoseBench: BenchCommand = {
  name: "diagnose",
  description: "Measures what learn/diagnose.ts costs a service with which nothing is wrong.",
  title: "A service that learn/diagnose.ts watches",
  parts: {
    throughput: {
      about: "JSON calls per second of a busy server, watched and not (four minutes)",
      measure: measureThroughput,
    },
  },
};
