import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "Four are asked at once, and the fifth says the same every time.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

let fifth: Promise<string> | undefined;

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  fifth ??= ask(5, new AbortController().signal);
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, signal),
    ask(2, signal),
    ask(3, signal),
    ask(4, signal),
    fifth,
  ]);
  return { service1, service2, service3, service4, service5 };
};
