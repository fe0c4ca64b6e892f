import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "Five requests wait together; when one fails the rest is called back.",
};

async function ask(service: 1 | 2 | 3 | 4 | 5, signal: AbortSignal): Promise<string> {
  const response = await fetch(serviceUrl(service), { signal });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`service ${service}: HTTP ${response.status}`);
  return parseData(body);
}

const handler: Handler<"getDashboard"> = async (_, signal) => {
  using siblings = cancellable(signal);
  const { signal: either } = siblings;
  const [service1, service2, service3, service4, service5] = await Promise.all([
    ask(1, either),
    ask(2, either),
    ask(3, either),
    ask(4, either),
    ask(5, either),
  ]);
  return { service1, service2, service3, service4, service5 };
};

function cancellable(parent: AbortSignal) {
  const controller = new AbortController();
  return {
    signal: AbortSignal.any([parent, controller.signal]),
    [Symbol.dispose]: () => controller.abort(),
  };
}

export { handler };
