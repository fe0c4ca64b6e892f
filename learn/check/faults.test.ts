import { describe, expect, test } from "vitest";
import { type End, explainEnd, HarnessTrouble, neverAnswered, withStuckLine } from "./faults.ts";

const gone: End = { stage: "serving", code: null, signal: null, lastWords: [], stderr: "" };
const ended = { name: "LearnerFault", mistake: { name: "ends-the-service" } };

describe("the reason why a service ended", () => {
  test("is HarnessTrouble before the learner's file is loaded", () => {
    const end = explainEnd({ ...gone, stage: "starting", code: 1, stderr: "no port" });
    expect(end).toBeInstanceOf(HarnessTrouble);
    expect(end.message).toContain("exit code 1");
    expect(end.message).toContain("no port");
  });

  test("is a LearnerFault when the file took too much memory", () => {
    const words = [{ kind: "memory", usedMb: 2_000 }] as const;
    const byGuard = explainEnd({ ...gone, signal: "SIGKILL", lastWords: words });
    const byV8 = explainEnd({
      ...gone,
      signal: "SIGABRT",
      stderr: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    });
    const took = { name: "LearnerFault", mistake: { name: "takes-too-much" } };
    expect(byGuard).toMatchObject(took);
    expect(byGuard.message).toContain("1536 MiB");
    expect(byV8).toMatchObject(took);
    expect(byV8.message).toContain("heap of 256 MiB");
  });

  test("names the line that called process.exit()", () => {
    const lastWords = [{ kind: "exit", code: 0, line: 7 }] as const;
    const end = explainEnd({ ...gone, code: 0, lastWords });
    expect(end).toMatchObject({ ...ended, line: 7 });
    expect(end.message).toContain("process.exit(0)");
  });

  test("is a LearnerFault for an uncaught error with a line of the file", () => {
    const words = (line: number | null) =>
      [
        { kind: "uncaught", problem: "Error: boom", line },
        { kind: "exit", code: 1, line: null },
      ] as const;
    const theirs = explainEnd({ ...gone, code: 1, lastWords: words(3) });
    const nobodys = explainEnd({ ...gone, code: 1, lastWords: words(null) });
    expect(theirs).toMatchObject({ ...ended, line: 3 });
    expect(nobodys).toBeInstanceOf(HarnessTrouble);
  });

  test("is the signal without last words", () => {
    const end = explainEnd({ ...gone, signal: "SIGSEGV" });
    expect(end).toMatchObject(ended);
    expect(end.message).toContain("SIGSEGV");
  });

  test("gets the line where the loop was stuck, if it has none", () => {
    const stuck = [{ kind: "stuck", line: 12 }] as const;
    const slow = neverAnswered("did not answer");
    expect(withStuckLine(slow, stuck)).toMatchObject({ message: "did not answer", line: 12 });
    expect(withStuckLine(slow, [])).toBe(slow);
    const ours = new HarnessTrouble("no port");
    expect(withStuckLine(ours, stuck)).toBe(ours);
  });
});
