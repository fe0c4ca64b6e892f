import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { openConnection } from "@unblock/client/client";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { attackTest, footprintOf, reportAttack } from "@unblock/test/attack";
import { startTestServer } from "@unblock/test/test-server";
import { expect, vi } from "vitest";

const calls = 1_000;
const cpuWorkers = 2;

attackTest.each(["connect", "grpc", "grpc-web"] as const)(
  "a connection that asks for 1,000 long hashes does not shut out another: %s",
  async (protocol) => {
    const server = await startTestServer({ cpuWorkers, blockingThreads: 1, processes: 1 });
    const before = footprintOf();
    const [greedy, modest] = [1, 2].map(() => openConnection({ baseUrl: server.url, protocol }));
    if (!greedy || !modest) {
      throw new Error("Expected two connections");
    }
    const options = { headers: { "unblock-strategy": "cpu-pool" } };
    const given = { ok: 0, rejected: 0 };
    const ends = Array.from({ length: calls }, () =>
      createClient(ExercisesService, greedy.transport)
        .computeHash({ data: "long" }, options)
        .then(
          () => {
            given.ok++;
          },
          (error: unknown) => {
            const { code, rawMessage } = ConnectError.from(error);
            if (code === Code.ResourceExhausted) {
              expect(rawMessage).toMatch(/^This connection already has \d+ of the 1000 tasks/);
              given.rejected++;
            }
          },
        ),
    );
    await vi.waitUntil(() => given.rejected > 0, { timeout: 20_000 });
    const { queued } = await server.executor("cpu-pool");
    const doneBefore = given.ok;
    await createClient(ExercisesService, modest.transport).computeHash({ data: "one" }, options);
    const doneMeanwhile = given.ok - doneBefore;
    reportAttack({
      sent: `${calls} long hashes over one connection, ${protocol}, and one over another`,
      did: `let ${queued} of the first wait, and did ${doneMeanwhile} of them before the other's`,
      before,
      after: footprintOf(),
    });
    expect(queued).toBeLessThanOrEqual(501);
    expect(queued).toBeGreaterThan(400);
    // Those that already run, one more before its turn, and what else ends meanwhile.
    expect(doneMeanwhile).toBeLessThan(20);
    greedy.close();
    modest.close();
    await Promise.all(ends);
    await server.close();
  },
);
