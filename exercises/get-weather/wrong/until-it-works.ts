import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "fetch waits without a thread, and is called again until the service answers.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  for (;;) {
    const response = await fetch(weatherUrl(city), { signal }).catch(() => undefined);
    signal.throwIfAborted();
    if (response?.ok) {
      return { city, ...parseWeather(await response.json()) };
    }
    await response?.body?.cancel();
  }
};
