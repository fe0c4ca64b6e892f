import { createClient } from "@redis/client";
import { cacheKey, cacheUrl } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "MULTI and EXEC read the key and its time to live together, without a thread.",
};

function connect() {
  const client = createClient({ url: cacheUrl() });
  client.on("error", () => {});
  return client.connect();
}

let client: ReturnType<typeof connect> | undefined;

export const handler: Handler<"getCache"> = async ({ key }) => {
  client ??= connect();
  const [value] = await (await client).multi().get(cacheKey(key)).exec();
  const isHit = typeof value === "string";
  return { key, value: isHit ? value : "", hit: isHit };
};
