import { createClient } from "@redis/client";
import { cacheKey, cacheUrl } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The client is asynchronous, and what was missing is there the next time.",
};

const client = createClient({ url: cacheUrl() });
client.on("error", () => {});
const connected = client.connect();

export const handler: Handler<"getCache"> = async ({ key }) => {
  await connected;
  const value = await client.get(cacheKey(key));
  if (value === null) {
    await client.set(cacheKey(key), "cached_data");
    return { key, value: "", hit: false };
  }
  return { key, value, hit: true };
};
