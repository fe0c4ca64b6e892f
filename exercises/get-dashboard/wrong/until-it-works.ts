import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once, and one that fails is asked again.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

async function askUntil(service: Service, signal: AbortSignal): Promise<string> {
  for (;;) {
    try {
      return await ask(service, signal);
    } catch {
      signal.throwIfAborted();
    }
  }
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1, service2, service3, service4, service5] = await Promise.all([
    askUntil(1, signal),
    askUntil(2, signal),
    askUntil(3, signal),
    askUntil(4, signal),
    askUntil(5, signal),
  ]);
  return { service1, service2, service3, service4, service5 };
};
