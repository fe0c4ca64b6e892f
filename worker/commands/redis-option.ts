import { Option } from "commander";
import { assertRedisUrl } from "../../server/backends/redis-url.ts";

export interface RedisFlag {
  readonly redisUrl?: string;
}

/** Not with a default of the environment's: --help would print it with its password. */
export function redisOption(): Option {
  return new Option("--redis-url <url>", "the Redis that the server has (default: REDIS_URL)");
}

/** @throws Error that says how to name a Redis, and never has the password */
export function readRedisUrl({ redisUrl }: RedisFlag): string {
  const url = redisUrl ?? process.env.REDIS_URL ?? "";
  if (url === "") {
    throw new Error(
      "Expected the Redis that the server has as well, got none: set REDIS_URL, " +
        "or give --redis-url redis://host:6379",
    );
  }
  assertRedisUrl(url);
  return url;
}
