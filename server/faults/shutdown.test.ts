import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createUnblockClient, createVitalsClient } from "@unblock/client/client";
import { codeName } from "@unblock/connect/code-name";
import { http2Implementations } from "@unblock/connect/listener/listener";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import type { WatchVitalsResponse } from "@unblock/proto/gen/vitals";
import { linesOf, type RunningCommand, startCommand } from "@unblock/test/cli";
import {
  blockingCalls,
  callAll,
  mixedCalls,
  type Outcome,
  openTransports,
} from "@unblock/test/mixed-calls";
import { descendantsOf, isAlive } from "@unblock/test/processes";
import { watchHealth } from "@unblock/test/wire";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { assertServes, grpc, openSession, UnendedRequest } from "../testing/unended-request.ts";

const waitOptions = { timeout: 25_000, interval: 20 };
const testTimeoutMs = 90_000;
/** Few slots, so that calls queue everywhere. */
const sizes = ["--cpu-workers", "1", "--blocking-threads", "4", "--processes", "1"];

let temporary: string;
let command: RunningCommand | undefined;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "shutdown-test-"));
});
afterEach(() => {
  const child = command?.child;
  // The pid of a process that has ended may belong to another one.
  if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    for (const pid of [child.pid, ...descendantsOf(child.pid)].filter(isAlive)) {
      process.kill(pid, "SIGKILL");
    }
  }
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
});

async function start(...flags: string[]) {
  const started = startCommand(
    process.execPath,
    ["server/main.ts", "--port", "0", "--log-level", "silent", ...sizes, ...flags],
    { TMPDIR: temporary },
  );
  command = started;
  const url = await vi.waitUntil(() => /http:\/\/\S+/.exec(started.stdout())?.[0], waitOptions);
  const processes = descendantsOf(started.child.pid ?? 0);
  return { ...started, url, processes };
}

/** Stops the backend process: its calls wait until it continues. */
async function holdBackends(url: string): Promise<{ release: () => void }> {
  const { backends } = await createVitalsClient({ baseUrl: url }).getVitals({});
  const pid = backends.find(({ name }) => name === "analytics")?.pid;
  if (pid === undefined) {
    throw new Error("Expected the vitals to tell of analytics");
  }
  process.kill(pid, "SIGSTOP");
  return { release: () => process.kill(pid, "SIGCONT") };
}

function watchVitals(url: string) {
  const seen: WatchVitalsResponse[] = [];
  const watch = async () => {
    const vitals = createVitalsClient({ baseUrl: url, protocol: "grpc" });
    for await (const message of vitals.watchVitals({ intervalMs: 100 })) {
      seen.push(message);
    }
  };
  const ended = watch().then(
    () => "ended",
    (error: unknown) => codeName(ConnectError.from(error).code),
  );
  return {
    ended,
    callsInProgress: () => seen.at(-1)?.callsInProgress,
    executor: (executor: string) => seen.at(-1)?.executors.find(({ name }) => name === executor),
  };
}

async function codeOfCall(transport: Transport): Promise<string> {
  try {
    await createClient(ExercisesService, transport).getDashboard({});
    return "ok";
  } catch (error) {
    return codeName(ConnectError.from(error).code);
  }
}

/** Resolves when all calls are in progress. */
async function make200Calls(
  transports: readonly Transport[],
  vitals: ReturnType<typeof watchVitals>,
): Promise<Promise<Outcome>[]> {
  const blocking = callAll(transports, blockingCalls);
  // Before the other calls, which must wait for these threads.
  await vi.waitUntil(() => vitals.executor("blocking-pool")?.running === 4, waitOptions);
  const calls = [...blocking, ...callAll(transports, mixedCalls)];
  await vi.waitUntil(() => vitals.callsInProgress() === 200, waitOptions);
  expect(calls).toHaveLength(200);
  return calls;
}

async function sendEvents(url: string, events: number): Promise<void> {
  const unblock = createUnblockClient({ baseUrl: url });
  for (let userId = 1; userId <= events; userId++) {
    const { status } = await unblock.trackEvent({ event: "page_view", userId });
    expect(status).toBe("accepted");
  }
}

const isAnswered = ({ code }: Outcome) => code === "ok";

/** A client has no error of the server when the connection breaks. On a busy machine a backend may time out before. */
const reasons: readonly (string | undefined)[] = [
  "UNBLOCK_SHUTTING_DOWN",
  "UNBLOCK_BACKEND_UNAVAILABLE",
];
const hasReason = ({ code, error }: Outcome) => code === "unavailable" && reasons.includes(error);

