/** The command line: programs, and JSON lines for scripts. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { afterEach, describe, expect, test, vi } from "vitest";
import { markedLine, startApp, stopApps } from "./test/start-app.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = temporaryFolder({
  "packed/package.json": '{"main":"start.js"}',
  "packed/start.js": 'console.log("started", ...process.argv.slice(2)); process.exitCode = 3;',
});
afterEach(stopApps);
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
mkdirSync(join(folder, "empty"));

const diagnose = (...args: string[]) =>
  runCommand(process.execPath, ["packages/diagnose/main.ts", ...args]);
const parse = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("rejects what is no program, and says what to do:", () => {
  test.each([
    [
      "a file that does not exist",
      ["nope.js"],
      /got "nope\.js", which does not exist in \/.*; check the path$/,
    ],
    [
      "a directory",
      [join(folder, "empty")],
      /got "\S+empty", which is a directory with no index\.js; name the file/,
    ],
    [
      "code",
      ["-e", "1"],
      /got code \(-e\); use: node --import \.\/packages\/diagnose\/main\.ts -e '…'$/,
    ],
    ["code to print", ["--print", "1"], /got code \(--print\); use: /],
    [
      "standard input",
      ["-"],
      /got standard input \(-\); use: node --import \.\/packages\/diagnose\/main\.ts -$/,
    ],
    [
      "one of Node's flags",
      ["--inspect", "app.js"],
      /got the flag --inspect; Node's own flags come first: node --inspect \.\/packages\/diagnose\/main\.ts app\.js$/,
    ],
    ["nothing", [], /got none; use: node \.\/packages\/diagnose\/main\.ts app\.js$/],
    ["nothing after --", ["--json", "--"], /got none; use: /],
    [
      "a command",
      ["npm", "start"],
      /got the command npm; use: NODE_OPTIONS='--import "\/\S+\/packages\/diagnose\/main\.ts"' npm …$/,
    ],
  ])("%s", async (_, args, problem) => {
    const { code, stdout, stderr } = await diagnose(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: expected a program's file/);
    expect(stderr.trimEnd()).toMatch(problem);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

test.each(["packed", "packed/start"])(
  "finds %s as Node does, and exits with the program's exit code",
  async (program) => {
    const { code, stdout, stderr } = await diagnose(join(folder, program), "--json", "-e");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "started --json -e\n" });
    expect(stderr).toMatch(/^unblock diagnose: nothing found in /);
  },
);

describe("reports a program that could not be loaded, and no rejection:", () => {
  test.each([
    ["a syntax error", "let = ;", "SyntaxError: "],
    ["a missing module", 'import "./nope.mjs";', "Error [ERR_MODULE_NOT_FOUND]: "],
  ])("%s", async (_, text, problem) => {
    const program = write("broken.mjs", text);
    const { code, stderr } = await diagnose(program);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `unblock diagnose: the program could not be loaded, so nothing was watched: ${problem}`,
    );
    expect(stderr).not.toContain("unhandled-rejection");
    const json = await diagnose("--json", program);
    expect(json.code).toBe(1);
    expect(parse(json.stdout)).toMatchObject([
      { type: "summary", findings: 0, ended: true, could_not_load: expect.stringMatching(/Error/) },
    ]);
  });

  test("leaves an error at the program's start to Node", async () => {
    const { code, stderr } = await diagnose(
      write("throws.mjs", 'await 1; throw new Error("top");'),
    );
    expect(code).toBe(1);
    expect(stderr).toContain("Error: top");
    expect(stderr).toContain("unblock diagnose: nothing found in");
  });
});

test("names the lines of code that is in no file", async () => {
  const code =
    "setTimeout(function wait() {\n  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);\n}, 100)";
  const { stderr } = await runCommand(process.execPath, [
    "--import",
    "./packages/diagnose/main.ts",
    "-e",
    code,
  ]);
  expect(stderr).toMatch(/ in [\d,]+ ms \(code of -e, process \d+\)\n/);
  expect(stderr).toMatch(/^loop-blocked-by-waiting at \[eval\]:2\n {2}2 \| Atomics\.wait/m);
});

describe("--json", () => {
  test("prints a line per finding and a summary, and nothing else on standard output", async () => {
    const app = await startApp("endings", {
      node: ["packages/diagnose/main.ts", "--json"],
      urlOn: "stderr",
    });
    await app.call("/block");
    await app.call("/block");
    await app.call("/exit").catch(() => {});
    expect(await app.exited).toBe(3);
    const line = markedLine("endings", "blocks: block");
    const [finding, summary, ...rest] = parse(app.stdout());
    expect(rest).toEqual([]);
    expect(finding).toEqual({
      type: "finding",
      diagnosis: "loop-blocked-by-waiting",
      id: expect.stringMatching(/^loop-blocked-by-waiting function block /),
      pid: app.child.pid,
      thread: null,
      file: "packages/diagnose/test/endings.ts",
      line,
      column: null,
      calls: "wait",
      code: "Atomics.wait(cell, 0, 0, 300); // blocks: block",
      other_lines: [],
      finding: expect.any(String),
      next_step: expect.any(String),
      read_on: "docs/fundamentals.md#pools-for-blocking-calls",
      numbers: expect.objectContaining({ blockages: 3 }),
    });
    expect(summary).toEqual({
      type: "summary",
      program: "packages/diagnose/test/endings.ts",
      pid: app.child.pid,
      watched_ms: expect.any(Number),
      findings: 1,
      ended: true,
      could_not_load: null,
    });
  });

  test("with --watch a later line has the id of the earlier one", async () => {
    const app = await startApp("endings", {
      node: ["packages/diagnose/main.ts", "--json", "--watch"],
      urlOn: "stderr",
    });
    await app.call("/block");
    await vi.waitFor(() => expect(app.stdout()).toContain("\n"), 20_000);
    app.child.kill("SIGTERM");
    await app.exited;
    const [live, last, summary] = parse(app.stdout());
    expect([live.type, last.type, summary.type]).toEqual(["finding", "finding", "summary"]);
    expect(live.id).toBe(last.id);
  });

  test("forked processes print there too, into a file and a pipe", () => {
    const file = join(folder, "findings.jsonl");
    const cluster = `"${process.execPath}" packages/diagnose/main.ts --json packages/diagnose/test/forks.ts`;
    for (const command of [`${cluster} > ${file}`, `${cluster} | cat > ${file}`]) {
      spawnSync("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
      const lines = parse(readFileSync(file, "utf8"));
      expect(lines.map(({ type, diagnosis = "" }) => `${type} ${diagnosis}`.trim()).sort()).toEqual(
        [
          "finding loop-blocked-by-waiting",
          "finding loop-blocked-by-waiting",
          "summary",
          "summary",
        ],
      );
      expect(new Set(lines.map(({ pid }) => pid)).size).toBe(2);
    }
  });

  test("imported with ?json, the lines are on standard error", async () => {
    const { stdout, stderr } = await runCommand(process.execPath, [
      "--import",
      "./packages/diagnose/main.ts?json",
      "-e",
      'console.log("mine")',
    ]);
    expect(stdout).toBe("mine\n");
    expect(parse(stderr)).toMatchObject([{ type: "summary", program: "code of -e", findings: 0 }]);
  });
});
