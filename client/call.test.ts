import { findMethod } from "@unblock/proto/methods";
import { runCommand } from "@unblock/test/cli";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

describe("npm run call", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const call = (...args: string[]) =>
    runCommand(process.execPath, ["client/call.ts", ...args, "--url", server.url]);

  test.each(["connect", "grpc", "grpc-web"])(
    "prints the answer as JSON over %s",
    async (protocol) => {
      const request = '{"data":"abc","rounds":1}';
      const { code, stdout, stderr } = await call("ComputeHash", request, "--protocol", protocol);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual({
        hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        algorithm: "sha256",
      });
    },
  );

  test("prints headers and time with -v to standard error", async () => {
    const request = '{"user_id":3}';
    const { stdout, stderr } = await call("GetUser", request, "--strategy", "event-loop", "-v");
    expect(stdout).toBe('{"user_id":3,"name":"User 3","email":"user3@example.com"}\n');
    expect(stderr).toMatch(/^unblock-strategy: event-loop$/m);
    expect(stderr).toMatch(/^unblock-ran-on: event-loop;pid=\d+;thread=0$/m);
    expect(stderr).toMatch(/^took: /m);
  });

  test.each(["connect", "grpc", "grpc-web"])(
    "exits with 2 when the call fails over %s",
    async (protocol) => {
      for (const [args, message] of [
        [
          ["GetUser", '{"user_id":0}'],
          "invalid_argument: Expected user_id to be from 1 to 2147483647, got 0.\n",
        ],
        [
          ["GetWeather", '{"city":"x"}', "--timeout", "20ms"],
          "deadline_exceeded: the operation timed out\n",
        ],
      ] as const) {
        const result = await call(...args, "--protocol", protocol);
        expect(result).toEqual({ code: 2, stdout: "", stderr: message });
      }
    },
  );

  test("lists the unary RPCs", async () => {
    const { stdout } = await runCommand(process.execPath, ["client/call.ts", "--help"]);
    const [, names = ""] = /one of ([\s\S]*?)\n +request /.exec(stdout) ?? [];
    const listed = names.split(/,\s+/).map((name) => name.trim());
    expect(listed).toContain("GetVitals");
    expect(listed.filter((name) => findMethod(name) === undefined)).toEqual([]);
  });

  test("accepts --json", async () => {
    const { code, stdout, stderr } = await call("Ping", "--json");
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "{}\n", stderr: "" });
  });

  test.each([
    [["GetUsers"], "GetUsers"],
    [["WatchVitals"], "WatchVitals"],
    [["GetUser", "{user_id:1}"], "{user_id:1}"],
    [["GetUser", '{"id":1}'], '"id"'],
    [["GetUser", "{}", "--timeout", "soon"], "soon"],
    [["GetUser", "{}", "--protocol", "soap"], "soap"],
    [["GetUser", "{}", "--loud"], "--loud"],
  ])("rejects %j with exit code 1, and names what is wrong", async (args, wrong) => {
    const { code, stdout, stderr } = await call(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(wrong);
    expect(stderr).not.toContain("    at ");
  });

  test("asks whether the server runs when it can't connect", async () => {
    const url = "http://127.0.0.1:1";
    const args = ["client/call.ts", "Ping", "--url", url];
    const { code, stderr } = await runCommand(process.execPath, args);
    expect(code).toBe(1);
    expect(stderr).toContain("npm start");
  });
});
