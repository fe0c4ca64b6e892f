import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createVitalsClient } from "@unblock/client/client";
import { reflect } from "@unblock/loadtest/target/reflection";
import { ServerReflection } from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@unblock/proto/gen/health/v1/health_pb";
import { failureOf } from "@unblock/test/failures";
import { hasProgram } from "@unblock/test/programs";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 20_000, interval: 20 };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe("health", () => {
  const healthOf = (url: string): Client<typeof Health> =>
    createClient(Health, createGrpcTransport({ baseUrl: url, idleConnectionTimeoutMs: 100 }));

  test.each(["", "unblock.v1.ExercisesService", "unblock.v1.VitalsService"])(
    "of the service %j is SERVING",
    async (service) => {
      expect(await healthOf(server.url).check({ service })).toMatchObject({
        status: Status.SERVING,
      });
    },
  );

  test("of an unknown service is not found", async () => {
    const check = healthOf(server.url).check({ service: "unblock.v1.Nope" });
    expect(await failureOf(check)).toMatchObject({
      code: "not_found",
      error: "UNBLOCK_SERVICE_UNKNOWN",
      data: { service: '"unblock.v1.Nope"' },
    });
  });

  test("lists all services", async () => {
    const { statuses } = await healthOf(server.url).list({});
    expect(Object.keys(statuses).sort()).toEqual([
      "",
      "unblock.v1.ExercisesService",
      "unblock.v1.LabService",
      "unblock.v1.ProgressService",
      "unblock.v1.VitalsService",
    ]);
  });

  test("is watched until the server stops, without delaying it", async () => {
    const stopping = await startTestServer();
    const seen: Status[] = [];
    const unknown: Status[] = [];
    const watch = async (service: string, statuses: Status[]) => {
      for await (const { status } of healthOf(stopping.url).watch({ service })) {
        statuses.push(status);
      }
    };
    const watches = [watch("", seen), watch("unblock.v1.Nope", unknown)];
    await vi.waitUntil(() => seen.length === 1 && unknown.length === 1, waitOptions);
    await stopping.close();
    await Promise.all(watches);
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    expect(unknown).toEqual([Status.SERVICE_UNKNOWN, Status.SERVICE_UNKNOWN]);
  });

  test("is NOT_SERVING during the notice, while calls and connections are accepted", async () => {
    const stopping = await startTestServer({ shutdownNoticeMs: 2_000 });
    const closed = stopping.close();
    expect(await healthOf(stopping.url).check({})).toMatchObject({ status: Status.NOT_SERVING });
    const vitals = createVitalsClient({ baseUrl: stopping.url });
    expect(await vitals.ping({})).toBeDefined();
    await closed;
    await expect(vitals.ping({})).rejects.toMatchObject({ code: Code.Unavailable });
  });
});

