import { createClient } from "@redis/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findExercise } from "../../../registry/exercises.ts";
import { idleLab, openTestHouse, type TestHouse } from "../../../testing/house.ts";
import { never } from "../../../testing/tasks.ts";
import { post } from "../../../testing/wire.ts";
import { createLogger } from "../../logger.ts";
import { createHandler } from "../../rpc/handler.ts";
import { listen } from "../../rpc/listener/listener.ts";
import { HealthStatus } from "../../rpc/services/health.ts";
import { EventLoopVitals } from "../../vitals/event-loop.ts";

const strategies = findExercise("GetCache")?.strategies.map(({ name }) => name) ?? [];

// The embedded cache is warm: every key has a value until it is deleted, which no RPC does. So the
// test uses the cache directly.
describe("a key that is not in the cache", () => {
  let house: TestHouse;
  let deleteKey: (key: string) => Promise<unknown>;
  let disconnect: () => void;
  beforeAll(async () => {
    house = await openTestHouse();
    const client = createClient({ url: house.backends.addresses().cacheUrl, RESP: 2 });
    await client.connect();
    deleteKey = (key) => client.del(`unblock:cache:${key}`);
    disconnect = () => client.destroy();
  });
  afterAll(() => {
    disconnect();
    return house.close();
  });

  test.each(strategies)("%s: is a miss, and the miss fills the cache", async (strategy) => {
    const key = `missing from ${strategy}`;
    await deleteKey(key);
    const lookUp = () => house.run("GetCache", strategy, { key });
    expect(await lookUp()).toEqual({ key, value: "cached_data", hit: false });
    expect(await lookUp()).toEqual({ key, value: "cached_data", hit: true });
  });

  test("has hit false in the JSON", async () => {
    const eventLoop = new EventLoopVitals();
    const handler = createHandler({
      exercises: house.exercises,
      vitals: { eventLoop, places: house.places, backends: house.backends },
      lab: idleLab(),
      progressFile: "",
      page: new Map(),
      health: new HealthStatus([]),
      maxCalls: 1,
      corsOrigins: [],
      directLane: true,
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
