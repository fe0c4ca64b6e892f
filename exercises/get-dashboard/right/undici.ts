import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";
import { Agent as UndiciAgent, request as undiciRequest } from "undici";

export const decision: Decision = {
  strategy: "parallel",
  why: "undici asks all five at once, and keeps their connections.",
};

const dispatcher = new UndiciAgent({ connections: 16 });

async function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  const { body } = await undiciRequest(serviceUrl(service), { dispatcher, signal });
  return parseData(await body.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, signal),
    ask(2, signal),
    ask(3, signal),
    ask(4, signal),
    ask(5, signal),
  ]);
  return { service1, service2, service3, service4, service5 };
};
