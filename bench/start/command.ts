import type { BenchCommand } from "../harness/command.ts";
import { measureByCurl, measureByLoadtest } from "./first-bursts.ts";

export const startBench: BenchCommand = {
  name: "start",
  description: "Measures starts, and the first burst after each: is a server ready that says so?",
  title: "unblock's start",
  parts: {
    loadtest: {
      about: "first bursts of A, D, E, G and H by the load client (10 s a run)",
      measure: measureByLoadtest,
    },
    curl: {
      about: "npm start to the first answered call, and first bursts by curl (10 s a run)",
      measure: measureByCurl,
    },
  },
};
