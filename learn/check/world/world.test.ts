import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "@redis/client";
import { fifoPath } from "@unblock/backends/disk";
import { userOf, valueOfKey } from "@unblock/exercises/backend-values";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { LearnerFault } from "../faults.ts";
import { World } from "./world.ts";

describe("the check's world", { timeout: 60_000 }, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  });
  beforeEach(() => world.restart("right"));
  afterAll(() => world.close());

  const weather = (city: string, signal?: AbortSignal) =>
    fetch(`${world.addresses.httpUrl}/weather?city=${city}`, { ...(signal && { signal }) });

  test("sends a new value for each request, and keeps the requests", async () => {
    const responses = await Promise.all([weather("rome"), weather("rome")]);
    const bodies = await Promise.all(responses.map((response) => response.json()));
    expect(bodies[0]).not.toEqual(bodies[1]);
    const { asked, connections } = await world.seen();
    expect(asked.map(({ what, outcome }) => [what, outcome])).toEqual([
      ["rome", "answered"],
      ["rome", "answered"],
    ]);
    expect(asked.map(({ value }) => value)).toEqual(expect.arrayContaining(bodies));
    expect(connections.opened).toBe(2);
  });

  test("marks requests of disconnected clients cancelled", async () => {
    const caller = new AbortController();
    const response = weather("rome", caller.signal);
    const outcomes = async () => (await world.seen()).asked.map(({ outcome }) => outcome);
    await vi.waitFor(async () => expect(await outcomes()).toEqual(["in progress"]));
    caller.abort();
    await expect(response).rejects.toThrow();
    await vi.waitFor(async () => expect(await outcomes()).toEqual(["cancelled"]));
  });

  test("fails in the mood to fail, and recovers", async () => {
    await world.restart("failing");
    expect((await weather("rome")).status).toBe(503);
    await world.restart("right");
    expect((await weather("rome")).status).toBe(200);
  });

  test("counts looked-up keys of MGET and MULTI", async () => {
    const redis = createClient({ url: `redis://127.0.0.1:${world.addresses.cachePort}`, RESP: 2 });
    await redis.connect();
    expect(await redis.mGet(["a", "b"])).toEqual([
      valueOfKey(world.mark, "a"),
      valueOfKey(world.mark, "b"),
    ]);
    await redis.multi().get("c").exec();
    redis.destroy();
    const { asked } = await world.seen();
    expect(asked.map(({ what }) => what)).toEqual(["a", "b", "c"]);
  });

  test("changes what it knows of a user and a key from window to window", async () => {
    const database = new DatabaseSync(world.addresses.databasePath, { readOnly: true });
    const find = database.prepare("SELECT name, email FROM users WHERE id = ?");
    const redis = createClient({ url: `redis://127.0.0.1:${world.addresses.cachePort}`, RESP: 2 });
    await redis.connect();
    const values = async () => {
      await world.restart("right", [{ user_id: 7 }]);
      expect(find.get(7)).toEqual(userOf(world.mark, 7));
      expect(await redis.get("a")).toBe(valueOfKey(world.mark, "a"));
      return world.mark;
    };
    expect(await values()).not.toBe(await values());
    database.close();
    redis.destroy();
  });

  test("has a disk with different files", () => {
    const contents = [0, 1].map((number) =>
      readFileSync(fifoPath(world.addresses.diskFolder, number), "utf8"),
    );
    expect(contents[0]).not.toBe(contents[1]);
  });

  test("reads the notes of blocking calls", () => {
    const { holdingsPath } = world.addresses;
    appendFileSync(holdingsPath, "begin query 7 0 1\nbegin computing 7 3 2\nend query 7 0 3\n");
    const { waiting, computing, query } = world.holdings.usage(7);
    expect(query).toMatchObject({ calls: 1, onLoop: 1, maxInProgress: 1 });
    expect(waiting).toMatchObject({ calls: 1, onLoop: 1 });
    expect(computing).toMatchObject({ calls: 1, onLoop: 0, otherThreads: 1, otherProcesses: 0 });
  });

  test("rejects truncated notes, and removes its folder", async () => {
    const other = await World.open();
    const { holdingsPath } = other.addresses;
    const folder = dirname(holdingsPath);
    writeFileSync(holdingsPath, "");
    expect(() => other.holdings.usage(7)).toThrow(LearnerFault);
    await other.close();
    expect(existsSync(folder)).toBe(false);
  });
});
