import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once, and a newer call ends the older one.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

let current: AbortController | undefined;

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  current?.abort(new Error("A newer call came"));
  const mine = new AbortController();
  current = mine;
  const either = AbortSignal.any([signal, mine.signal]);
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, either),
    ask(2, either),
    ask(3, either),
    ask(4, either),
    ask(5, either),
  ]);
  return { service1, service2, service3, service4, service5 };
};
