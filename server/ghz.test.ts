import { spawnSync } from "node:child_process";
import { runCommand } from "@unblock/test/cli";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, expect, test } from "vitest";

const hasGhz = spawnSync("ghz", ["--version"]).status === 0;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ blockingThreads: 10 });
});
afterAll(() => server.close());

// Where CI runs, ghz must be there.
test.skipIf(!hasGhz && process.env.CI === undefined)(
  "ghz drives the server over gRPC, on the port that also speaks HTTP/1.1 (skipped without ghz)",
  async () => {
    const { stdout, stderr } = await runCommand("ghz", [
      ...["--insecure", "--import-paths", "proto", "--proto", "unblock/v1/exercises.proto"],
      ...["--call", "unblock.v1.ExercisesService/GetUser", "-d", '{"user_id":1}'],
      ...["-c", "10", "-n", "50", "--connections", "2", "-O", "json"],
      new URL(server.url).host,
    ]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ count: 50, statusCodeDistribution: { OK: 50 } });
    expect((await server.backend("database")).calls).toBe(50);
    expect((await fetch(`${server.url}/nope`)).status).toBe(404);
  },
);
