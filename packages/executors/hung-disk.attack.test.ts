import { setTimeout as sleep } from "node:timers/promises";
import { ConnectError } from "@connectrpc/connect";
import { createUnblockClient, createVitalsClient } from "@unblock/client/client";
import { codeName } from "@unblock/connect/code-name";
import type { WatchVitalsResponse } from "@unblock/proto/gen/vitals";
import { attackTest, footprintOf, reportAttack } from "@unblock/test/attack";
import { createHungFile } from "@unblock/test/hung-file";
import { startServerProcess } from "@unblock/test/server-process";
import { expect, vi } from "vitest";

const waitOptions = { timeout: 25_000, interval: 50 };
const threads = 16;
const sizes = [`--blocking-threads=${threads}`, `--libuv-threads=${threads}`];
/** A quarter of the executor's size. */
const spares = threads / 4;
const strategies = ["blocking-pool", "libuv"] as const;
const attackMs = 12_000;
const callsPerSecond = 40;

/** Latest vitals, without the backends, which may be stopped. */
function watchVitals(url: string) {
  let newest: WatchVitalsResponse | undefined;
  const stop = new AbortController();
  const watch = async () => {
    const vitals = createVitalsClient({ baseUrl: url, protocol: "grpc" });
    for await (const one of vitals.watchVitals({ intervalMs: 100 }, { signal: stop.signal })) {
      newest = one;
    }
  };
  watch().catch(() => {});
  return {
    executor: (name: string) => newest?.executors.find((executor) => executor.name === name),
    stop: () => stop.abort(),
  };
}

/** Calls GetConfig with deadlines of 100 ms continuously, and counts the codes. */
async function readForAWhile(url: string): Promise<Map<string, number>> {
  const client = createUnblockClient({ baseUrl: url });
  const codes = new Map<string, number>();
  const read = async (strategy: string) => {
    const options = { headers: { "unblock-strategy": strategy }, timeoutMs: 100 };
    const code = await client.getConfig({}, options).then(
      () => "ok",
      (error: unknown) => codeName(ConnectError.from(error).code),
    );
    codes.set(code, (codes.get(code) ?? 0) + 1);
  };
  const calls: Promise<void>[] = [];
  for (let sent = 0; sent < (attackMs / 1_000) * callsPerSecond; sent++) {
    calls.push(...strategies.map(read));
    await sleep(1_000 / callsPerSecond);
  }
  await Promise.all(calls);
  return codes;
}

const listed = (codes: Map<string, number>) =>
  Array.from(codes, ([code, calls]) => `${calls} ${code}`).join(", ");

attackTest(
  "a slow disk that hangs takes no more threads than the places have, and spares",
  async () => {
    const server = await startServerProcess(sizes);
    const pid = server.child.pid ?? 0;
    const unblock = createUnblockClient({ baseUrl: server.url });
    // Uses all threads once, so that the attack starts none.
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        unblock.getConfig({}, { headers: { "unblock-strategy": strategies[n % 2] ?? "" } }),
      ),
    );
    const { backends } = await createVitalsClient({ baseUrl: server.url }).getVitals({});
    const disk = backends.find(({ name }) => name === "slow disk")?.pid ?? 0;
    const vitals = watchVitals(server.url);
    const before = footprintOf(pid);
    process.kill(disk, "SIGSTOP");

    const reading = readForAWhile(server.url);
    await vi.waitUntil(() => vitals.executor("libuv")?.stuck, waitOptions);
    // Others are served meanwhile: by another executor, and with compression, which uses libuv's
    // pool.
    expect(await unblock.computeHash({ data: "test", rounds: 1 })).toMatchObject({
      algorithm: "sha256",
    });
    const zipped = await fetch(`${server.url}/unblock.v1.ExercisesService/ComputeHash`, {
      method: "POST",
      headers: { "content-type": "application/json", "accept-encoding": "gzip" },
      body: JSON.stringify({ data: "test", rounds: 1 }),
    });
    expect(zipped.status).toBe(200);
    const codes = await reading;
    await vi.waitUntil(
      () => vitals.executor("blocking-pool")?.stuck === threads + spares,
      waitOptions,
    );
    const after = footprintOf(pid);
    const stuck = strategies.map((name) => vitals.executor(name)?.stuck);
    reportAttack({
      sent: `${2 * (attackMs / 1_000) * callsPerSecond} reads in ${attackMs / 1_000} s while the slow disk hangs`,
      did: `answered ${listed(codes)}; ${stuck.join(" and ")} tasks stuck`,
      before,
      after,
    });
    expect(after.threads).toBeLessThanOrEqual(before.threads + spares);
    expect(after.residentMb).toBeLessThan(before.residentMb + 150);
    expect([...codes.keys()].sort()).toEqual(["deadline_exceeded", "unavailable"]);
    expect(server.stderr()).toContain(
      `Tasks of "blocking-pool" that are stuck now: ${threads + spares}.`,
    );

    process.kill(disk, "SIGCONT");
    await vi.waitUntil(
      () => strategies.every((name) => vitals.executor(name)?.running === 0),
      waitOptions,
    );
    for (const strategy of strategies) {
      const options = { headers: { "unblock-strategy": strategy } };
      expect(await unblock.getConfig({}, options)).toMatchObject({ settingA: "value1" });
    }
    vitals.stop();
    server.child.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  },
);

attackTest.each(strategies)("a server stops although its own disk hangs: %s", async (strategy) => {
  const file = createHungFile();
  const server = await startServerProcess(["--blocking-threads=2", `--config-file=${file.path}`]);
  const before = footprintOf(server.child.pid);
  const options = { headers: { "unblock-strategy": strategy }, timeoutMs: 300 };
  const code = await createUnblockClient({ baseUrl: server.url })
    .getConfig({}, options)
    .catch((error: unknown) => codeName(ConnectError.from(error).code));
  await file.reached();
  const after = footprintOf(server.child.pid);
  expect(code).toBe("deadline_exceeded");
  server.child.kill("SIGTERM");
  // Killed by a signal, because a normal exit would wait for the thread.
  expect(await server.exited).toBe(null);
  expect(server.child.signalCode).toBe("SIGKILL");
  reportAttack({
    sent: `SIGTERM while a read by ${strategy} hangs in the kernel`,
    did: "closed, and ended itself with SIGKILL",
    before,
    after,
  });
  file.release();
});
