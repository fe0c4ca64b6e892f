import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noProgress, type Progress } from "@unblock/progress/progress";
import { openKey, publicKeyOf, signStatement } from "@unblock/progress/signature";
import { runCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { beforeEach, describe, expect, test } from "vitest";
import type { ExerciseResult } from "./check/result.ts";
import { verifyResultFile, writeResultFile } from "./result-file.ts";
import { signPass, withResult } from "./results.ts";

let yours: string;
let path: string;

beforeEach(() => {
  yours = temporaryFolder();
  path = writeResultFile(passed("A", "B"), yours);
});

function resultOf(exercise: string): ExerciseResult {
  const about = { exercise, rpc: "Rpc", title: "Title", file: "learn/yours/file.ts" };
  return { ...about, verdict: "PASS", decided: "blocking-pool", steps: [], diagnoses: [] };
}

function passed(...letters: readonly string[]): Progress {
  return letters.reduce(
    (progress, letter) =>
      withResult(progress, resultOf(letter), signPass(resultOf(letter), "the source", yours)),
    noProgress,
  );
}

const verify = (file: string) => runCommand(process.execPath, ["learn/main.ts", "--verify", file]);

describe("a result file", () => {
  test("is valid and contains the answers and the evidence", async () => {
    const { code, stdout } = await verify(path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ A {2}Database lookup.*as blocking-pool/);
    expect(verifyResultFile(readFileSync(path, "utf8"))).toMatchObject({
      valid: true,
      statement: {
        passed: 2,
        passes: [
          { statement: { exercise: "A", source: "the source", result: resultOf("A") } },
          { statement: { exercise: "B" } },
        ],
      },
      fingerprint: expect.stringMatching(/^([\da-f]{4} ){3}[\da-f]{4}$/),
    });
  });

  test.each([
    ["the score", (text: string) => text.replace('"passed": 2', '"passed": 8')],
    ["an answer", (text: string) => text.replace("the source", "another one")],
    ["a verdict's time", (text: string) => text.replace(/"checkedAt": "20/, '"checkedAt": "19')],
    ["a field more", (text: string) => text.replace('"passed": 2', '"passed": 2, "name": "me"')],
    ["the key", (text: string) => text.replace(/"publicKey": ".*"/, '"publicKey": "AAAA"')],
  ])("is invalid after a change of %s", (_, alter) => {
    const text = readFileSync(path, "utf8");
    const altered = alter(text);
    expect(altered).not.toBe(text);
    expect(verifyResultFile(altered)).toMatchObject({ reason: "signature-mismatch" });
  });

  test("makes the command exit with 2 when it is invalid", async () => {
    writeFileSync(path, readFileSync(path, "utf8").replace("the source", "another one"));
    expect(await verify(path)).toMatchObject({ code: 2, stderr: "" });
  });

  test.each([
    ["a score without evidence", { passed: 8 }, "score-without-evidence"],
    ["the same evidence twice", { twice: true }, "score-without-evidence"],
    ["evidence of a FAIL", { verdict: "FAIL" }, "evidence-without-pass"],
  ])(
    "is invalid when its own key signed %s",
    (_, {
      passed,
      twice,
      verdict,
    }: { passed?: number; twice?: boolean; verdict?: string }, reason) => {
      const key = openKey(yours);
      const { statement } = JSON.parse(readFileSync(path, "utf8"));
      const [first, second] = statement.passes;
      const result = { ...first.statement.result, verdict: verdict ?? "PASS" };
      const forged = {
        ...statement,
        passed: passed ?? 2,
        passes: [signStatement({ ...first.statement, result }, key), twice ? first : second],
      };
      const file = { ...signStatement(forged, key), publicKey: publicKeyOf(key) };
      expect(verifyResultFile(JSON.stringify(file))).toMatchObject({ valid: false, reason });
    },
  );

  test("is invalid with passes of another folder's key", () => {
    const other = temporaryFolder();
    const text = readFileSync(writeResultFile(passed("A"), other), "utf8");
    expect(verifyResultFile(text)).toEqual({
      valid: false,
      reason: "pass-of-another-key",
      letters: ["A"],
    });
  });

  test.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["another object", "{}"],
  ])("makes the command exit with 1 when it is %s", async (_, text) => {
    writeFileSync(path, text);
    const { code, stdout, stderr } = await verify(path);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: .*\n$/);
  });

  test("makes the command exit with 1 when it is missing", async () => {
    expect(await verify(join(yours, "none.json"))).toMatchObject({ code: 1, stdout: "" });
  });
});
