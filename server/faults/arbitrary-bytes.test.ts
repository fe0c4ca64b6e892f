import { once } from "node:events";
import { connect } from "node:net";
import { frame, framings } from "@unblock/test/fuzz/envelopes";
import { headerMesses, makeHeaders } from "@unblock/test/fuzz/headers";
import { judge, type Verdict } from "@unblock/test/fuzz/judge";
import { makePayload, makeQuery, payloads, queries } from "@unblock/test/fuzz/payloads";
import { openHttp1, openHttp2, type RawRequest } from "@unblock/test/fuzz/raw-connection";
import { scripts } from "@unblock/test/fuzz/scripts";
import { type Target, targets } from "@unblock/test/fuzz/targets";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

/** FUZZ_RUNS=2000 finds more. A failure prints its seed, with which FUZZ_SEED repeats it. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 40);
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) };
/** Max time of a response on the busiest machine, in milliseconds. */
const hangMs = 60_000;
const fuzz = { numRuns, timeout: hangMs, endOnFailure: true, ...seed };
const testTimeoutMs = 2 * hangMs + numRuns * 4_000;
const waitOptions = { timeout: 20_000, interval: 20 };

/** Codes that blame the server. */
const blamed = ["internal", "unknown", "data_loss", "unavailable"];
/**
 * What is the caller's fault, and has such a code all the same because gRPC, gRPC-Web and Connect want it
 * so: a compressed message without a header that says how.
 */
const excused = /^received compressed envelope, but do not know how to decompress$/;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ blockingThreads: 2 });
});
afterAll(() => server.close());

/** Sends a request to each RPC at once; each must get a response, and none may blame the server. */
async function sendToAll(
  send: (target: Target) => Promise<Verdict>,
  to: readonly Target[],
  assertMore: (verdict: Verdict) => void = () => {},
): Promise<void> {
  await Promise.all(
    to.map(async (target) => {
      try {
        const verdict = await send(target);
        if (blamed.includes(verdict.code) && !excused.test(verdict.message)) {
          throw new Error(
            `Expected a code that blames the caller, got ${verdict.code}: ${verdict.message}`,
          );
        }
        expect(verdict.message).not.toMatch(/internal error/i);
        assertMore(verdict);
      } catch (error) {
        throw new Error(`${target.path}: ${error}`, { cause: error });
      }
    }),
  );
}

const unary = targets.filter(({ isUnary }) => isUnary);
const streams = targets.filter(({ isUnary }) => !isUnary);
const openers = { "HTTP/1.1": openHttp1, "HTTP/2": openHttp2 };

describe.concurrent("arbitrary bytes get a response", () => {
  test.each([
    ["application/proto", "HTTP/1.1", "connect", unary],
    ["application/proto", "HTTP/2", "connect", unary],
    ["application/json", "HTTP/1.1", "connect", unary],
    ["application/json", "HTTP/2", "connect", unary],
    ["application/connect+proto", "HTTP/1.1", "connect-stream", streams],
    ["application/connect+proto", "HTTP/2", "connect-stream", streams],
    ["application/connect+json", "HTTP/2", "connect-stream", streams],
    ["application/grpc", "HTTP/2", "grpc", targets],
    ["application/grpc+json", "HTTP/2", "grpc", targets],
    ["application/grpc-web+proto", "HTTP/1.1", "grpc-web", targets],
    ["application/grpc-web+proto", "HTTP/2", "grpc-web", targets],
    ["application/grpc-web+json", "HTTP/1.1", "grpc-web", targets],
  ] as const)(
    "as %s over %s",
    async (type, version, protocol, to) => {
      const connection = openers[version](server.url);
      await fc.assert(
        fc.asyncProperty(payloads, framings, headerMesses, async (payload, framing, mess) => {
          const makeRequest = (target: Target): RawRequest => {
            const message = makePayload(payload, target, !type.endsWith("json"));
            const body = protocol === "connect" ? message : frame(framing, message);
            const headers = makeHeaders(mess, target, type);
            return { method: "POST", path: target.path, headers, body };
          };
          await sendToAll(
            async (target) => judge(await connection.send(makeRequest(target)), target),
            // Another content type may be valid where this one is not.
            mess.contentType === undefined ? to : targets,
            (verdict) => {
              if (mess.contentType === undefined) {
                expect(verdict.protocol).toBe(protocol);
              }
            },
          );
        }),
        fuzz,
      );
      connection.close();
    },
    testTimeoutMs,
  );

  test(
    "in the URL of a GET",
    async () => {
      const connection = openHttp1(server.url);
      const gettable = targets.filter(({ hasGet }) => hasGet);
      await fc.assert(
        fc.asyncProperty(queries, headerMesses, async (query, { contentType: _, ...mess }) => {
          await sendToAll(async (target) => {
            const path = `${target.path}?${makeQuery(query, target)}`;
            const headers = makeHeaders(mess, target, undefined);
            const reply = await connection.send({ method: "GET", path, headers, body: nothing });
            return judge(reply, target);
          }, gettable);
        }),
        fuzz,
      );
      connection.close();
    },
    testTimeoutMs,
  );

  test(
    "at a path without an RPC",
    async () => {
      const connection = openHttp1(server.url);
      await fc.assert(
        fc.asyncProperty(fc.webPath(), headerMesses, payloads, async (path, mess, payload) => {
          await sendToAll(
            async (target) => {
              const headers = makeHeaders(mess, target, "application/json");
              const body = makePayload(payload, target, false);
              const request = { method: "POST", path: `/nope${path}`, headers, body };
              return judge(await connection.send(request), target);
            },
            targets.slice(0, 3),
            ({ code }) => expect(code).toBe("unimplemented"),
          );
        }),
        fuzz,
      );
      connection.close();
    },
    testTimeoutMs,
  );

  test(
    "or are disconnected when they are not HTTP",
    async () => {
      await fc.assert(
        fc.asyncProperty(scripts, async (bytes) => {
          const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
          socket.on("error", () => {});
          socket.resume();
          socket.end(bytes);
          await once(socket, "close");
        }),
        fuzz,
      );
    },
    testTimeoutMs,
  );
});

const nothing = new Uint8Array();

describe("after that, the server", () => {
  test("responds", async () => {
    expect(await server.call("GetConfig", {})).toMatchObject({ code: "ok" });
  });

  test("is idle", async () => {
    const executors = [
      "event-loop",
      "libuv",
      "blocking-pool",
      "cpu-pool",
      "processes",
      "background",
    ];
    await vi.waitUntil(async () => {
      const vitals = await Promise.all(executors.map((name) => server.executor(name)));
      return vitals.every(({ running, queued }) => running === 0 && queued === 0);
    }, waitOptions);
  });

  test("has logged no failure of its own", () => {
    // Other lines are not about calls: on a busy machine, cancelled work may end late.
    const calls = server.logged.filter((line) => line.startsWith("{"));
    expect(calls.filter((line) => !excused.test(JSON.parse(line).message))).toEqual([]);
  });
});
