import { readFileSync } from "node:fs";
import { createLabClient } from "@unblock/client/client";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { commandLineOf, descendantsOf } from "@unblock/test/processes";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const secret = "s3cret-of-a-test";
const waitOptions = { timeout: 20_000, interval: 20 };

describe.skipIf(!hasRedis())("secrets", () => {
  let redis: TestRedis;
  let command: RunningCommand;
  beforeEach(async () => {
    redis = await startRedis({ password: secret });
  });
  afterEach(async () => {
    command.child.kill("SIGKILL");
    await command.exited;
    await redis.close();
  });

  const start = async (flags: readonly string[], env: Record<string, string>) => {
    command = startCommand(
      process.execPath,
      [
        ...["server/main.ts", "--port", "0", "--processes", "2", "--blocking-threads", "2"],
        ...flags,
      ],
      env,
    );
    const { stdout } = command;
    return vi.waitUntil(() => /http:\/\/\S+/.exec(stdout())?.[0], waitOptions);
  };
  /** Everything that other users, or a core dump of a child, could show. */
  const shownOf = (pid: number) =>
    readFileSync(`/proc/${pid}/environ`, "utf8") + readFileSync(`/proc/${pid}/cmdline`, "utf8");

  test("are not in the environment of processes that need none", async () => {
    const url = await start([], {
      REDIS_URL: redis.url,
      UNBLOCK_TOKEN: secret,
      AWS_SECRET_ACCESS_KEY: secret,
      PGPASSWORD: secret,
    });
    const lab = createLabClient({ baseUrl: url });
    const headers = { authorization: `Bearer ${secret}` };
    const request = { exercise: "B", strategies: ["async"], calls: 2 };
    const race = (async () => {
      for await (const { event } of lab.race(request, { headers })) {
        if (event.case === "saved") {
          return event.value.summary;
        }
      }
      return undefined;
    })();
    const pid = command.child.pid ?? 0;
    const firing = await vi.waitUntil(
      () => descendantsOf(pid).find((child) => commandLineOf(child).includes("lab/race/main.ts")),
      waitOptions,
    );
    const children = descendantsOf(pid);
    const programs = children.map(commandLineOf).join("\n");
    expect(programs).toContain("embedded/process.ts");
    expect(programs).toContain("child-process-worker.ts");
    expect(children).toContain(firing);
    for (const child of children) {
      expect(shownOf(child)).not.toContain(secret);
    }
    expect(await race).toBeDefined();
  });

  test.each([[[]], [["--replicas", "2"]]])(
    "of flags are not in the arguments that others see, with %j",
    async (flags) => {
      await start([...flags, "--redis-url", redis.url, "--token", secret], {});
      const pid = command.child.pid ?? 0;
      for (const process of [pid, ...descendantsOf(pid)]) {
        expect(shownOf(process)).not.toContain(secret);
      }
    },
  );
});