describe("reflection", () => {
  const ask = async (...questions: Parameters<typeof requests>) => {
    const transport = createGrpcTransport({ baseUrl: server.url, idleConnectionTimeoutMs: 100 });
    const answers: unknown[] = [];
    const stream = createClient(ServerReflection, transport).serverReflectionInfo(
      requests(...questions),
    );
    for await (const { messageResponse } of stream) {
      answers.push(messageResponse);
    }
    return answers;
  };

  test("responds to each request in turn, also after an error", async () => {
    const file = {
      case: "fileDescriptorResponse",
      value: { fileDescriptorProto: [expect.anything()] },
    };
    const none = { case: "errorResponse", value: { errorCode: Code.NotFound } };
    const methodOptions = "google.protobuf.MethodOptions";
    const asked = ask(
      { case: "fileContainingSymbol", value: "unblock.v1.ExercisesService.GetUser" },
      { case: "fileContainingSymbol", value: "unblock.v1.Nope" },
      { case: "fileContainingSymbol", value: "unblock.v1.GetUserRequest.user_id" },
      { case: "fileByFilename", value: "google/protobuf/descriptor.proto" },
      { case: "fileByFilename", value: "../../etc/passwd" },
      {
        case: "fileContainingExtension",
        value: { containingType: methodOptions, extensionNumber: 50001 },
      },
      {
        case: "fileContainingExtension",
        value: { containingType: methodOptions, extensionNumber: 1 },
      },
      { case: "allExtensionNumbersOfType", value: methodOptions },
      { case: "allExtensionNumbersOfType", value: "Nope" },
    );
    expect(await asked).toMatchObject([
      file,
      none,
      file,
      file,
      none,
      file,
      none,
      { case: "allExtensionNumbersResponse", value: { extensionNumber: [50001] } },
      none,
    ]);
  });

  test("rejects names that are too long", async () => {
    const value = "x".repeat(1_001);
    await expect(ask({ case: "fileByFilename", value })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  test("lets the load client find an RPC", async () => {
    const services = await reflect(
      server.url,
      { insecure: false },
      "unblock.v1.VitalsService/Ping",
    );
    expect(services.map(({ typeName }) => typeName)).toEqual(["unblock.v1.VitalsService"]);
  });

  const grpcurl = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)("grpcurl", ["-plaintext", ...args]);
    return stdout;
  };
  const address = () => new URL(server.url).host;

  test.skipIf(!hasProgram("grpcurl"))("lets grpcurl list, describe and call", async () => {
    expect(await grpcurl(address(), "list")).toBe(
      "grpc.health.v1.Health\ngrpc.reflection.v1.ServerReflection\n" +
        "grpc.reflection.v1alpha.ServerReflection\n" +
        "unblock.v1.ExercisesService\nunblock.v1.LabService\nunblock.v1.ProgressService\nunblock.v1.VitalsService\n",
    );
    expect(await grpcurl(address(), "describe", "unblock.v1.ExercisesService.GetUser")).toContain(
      'title: "Database lookup, blocking driver"',
    );
    const user = await grpcurl(
      "-d",
      '{"user_id":3}',
      address(),
      "unblock.v1.ExercisesService/GetUser",
    );
    expect(JSON.parse(user)).toMatchObject({ name: "User 3" });
  });
});

describe("WatchVitals", () => {
  test("sends vitals until its client cancels", async () => {
    const caller = new AbortController();
    const vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
    const names: (string | undefined)[][] = [];
    const watching = async () => {
      for await (const { executors } of vitals.watchVitals(
        { intervalMs: 100 },
        { signal: caller.signal },
      )) {
        names.push(executors.map(({ name }) => name));
        if (names.length === 3) {
          caller.abort();
        }
      }
    };
    await expect(watching()).rejects.toMatchObject({ code: Code.Canceled });
    expect(names[2]).toEqual(names[0]);
    expect(names[0]).toContain("cpu-pool");
  });

  test.each([1, 99, -1, 60_001])("rejects an interval of %i ms", async (intervalMs) => {
    const vitals = createVitalsClient({ baseUrl: server.url });
    const first = vitals.watchVitals({ intervalMs })[Symbol.asyncIterator]().next();
    expect(await failureOf(first)).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
    });
  });

  test("ends at its deadline", async () => {
    const vitals = createVitalsClient({ baseUrl: server.url });
    const all = Array.fromAsync(vitals.watchVitals({ intervalMs: 60_000 }, { timeoutMs: 50 }));
    await expect(all).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  test("has a limit of watchers per connection and in total, without disconnected ones", async () => {
    const caller = new AbortController();
    const watchOn = (client: ReturnType<typeof createVitalsClient>, signal: AbortSignal) =>
      client.watchVitals({ intervalMs: 100 }, { signal })[Symbol.asyncIterator]().next();
    const grpc = () => createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
    const clients = [grpc(), grpc(), grpc(), grpc()];
    const watchers = clients.flatMap((client) =>
      Array.from({ length: 4 }, () => watchOn(client, caller.signal)),
    );
    await Promise.all(watchers);
    for (const client of clients) {
      expect(await failureOf(watchOn(client, caller.signal))).toMatchObject({
        code: "resource_exhausted",
        error: "UNBLOCK_STREAMS_FULL",
        data: { open: "4", where: "on this connection" },
      });
    }
    expect(await failureOf(watchOn(grpc(), caller.signal))).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_STREAMS_FULL",
      data: { open: "16", where: "on this server" },
    });
    caller.abort();
    const another = new AbortController();
    await vi.waitFor(() => watchOn(grpc(), another.signal), waitOptions);
    another.abort();
  });
});

type Question =
  | { case: "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType"; value: string }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } };

async function* requests(...questions: Question[]) {
  for (const messageRequest of questions) {
    yield { messageRequest };
  }
}
