import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:http2";
import { ConnectError } from "@connectrpc/connect";
import { createUnblockClient, createVitalsClient } from "@unblock/client/client";
import { linesOf, type RunningCommand, runCommand, startCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { descendantsOf, isAlive } from "@unblock/test/processes";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const node = process.execPath;
/** A server that starts fast. */
const smallServer = [
  ...["server/main.ts", "--port", "0"],
  ...["--cpu-workers", "1", "--blocking-threads", "2", "--processes", "1"],
];
/** Temporary folder of the current test. */
let temporary: string;
beforeEach(() => {
  temporary = temporaryFolder();
});
const waitOptions = { timeout: 50_000, interval: 20 };

describe("npm start", () => {
  let command: RunningCommand | undefined;
  afterEach(() => {
    // Also kills what npm started, which would outlive it.
    for (const pid of [command?.child.pid, ...descendantsOf(command?.child.pid ?? -1)]) {
      if (pid !== undefined && isAlive(pid)) {
        process.kill(pid, "SIGKILL");
      }
    }
    command = undefined;
  });

  const start = async (...flags: string[]) => {
    const started = startCommand(node, [...smallServer, ...flags], { TMPDIR: temporary });
    command = started;
    const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(started.stdout())?.[0], waitOptions);
    return { ...started, url };
  };

  test("rejects invalid arguments with exit code 1", async () => {
    const invalid = [
      ["--prot", "1"],
      ["--port", "70000"],
      ["--port", "http"],
      ["--cpu-workers", "0"],
      ["--max-queue", "1.5"],
      ["surplus"],
    ];
    const ended = await Promise.all(
      invalid.map((flags) => runCommand(node, ["server/main.ts", ...flags])),
    );
    expect(ended).toEqual(
      invalid.map(([named]) => ({
        code: 1,
        stdout: "",
        stderr: expect.stringContaining(`${named}`),
      })),
    );
  });

  test("prints where its page is, or how to build it", async () => {
    const { url, stdout } = await start();
    const page = await vi.waitUntil(() => /^Its page .*$/m.exec(stdout())?.[0], waitOptions);
    expect([`Its page is at ${url}/`, "Its page is not built: npm run build"]).toContain(page);
  });

  test("takes a token from the environment, and does not print it", async () => {
    const rejected = startCommand(node, ["server/main.ts", "--port", "0"], {
      UNBLOCK_TOKEN: "short",
    });
    expect(await rejected.exited).toBe(1);
    expect(rejected.stderr()).toContain("token");
    expect(rejected.stderr()).not.toContain("short");
    const help = startCommand(node, ["server/main.ts", "--help"], { UNBLOCK_TOKEN: "very secret" });
    expect(await help.exited).toBe(0);
    expect(help.stdout()).toContain("--token <text>");
    expect(help.stdout()).not.toContain("very secret");
  });

  test.each([
    // The executor leaves one thread in eight to the server, at least one.
    ["the environment's", "5", [], 5, 4],
    ["the flag's", "5", ["--libuv-threads", "6"], 6, 5],
    ["its own, when the environment's is empty,", "", [], 16, 14],
  ])("gives libuv's pool %s size", async (_, size, flags, threads, tasks) => {
    const env = { TMPDIR: temporary, UV_THREADPOOL_SIZE: size };
    const started = startCommand(node, [...smallServer, ...flags], env);
    command = started;
    const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(started.stdout())?.[0], waitOptions);
    const { executors } = await createVitalsClient({ baseUrl: url }).getVitals({});
    expect(executors.find(({ name }) => name === "libuv")?.size).toBe(tasks);
    const pid = started.child.pid ?? 0;
    expect(poolThreadsOf(pid)).toBe(threads);
    // The child processes, whose libuv pools have the same size.
    const children = descendantsOf(pid).filter((child) =>
      readFileSync(`/proc/${child}/cmdline`, "utf8").includes("child-process-worker.ts"),
    );
    expect(children).toHaveLength(1);
    expect(readFileSync(`/proc/${children[0]}/environ`, "utf8").split("\0")).toContain(
      `UV_THREADPOOL_SIZE=${threads}`,
    );
  });

  test("rejects an invalid pool size in the environment", async () => {
    const rejected = startCommand(node, ["server/main.ts"], { UV_THREADPOOL_SIZE: "many" });
    expect(await rejected.exited).toBe(1);
    expect(rejected.stderr()).toContain("UV_THREADPOOL_SIZE");
  });

  test("rejects a taken port with exit code 1", async () => {
    const { url } = await start();
    const port = new URL(url).port;
    const { code, stderr } = await runCommand(node, ["server/main.ts", "--port", port]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${port} `);
    expect(stderr).toContain(`--port ${Number(port) + 1}\n`);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "at %s finishes the call in progress and the background task, and exits with 0",
    async (signal) => {
      const { child, url, exited, stderr } = await start();
      const client = createUnblockClient({ baseUrl: url });
      await client.trackEvent({ event: "page_view", userId: 1 });
      const call = client.getWeather({ city: "london" });
      await callsInProgress(url, "event-loop");
      child.kill(signal);
      expect((await call).conditions).toBe("sunny");
      expect(await exited).toBe(0);
      // A lost event would add a line.
      expect(linesOf(stderr())).toEqual([expect.stringContaining(signal)]);
    },
  );

  test("leaves nothing behind when a signal comes during the start", async () => {
    const started = startCommand(node, smallServer, { TMPDIR: temporary });
    command = started;
    await vi.waitUntil(() => ownFolders().length > 0, waitOptions);
    started.child.kill("SIGINT");
    expect(await started.exited).toBe(0);
    expect(ownFolders()).toEqual([]);
  });

  test("takes no new calls after a signal", async () => {
    const { child, url, exited } = await start();
    const client = createUnblockClient({ baseUrl: url });
    const call = client.getWeather({ city: "london" });
    await callsInProgress(url, "event-loop");
    child.kill("SIGTERM");
    await expect(
      vi.waitUntil(async () => {
        const late = createUnblockClient({ baseUrl: url });
        return late.getDashboard({}).then(
          () => false,
          (error: unknown) => {
            throw error;
          },
        );
      }, waitOptions),
    ).rejects.toBeInstanceOf(ConnectError);
    await call;
    expect(await exited).toBe(0);
  });

  test("treats two signals at once as one, as Ctrl-C arrives through npm", async () => {
    const { child, url, exited } = await start();
    const call = createUnblockClient({ baseUrl: url }).getWeather({ city: "london" });
    await callsInProgress(url, "event-loop");
    child.kill("SIGINT");
    child.kill("SIGINT");
    await call;
    expect(await exited).toBe(0);
  });

  test("exits at once at a later second signal", async () => {
    const { child, url, exited } = await start();
    const call = createUnblockClient({ baseUrl: url }).computeHash({
      data: "a",
      rounds: 9_999_999,
    });
    const lost = expect(call).rejects.toThrow();
    await callsInProgress(url, "cpu-pool");
    child.kill("SIGINT");
    await vi.waitUntil(() => {
      child.kill("SIGINT");
      return child.exitCode !== null || child.signalCode !== null;
    }, waitOptions);
    expect(await exited).toBe(1);
    await lost;
  });

  test("passes signals on through npm, and leaves no process and no file", async () => {
    const env = { TMPDIR: temporary };
    const npm = startCommand("npm", ["start", "--silent", "--", "--port", "0"], env);
    command = npm;
    await vi.waitUntil(() => npm.stdout().includes("http://"), waitOptions);
    expect(ownFolders()).toHaveLength(1);
    const processes = descendantsOf(npm.child.pid ?? 0);
    expect(processes.length).toBeGreaterThan(2);
    npm.child.kill("SIGTERM");
    expect(await npm.exited).toBe(0);
    await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), waitOptions);
    expect(ownFolders()).toEqual([]);
  });

  test("leaves no process and no file even when it is killed", async () => {
    const { child, exited } = await start();
    expect(ownFolders()).toHaveLength(1);
    const processes = descendantsOf(child.pid ?? 0);
    child.kill("SIGKILL");
    await exited;
    await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), waitOptions);
    expect(ownFolders()).toEqual([]);
  });

  test("ends with the load client that started it, even when that is killed", async () => {
    const load = startCommand(node, ["loadtest/main.ts", "GetUser", "--duration", "60s"], {
      TMPDIR: temporary,
    });
    command = load;
    await vi.waitUntil(() => load.stderr().includes("calls/s"), waitOptions);
    expect(ownFolders()).toHaveLength(1);
    const processes = descendantsOf(load.child.pid ?? 0);
    expect(processes).not.toEqual([]);
    load.child.kill("SIGKILL");
    await load.exited;
    await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), waitOptions);
    expect(ownFolders()).toEqual([]);
  });

  test("cuts a silent connection when it closes", async () => {
    const { child, url, exited } = await start();
    const session = connect(url);
    session.on("error", () => {});
    await vi.waitUntil(() => !session.connecting, waitOptions);
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    session.destroy();
  });
});

async function callsInProgress(url: string, executor: string): Promise<void> {
  const vitals = createVitalsClient({ baseUrl: url });
  await vi.waitUntil(async () => {
    const { executors } = await vitals.getVitals({});
    return executors.some(({ name, running }) => name === executor && running > 0);
  }, waitOptions);
}

/** Folders that this test's servers have created and not removed. */
function ownFolders(): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith("unblock-"));
}

function poolThreadsOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const names = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, "utf8"));
  return names.filter((name) => name === "libuv-worker\n").length;
}
