import { createClient } from "@redis/client";
import { cacheKey, cacheUrl } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "One connection of my own carries all lookups, and none of them needs a thread.",
};

type Client = ReturnType<typeof connect>;

function connect() {
  const client = createClient({ url: cacheUrl() });
  client.on("error", () => {});
  return client;
}

let connected: Promise<Client> | undefined;

export const handler: Handler<"getCache"> = async ({ key }) => {
  connected ??= connect().connect();
  const value = await (await connected).get(cacheKey(key));
  return { key, value: value ?? "", hit: value !== null };
};
