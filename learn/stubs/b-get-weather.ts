// B. The weather comes from an HTTP service that takes 200 ms. Node's fetch() asks it and gives you
// a promise; somebody also wrote a client that blocks. Ten callers ask at once, and each shall have
// its answer after about 200 ms. When a caller has gone, its request shall end as well.
//
// At hand: weatherUrl, parseWeather, fetchJsonBlocking of ../toolbox/weather.ts; ../pools.ts.
// Check it: npm run check -- B
import type { Decision, Handler } from "../handler.ts";
import { fetchJsonBlocking, parseWeather, weatherUrl } from "../toolbox/weather.ts";

/** One of: async, event-loop, threads. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"getWeather"> = async ({ city }) => {
  const { temperature, conditions } = parseWeather(fetchJsonBlocking(weatherUrl(city)));
  return { city, temperature, conditions };
};
