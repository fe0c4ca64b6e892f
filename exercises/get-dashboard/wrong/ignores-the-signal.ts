import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are on their way before the first is awaited.",
};

async function ask(service: 1 | 2 | 3 | 4 | 5): Promise<string> {
  const response = await fetch(serviceUrl(service));
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async () => {
  const answers = await Promise.all([ask(1), ask(2), ask(3), ask(4), ask(5)]);
  const [service1, service2, service3, service4, service5] = answers;
  return { service1, service2, service3, service4, service5 };
};
