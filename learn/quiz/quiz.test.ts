import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { changeProgress, loadProgress } from "../../progress/progress.ts";
import { afterAnswer } from "../review/schedule.ts";
import { hasTerminals, openTerminal, type TestTerminal } from "../terminal/testing/terminal.ts";
import { questions } from "./questions/index.ts";

const program = new URL("./testing/quiz-program.ts", import.meta.url);
const dayMs = 24 * 60 * 60 * 1_000;

let folder: string;
let path: string;
let terminal: TestTerminal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unblock-quiz-"));
  path = join(folder, "progress.json");
});

afterEach(() => {
  terminal.close();
  rmSync(folder, { recursive: true });
});

function open(): void {
  terminal = openTerminal(program, path, { after: "stty -a" });
}

function said(): string {
  return stripVTControlCharacters(terminal.written());
}

function says(text: string): Promise<void> {
  return vi.waitFor(() => expect(said()).toContain(text), 60_000);
}

describe.skipIf(!hasTerminals())("the quiz on a terminal (needs script of util-linux)", () => {
  test("explains an answer with a measurement, and asks again what was wrong", {
    timeout: 180_000,
  }, async () => {
    open();
    await says("Question 1 of 6");
    await says("or q to leave: ");
    expect(said()).toContain("Passwords: bcrypt and pbkdf2");
    terminal.type("x");
    await says('"x" does nothing here: press 1 to 8, or q.');
    terminal.type("9\r");
    await says('"9" does nothing here');
    await says("The key return does nothing here");
    terminal.type("1");
    await says("event-loop: not here");
    await says("Enter: what the other ways do.");
    expect(said()).toMatch(/pbkdf2, libuv's 4 threads +\d+ ms +\d/);
    expect(said()).not.toContain("could not be measured");
    terminal.type("\r");
    await says("★ libuv");
    await says("Enter: go on.");
    terminal.type("\r");
    await says("Question 2 of 6");
    terminal.type("q");
    expect(await terminal.exited).toBe(0);
    expect(said()).toContain("What you have answered is kept.");
    expect(said()).toMatch(/[^-]icanon/);

    open();
    await says("Question 1 of 6");
    await says("or q to leave: ");
    expect(said()).toContain("Passwords: bcrypt and pbkdf2");
    terminal.type("3");
    await says("libuv: right");
    // Also while it measures one can leave.
    terminal.type("\x03");
    expect(await terminal.exited).toBe(0);
    expect(loadProgress(path).state.cards).toMatchObject({ "password-hash": { reps: 2 } });

    open();
    await says("Question 1 of 5");
    expect(said()).toContain("JSON.parse of 50 MB");
  });

  test("says when the next question comes, if none is due", async () => {
    const dueMs = Date.now() + 2 * dayMs;
    const card = afterAnswer(undefined, "recommended", Date.now());
    const cards = questions.map(({ id }) => [id, { ...card, dueMs }] as const);
    await changeProgress(path, (progress) => ({ ...progress, cards: Object.fromEntries(cards) }));
    open();
    expect(await terminal.exited).toBe(0);
    const day = new Date(dueMs).toLocaleDateString("sv");
    expect(said()).toContain(`Nothing is due. The next question comes back on ${day}.`);
  });
});
