import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exerciseOf } from "@unblock/proto/exercises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { prepareWorkspace, resetExercise, type Watch, yourFile } from "../workspace.ts";
import { watchExercises } from "./watch.ts";

const chosen = [exerciseOf("A"), exerciseOf("B")];

let yours: string;
let watch: Watch;
let checked: string[];
let atOnce: number;
let maxAtOnce: number;
/** Ends the check in progress. */
let end: (problem?: Error) => void;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
  prepareWorkspace(yours);
  checked = [];
  atOnce = 0;
  maxAtOnce = 0;
  watch = watchExercises(
    chosen,
    ({ letter }) => {
      checked.push(letter);
      atOnce++;
      maxAtOnce = Math.max(maxAtOnce, atOnce);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      end = (problem) => (problem === undefined ? resolve() : reject(problem));
      return promise.finally(() => atOnce--);
    },
    yours,
  );
});

afterEach(() => {
  watch.close();
  rmSync(yours, { recursive: true });
});

function save(letter: string): void {
  appendFileSync(yourFile(exerciseOf(letter), yours), `// ${checked.length}\n`);
}

const hasChecked = (...letters: readonly string[]) =>
  vi.waitFor(() => expect(checked).toEqual(letters), 10_000);

test("checks saved files one at a time, and continues after a failed check", async () => {
  save("A");
  await hasChecked("A");
  save("B");
  save("A");
  // What is not watched is not checked, and neither is a stub that was put back.
  save("C");
  end(new Error("no memory"));
  await vi.waitFor(() => expect(checked).toHaveLength(2), 10_000);
  end();
  await vi.waitFor(() => expect(checked).toHaveLength(3), 10_000);
  expect(checked.slice(1).sort()).toEqual(["A", "B"]);
  end();
  resetExercise(exerciseOf("A"), new Date(), yours);
  save("B");
  await hasChecked(...checked.slice(0, 3), "B");
  end();
  expect(maxAtOnce).toBe(1);
});
