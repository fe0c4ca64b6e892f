import { describe, expect, test } from "vitest";
import { assertRedisUrl, describeRedis, redisEndpoint, throughLocalPort } from "./redis-url.ts";

describe("a Redis's URL", () => {
  test.each([
    ["redis://localhost", { host: "localhost", port: 6379, tls: false }],
    ["rediss://u:p@redis.example.com:6380/2", { host: "redis.example.com", port: 6380, tls: true }],
    ["redis://[::1]:7000", { host: "::1", port: 7000, tls: false }],
  ])("%s gives its address", (url, endpoint) => {
    assertRedisUrl(url);
    expect(redisEndpoint(url)).toEqual(endpoint);
  });

  test("keeps its login and database through a port of this machine", () => {
    expect(throughLocalPort("rediss://ada:p%40ss@example.com:6380/2", 4711)).toBe(
      "redis://ada:p%40ss@127.0.0.1:4711/2",
    );
    expect(throughLocalPort("redis://[::1]", 4711)).toBe("redis://127.0.0.1:4711");
  });

  test("is described without its login", () => {
    expect(describeRedis("rediss://ada:secret@example.com:6380/2")).toBe(
      "rediss://example.com:6380/2",
    );
  });

  test.each(["", "secret", "http://h", "redis://", "redis://:secret@h/x", "redis:secret"])(
    "%j is none, and the message does not repeat a password",
    (url) => {
      const parse = () => assertRedisUrl(url);
      expect(parse).toThrow("Expected redisUrl to be redis://[user:password@]host");
      expect(parse).not.toThrow("secret");
    },
  );
});
