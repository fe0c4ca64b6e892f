import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { callGrpc, httpReply, post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const rpcs = [
  "ExercisesService/GetUser",
  "ExercisesService/GetWeather",
  "ExercisesService/ComputeHash",
  "ExercisesService/GetConfig",
  "ExercisesService/GetCache",
  "ExercisesService/PredictImage",
  "ExercisesService/TrackEvent",
  "ExercisesService/GetDashboard",
  "VitalsService/Ping",
  "VitalsService/GetVitals",
  "VitalsService/WatchVitals",
  "LabService/Race",
  "LabService/Load",
  "LabService/ListRuns",
  "LabService/GetRun",
  "ProgressService/GetProgress",
  "ProgressService/RecordGuess",
  "ProgressService/ForgetGuesses",
];
const thereAre = rpcs.map((rpc) => `/unblock.v1.${rpc}`).join(", ");
/** The number of gRPC's status UNIMPLEMENTED. */
const unimplemented = "12";

const unknownPaths = [
  "/",
  "/favicon.ico",
  "/unblock.v1.ExercisesService/Nope",
  "/unblock.v1.ExercisesService/getUser",
  "/unblock.v1.ExercisesService/GetUser/",
  "/unblock.v1.NopeService/GetUser",
];

describe("a path without an RPC", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test.each(unknownPaths)("%s is 404 with a JSON error that names the RPCs", async (path) => {
    const { status, headers, text } = await post(server.url, path, "{}");
    expect(status).toBe(404);
    expect(headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(text)).toEqual({
      code: "unimplemented",
      message: expect.stringContaining(thereAre),
    });
  });

  test("is in the message without its query", async () => {
    const { status, text } = await httpReply(await fetch(`${server.url}/health?token=secret`));
    expect(status).toBe(404);
    expect(text).toContain(" /health;");
    expect(text).not.toContain("secret");
  });

  test.each(unknownPaths)("%s is a gRPC status that names the RPCs", async (path) => {
    expect(await callGrpc(server.url, path, Buffer.alloc(0))).toEqual({
      status: 200,
      grpcStatus: unimplemented,
      grpcMessage: `There is no RPC ${path}; there are: ${thereAre}`,
      body: Buffer.alloc(0),
    });
  });

  test("responds to gRPC-Web in its protocol", async () => {
    const path = "/unblock.v1.ExercisesService/Nope";
    const type = "application/grpc-web+proto";
    const { status, headers } = await post(server.url, path, "", { "content-type": type });
    expect(status).toBe(200);
    expect(headers.get("grpc-status")).toBe(unimplemented);
    expect(decodeURIComponent(headers.get("grpc-message") ?? "")).toContain(thereAre);
  });

  test("leaves the server intact: Ping responds over Connect and gRPC", async () => {
    expect(await post(server.url, "VitalsService/Ping", "{}")).toMatchObject({
      status: 200,
      text: "{}",
    });
    const ping = "/unblock.v1.VitalsService/Ping";
    expect(await callGrpc(server.url, ping, Buffer.alloc(0))).toMatchObject({ grpcStatus: "0" });
  });
});
