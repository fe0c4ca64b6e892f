import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once, twice, and the later answers count.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const services = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5] as const;
  const data = await Promise.all(services.map((service) => ask(service, signal)));
  const [service1 = "", service2 = "", service3 = "", service4 = "", service5 = ""] = data.slice(5);
  return { service1, service2, service3, service4, service5 };
};
