import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noProgress, type Progress } from "../../progress/progress.ts";
import { openKey, publicKeyOf, signStatement } from "../../progress/signature.ts";
import { runCommand } from "../../testing/cli.ts";
import type { ExerciseResult } from "../check/result.ts";
import { signPass, withResult } from "../record-result.ts";
import { verifyResultFile } from "./result-file.ts";
import { writeResultFile } from "./write.ts";

let yours: string;
let path: string;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
  path = writeResultFile(passed("A", "B"), yours);
});

afterEach(() => rmSync(yours, { recursive: true }));

function resultOf(exercise: string): ExerciseResult {
  const about = { exercise, rpc: "Rpc", title: "Title", file: "learn/yours/file.ts" };
  return { ...about, verdict: "PASS", decided: "threads", steps: [], diagnoses: [] };
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
  test("is valid, and says what it proves and what it does not", async () => {
    const { code, stdout } = await verify(path);
    expect(code).toBe(0);
    expect(stdout).toContain("is valid: 2 of 8 passed.");
    expect(stdout).toMatch(/✓ A {2}Database lookup.*as threads/);
    expect(stdout).toContain("not who\nwrote the answers");
  });

  test("holds the answers and the evidence", () => {
    const verified = verifyResultFile(readFileSync(path, "utf8"));
    expect(verified).toMatchObject({
      statement: {
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
  ])("that was altered is not valid: %s", async (_, alter) => {
    const altered = alter(readFileSync(path, "utf8"));
    expect(altered).not.toBe(readFileSync(path, "utf8"));
    writeFileSync(path, altered);
    expect(await verify(path)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining("is NOT valid: "),
    });
  });

  test.each([
    ["a score without evidence", { passed: 8 }],
    ["the same evidence twice", { twice: true }],
  ])(
    "that its own key signed must still prove what it says: %s",
    (_, { passed: score, twice }: { passed?: number; twice?: boolean }) => {
      const key = openKey(yours);
      const { statement } = JSON.parse(readFileSync(path, "utf8"));
      const forged = {
        ...statement,
        passed: score ?? 2,
        passes: twice ? [statement.passes[0], statement.passes[0]] : statement.passes,
      };
      const file = { ...signStatement(forged, key), publicKey: publicKeyOf(key) };
      expect(verifyResultFile(JSON.stringify(file))).toMatch(
        /it says \d passed, and has evidence of/,
      );
    },
  );

  test("of another folder's passes is not valid", () => {
    const other = mkdtempSync(join(tmpdir(), "unblock-yours-"));
    const text = readFileSync(writeResultFile(passed("A"), other), "utf8");
    rmSync(other, { recursive: true });
    expect(verifyResultFile(text)).toBe("the evidence of A is not signed by the same key");
  });

  test.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["another file", "{}"],
  ])("that is none can't be verified: %s", async (_, text) => {
    writeFileSync(path, text);
    const { code, stdout, stderr } = await verify(path);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/[Ee]xpected/);
    expect(stderr).not.toContain(" at ");
  });

  test("that is not there can't be verified", async () => {
    expect(await verify(join(yours, "none.json"))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no such file"),
    });
  });
});
