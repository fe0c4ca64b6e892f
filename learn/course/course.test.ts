import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeProgress, loadProgress, progressPath } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { verifyResultFile } from "../result-file.ts";
import { hasTerminals, openTerminal, type TestTerminal } from "../testing/terminal.ts";
import { fileName } from "../workspace.ts";

const program = new URL("./testing/fake-check-course.ts", import.meta.url);
const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

let yours: string;
let terminal: TestTerminal;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
});

afterEach(() => {
  terminal.close();
  // The program may still be saving when its terminal is gone.
  rmSync(yours, { recursive: true, maxRetries: 10 });
});

type Options = Parameters<typeof openTerminal>[2];

async function open(options?: Options): Promise<void> {
  terminal = openTerminal(program, [yours], options);
  await shows("q quit");
}

function shows(text: string | RegExp): Promise<void> {
  const expected = expect.stringMatching(text);
  return vi.waitFor(() => expect(terminal.screen()).toEqual(expected), 25_000);
}

/** As an editor does. */
function save(file: string, text: string): void {
  appendFileSync(join(yours, file), `// ${text}\n`);
}

describe.skipIf(!hasTerminals())("the course on a terminal (needs script of util-linux)", () => {
  test("shows a FAIL, hints, and the rationale after a PASS, on the same exercise", async () => {
    await open({ after: "stty -a" });
    expect(terminal.screen()).toMatch(/^A· B· .* 0\/8 passed/);
    expect(terminal.screen()).toContain("A  Database lookup, blocking driver");

    save("a-get-user.ts", "a change");
    await shows(/^A✗ .*FAIL.*✗ executor +10 of 10 calls held the event loop/s);
    expect(terminal.screen()).toContain("Loop blocked by waiting");
    expect(terminal.screen()).toContain("at learn/yours/a-get-user.ts:14");

    terminal.type("r");
    await shows("The rationale opens after a pass");
    terminal.type("h");
    await shows("Hint 1 of 3: ");

    save("a-get-user.ts", "let it pass");
    await shows(/^A✓ .*PASS.*The right answer/s);
    expect(terminal.screen()).toContain("A  Database lookup, blocking driver");
    expect(terminal.screen()).toContain("1/8");
    terminal.type("\x1b[F");
    await shows("docs/fundamentals.md#pools-for-blocking-calls");

    terminal.type("n");
    await shows("B  External API call");
    terminal.type("q");
    expect(await terminal.exited).toBe(0);
    // The terminal is restored: line editing and echo are on.
    const [, after = ""] = terminal.written().split(leave);
    expect(after).toMatch(/[^-]icanon/);
    expect(after).toMatch(/[^-]echo\b/);
  });

  test("restores exercise, hints and skips in the next session", async () => {
    await open();
    terminal.type("hhs");
    await shows("B  External");
    terminal.type("q");
    await terminal.exited;

    await open();
    expect(terminal.screen()).toMatch(/^A– B·/);
    expect(terminal.screen()).toContain("B  External API call");
    terminal.type("p");
    await shows("You have skipped this one.");
    terminal.type("\x1b[F");
    await shows(/Hint 1 .*Hint 2 /s);
  });

  test("shows the result of an earlier session with its evidence", async () => {
    await open();
    save("a-get-user.ts", "a change");
    await shows("Loop blocked by waiting");
    terminal.type("q");
    await terminal.exited;

    await open();
    expect(terminal.screen()).toContain("Loop blocked by waiting");
    terminal.type("d");
    await shows(/the evidence.*blocked_ms +512/s);
  });

  test("runs the editor and resumes afterwards", async () => {
    const editor = join(yours, "editor.sh");
    writeFileSync(editor, 'echo "editing $2" ; echo "// let it pass" >> "$2"\n');
    await open({ env: { EDITOR: `sh ${editor} --wait` } });
    terminal.type("e");
    await shows(/^A✓ .*PASS/s);
    expect(terminal.written()).toContain(`editing ${join(yours, "a-get-user.ts")}`);
    expect(terminal.written().split(leave)).toHaveLength(2);
  });

  test("names the variable to set when there is no editor", async () => {
    await open({ env: { EDITOR: "", VISUAL: "" } });
    terminal.type("e");
    await shows("Set EDITOR to open files with e");
  });

  test("restores a stub, keeps the version and does not check the stub", async () => {
    await open();
    save("a-get-user.ts", "a change");
    await shows("Loop blocked by waiting");
    terminal.type("xx");
    await shows("The stub of A is restored.");
    const [kept = ""] = readdirSync(join(yours, "aside"));
    expect(readFileSync(join(yours, "aside", kept), "utf8")).toContain("// a change");
    expect(readFileSync(join(yours, "a-get-user.ts"), "utf8")).not.toContain("// a change");
    save("b-get-weather.ts", "saved after it");
    await shows("You saved exercise B");
    expect(terminal.screen()).toMatch(/^A· /);
  });

  test("checks all exercises and writes a valid result file", async () => {
    await open();
    for (const exercise of exercises) {
      writeFileSync(join(yours, fileName(exercise)), "// let it pass\n");
    }
    await shows("You saved exercise");
    terminal.type("a");
    await shows(/^A✓ B✓ C✓ D✓ E✓ F✓ G✓ H✓ .*8\/8 Expert/);
    terminal.type("w");
    await shows("8 of 8: Expert");
    const path = join(yours, "result.json");
    expect(verifyResultFile(readFileSync(path, "utf8"))).toMatchObject({
      statement: { passed: 8, of: 8 },
    });
    terminal.type("q");
    expect(await terminal.exited).toBe(0);
  });

  test("does not check another exercise's file until it is the current one", async () => {
    await open();
    save("c-compute-hash.ts", "let it pass");
    await shows("You saved exercise C");
    expect(terminal.screen()).toMatch(/^A· B· C·/);
    terminal.type("lc");
    await shows("C  CPU-heavy computation");
    terminal.type("c");
    await shows(/^A· B· C✓ .*Right answers/s);
  });

  test("reports damaged progress and starts over", async () => {
    writeFileSync(progressPath(yours), "{");
    await open();
    await shows("progress.json was damaged");
    terminal.type("n");
    await shows("B  External");
    await vi.waitFor(() =>
      expect(loadProgress(progressPath(yours))).toMatchObject({ state: { current: "B" } }),
    );
  });

  test("shows progress that another command changed", async () => {
    await open();
    await changeProgress(progressPath(yours), (state) => ({ ...state, current: "E" }));
    await shows(/E {2}Cache lookup.*Your progress was changed by another command/s);
  });

  test("reports a failure of the check itself without a FAIL", async () => {
    await open();
    save("a-get-user.ts", "break the check");
    await shows("your code is not the reason: no such");
    expect(terminal.screen()).toMatch(/^A·/);
  });

  test("exits with 0 on Ctrl-C", async () => {
    await open();
    terminal.type("\x03");
    expect(await terminal.exited).toBe(0);
    expect(terminal.written()).toContain(leave);
  });

  test("restores the terminal on SIGTERM", async () => {
    await open();
    save("a-get-user.ts", "end the course");
    expect(await terminal.exited).toBe(0);
    expect(terminal.written()).toContain(leave);
  });

  test("restores the terminal after a crash and then prints the error", async () => {
    await open({ after: "stty -a" });
    save("a-get-user.ts", "crash the course");
    expect(await terminal.exited).toBe(1);
    const [, after = ""] = terminal.written().split(leave);
    expect(after).toContain("Error: a fault of the course itself");
    expect(after).toMatch(/[^-]icanon/);
  });

  test("has colours unless NO_COLOR is set", async () => {
    const colour = "\x1b[1m";
    await open({ env: { NO_COLOR: "1" } });
    expect(terminal.written()).not.toContain(colour);
    terminal.type("q");
    await terminal.exited;
    await open();
    expect(terminal.written()).toContain(colour);
  });
});
