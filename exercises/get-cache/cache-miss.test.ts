import { createClient } from "@redis/client";
import { listen } from "@unblock/connect/listener/listener";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import { findExercise } from "@unblock/proto/exercises";
import { createHandler } from "@unblock/server/handler";
import { HealthStatus } from "@unblock/server/services/health";
import { createLogger } from "@unblock/terminal/logger";
import { idleLab, openTestResources, type TestResources } from "@unblock/test/resources";
import { never } from "@unblock/test/tasks";
import { post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const strategies = findExercise("GetCache")?.strategies.map(({ name }) => name) ?? [];

// The embedded cache is warm: every key has a value until it is deleted, which no RPC does. So the
// test uses the cache directly.
describe("a key that is not in the cache", () => {
  let resources: TestResources;
  let deleteKey: (key: string) => Promise<unknown>;
  let disconnect: () => void;
  beforeAll(async () => {
    resources = await openTestResources();
    const client = createClient({ url: resources.backends.addresses().cacheUrl, RESP: 2 });
    await client.connect();
    deleteKey = (key) => client.del(`unblock:cache:${key}`);
    disconnect = () => client.destroy();
  });
  afterAll(() => {
    disconnect();
    return resources.close();
  });

  test.each(strategies)("%s: is a miss, and the miss fills the cache", async (strategy) => {
    const key = `missing from ${strategy}`;
    await deleteKey(key);
    const lookUp = () => resources.run("GetCache", strategy, { key });
    expect(await lookUp()).toEqual({ key, value: "cached_data", hit: false });
    expect(await lookUp()).toEqual({ key, value: "cached_data", hit: true });
  });

  test("has hit false in the JSON", async () => {
    const eventLoop = new EventLoopVitals();
    const handler = createHandler({
      exercises: resources.exercises,
      vitals: { eventLoop, executors: resources.executors, backends: resources.backends },
      lab: idleLab(),
      progressFile: "",
      page: new Map(),
      health: new HealthStatus([]),
      maxCalls: 1,
      corsOrigins: [],
      shutdownSignal: never,
      logger: createLogger("silent", () => {}),
    });
    const listener = await listen({ host: "127.0.0.1", port: 0 }, handler);
    try {
      await deleteKey("k");
      const url = `http://127.0.0.1:${listener.port}`;
      const { text } = await post(url, "ExercisesService/GetCache", '{"key":"k"}');
      expect(text).toBe('{"key":"k","value":"cached_data","hit":false}');
    } finally {
      listener.cut();
      await listener.drain();
      eventLoop.close();
    }
  });
});
