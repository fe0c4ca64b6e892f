import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "All five are asked at once; when one fails or the caller goes, the others are told.",
};

type Service = 1 | 2 | 3 | 4 | 5;

async function ask(service: Service, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  return parseData(await response.json());
}

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  const siblings = new AbortController();
  const either = AbortSignal.any([signal, siblings.signal, AbortSignal.timeout(5_000)]);
  try {
    const [service1, service2, service3, service4, service5] = await Promise.all([
      ask(1, either),
      ask(2, either),
      ask(3, either),
      ask(4, either),
      ask(5, either),
    ]);
    return { service1, service2, service3, service4, service5 };
  } finally {
    siblings.abort();
  }
};
