// H. A dashboard shows the data of five services. Each responds over HTTP in 100 ms, and none needs
// the response of another. The caller should get all five in about the time of one. When it
// disconnects, no request should go on for it.
//
// At hand: serviceUrl, parseData of toolbox/services; fetch().
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- H
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

/** One of: parallel, sequential. */
export const decision: Decision = { strategy: "", why: "" };

async function ask(service: 1 | 2 | 3 | 4 | 5): Promise<string> {
  const response = await fetch(serviceUrl(service));
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const service1 = await ask(1);
  const service2 = await ask(2);
  const service3 = await ask(3);
  const service4 = await ask(4);
  const service5 = await ask(5);
  return { service1, service2, service3, service4, service5 };
};
