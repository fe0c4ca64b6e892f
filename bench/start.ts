import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type Exercise, exerciseOf } from "@unblock/proto/exercises";
import { type Bench, type Finding, repeat, type Spread, spreadOf } from "./harness/bench.ts";
import type { BenchCommand } from "./harness/command.ts";
import { runChild, startChild } from "./harness/processes.ts";

export const startBench: BenchCommand = {
  name: "start",
  description: "Measures starts, and the first burst after each: does ready mean ready?",
  title: "unblock's start",
  parts: {
    loadtest: {
      about: "first bursts of A, D, E, G and H by the load client (10 s per run)",
      measure: measureByLoadtest,
    },
    curl: {
      about: "npm start to the first response, and first bursts by curl (10 s per run)",
      measure: measureByCurl,
    },
  },
};

const port = 18_080;
const timeoutMs = 60_000;
const pollMs = 5;
const wantedReadyMs = 2_000;

/** The first burst of a server that the load client starts. */
async function measureByLoadtest(bench: Bench): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const exercise of ["A", "D", "E", "G", "H"].map(exerciseOf)) {
    const calls = String(exercise.burst.calls);
    const flags = ["--concurrency", calls, "--requests", calls, "--json"] as const;
    const command = ["npm", "run", "-s", "loadtest", "--", exercise.rpc, ...flags] as const;
    const wallMs = await repeat(
      bench,
      async () => {
        const { stdout } = await runChild(command, timeoutMs);
        return JSON.parse(stdout).total / 1e6;
      },
      `${exercise.letter}, start`,
    );
    findings.push(findingOf(exercise, wallMs));
  }
  return findings;
}

/**
 * Starts the server with npm and fires its first burst with one curl per call. Ten calls are timed from
 * outside, including the start of ten curls; a single call by curl itself. A hundred curls take longer to
 * start than E's burst, so E is left out.
 */
async function measureByCurl(bench: Bench): Promise<Finding[]> {
  const findings: Finding[] = [];
  const readyMs: number[] = [];
  for (const exercise of ["A", "D", "G", "H"].map(exerciseOf)) {
    const measure = async () => {
      const startMs = performance.now();
      const server = startChild(["npm", "start", "--silent", "--", "--port", String(port)], {
        stdio: "ignore",
      });
      await firstResponse();
      readyMs.push(performance.now() - startMs);
      const { stdout } = await runChild(["bash", "-c", curlsOf(exercise)], timeoutMs);
      server.kill("SIGTERM");
      await once(server, "exit");
      return Number(stdout) * 1_000;
    };
    const wallMs = await repeat(bench, measure, `${exercise.letter}, start`);
    findings.push(findingOf(exercise, wallMs));
  }
  const ready = spreadOf(readyMs);
  const row = {
    what: `npm start to the first response, ${readyMs.length} starts`,
    measured: describe(ready),
    wanted: `≤ ${wantedReadyMs} ms`,
    reached: ready.max <= wantedReadyMs,
  };
  return [...findings, { part: "ready", figures: { ready_ms: ready }, rows: [row] }];
}

function findingOf(exercise: Exercise, wallMs: readonly number[]): Finding {
  const { letter, burst } = exercise;
  if ("timesIdeal" in burst.expected) {
    throw new Error(`Expected ${letter} to wait and not to compute`);
  }
  const { toMs } = burst.expected;
  const within = wallMs.filter((ms) => ms <= toMs).length;
  const calls = `${burst.calls} call${burst.calls === 1 ? "" : "s"}`;
  const wall = spreadOf(wallMs);
  return {
    figures: { exercise: letter, starts: wallMs.length, within, wall_ms: wall, expected_ms: toMs },
    rows: [
      {
        what: `${letter}, first ${calls} of ${wallMs.length} starts: ${within} within`,
        measured: describe(wall),
        wanted: `≤ ${toMs} ms each`,
        reached: within === wallMs.length,
      },
    ],
  };
}

function describe({ min, median, max }: Spread): string {
  return `${median.toFixed(1)} ms (${min.toFixed(1)}–${max.toFixed(1)})`;
}

/** A script that prints the burst's wall time in seconds. */
function curlsOf({ rpc, burst }: Exercise): string {
  const url = `localhost:${port}/unblock.v1.ExercisesService/${rpc}`;
  const curl = (n: number) =>
    `curl -s -o /dev/null -H 'content-type: application/json' -d '${burst.requestJson(n)}' ${url}`;
  if (burst.calls === 1) {
    return `${curl(1)} -w '%{time_total}'`;
  }
  const curls = Array.from({ length: burst.calls }, (_, index) => `${curl(index + 1)} &`);
  return `TIMEFORMAT=%R; { time (${curls.join(" ")} wait); } 2>&1`;
}

async function firstResponse(): Promise<void> {
  const url = `http://127.0.0.1:${port}/unblock.v1.VitalsService/Ping`;
  const headers = { "content-type": "application/json" };
  const untilMs = performance.now() + timeoutMs;
  while (performance.now() < untilMs) {
    const response = await fetch(url, { method: "POST", headers, body: "{}" }).catch(() => {});
    if (response?.ok) {
      return;
    }
    await setTimeout(pollMs);
  }
  throw new Error(`Expected the server to respond within ${timeoutMs / 1_000} s`);
}
