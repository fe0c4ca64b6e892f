import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once, and one that fails leaves its place empty.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const services = [1, 2, 3, 4, 5] as const;
  const answers = await Promise.allSettled(services.map((service) => ask(service, signal)));
  const data = answers.map((answer) => (answer.status === "fulfilled" ? answer.value : ""));
  const [service1 = "", service2 = "", service3 = "", service4 = "", service5 = ""] = data;
  return { service1, service2, service3, service4, service5 };
};
