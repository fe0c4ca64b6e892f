import { task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { checkText, defineExercise, runIn } from "../exercise.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const fetchWeather = task(workModule, work.fetchWeather);
const fetchWeatherBlocking = task(workModule, work.fetchWeatherBlocking);

type Request = { readonly city: string };

export default defineExercise(ExercisesService.method.getWeather, ({ executors, backends }) => {
  const input = ({ city }: Request) => work.weatherRequest(backends.addresses().weatherUrl, city);
  const toResponse = (weather: work.Weather, { city }: Request) => ({ city, ...weather });
  return {
    validate: ({ city }) => checkText("city", city, 100),
    strategies: {
      // All calls wait at once, without a thread.
      async: runIn(executors.eventLoop, fetchWeather, input, toResponse),

      // One thread per call: right, but only as many at once as there are threads.
      "blocking-pool": runIn(executors.blockingPool, fetchWeatherBlocking, input, toResponse),

      // A synchronous client on the event loop.
      "event-loop": runIn(executors.eventLoop, fetchWeatherBlocking, input, toResponse),
    },
  };
});
