import { createServer } from "node:http";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { createLogger, type LogLevel } from "@unblock/terminal/logger";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAdapter } from "../adapter/adapter.ts";
import { concludeCalls } from "../interceptors/errors.ts";
import { observeRequests } from "./request-log.ts";

describe("the log", () => {
  const endpoints: TestEndpoint[] = [];
  afterAll(() => Promise.all(endpoints.map((endpoint) => endpoint.close())));

  /** Calls Ping, which throws `failure`; returns the log and the caller's message. */
  async function callFailing(level: LogLevel, failure: unknown, headers: Record<string, string>) {
    const lines: string[] = [];
    const logger = createLogger(level, (line) => lines.push(line));
    const { handleRequest } = createAdapter({
      routes: (router) =>
        router.service(VitalsService, {
          ping: () => {
            if (failure === undefined) {
              return {};
            }
            throw failure;
          },
        }),
      interceptors: [concludeCalls(logger)],
      observer: observeRequests(
        { observer: { began: () => {}, ended: () => {} }, unknownRpc: () => {} },
        logger,
      ),
    });
    const endpoint = await listen(createServer(handleRequest));
    endpoints.push(endpoint);
    const transport = createConnectTransport({ baseUrl: endpoint.url, httpVersion: "1.1" });
    const message = await createClient(VitalsService, transport)
      .ping({}, { headers })
      .then(
        () => "ok",
        (error: ConnectError) => error.message,
      );
    return { message, text: lines.join(""), lines: lines.map((line) => JSON.parse(line)) };
  }

  test("has the hidden cause of an internal error, with the request id of the response", async () => {
    const cause = new Error("the secret sauce is out");
    const { message, lines } = await callFailing("info", cause, { "x-request-id": "abc-1" });
    expect(message).toBe(
      "[internal] internal error; the server's log has the cause (request id abc-1)",
    );
    expect(lines).toMatchObject([
      { level: "error", request_id: "abc-1", err: { message: cause.message }, msg: "Ping failed" },
      {
        level: "error",
        request_id: "abc-1",
        rpc: "unblock.v1.VitalsService/Ping",
        code: "internal",
      },
    ]);
  });

  test.each(["", "x".repeat(129), "a b", "<script>"])("replaces the request id %j", async (id) => {
    const { lines } = await callFailing("info", new Error("boom"), { "x-request-id": id });
    expect(lines[0].request_id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(lines[1].request_id).toBe(lines[0].request_id);
  });

  test("has neither successes nor the callers' errors", async () => {
    const wrong = new ConnectError("no", Code.InvalidArgument);
    expect((await callFailing("info", undefined, {})).lines).toEqual([]);
    expect((await callFailing("info", wrong, {})).lines).toEqual([]);
  });

  test("has every call and its headers at debug, without secrets", async () => {
    const headers = { authorization: "Bearer s3cret", cookie: "s3cret", "x-api-key": "s3cret" };
    const { lines, text } = await callFailing("debug", undefined, { ...headers, "x-mine": "yes" });
    expect(lines).toMatchObject([
      { level: "debug", code: "ok", headers: { "x-mine": "yes", authorization: "[Redacted]" } },
    ]);
    expect(text).not.toContain("s3cret");
  });
});

describe("/metrics", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test("counts calls by code, and times the steps in executors", async () => {
    await server.call("GetUser", { user_id: 1 });
    await server.call("GetUser", { user_id: 1 });
    await server.call("GetUser", { user_id: 0 });
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    const lines = (await response.text()).split("\n");
    const getUser = 'service="unblock.v1.ExercisesService",method="GetUser"';
    for (const line of [
      `rpc_server_handled_total{${getUser},code="ok"} 2`,
      `rpc_server_handled_total{${getUser},code="invalid_argument"} 1`,
      `rpc_server_duration_seconds_count{${getUser}} 3`,
      "rpc_server_in_progress 0",
      'unblock_executor_step_seconds_count{executor="blocking-pool",step="work"} 2',
      'unblock_executor_completed_total{executor="blocking-pool"} 2',
      'unblock_executor_queued{executor="background"} 0',
    ]) {
      expect(lines).toContain(line);
    }
    for (const name of ["event_loop_delay_max_seconds", "libuv_probe_seconds"]) {
      expect(lines.some((line) => line.startsWith(`unblock_${name} `))).toBe(true);
    }
  });

  test("allows only GET", async () => {
    expect((await fetch(`${server.url}/metrics`, { method: "POST" })).status).toBe(404);
  });
});
