import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../testing/cli.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

describe("npm run loadtest", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const loadtest = (...args: string[]) =>
    runCommand(process.execPath, ["loadtest/main.ts", ...args]);

  test("starts a server when it is given none, and counts every call", async () => {
    const { code, stdout, stderr } = await loadtest("GetUser", "--requests", "20", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      rpc: "GetUser",
      strategy: null,
      requests: 20,
      errors: 0,
      codes: { ok: 20 },
      ran_on: { threads: 20 },
    });
  });

  test.each(["grpc", "connect", "grpc-web"])(
    "reaches the server it is given over %s",
    async (protocol) => {
      await server.restartWindow();
      const { stdout } = await loadtest(
        ...["GetUser", "--url", server.url, "--protocol", protocol, "--strategy", "event-loop"],
        ...["--concurrency", "3", "--requests", "6", "--json"],
      );
      expect(JSON.parse(stdout)).toMatchObject({ errors: 0, ran_on: { "event-loop": 6 } });
      expect((await server.backend("database")).calls).toBe(6);
    },
  );

  test("finishes and counts what is in progress when the time is over", async () => {
    await server.restartWindow();
    const { stdout } = await loadtest(
      ...["GetUser", "--url", server.url, "--concurrency", "4", "--duration", "300ms", "--json"],
    );
    const { requests, codes } = JSON.parse(stdout);
    expect(codes).toEqual({ ok: requests });
    expect((await server.backend("database")).calls).toBe(requests);
  });

  test("counts failures by their RPC code, and fails when no call succeeds", async () => {
    const { code, stdout, stderr } = await loadtest(
      ...[
        "GetUser",
        "--url",
        server.url,
        "--data",
        '{"user_id":-{n}}',
        "--requests",
        "3",
        "--json",
      ],
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ errors: 3, codes: { invalid_argument: 3 } });
    expect(stderr).toContain("no call succeeded; the first: invalid_argument: Expected user_id");
  });

  test("gives each call its deadline", async () => {
    const { stdout } = await loadtest(
      ...["GetWeather", "--url", server.url, "--timeout", "20ms", "--requests", "3", "--json"],
    );
    expect(JSON.parse(stdout).codes).toEqual({ deadline_exceeded: 3 });
  });

  test("prints percentiles, codes and places for people", async () => {
    const { stdout } = await loadtest("GetUser", "--url", server.url, "--requests", "10");
    expect(stdout).toMatch(/^GetUser, recommended strategy, grpc, 10 at a time\n/);
    expect(stdout).toMatch(
      /10 ok\n +latency +p50 [\d.]+ ms, p90 .*, p99 .*, longest .*\n +ran on +threads \(10\)/,
    );
  });

  test.each([
    [["GetUsers"], 'error: There is no RPC "GetUsers"; there are: GetUser,'],
    [["GetUser", "--requests", "0"], "argument '0' is invalid. Expected a whole number from 1"],
    [
      ["GetUser", "--requests", "1", "--duration", "1s"],
      "Expected --requests or --duration, got both",
    ],
    [["GetUser", "--data", "{"], "error: Expected --data to be the request of GetUser as JSON"],
    [["GetUser", "--url", "nowhere"], "error: Expected --url to be a URL"],
    [["GetUser", "--url", "http://127.0.0.1:1"], "error: Nothing answers at http://127.0.0.1:1"],
  ])("says what is wrong with %j, and exits with 1", async (args, message) => {
    const { code, stdout, stderr } = await loadtest(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
  });
});
