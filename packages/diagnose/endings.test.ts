/** Reports at the end of programs, as text on standard error, and readers that are slow or gone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "@unblock/test/cli";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  asText,
  type Finding,
  findingAt,
  findingsIn,
  startApp,
  stopApps,
} from "./test/start-app.ts";

vi.setConfig({ testTimeout: 60_000 });

afterEach(stopApps);

const blocked = "loop-blocked-by-waiting at packages/diagnose/test/endings.ts:";
const names = (findings: readonly Finding[]) => findings.map(({ diagnosis }) => diagnosis);

test("reports if a signal ends the program", async () => {
  const app = await startApp("endings", { node: asText });
  await app.call("/block");
  app.child.kill("SIGTERM");
  expect(await app.exited).toBe(null);
  expect(app.child.signalCode).toBe("SIGTERM");
  expect(app.stderr()).toContain(blocked);
});

test("leaves a signal to a program that listens for it", async () => {
  const app = await startApp("endings", { args: ["SIGTERM"] });
  await app.call("/block");
  app.child.kill("SIGTERM");
  expect(await app.exited).toBe(7);
  expect(app.stdout()).toContain("good bye\n");
  expect(names(findingsIn(app.stderr()))).toEqual(["loop-blocked-by-waiting"]);
});

test("reports what blocks right before the program exits, without waiting for a debugger", async () => {
  const app = await startApp("endings", { node: asText });
  await app.call("/exit").catch(() => {});
  expect(await app.exited).toBe(3);
  expect(app.stderr()).toContain(blocked);
  expect(app.stderr()).not.toContain("Waiting for the debugger");
});

test("reports after an error that ends the program, and leaves Node's message", async () => {
  const app = await startApp("endings", { node: asText });
  await app.call("/throw").catch(() => {});
  expect(await app.exited).toBe(1);
  expect(app.stderr()).toContain("Error: nobody catches this\n");
  expect(app.stderr()).toMatch(/^unblock diagnose: .* process \d+\)$/m);
});

test("lets a rejection end the program, and names its line", async () => {
  const app = await startApp("endings", { node: asText });
  expect(await app.call("/listeners")).toBe("0");
  await app.call("/reject").catch(() => {});
  expect(await app.exited).toBe(1);
  expect(app.stderr()).toContain("Error: the log is full\n");
  expect(app.stderr()).toMatch(
    /^unhandled-rejection at packages\/diagnose\/test\/endings\.ts:\d+$/m,
  );
});

test("reports on SIGUSR2 each time, and the program goes on", async () => {
  const app = await startApp("endings");
  const wanted = [
    expect.objectContaining(findingAt("loop-blocked-by-waiting", "endings", "blocks: block")),
  ];
  expect(await app.findings()).toEqual([]);
  expect(await app.call("/block")).toBe("blocked");
  expect(await app.findings()).toEqual(wanted);
  expect(await app.findings()).toEqual(wanted);
  expect(await app.call("/block")).toBe("blocked");
});

test("in a cluster, only processes with findings report, besides the primary", async () => {
  const app = await startApp("cluster");
  await app.call("/block");
  app.child.kill("SIGTERM");
  await app.exited;
  const lines = app.stderr().match(/^\{.*\}$/gm) ?? [];
  const reports = lines.map((line): { type: string; findings?: number } => JSON.parse(line));
  const summaries = reports.filter(({ type }) => type === "summary");
  expect(summaries.map(({ findings }) => findings).sort()).toEqual([0, 1]);
  expect(reports).toContainEqual(
    expect.objectContaining(findingAt("loop-blocked-by-waiting", "cluster", "blocks: worker")),
  );
});

test.each([
  ["with --watch", ["packages/diagnose/main.ts", "--watch"]],
  ["imported with ?watch", ["--import", "./packages/diagnose/main.ts?watch"]],
])("%s, a diagnosis is reported as soon as it is made", async (_, node) => {
  const app = await startApp("endings", { node, args: ["SIGTERM", "--watch"] });
  await app.call("/block");
  const { stderr, child } = app;
  await vi.waitFor(() => expect(stderr()).toContain(blocked), 20_000);
  child.kill("SIGTERM");
  // Arguments after the program are the program's.
  expect(await app.exited).toBe(7);
});

describe("with a full or closed pipe as standard error", () => {
  const flooded = "loop-blocked-by-waiting at packages/diagnose/test/flooding.ts:";
  const slowly = "sleep 1.5; cat";
  const flooding = (more = "", diagnose = "--import ./packages/diagnose/main.ts") =>
    `"${process.execPath}" ${diagnose} packages/diagnose/test/flooding.ts ${more}`;

  /** Runs a program whose standard error is a pipe to a reader of the shell. */
  const pipeErrors = (program: string, reader: string) =>
    runCommand("bash", [
      "-c",
      `${program} 2>&1 >/dev/null | (${reader}); echo "code \${PIPESTATUS[0]}"`,
    ]);

  test.each([
    ["exits", "", "7"],
    ["is ended by a signal", "SIGTERM", "143"],
  ])(
    "a program that %s writes the whole report into a full pipe whose reader is slow",
    async (_, how, code) => {
      const { stdout } = await pipeErrors(flooding(how), slowly);
      expect(stdout).toContain(flooded);
      expect(stdout).toMatch(/docs\/fundamentals\.md#\S+\n/);
      expect(stdout).toMatch(new RegExp(`code ${code}\n$`));
    },
  );

  test("so does a program with --watch", async () => {
    const { stdout } = await pipeErrors(flooding("", "packages/diagnose/main.ts --watch"), slowly);
    expect(stdout).toContain(flooded);
    expect(stdout).toMatch(/code 7\n$/);
  });

  test("the whole report is written into a socket that is not read for a while", async () => {
    const child = spawn(
      process.execPath,
      ["--import", "./packages/diagnose/main.ts", "packages/diagnose/test/flooding.ts"],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    const closed = once(child, "close");
    // Without a listener Node drops unread data when the program exits.
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
    expect(stderr).toContain(flooded);
  });

  test.each([
    ["exits", "", "7"],
    ["is ended by a signal", "SIGTERM", "143"],
  ])("a program that %s ends as usual if the reader is gone", async (_, how, code) => {
    const { stdout } = await pipeErrors(flooding(how), "true");
    expect(stdout).toBe(`code ${code}\n`);
  });

  test("a program whose reader never reads ends after a timeout", async () => {
    const { stdout } = await pipeErrors(flooding(), "sleep 14");
    expect(stdout).toBe("code 7\n");
  });

  test("a program that cannot be watched runs, whether the reason is read or not", async () => {
    const permission = "--permission --allow-fs-read=/ --import ./packages/diagnose/main.ts";
    const program = `sh -c "sleep 0.3; exec ${process.execPath} ${permission} -e 'setTimeout(() => process.exit(7), 300)'"`;
    expect((await pipeErrors(program, "cat")).stdout).toContain("nothing is watched: ");
    // The reader closes the pipe before anything is written.
    const { stdout } = await pipeErrors(program, "true");
    expect(stdout).toBe("code 7\n");
  });

  test.each(["--help", "", "--nonsense"])(
    "the command prints no stack if the reader is gone: diagnose %s",
    async (flags) => {
      const closed = "exec 3>&1; (sleep 0.3;";
      const { stdout, stderr } = await runCommand("bash", [
        "-c",
        `${closed} "${process.execPath}" packages/diagnose/main.ts ${flags} 2>&3; echo "code $?" >&3) | true`,
      ]);
      expect(`${stdout}${stderr}`).not.toMatch(/^\s+at |EPIPE/m);
      expect(stdout).toMatch(flags === "--help" ? /code 0\n$/ : /code 1\n$/);
    },
  );
});
