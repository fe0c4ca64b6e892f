import { createClient } from "@redis/client";
import { cacheKey, cacheUrl } from "@unblock/learn/toolbox/cache";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "The keys of one turn of the loop go to the cache in one MGET.",
};

interface Lookup {
  readonly key: string;
  readonly done: (value: string | null) => void;
  readonly failed: (error: unknown) => void;
}

function connect() {
  const client = createClient({ url: cacheUrl() });
  client.on("error", () => {});
  return client.connect();
}

let client: ReturnType<typeof connect> | undefined;
let batch: Lookup[] = [];

async function send(lookups: readonly Lookup[]): Promise<void> {
  try {
    client ??= connect();
    const values = await (await client).mGet(lookups.map(({ key }) => cacheKey(key)));
    for (const [index, { done }] of lookups.entries()) {
      done(values[index] ?? null);
    }
  } catch (error) {
    for (const { failed } of lookups) {
      failed(error);
    }
  }
}

function lookUp(key: string): Promise<string | null> {
  return new Promise((done, failed) => {
    if (batch.push({ key, done, failed }) === 1) {
      setImmediate(() => {
        const lookups = batch;
        batch = [];
        void send(lookups);
      });
    }
  });
}

export const handler: Handler<"getCache"> = async ({ key }) => {
  const value = await lookUp(key);
  return { key, value: value ?? "", hit: value !== null };
};
