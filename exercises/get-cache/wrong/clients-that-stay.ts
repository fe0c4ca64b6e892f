import { createClient } from "@redis/client";
import { cacheKey, cacheUrl } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "Each call has a client of its own, and the cache closes what it does not need.",
};

function connect() {
  const client = createClient({ url: cacheUrl() });
  client.on("error", () => {});
  return client.connect();
}

export const handler: Handler<"getCache"> = async ({ key }) => {
  const client = await connect();
  const value = await client.get(cacheKey(key));
  return { key, value: value ?? "", hit: value !== null };
};
