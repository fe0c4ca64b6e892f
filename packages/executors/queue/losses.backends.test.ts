import { ConnectError } from "@connectrpc/connect";
import { createUnblockClient } from "@unblock/client/client";
import { codeName } from "@unblock/connect/code-name";
import { serveAnalytics, type TestAnalytics } from "@unblock/test/analytics";
import { patience, untilJobs } from "@unblock/test/job-queue";
import { hasRedis, type RedisOptions, startRedis, type TestRedis } from "@unblock/test/redis";
import { type Relay, startRelay } from "@unblock/test/relay";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const names = Array.from({ length: 50 }, (_, index) => `event-${index + 1}`);
/** About a second of CPU. */
const longRounds = 1_000_000;

interface Caller {
  readonly key?: string;
  readonly server?: TestServerProcess;
  readonly signal?: AbortSignal;
}

/** What is lost, and what is done twice: the cells of the table in docs/scaling.md. */
describe.skipIf(!hasRedis())(
  "the job queue (skipped without redis-server)",
  { timeout: 60_000 },
  () => {
    let redis: TestRedis;
    let analytics: TestAnalytics;
    let server: TestServerProcess;
    let relay: Relay | undefined;
    const clients = new Map<string, ReturnType<typeof createUnblockClient>>();
    const servers: TestServerProcess[] = [];
    const workers: WorkerProcess[] = [];
    afterEach(async () => {
      relay?.release();
      await Promise.all([...servers.splice(0), ...workers.splice(0)].map((one) => one.kill()));
      await relay?.close();
      relay = undefined;
      await analytics.close();
      await redis.close();
    });

    const begin = async (options: RedisOptions = {}) => {
      redis = await startRedis(options);
      analytics = await serveAnalytics();
      server = await startServer();
    };
    const startServer = async () => {
      const flags = ["--analytics-url", analytics.url, "--max-queue", "10000"];
      const started = await startServerProcess(flags, { REDIS_URL: redis.url });
      servers.push(started);
      return started;
    };
    const startWorker = async (url = redis.url) => {
      const worker = await startWorkerProcess(url);
      workers.push(worker);
      return worker;
    };
    /** One client for all calls of a server, so that they share a connection. */
    const clientOf = ({ url }: TestServerProcess) => {
      const client = clients.get(url) ?? createUnblockClient({ baseUrl: url, strategy: "queue" });
      clients.set(url, client);
      return client;
    };
    const call = ({ key, server: to = server, signal }: Caller) => ({
      client: clientOf(to),
      options: {
        ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
        ...(signal === undefined ? {} : { signal }),
      },
    });
    const codeOf = async (answer: Promise<unknown>) => {
      try {
        await answer;
        return "ok";
      } catch (error) {
        return codeName(ConnectError.from(error).code);
      }
    };
    const track = (event: string, caller: Caller = {}) => {
      const { client, options } = call(caller);
      return codeOf(client.trackEvent({ event, userId: 1 }, options));
    };
    const hash = (data: string, rounds: number, caller: Caller = {}) => {
      const { client, options } = call(caller);
      return codeOf(client.computeHash({ data, rounds }, options));
    };
    const untilAccepted = (event: string, caller: Caller = {}) =>
      vi.waitFor(async () => expect(await track(event, caller)).toBe("ok"), patience);
    /** Whatever waited before has arrived by then. */
    const untilArrived = async (event: string) => {
      await untilAccepted(event);
      await vi.waitUntil(() => analytics.events.includes(event), patience);
    };
    /** Redis replies before it writes while its file is synced. */
    const untilWritten = () =>
      vi.waitUntil(
        async () =>
          /aof_buffer_length:0\r/.test(String(await redis.command("INFO", "persistence"))),
        patience,
      );
    /** Redis replies in order, so the server has the replies to all that it asked before. */
    const untilReplied = async () => expect(await track("reply")).toBe("ok");
    const arrivals = (event: string) => analytics.events.filter((name) => name === event).length;

    describe("when the server is killed", () => {
      beforeEach(() => begin());

      test("a computation's caller gets an error; with its key another server has the result", async () => {
        await startWorker();
        const lost = hash("x", longRounds, { key: "a-key" });
        await untilJobs(redis, "active", 1);
        await server.kill();
        // The client decides which code.
        expect(await lost).not.toBe("ok");
        const other = await startServer();
        await vi.waitFor(
          async () =>
            expect(await hash("x", longRounds, { key: "a-key", server: other })).toBe("ok"),
          patience,
        );
        // One job did it all.
        expect(await redis.command("ZCARD", "bull:unblock-compute:completed")).toBe(1);
      });

      test("events that were accepted arrive, and those that were not can be sent again", async () => {
        // Killed in the middle: some are accepted, some were taken but not accepted, some never
        // arrived.
        const many = Array.from({ length: 500 }, (_, index) => `event-${index + 1}`);
        const waiting = many.values();
        let accepted = 0;
        await Promise.all(
          Array.from({ length: 50 }, async () => {
            for (const name of waiting) {
              if ((await track(name, { key: name })) === "ok" && ++accepted === 100) {
                await server.kill();
              }
            }
          }),
        );
        expect(accepted).toBeLessThan(many.length);
        const other = await startServer();
        await untilAccepted("event-1", { key: "event-1", server: other });
        const again = await Promise.all(
          many.map((name) => track(name, { key: name, server: other })),
        );
        expect(again.filter((code) => code !== "ok")).toEqual([]);
        await startWorker();
        await vi.waitUntil(() => new Set(analytics.events).size === many.length, patience);
        expect(analytics.events.toSorted()).toEqual(many.toSorted());
      });
    });

    describe("when a worker is killed", () => {
      beforeEach(() => begin());

      test("a computation is repeated by another", async () => {
        const first = await startWorker();
        const answer = hash("x", longRounds);
        await untilJobs(redis, "active", 1);
        await first.kill();
        await startWorker();
        expect(await answer).toBe("ok");
      });

      test("an event that was on its way is sent again, and no other", async () => {
        const first = await startWorker();
        await untilArrived("done before");
        analytics.hold();
        await track("on its way");
        await vi.waitUntil(() => arrivals("on its way") === 1, patience);
        await first.kill();
        analytics.answer();
        await startWorker();
        await vi.waitUntil(() => arrivals("on its way") === 2, patience);
        await untilArrived("last");
        expect(analytics.events).toEqual(["done before", "on its way", "on its way", "last"]);
      });

      test("an event whose key is repeated meanwhile is not a second one", async () => {
        const first = await startWorker();
        analytics.hold();
        await track("on its way", { key: "a-key" });
        await vi.waitUntil(() => arrivals("on its way") === 1, patience);
        await first.kill();
        analytics.answer();
        expect(await track("on its way", { key: "a-key" })).toBe("ok");
        await startWorker();
        await vi.waitUntil(() => arrivals("on its way") === 2, patience);
        expect(await track("on its way", { key: "a-key" })).toBe("ok");
        await untilArrived("last");
        expect(arrivals("on its way")).toBe(2);
      });
    });

    describe.each(["always", "everysec"] as const)(
      "when Redis is killed, with its file %s",
      (fsync) => {
        beforeEach(() => begin({ fsync }));

        test("a computation's caller gets the result", async () => {
          await startWorker();
          const answer = hash("x", longRounds);
          await untilJobs(redis, "active", 1);
          await untilReplied();
          await untilWritten();
          await redis.kill();
          await redis.start();
          expect(await answer).toBe("ok");
        });

        test("events that were accepted arrive, and their keys are known", async () => {
          expect(await Promise.all(names.map((name) => track(name, { key: name })))).toEqual(
            names.map(() => "ok"),
          );
          await untilWritten();
          await redis.kill();
          await redis.start();
          await untilAccepted(names[0] ?? "", { key: names[0] ?? "" });
          await startWorker();
          await untilArrived("last");
          expect(analytics.events.toSorted()).toEqual([...names, "last"].toSorted());
        });
      },
    );

    describe("when Redis and its machine are killed, and what came last is not on the disk", () => {
      beforeEach(() => begin());

      test("a computation that was running is repeated, and its caller gets the result", async () => {
        const answer = hash("x", longRounds);
        await untilJobs(redis, "prioritized", 1);
        await untilWritten();
        redis.mark();
        await startWorker();
        await untilJobs(redis, "active", 1);
        await untilReplied();
        await redis.killMachine();
        await redis.start();
        expect(await answer).toBe("ok");
      });

      test("a computation that was added gets unavailable, and may be repeated", async () => {
        redis.mark();
        const lost = hash("x", 1, { key: "a-key" });
        await untilJobs(redis, "prioritized", 1);
        await redis.killMachine();
        await redis.start();
        expect(await lost).toBe("unavailable");
        await startWorker();
        expect(await hash("x", 1, { key: "a-key" })).toBe("ok");
      });

      test("events that were accepted last are lost, and their keys with them: repeated ones arrive", async () => {
        redis.mark();
        await track("lost");
        await track("repeated", { key: "a-key" });
        await redis.killMachine();
        await redis.start();
        await untilAccepted("repeated", { key: "a-key" });
        await startWorker();
        await untilArrived("last");
        expect(analytics.events).toEqual(["repeated", "last"]);
      });

      test("an event that was sent last is sent again", async () => {
        await track("twice");
        await untilWritten();
        redis.mark();
        await startWorker();
        await vi.waitUntil(() => arrivals("twice") === 1, patience);
        await redis.killMachine();
        await redis.start();
        await vi.waitUntil(() => arrivals("twice") === 2, patience);
      });
    });

    describe("when Redis is killed, without a file", () => {
      beforeEach(() => begin({ durable: false }));

      test("a computation's caller gets unavailable, and may repeat the call with the same key", async () => {
        const lost = hash("x", 1, { key: "a-key" });
        await untilJobs(redis, "prioritized", 1);
        await redis.kill();
        await redis.start();
        expect(await lost).toBe("unavailable");
        await startWorker();
        await vi.waitFor(
          async () => expect(await hash("x", 1, { key: "a-key" })).toBe("ok"),
          patience,
        );
      });

      test("events that were accepted are lost, and their keys with them: repeated ones arrive", async () => {
        await track("lost");
        await track("repeated", { key: "a-key" });
        await redis.kill();
        await redis.start();
        await untilAccepted("repeated", { key: "a-key" });
        await startWorker();
        await untilArrived("last");
        expect(analytics.events).toEqual(["repeated", "last"]);
      });
    });

    describe("when the network is cut between a worker and Redis", () => {
      beforeEach(() => begin());

      const startBehindRelay = async () => {
        relay = await startRelay(redis.port);
        await startWorker(`redis://127.0.0.1:${relay.port}`);
        return relay;
      };

      test("a computation is done twice, and its caller gets one result", async () => {
        const cut = await startBehindRelay();
        const answer = hash("x", longRounds);
        await untilJobs(redis, "active", 1);
        cut.holdRequests();
        await startWorker();
        expect(await answer).toBe("ok");
      });

      test("an event that was on its way is sent twice", async () => {
        const cut = await startBehindRelay();
        analytics.hold();
        await track("on its way");
        await vi.waitUntil(() => arrivals("on its way") === 1, patience);
        cut.holdRequests();
        await startWorker();
        await vi.waitUntil(() => arrivals("on its way") === 2, patience);
        analytics.answer();
        cut.release();
        await untilArrived("last");
        expect(arrivals("on its way")).toBe(2);
      });
    });

    describe("when the caller's connection is cut", () => {
      beforeEach(() => begin());

      test("a computation that waits is cancelled", async () => {
        const caller = new AbortController();
        const answer = hash("x", 1, { signal: caller.signal });
        await untilJobs(redis, "prioritized", 1);
        caller.abort();
        expect(await answer).toBe("canceled");
        await untilJobs(redis, "prioritized", 0);
      });

      test("an event that Redis has is sent", async () => {
        const caller = new AbortController();
        const answer = track("taken", { signal: caller.signal, key: "a-key" });
        await vi.waitUntil(
          async () => Number(await redis.command("LLEN", "bull:unblock-events:wait")) === 1,
          { ...patience, interval: 0 },
        );
        caller.abort();
        await answer;
        // Whether or not the caller got the response.
        expect(await track("taken", { key: "a-key" })).toBe("ok");
        await startWorker();
        await untilArrived("last");
        expect(analytics.events).toEqual(["taken", "last"]);
      });
    });
  },
);
