import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseData, serviceUrl } from "@unblock/learn/toolbox/services";

export const decision: Decision = {
  strategy: "parallel",
  why: "The five waits need nothing from each other, so all begin before the first is awaited.",
};

export const handler: Handler<"getDashboard"> = async (_, signal) => {
  // Promise.all rejects at the first failure and leaves the others running, so they are told.
  const siblings = new AbortController();
  const either = AbortSignal.any([signal, siblings.signal]);
  const ask = async (service: 1 | 2 | 3 | 4 | 5) => {
    const response = await fetch(serviceUrl(service), { signal: either });
    return parseData(await response.json());
  };
  try {
    const answers = await Promise.all([ask(1), ask(2), ask(3), ask(4), ask(5)]);
    const [service1, service2, service3, service4, service5] = answers;
    return { service1, service2, service3, service4, service5 };
  } catch (error) {
    siblings.abort(error);
    throw error;
  }
};
