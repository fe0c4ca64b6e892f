import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exercises } from "@unblock/proto/exercises";
import { startCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { beforeEach, expect, test, vi } from "vitest";

const logImports = new URL(import.meta.resolve("@unblock/test/log-imports")).href;

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

test("the first burst of each exercise loads no module in any thread", async () => {
  const file = join(folder, "imports");
  const { child, exited, stdout } = startCommand(
    process.execPath,
    ["--import", logImports, "server/main.ts", "--port", "0"],
    { IMPORT_LOG: file },
  );
  const imports = () => readFileSync(file, "utf8").split("\n");
  try {
    const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(stdout())?.[0], {
      timeout: 20_000,
      interval: 20,
    });
    const loadedBefore = imports();
    // Each of them has loaded the query.
    const byThreads = /task-runner\.ts \S*\/get-user\/work\.ts$/;
    expect(loadedBefore.filter((line) => byThreads.test(line))).toHaveLength(16);
    for (const { method, burst } of exercises) {
      const calls = Array.from({ length: burst.calls }, (_, index) =>
        fetch(`${url}/unblock.v1.ExercisesService/${method.name}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: burst.requestJson(index + 1),
        }),
      );
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      expect(statuses).toEqual(calls.map(() => 200));
    }
    expect(imports().slice(loadedBefore.length)).toEqual([]);
  } finally {
    child.kill("SIGTERM");
  }
  expect(await exited).toBe(0);
});
