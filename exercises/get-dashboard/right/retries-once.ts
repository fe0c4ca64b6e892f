import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once, and one that fails is asked once more.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

async function askPatiently(service: Service, signal: AbortSignal): Promise<string> {
  try {
    return await ask(service, signal);
  } catch {
    signal.throwIfAborted();
    await sleep(50, undefined, { signal });
    return ask(service, signal);
  }
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1, service2, service3, service4, service5] = await Promise.all([
    askPatiently(1, signal),
    askPatiently(2, signal),
    askPatiently(3, signal),
    askPatiently(4, signal),
    askPatiently(5, signal),
  ]);
  return { service1, service2, service3, service4, service5 };
};
