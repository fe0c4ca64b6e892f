import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once, and one controller ends what is on its way.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

let controller = new AbortController();

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const mine = controller;
  signal.addEventListener("abort", () => {
    controller = new AbortController();
    mine.abort(signal.reason);
  });
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, mine.signal),
    ask(2, mine.signal),
    ask(3, mine.signal),
    ask(4, mine.signal),
    ask(5, mine.signal),
  ]);
  return { service1, service2, service3, service4, service5 };
};
