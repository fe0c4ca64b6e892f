import { once } from "node:events";
import { connect } from "node:net";
import { createClient } from "@redis/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cacheCounter, parseCommands, serveCache } from "./cache-server.ts";

/** Max remembered keys of cache-store.ts. */
const maxKeys = 10_000;

function createRedis(port: number) {
  return createClient({ url: `redis://127.0.0.1:${port}`, RESP: 2 });
}

describe("the embedded cache, spoken to by a Redis client", () => {
  let port: number;
  let redis: ReturnType<typeof createRedis>;
  beforeAll(async () => {
    port = await serveCache();
    redis = createRedis(port);
    await redis.connect();
  });
  beforeEach(() => cacheCounter.restartWindow());
  afterAll(() => redis.destroy());

  test("is warm: every key has a value", async () => {
    expect(await redis.get("whatever")).toBe("cached_data");
  });

  test("returns what was set, byte for byte", async () => {
    const value = "ünïcödé\r\n\0 \u{1f511}";
    expect(await redis.set("set", value)).toBe("OK");
    expect(await redis.get("set")).toBe(value);
    await redis.set("empty", "");
    expect(await redis.get("empty")).toBe("");
  });

  test("misses a deleted key until it is set again", async () => {
    expect(await redis.del("gone")).toBe(1);
    expect(await redis.get("gone")).toBeNull();
    await redis.set("gone", "back");
    expect(await redis.get("gone")).toBe("back");
  });

  test("replies to a hundred lookups on one connection at once, each with its own value", async () => {
    const keys = Array.from({ length: 100 }, (_, index) => `key${index}`);
    await Promise.all(keys.map((key) => redis.set(key, `value of ${key}`)));
    cacheCounter.restartWindow();
    const values = await Promise.all(keys.map((key) => redis.get(key)));
    expect(values).toEqual(keys.map((key) => `value of ${key}`));
    expect(cacheCounter.counts()).toMatchObject({ calls: 100, inProgress: 0 });
    // In sequence it would be 1; how many overlap depends on how the connection splits them.
    expect(cacheCounter.counts().maxInProgress).toBeGreaterThan(1);
  });

  test("replies to MGET, a pipeline and a transaction in order", async () => {
    await redis.mSet({ one: "1", two: "2" });
    await redis.del("three");
    expect(await redis.mGet(["one", "three", "two"])).toEqual(["1", null, "2"]);
    const transaction = redis.multi().get("two").set("three", "3").get("three");
    expect(await transaction.exec()).toEqual(["2", "OK", "3"]);
    expect(await Promise.all([redis.get("three"), redis.exists("one"), redis.get("one")])).toEqual([
      "3",
      1,
      "1",
    ]);
  });

  test("speaks RESP3 on request", async () => {
    const modern = createClient({ url: `redis://127.0.0.1:${port}`, RESP: 3 });
    await modern.connect();
    await modern.del("gone");
    expect(await modern.mGet(["gone", "there"])).toEqual([null, "cached_data"]);
    modern.destroy();
  });

  test("names its commands", async () => {
    await expect(redis.sendCommand(["FLUSHALL"])).rejects.toThrow(
      /^ERR .*'FLUSHALL'.* GET, GETEX, MGET/,
    );
    expect(await redis.ping()).toBe("PONG");
  });

  test("remembers the last ten thousand changed keys", async () => {
    await redis.set("oldest", "mine");
    const set = (n: number) => redis.set(`new ${n}`, "x");
    await Promise.all(Array.from({ length: maxKeys - 1 }, (_, n) => set(n)));
    expect(await redis.get("oldest")).toBe("mine");
    await set(maxKeys);
    expect(await redis.get("oldest")).toBe("cached_data");
  });

  test("closes connections that do not speak its protocol, and serves the others", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await once(socket, "close");
    expect(await redis.get("key1")).toBeTypeOf("string");
  });
});

/** Encodes a command as Redis clients do. */
const encode = (...parts: string[]) =>
  `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`;

describe("parseCommands", () => {
  test("reads a command", () => {
    const data = Buffer.from(encode("GET", "key"));
    expect(parseCommands(data)).toEqual({ commands: [["GET", "key"]], rest: Buffer.alloc(0) });
  });

  test("reads several commands in order", () => {
    const data = Buffer.from(encode("SET", "a", "1") + encode("GET", "a") + encode("PING"));
    expect(parseCommands(data).commands).toEqual([["SET", "a", "1"], ["GET", "a"], ["PING"]]);
  });

  test("counts bytes, not characters, and keeps line ends inside a value", () => {
    const parts = ["SET", "schlüssel \u{1f511}", "a\r\n*1\r\n$4\r\nPING\r\n"];
    expect(parseCommands(Buffer.from(encode(...parts))).commands).toEqual([parts]);
  });

  test("accepts empty strings and empty commands", () => {
    expect(parseCommands(Buffer.from(`${encode("GET", "")}*0\r\n`)).commands).toEqual([
      ["GET", ""],
      [],
    ]);
  });

  test("waits for the rest of incomplete data", () => {
    const first = encode("GET", "ü");
    const data = Buffer.from(first + encode("SET", "key", "value"));
    const firstLength = Buffer.byteLength(first);
    for (let length = 0; length < data.length; length++) {
      const { commands, rest } = parseCommands(data.subarray(0, length));
      expect(commands).toEqual(length < firstLength ? [] : [["GET", "ü"]]);
      const whole = parseCommands(Buffer.concat([rest, data.subarray(length)]));
      expect([...commands, ...whole.commands]).toEqual([
        ["GET", "ü"],
        ["SET", "key", "value"],
      ]);
      expect(whole.rest).toHaveLength(0);
    }
  });

  test.each([
    ["PING\r\n", "PING"],
    ["*x\r\n", "*x"],
    ["*-1\r\n", "*-1"],
    ["*1.5\r\n", "*1.5"],
    ["*1\r\n:5\r\n", ":5"],
    ["*1\r\n$-1\r\n", "$-1"],
  ])("rejects %j and quotes the part that is wrong", (data, wrong) => {
    expect(() => parseCommands(Buffer.from(data))).toThrow(JSON.stringify(wrong));
  });
});
