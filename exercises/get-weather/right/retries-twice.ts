import { setTimeout as sleep } from "node:timers/promises";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "fetch waits without a thread, and a failure is tried again twice, later each time.",
};

async function getJson(url: string, signal: AbortSignal): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { signal });
      if (response.ok) {
        return await response.json();
      }
      await response.body?.cancel();
      throw new Error(`HTTP status ${response.status}`);
    } catch (error) {
      if (attempt === 3 || signal.aborted) {
        throw error;
      }
      await sleep(20 * 2 ** attempt, undefined, { signal });
    }
  }
}

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  return { city, ...parseWeather(await getJson(weatherUrl(city), signal)) };
};
