import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { runCommand } from "../../testing/cli.ts";

vi.setConfig({ testTimeout: 60_000 });

const blocked = "loop-blocked-by-waiting at learn/diagnose/apps/flooding.ts:";
const slowly = "sleep 1.5; cat";
const flooding = (more = "", diagnose = "--import ./learn/diagnose.ts") =>
  `"${process.execPath}" ${diagnose} learn/diagnose/apps/flooding.ts ${more}`;

/** Runs a program with its standard error in a pipe of the shell's. */
const pipeErrors = (program: string, reader: string) =>
  runCommand("bash", [
    "-c",
    `${program} 2>&1 >/dev/null | (${reader}); echo "code \${PIPESTATUS[0]}"`,
  ]);

test.each([
  ["exits", "", "7"],
  ["is ended by a signal", "SIGTERM", "143"],
])(
  "a program that %s reports whole into a full pipe whose reader is slow",
  async (_, how, code) => {
    const { stdout } = await pipeErrors(flooding(how), slowly);
    expect(stdout).toContain(blocked);
    expect(stdout).toMatch(/docs\/fundamentals\.md#\S+\n/);
    expect(stdout).toMatch(new RegExp(`code ${code}\n$`));
  },
);

test("so does one with --watch, and says each diagnosis once", async () => {
  const { stdout } = await pipeErrors(flooding("", "learn/diagnose.ts --watch"), slowly);
  expect(stdout).toContain(blocked);
  expect(stdout).toMatch(/code 7\n$/);
});

test("a report goes whole into a socket that nobody reads for a while, too", async () => {
  const child = spawn(
    process.execPath,
    ["--import", "./learn/diagnose.ts", "learn/diagnose/apps/flooding.ts"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const closed = once(child, "close");
  // Without a listener Node throws away, when the program exits, what nobody has read.
  const leaveUnread = () => {};
  child.stderr.on("readable", leaveUnread);
  await sleep(1_500);
  child.stderr.off("readable", leaveUnread);
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => {
    stderr += text;
  });
  child.stderr.resume();
  const [code] = await closed;
  expect(code).toBe(7);
  expect(stderr).toContain(blocked);
});

test.each([
  ["exits", "", "7"],
  ["is ended by a signal", "SIGTERM", "143"],
])("a program that %s does so as ever when nobody reads any more", async (_, how, code) => {
  const { stdout } = await pipeErrors(flooding(how), "true");
  expect(stdout).toBe(`code ${code}\n`);
});

test("one whose reader stays and never reads ends all the same", async () => {
  const { stdout } = await pipeErrors(flooding(), "sleep 14");
  expect(stdout).toBe("code 7\n");
});

test("a program that can't be watched runs on when nobody reads why", async () => {
  const permission = "--permission --allow-fs-read=/ --import ./learn/diagnose.ts";
  const program = `sh -c "sleep 0.3; exec ${process.execPath} ${permission} -e 'setTimeout(() => process.exit(7), 300)'"`;
  expect((await pipeErrors(program, "cat")).stdout).toContain("nothing is watched: ");
  // The reader is gone before anything is written.
  const { stdout } = await pipeErrors(program, "true");
  expect(stdout).toBe("code 7\n");
});

test.each(["--help", "", "--nonsense"])(
  "the command itself says no stack: diagnose %s",
  async (flags) => {
    const closed = "exec 3>&1; (sleep 0.3;";
    const { stdout, stderr } = await runCommand("bash", [
      "-c",
      `${closed} "${process.execPath}" learn/diagnose.ts ${flags} 2>&3; echo "code $?" >&3) | true`,
    ]);
    expect(`${stdout}${stderr}`).not.toMatch(/^\s+at |EPIPE/m);
    expect(stdout).toMatch(flags === "--help" ? /code 0\n$/ : /code 1\n$/);
  },
);
