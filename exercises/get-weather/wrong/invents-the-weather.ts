import type { Decision, Handler } from "@unblock/learn/toolbox/handler";

export const decision: Decision = {
  strategy: "async",
  why: "An async function answers without a thread.",
};

export const handler: Handler<"getWeather"> = async ({ city }) => {
  return { city, temperature: 22, conditions: "sunny" };
};
