import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "Promise.all asks several at once, in batches so that nobody is flooded.",
};

async function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1, service2, service3] = await Promise.all([
    ask(1, signal),
    ask(2, signal),
    ask(3, signal),
  ]);
  const [service4, service5] = await Promise.all([ask(4, signal), ask(5, signal)]);
  return { service1, service2, service3, service4, service5 };
};
