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
  const asked = ([1, 2, 3, 4, 5] as const).map((service) => ask(service, signal));
  for (const answer of asked) {
    // It is awaited below; if it rejects before that, somebody has to know.
    answer.catch(() => {});
  }
  const data: string[] = [];
  for (const answer of asked) {
    data.push(await answer);
  }
  const [service1 = "", service2 = "", service3 = "", service4 = "", service5 = ""] = data;
  return { service1, service2, service3, service4, service5 };
};