/** Line of the log at the signal, and when calls did not end within their time. */
const signalLine = expect.stringContaining("SIGTERM");
const cutOffLine = expect.stringContaining("4500 ms");

async function expectNothingLeft(processes: readonly number[]): Promise<void> {
  await vi.waitUntil(() => processes.every((pid) => !isAlive(pid)), waitOptions);
  expect(readdirSync(temporary)).toEqual([]);
}

test(
  "SIGTERM amid 200 calls loses no response, code or event",
  async () => {
    const { child, exited, stderr, url, processes } = await start();
    const backends = await holdBackends(url);
    const vitals = watchVitals(url);
    const health = watchHealth(url);
    const transports = openTransports(url);
    const calls = await make200Calls(transports, vitals);
    await sendEvents(url, 25);
    await vi.waitUntil(() => vitals.executor("background")?.running === 25, waitOptions);

    child.kill("SIGTERM");
    await vi.waitUntil(() => health.seen.includes("GOAWAY"), waitOptions);
    expect(health.seen.slice(0, 3)).toEqual(["SERVING", "NOT_SERVING", "GOAWAY"]);
    // A stream sent before the GOAWAY was read is refused, for which Connect's client has the
    // code "internal". All other calls try a new connection, which fails.
    await vi.waitUntil(async () => {
      const codes = await Promise.all(transports.map(codeOfCall));
      expect(codes).not.toContain("ok");
      return codes.every((code) => code === "unavailable");
    }, waitOptions);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    expect(await once(socket, "error")).toMatchObject([{ code: "ECONNREFUSED" }]);

    backends.release();
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => !isAnswered(outcome) && !hasReason(outcome))).toEqual([]);
    expect(outcomes.filter(isAnswered).length).toBeGreaterThan(0);
    expect(outcomes.filter(hasReason).length).toBeGreaterThan(0);
    expect(await vitals.ended).toBe("unavailable");
    expect(await exited).toBe(0);
    // A lost event would add a line.
    expect(linesOf(stderr())).toEqual([signalLine, cutOffLine]);
    await expectNothingLeft(processes);
  },
  testTimeoutMs,
);

// Everything that can delay a server: calls and events wait for backends, threads are blocked by the disk,
// and computations occupy threads and a process.
test(
  "SIGTERM ends a server that is blocked everywhere, and every call gets its code",
  async () => {
    const { child, exited, stderr, url, processes } = await start();
    await holdBackends(url);
    const vitals = watchVitals(url);
    const calls = await make200Calls(openTransports(url), vitals);
    await sendEvents(url, 1);

    child.kill("SIGTERM");
    const outcomes = await Promise.all(calls);
    // A fast machine may finish one of the long computations, so both outcomes are valid.
    const others = outcomes.filter(({ rpc, code }) => rpc !== "ComputeHash" || code !== "ok");
    expect(others.filter((outcome) => !hasReason(outcome))).toEqual([]);
    expect(await vitals.ended).toBe("unavailable");
    expect(await exited).toBe(0);
    expect(linesOf(stderr())).toEqual([
      signalLine,
      cutOffLine,
      expect.stringContaining("3000 ms"),
      expect.stringContaining("sendEvent"),
    ]);
    await expectNothingLeft(processes);
  },
  testTimeoutMs,
);

test.each(http2Implementations)(
  "SIGTERM does not wait for watchers or idle streams, HTTP/2 of %s",
  async (http2) => {
    const { child, exited, stderr, url, processes } = await start("--http2", http2);
    const vitals = watchVitals(url);
    await vi.waitUntil(() => vitals.executor("blocking-pool"), waitOptions);
    const health = watchHealth(url);
    const session = openSession(url);
    const reflections = ["v1", "v1alpha"].map((version) => {
      const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
      return new UnendedRequest(session, path, grpc);
    });
    // Half a message of one call.
    reflections[0]?.stream.write(Buffer.from([0, 0, 0]));
    await assertServes(session);
    await vi.waitUntil(() => health.seen.includes("SERVING"), waitOptions);

    child.kill("SIGTERM");
    expect(await vitals.ended).toBe("unavailable");
    for (const reflection of reflections) {
      await reflection.assertClosed();
      expect(reflection.fields).toMatchObject({
        "grpc-status": "14",
      });
    }
    expect(await exited).toBe(0);
    expect(health.seen.slice(0, 3)).toEqual(["SERVING", "NOT_SERVING", "GOAWAY"]);
    // Calls that did not end in time would add a line.
    expect(linesOf(stderr())).toEqual([signalLine]);
    await expectNothingLeft(processes);
  },
  testTimeoutMs,
);
