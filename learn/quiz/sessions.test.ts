import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { changeProgress, loadProgress, withExercise } from "@unblock/progress/progress";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { afterAnswer, dayOf } from "../review/schedule.ts";
import { hasTerminals, openTerminal, type TestTerminal } from "../testing/terminal.ts";
import { questions } from "./questions.ts";

const program = new URL("./testing/session-program.ts", import.meta.url);
const dayMs = 24 * 60 * 60 * 1_000;

let folder: string;
let path: string;
let terminal: TestTerminal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unblock-session-"));
  path = join(folder, "progress.json");
});

afterEach(() => {
  terminal.close();
  rmSync(folder, { recursive: true, maxRetries: 10 });
});

function open(kind: "quiz" | "review"): void {
  terminal = openTerminal(program, [kind, path], { after: "stty -a" });
}

function output(): string {
  return stripVTControlCharacters(terminal.written());
}

function shows(text: string | RegExp): Promise<void> {
  const expected = expect.stringMatching(text);
  return vi.waitFor(() => expect(output()).toEqual(expected), 60_000);
}

describe.skipIf(!hasTerminals())("sessions on a terminal (needs script of util-linux)", () => {
  test("the quiz explains an answer with a measurement and repeats a wrong one", {
    timeout: 180_000,
  }, async () => {
    open("quiz");
    await shows("Question 1 of 6");
    await shows("or q to leave: ");
    expect(output()).toContain("Passwords: bcrypt and pbkdf2");
    for (const [key, name] of [
      ["x", '"x"'],
      ["9", '"9"'],
      ["\r", "The key return"],
    ] as const) {
      terminal.type(key);
      await shows(`${name} does nothing here`);
    }
    terminal.type("1");
    await shows("event-loop: wrong");
    await shows("Enter: what the other ways do.");
    expect(output()).toMatch(/pbkdf2, libuv's 4 threads +\d+ ms +\d/);
    expect(output()).not.toContain("could not be measured");
    terminal.type("\r");
    await shows("★ libuv");
    await shows("Enter: continue.");
    terminal.type("\r");
    await shows("Question 2 of 6");
    terminal.type("q");
    expect(await terminal.exited).toBe(0);
    expect(output()).toMatch(/[^-]icanon/);

    open("quiz");
    await shows("Question 1 of 6");
    await shows("or q to leave: ");
    expect(output()).toContain("Passwords: bcrypt and pbkdf2");
    terminal.type("3");
    await shows("libuv: right");
    // Ctrl-C also works during a measurement.
    terminal.type("\x03");
    expect(await terminal.exited).toBe(0);
    expect(loadProgress(path).state.cards).toMatchObject({ "password-hash": { reps: 2 } });

    open("quiz");
    await shows("Question 1 of 5");
    await shows("JSON.parse of 50 MB");
  });

  test("the review asks about exercises checked or guessed and stores the answers", async () => {
    await changeProgress(path, (progress) =>
      withExercise(withExercise(progress, "A", { last: "FAIL" }), "H", { guess: "parallel" }),
    );
    open("review");
    await shows("Question 1 of 2");
    await shows("or q to leave: ");
    expect(output()).toContain("Database lookup, blocking driver");
    terminal.type("1");
    // The question is random, so the first choice may be right or wrong.
    await shows(/: (right|right, at a price|wrong)\s/);
    await shows("Enter: continue.");
    expect(output()).toContain("docs/fundamentals.md#pools-for-blocking-calls");
    terminal.type("\r");
    await shows("Question 2 of 2");
    await shows("Batch of parallel requests");
    terminal.type("q");
    expect(await terminal.exited).toBe(0);
    expect(loadProgress(path).state.cards).toMatchObject({ A: { reps: 1 } });
    expect(loadProgress(path).state.cards).not.toHaveProperty("H");
  });

  test.each(["quiz", "review"] as const)(
    "%s shows the next date when nothing is due",
    async (kind) => {
      const dueMs = Date.now() + 2 * dayMs;
      const card = { ...afterAnswer(undefined, "recommended", Date.now()), dueMs };
      const cards = Object.fromEntries(questions.map(({ id }) => [id, card]));
      await changeProgress(path, (progress) => ({ ...progress, cards }));
      open(kind);
      expect(await terminal.exited).toBe(0);
      expect(output()).toContain(dayOf(dueMs));
      expect(loadProgress(path).state.cards).toEqual(cards);
    },
  );

  test("the review ends at once when there is nothing to review", async () => {
    open("review");
    expect(await terminal.exited).toBe(0);
    expect(output()).toContain("npm run learn");
  });
});
