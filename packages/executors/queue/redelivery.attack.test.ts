import { createUnblockClient } from "@unblock/client/client";
import { serveAnalytics, type TestAnalytics } from "@unblock/test/analytics";
import { attackTest, footprintOf, reportAttack } from "@unblock/test/attack";
import { patience, untilJobs } from "@unblock/test/job-queue";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { type Relay, startRelay } from "@unblock/test/relay";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, vi } from "vitest";
import { eventsQueue } from "./protocol.ts";

interface AttackedServer extends TestServerProcess {
  readonly client: ReturnType<typeof createUnblockClient>;
}

/** Calls in progress at once. */
const atOnce = 200;

describe.skipIf(!hasRedis())("the job queue under attack (skipped without redis-server)", () => {
  let redis: TestRedis;
  let analytics: TestAnalytics;
  let relay: Relay;
  let server: AttackedServer;
  const servers: AttackedServer[] = [];
  const workers: WorkerProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    await redis.command("FLUSHALL");
    analytics = await serveAnalytics();
    relay = await startRelay(redis.port);
    server = await startServer();
  });
  afterEach(async () => {
    await Promise.all([...servers.splice(0), ...workers.splice(0)].map((one) => one.kill()));
    await relay.close();
    await analytics.close();
  });
  afterAll(() => redis.close());

  const startServer = async () => {
    const started = await startServerProcess(
      ["--analytics-url", analytics.url, "--max-queue", "10000", "--max-calls", "10000"],
      { REDIS_URL: `redis://127.0.0.1:${relay.port}` },
    );
    // All its calls share a connection.
    const client = createUnblockClient({ baseUrl: started.url, strategy: "queue" });
    const attacked = { ...started, client };
    servers.push(attacked);
    // Its connection to Redis is ready.
    await vi.waitUntil(() => track("warm-up", { key: "warm-up", to: attacked }), patience);
    return attacked;
  };
  const startWorker = async () => {
    workers.push(await startWorkerProcess(redis.url));
  };
  /** @returns whether it was accepted */
  const track = async (
    event: string,
    { key, token, to = server }: { key?: string; token?: string; to?: AttackedServer } = {},
  ) => {
    const headers = {
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...(token === undefined ? {} : { authorization: token }),
    };
    try {
      await to.client.trackEvent({ event, userId: 1 }, { headers });
      return true;
    } catch {
      return false;
    }
  };
  /** @returns how many were accepted */
  const trackAll = async (
    names: readonly string[],
    to = server,
    onAccepted: (count: number) => void = () => {},
  ) => {
    let accepted = 0;
    const waiting = names.values();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const name of waiting) {
          if (await track(name, { key: name, to })) {
            onAccepted(++accepted);
          }
        }
      }),
    );
    return accepted;
  };
  const until = (count: number) =>
    vi.waitUntil(() => new Set(analytics.events).size >= count, patience);
  const named = (count: number) => Array.from({ length: count }, (_, n) => `event-${n + 1}`);
  const pidOf = ({ child }: TestServerProcess) => child.pid ?? 0;

  attackTest(
    "kills the server amid 3,000 events with keys, and sends all of them again",
    async () => {
      const names = named(3_000);
      const before = footprintOf(pidOf(server));
      const accepted = await trackAll(names, server, (count) => {
        if (count === 1_000) {
          server.child.kill("SIGKILL");
        }
      });
      const other = await startServer();
      await startWorker();
      expect(await trackAll(names, other)).toBe(names.length);
      // While the worker removes finished jobs.
      expect(await trackAll(names, other)).toBe(names.length);
      await until(names.length + 1);
      await track("last", { to: other });
      await until(names.length + 2);
      reportAttack({
        sent: `kill -9 amid ${names.length} events with idempotency keys, all of them sent twice more`,
        did: `accepted ${accepted} before, sent ${analytics.events.length - 2} of ${names.length} to analytics, each once`,
        before,
        after: footprintOf(pidOf(other)),
      });
      expect(accepted).toBeLessThan(names.length);
      expect(analytics.events.toSorted()).toEqual([...names, "last", "warm-up"].toSorted());
    },
  );

  attackTest(
    "has Redis hang while 500 events are added: none comes that was not accepted",
    async () => {
      const before = footprintOf(pidOf(server));
      process.kill(redis.pid, "SIGSTOP");
      const names = named(500);
      const accepted = await Promise.all(names.map((name) => track(name)));
      // Cuts the connection too, so that Redis may read them after or before their cancellations.
      relay.cutCallers();
      process.kill(redis.pid, "SIGCONT");
      await vi.waitUntil(() => track("after"), patience);
      await untilJobs(redis, "wait", 2, eventsQueue);
      await startWorker();
      await until(2);
      await track("last");
      await until(3);
      reportAttack({
        sent: "500 events while Redis hangs (SIGSTOP), their connection cut, then SIGCONT",
        did: `told ${accepted.filter((one) => !one).length} callers unavailable, and sent ${analytics.events.length - 3} of their events`,
        before,
        after: footprintOf(pidOf(server)),
      });
      expect(accepted).not.toContain(true);
      expect(analytics.events.toSorted()).toEqual(["after", "last", "warm-up"]);
    },
  );

  attackTest("takes the keys of another caller", async () => {
    const before = footprintOf(pidOf(server));
    const names = named(200);
    const send = (event: (name: string) => string, token: string) =>
      Promise.all(names.map((name) => track(event(name), { key: name, token })));
    // First the attacker, with other events under the keys that the victim will use.
    await send((name) => `attack on ${name}`, "Bearer attacker");
    const accepted = await send((name) => name, "Bearer victim");
    const same = await send((name) => name, "Bearer attacker");
    await startWorker();
    await until(2 * names.length + 1);
    await track("last");
    await until(2 * names.length + 2);
    const sent = names.filter((name) => analytics.events.includes(name)).length;
    reportAttack({
      sent: "200 keys of another caller, used before with other events, and after with the same",
      did: `accepted and sent ${sent} of the victim's 200 events, rejected ${same.filter((one) => !one).length} of the attacker's`,
      before,
      after: footprintOf(pidOf(server)),
    });
    expect(accepted).not.toContain(false);
    expect(same).not.toContain(true);
    expect(analytics.events.length).toBe(2 * names.length + 2);
    expect(sent).toBe(names.length);
  });

  attackTest("floods Redis with 5,000 keys: each costs what the documentation says", async () => {
    await startWorker();
    const memory = async () =>
      Number(/used_memory:(\d+)/.exec(String(await redis.command("INFO", "memory")))?.[1]);
    const before = footprintOf(pidOf(server));
    const beforeBytes = await memory();
    const names = named(5_000);
    expect(await trackAll(names)).toBe(names.length);
    await until(names.length + 1);
    await untilJobs(redis, "active", 0, eventsQueue);
    // Records of finished jobs, which BullMQ keeps for half a minute.
    const done = await redis.command("ZRANGE", "bull:unblock-events:completed", "0", "-1");
    const ids = Array.isArray(done) ? done.map(String) : [];
    await redis.command("DEL", ...ids.map((id) => `bull:unblock-events:${id}`));
    await redis.command("DEL", "bull:unblock-events:completed", "bull:unblock-events:events");
    const bytesEach = Math.round(((await memory()) - beforeBytes) / names.length);
    reportAttack({
      sent: "5,000 events with a key each",
      did: `sent ${analytics.events.length - 1}, and Redis remembers each key with ${bytesEach} bytes`,
      before,
      after: footprintOf(pidOf(server)),
    });
    expect(await redis.command("KEYS", "bull:unblock-events:de:*")).toHaveLength(names.length + 1);
    expect(bytesEach).toBeLessThan(250);
  });
});
