import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { createVitalsClient } from "@unblock/client/client";
import { envelope } from "@unblock/connect/adapter/envelope";
import { GetVitalsRequestSchema, type GetVitalsResponse } from "@unblock/proto/gen/vitals";
import { readMetrics, sampleValue } from "@unblock/test/metrics-page";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { callGrpc, post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openSession } from "../testing/unended-request.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
const libuvThreads = 4;
/** The executor "libuv" leaves one thread to the server. */
const exerciseThreads = 3;
/** Size at which responses of other services are compressed. */
const takesGzip = { "accept-encoding": "gzip, br" };
const watchedHealth = "/grpc.health.v1.Health/Watch";
const watchedVitals = "/unblock.v1.VitalsService/WatchVitals";

// Vitals matter most while all threads of the pool wait for a disk, and the backends hang.
describe("a server with a libuv pool full of hanging reads, and a stopped backend process", () => {
  let server: TestServerProcess;
  let backendPid = 0;
  let window = "";
  let runsFolder = "";
  const hungRun = () => join(runsFolder, "20260101T000000000Z-abcdefabcdef.json");
  /** Ends the hanging reads. */
  const continueBackends = async () => {
    process.kill(backendPid, "SIGCONT");
    closeSync(openSync(hungRun(), constants.O_WRONLY | constants.O_NONBLOCK));
    await Promise.all(reads);
  };
  const reads: Promise<unknown>[] = [];
  const getVitals = (): Promise<GetVitalsResponse> =>
    createVitalsClient({ baseUrl: server.url }).getVitals({ window });

  beforeAll(async () => {
    // Reading this saved run, a FIFO, occupies the thread that exercises leave to the server.
    runsFolder = mkdtempSync(join(tmpdir(), "unblock-hung-runs-"));
    execFileSync("mkfifo", [hungRun()]);
    server = await startServerProcess([
      `--libuv-threads=${libuvThreads}`,
      `--runs-folder=${runsFolder}`,
    ]);
    const opened = await createVitalsClient({ baseUrl: server.url }).getVitals({
      restartWindow: true,
    });
    window = opened.window;
    backendPid = opened.backends.find(({ name }) => name === "slow disk")?.pid ?? 0;
    process.kill(backendPid, "SIGSTOP");
    for (let number = 0; number < 2 * libuvThreads; number++) {
      reads.push(post(server.url, "ExercisesService/GetConfig", "{}").catch(() => {}));
    }
    await vi.waitUntil(async () => {
      const { executors } = await getVitals();
      const libuv = executors.find(({ name }) => name === "libuv");
      return libuv?.running === exerciseThreads && libuv.queued === reads.length - exerciseThreads;
    }, waitOptions);
    reads.push(post(server.url, "LabService/ListRuns", "{}").catch(() => {}));
  });
  afterAll(async () => {
    await server.kill();
    rmSync(runsFolder, { recursive: true });
  });

  test("/metrics responds, with the pool marked as full", async () => {
    const families = await vi.waitUntil(async () => {
      const page = await readMetrics(server.url);
      return sampleValue(page, "unblock_libuv_probe_up") === 0 ? page : undefined;
    }, waitOptions);
    expect(sampleValue(families, "unblock_libuv_probe_seconds")).toBeUndefined();
    expect(sampleValue(families, "unblock_libuv_probe_waiting_seconds")).toBeGreaterThan(0);
    expect(sampleValue(families, "unblock_executor_running", { executor: "libuv" })).toBe(
      exerciseThreads,
    );
    expect(sampleValue(families, "unblock_calls_in_progress")).toBe(reads.length);
    expect(sampleValue(families, "unblock_event_loop_delay_seconds_count")).toBeGreaterThan(0);
  });

  test("concurrent scrapers get a response, from one probe of the pool", async () => {
    const pages = await Promise.all(Array.from({ length: 20 }, () => readMetrics(server.url)));
    for (const page of pages) {
      expect(sampleValue(page, "unblock_libuv_probe_up")).toBe(0);
    }
  });

  test("GetVitals responds, with the backends marked as unknown", async () => {
    const { status, text } = await post(server.url, "VitalsService/GetVitals", "{}", takesGzip);
    expect(status).toBe(200);
    const { backends, executors, unknown } = JSON.parse(text);
    expect(text.length).toBeGreaterThan(1_024);
    expect(backends).toMatchObject([{ name: "database" }]);
    expect(executors).toContainEqual(
      expect.objectContaining({ name: "libuv", running: exerciseThreads }),
    );
    expect(unknown).toEqual([
      { part: "backends", reason: expect.stringContaining("backend process") },
    ]);
  });

  test("GetVitals over gRPC accepts a compressed request", async () => {
    const message = toBinary(GetVitalsRequestSchema, create(GetVitalsRequestSchema, { window }));
    const session = openSession(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/unblock.v1.VitalsService/GetVitals",
      "content-type": "application/grpc",
      "grpc-encoding": "gzip",
      "grpc-accept-encoding": "gzip",
      te: "trailers",
    });
    stream.resume();
    stream.end(envelope(1, gzipSync(message)));
    const [trailers]: { "grpc-status"?: string }[] = await once(stream, "trailers");
    expect(trailers?.["grpc-status"]).toBe("0");
    session.destroy();
  });

  test("more calls than the backend process can serve get a response", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, getVitals));
    for (const { unknown } of answers) {
      expect(unknown).toMatchObject([{ part: "backends" }]);
    }
    expect((await getVitals()).unknown).toEqual([
      expect.objectContaining({ reason: expect.stringContaining("backend process") }),
    ]);
  });

  test.each([
    ["WatchVitals", watchedVitals, '{"interval_ms":100}', 3],
    ["Health.Watch", watchedHealth, '{"service":""}', 1],
  ])("%s continues", async (_, path, request, messages) => {
    const session = openSession(server.url);
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/connect+json",
      "connect-content-encoding": "gzip",
      "connect-accept-encoding": "gzip",
    });
    stream.end(envelope(1, gzipSync(request)));
    let received = 0;
    stream.on("data", () => {
      received++;
    });
    await vi.waitUntil(() => received >= messages, waitOptions);
    session.destroy();
  });

  test("Health.Check and Ping respond", async () => {
    for (const path of ["/grpc.health.v1.Health/Check", "/unblock.v1.VitalsService/Ping"]) {
      expect(await post(server.url, path, "{}", takesGzip)).toMatchObject({ status: 200 });
      expect(await callGrpc(server.url, path, new Uint8Array(0))).toMatchObject({
        grpcStatus: "0",
      });
    }
  });

  test("a window restarted meanwhile is known once the backends continue", async () => {
    const vitals = createVitalsClient({ baseUrl: server.url });
    const began = await vitals.getVitals({ window, restartWindow: true });
    expect(began.unknown).toMatchObject([{ part: "backends" }]);
    await continueBackends();
    const first = await vi.waitUntil(async () => {
      const answer = await getVitals();
      return answer.backends.length > 1 ? answer : undefined;
    }, waitOptions);
    expect(first.unknown).toMatchObject([{ part: "backends", reason: expect.any(String) }]);
    const { unknown, backends } = await getVitals();
    expect(unknown).toEqual([]);
    expect(backends.find(({ name }) => name === "slow disk")).toMatchObject({ calls: 0 });
    const up = async () => sampleValue(await readMetrics(server.url), "unblock_libuv_probe_up");
    await vi.waitUntil(async () => (await up()) === 1, waitOptions);
  });
});
