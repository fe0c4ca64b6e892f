import { Agent as HttpAgent, get as httpGet } from "node:http";
import { json as readJson } from "node:stream/consumers";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "node:http asks all five at once over sockets that are kept.",
};

const agent = new HttpAgent({ keepAlive: true });

function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  httpGet(serviceUrl(service), { agent, signal }, (response) => {
    readJson(response).then(resolve, reject);
  }).on("error", reject);
  return promise.then(parseData);
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
