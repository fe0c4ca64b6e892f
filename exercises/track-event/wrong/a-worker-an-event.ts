import { once } from "node:events";
import { Worker, workerData } from "node:worker_threads";
import { analyticsUrl } from "@unblock/learn/toolbox/analytics";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { inBackground } from "@unblock/learn/toolbox/pools";

export const decision: Decision = {
  strategy: "background",
  why: "The service owns the event, and a worker of its own sends it.",
};

if (workerData?.userId !== undefined) {
  const { event, userId } = workerData;
  const response = await fetch(analyticsUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ event, user_id: userId }),
  });
  await response.text();
}

export const handler: Handler<"trackEvent"> = async ({ event, userId }) => {
  await inBackground(async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { event, userId } });
    await once(worker, "exit");
  });
  return { status: "accepted" };
};
