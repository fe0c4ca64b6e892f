import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are on their way before the first is awaited.",
};

async function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, signal),
    ask(2, signal),
    ask(3, signal),
    ask(4, signal),
    ask(4, signal),
  ]);
  return { service1, service2, service3, service4, service5 };
};
