import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { checkText, defineExercise, respond } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const fetchWeather = task(workModule, work.fetchWeather);
const fetchWeatherBlocking = task(workModule, work.fetchWeatherBlocking);

export default defineExercise(ExercisesService.method.getWeather, ({ executors, backends }) => {
  const input = (city: string) => work.weatherRequest(backends.addresses().weatherUrl, city);
  const toResponse = (city: string) => (weather: work.Weather) => ({ city, ...weather });
  return {
    validate: ({ city }) => checkText("city", city, 100),
    strategies: {
      // All calls wait at once, without a thread.
      async: async ({ city }, call) =>
        respond(await executors.eventLoop.run(fetchWeather, input(city), call), toResponse(city)),

      // One thread per call: right, but only as many at once as there are threads.
      "blocking-pool": async ({ city }, call) =>
        respond(
          await executors.blockingPool.run(fetchWeatherBlocking, input(city), call),
          toResponse(city),
        ),

      // A synchronous client on the event loop.
      "event-loop": async ({ city }, call) =>
        respond(
          await executors.eventLoop.run(fetchWeatherBlocking, input(city), call),
          toResponse(city),
        ),
    },
  };
});
