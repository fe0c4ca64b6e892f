import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "sequential",
  why: "An await in a loop frees the thread while it waits.",
};

async function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const answers: string[] = [];
  for (const service of [1, 2, 3, 4, 5] as const) {
    answers.push(await ask(service, signal));
  }
  const [service1 = "", service2 = "", service3 = "", service4 = "", service5 = ""] = answers;
  return { service1, service2, service3, service4, service5 };
};
