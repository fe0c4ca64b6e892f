import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "Array.fromAsync collects the five promises of the five services.",
};

const services = [1, 2, 3, 4, 5] as const;

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1 = "", service2 = "", service3 = "", service4 = "", service5 = ""] =
    await Array.fromAsync(services, async (service) => {
      const response = await fetch(serviceUrl(service), { signal });
      return parseData(await response.json());
    });
  return { service1, service2, service3, service4, service5 };
};
