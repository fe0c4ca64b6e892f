import { spawn } from "node:child_process";
import { readCores } from "@unblock/measure/cores";
import { exerciseOf } from "@unblock/proto/exercises";
import { Suitability } from "@unblock/proto/gen/exercise";
import { runCommand } from "@unblock/test/cli";
import { expect, test } from "vitest";
import type { toJson } from "./json.ts";

type LabJson = ReturnType<typeof toJson>;

/** Conclusions that contradict physics or other conclusions. */
function contradictionsIn({ results, one_cpu_worker }: LabJson): string[] {
  const found: string[] = [];
  for (const row of results) {
    const name = `${row.exercise} ${row.strategy}`;
    const strategy = exerciseOf(row.exercise).allStrategies.find(
      (one) => one.name === row.strategy,
    );
    const isWrong = (strategy?.suitability ?? 0) >= Suitability.SLOW;
    if (!row.conclusive) {
      if (row.within_expected !== null || !row.reason) {
        found.push(`${name} is inconclusive, and a conclusion is drawn or the reason is missing`);
      }
      continue;
    }
    if (row.ratio !== null && row.ratio < 0.97) {
      found.push(`${name} is faster than its ideal: ${row.ratio}`);
    }
    if (row.recommended && row.within_expected === false) {
      found.push(`${name} is beyond what is expected: ${row.ratio}`);
    }
    // On one core nothing is faster than one thread.
    if (isWrong && row.within_expected === true && readCores().usable > 1) {
      found.push(`${name} is within what is expected: ${row.ratio}`);
    }
    const one = one_cpu_worker.find(({ exercise }) => exercise === row.exercise);
    if (row.recommended && one?.conclusive && one.wall_ms.median <= row.wall_ms.median) {
      found.push(`${name} is no faster than one CPU worker`);
    }
  }
  return found;
}

test("concludes nothing false beside a program that uses the CPU now and then", async () => {
  const hog = spawn(process.execPath, ["test/hog.ts"], { stdio: ["pipe", "ignore", "ignore"] });
  try {
    const args = ["lab/main.ts", "--json", "--exercise", "A,F"];
    const { code, stdout, stderr } = await runCommand(process.execPath, args);
    expect(stderr).toBe("");
    const json: LabJson = JSON.parse(stdout);
    expect(json.results.map(({ exercise, strategy }) => `${exercise} ${strategy}`)).toEqual(
      ["A", "F"].flatMap((letter) =>
        exerciseOf(letter).strategies.map(({ name }) => `${letter} ${name}`),
      ),
    );
    expect(contradictionsIn(json)).toEqual([]);
    const isOpen = json.results.some(({ recommended, conclusive }) => recommended && !conclusive);
    expect(code).toBe(isOpen ? 3 : 0);
  } finally {
    hog.kill();
  }
}, 120_000);
