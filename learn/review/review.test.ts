import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { changeProgress, loadProgress, withExercise } from "../../progress/progress.ts";
import { hasTerminals, openTerminal, type TestTerminal } from "../terminal/testing/terminal.ts";
import { afterAnswer } from "./schedule.ts";

const program = new URL("./testing/review-program.ts", import.meta.url);

let folder: string;
let path: string;
let terminal: TestTerminal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unblock-review-"));
  path = join(folder, "progress.json");
});

afterEach(() => {
  terminal.close();
  rmSync(folder, { recursive: true });
});

function open(): void {
  terminal = openTerminal(program, path);
}

function said(): string {
  return stripVTControlCharacters(terminal.written());
}

function says(text: string | RegExp): Promise<void> {
  const expected = expect.stringMatching(text);
  return vi.waitFor(() => expect(said()).toEqual(expected), 30_000);
}

/** Presses 1, which is a choice of every question. */
async function answer(): Promise<void> {
  await says("or q to leave: ");
  terminal.type("1");
  await says(/: (right|right, at a price|wrong)\s/);
}

describe.skipIf(!hasTerminals())("the review on a terminal (needs script of util-linux)", () => {
  test("asks what was worked on or guessed, keeps the answers, and rests", async () => {
    await changeProgress(path, (progress) =>
      withExercise(withExercise(progress, "A", { last: "FAIL" }), "H", { guess: "parallel" }),
    );
    open();
    await says("1 of 2 to review");
    expect(said()).toContain("Database lookup, blocking driver");
    terminal.type("x");
    await says(/"x" does nothing here: press 1 to \d, or q\./);
    await answer();
    expect(said()).toContain("To read: docs/fundamentals.md#pools-for-blocking-calls");
    await says("Enter: go on.");
    terminal.type("\r");
    await says("2 of 2 to review");
    await says("Batch of parallel requests");
    terminal.type("q");
    expect(await terminal.exited).toBe(0);
    expect(said()).toContain("Your answers are kept.");
    expect(loadProgress(path).state.cards).toMatchObject({ A: { reps: 1 } });
    expect(loadProgress(path).state.cards).not.toHaveProperty("H");
  });

  test("says when the next question comes, if none is due", async () => {
    const card = afterAnswer(undefined, "recommended", Date.now());
    await changeProgress(path, (progress) => ({
      ...withExercise(progress, "A", { last: "FAIL" }),
      cards: { A: card },
    }));
    open();
    expect(await terminal.exited).toBe(0);
    const day = new Date(card.dueMs).toLocaleDateString("sv");
    expect(said()).toContain(`Nothing is due. The next question comes back on ${day}.`);
  });

  test("says where to begin when there is nothing to review", async () => {
    open();
    expect(await terminal.exited).toBe(0);
    expect(said()).toContain("Nothing to review yet");
  });
});
