import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "The body is read piece by piece as it comes, and no thread waits for it.",
};

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const response = await fetch(weatherUrl(city), { signal });
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
  }
  return { city, ...parseWeather(JSON.parse(text + decoder.decode())) };
};
