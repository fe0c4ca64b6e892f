import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "Waiting for sockets needs no thread; thirty at once are enough for the service.",
};

const most = 30;
let running = 0;
const waiting: (() => void)[] = [];

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  while (running >= most) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running++;
  try {
    const response = await fetch(weatherUrl(city), { signal });
    return { city, ...parseWeather(await response.json()) };
  } finally {
    running--;
    waiting.shift()?.();
  }
};
