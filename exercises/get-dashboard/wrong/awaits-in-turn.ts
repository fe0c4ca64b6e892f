import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All requests have begun before the first is awaited, so the five waits overlap.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const first = ask(1, signal);
  const second = ask(2, signal);
  const third = ask(3, signal);
  const fourth = ask(4, signal);
  const fifth = ask(5, signal);
  return {
    service1: await first,
    service2: await second,
    service3: await third,
    service4: await fourth,
    service5: await fifth,
  };
};
