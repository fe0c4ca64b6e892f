import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "Five requests at once are what a dashboard needs, so that is the limit.",
};

/** Requests that may still begin, for all callers together. */
let free = 5;
const waiting: (() => void)[] = [];

async function limited<Value>(work: () => Promise<Value>): Promise<Value> {
  if (free === 0) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    free--;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) {
      free++;
    } else {
      next();
    }
  }
}

function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  return limited(async () => {
    const response = await fetch(serviceUrl(service), { signal });
    return parseData(await response.json());
  });
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, signal),
    ask(2, signal),
    ask(3, signal),
    ask(4, signal),
    ask(5, signal),
  ]);
  return { service1, service2, service3, service4, service5 };
};
