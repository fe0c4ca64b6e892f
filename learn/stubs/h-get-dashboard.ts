// H. A dashboard shows what five services know. Each answers over HTTP, in 100 ms, and none needs
// the answer of another. The caller shall have all five in about the time of one. When it has gone,
// no request shall go on for it.
//
// At hand: serviceUrl, parseData of ../toolbox/services.ts; fetch().
// Check it: npm run check -- H
import type { Decision, Handler } from "../handler.ts";
import { parseData, serviceUrl } from "../toolbox/services.ts";

/** One of: parallel, sequential. */
export const decision: Decision = { strategy: "", why: "" };

async function ask(service: 1 | 2 | 3 | 4 | 5): Promise<string> {
  const response = await fetch(serviceUrl(service));
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async () => {
  const service1 = await ask(1);
  const service2 = await ask(2);
  const service3 = await ask(3);
  const service4 = await ask(4);
  const service5 = await ask(5);
  return { service1, service2, service3, service4, service5 };
};
