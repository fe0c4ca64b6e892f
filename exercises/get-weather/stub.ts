// B. The weather comes from an HTTP service that takes 200 ms. Node's fetch() asks it and returns a
// promise; there is also a client that blocks. Ten callers ask at once, and each should get its
// response after about 200 ms. When a caller disconnects, its request should end too.
//
// At hand: weatherUrl, parseWeather, fetchJsonBlocking of toolbox/weather; toolbox/pools.
// `signal` aborts when nobody waits any more: the caller has disconnected, or its deadline has passed.
// Check it: npm run check -- B
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { fetchJsonBlocking, parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

/** One of: async, blocking-pool, event-loop. */
export const decision: Decision = { strategy: "", why: "" };

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const { temperature, conditions } = parseWeather(fetchJsonBlocking(weatherUrl(city)));
  return { city, temperature, conditions };
};
