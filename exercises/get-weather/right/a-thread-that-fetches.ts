import { isMainThread, parentPort, Worker } from "node:worker_threads";
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { parseWeather, weatherUrl } from "@unblock/learn/toolbox/weather";

export const decision: Decision = {
  strategy: "async",
  why: "A thread of its own does all the fetching; within it requests overlap as usual.",
};

type Weather = ReturnType<typeof parseWeather>;
interface Ask {
  readonly id: number;
  readonly url: string;
}
interface RunMessage {
  readonly id: number;
  readonly weather?: Weather;
  readonly problem?: string;
}

if (!isMainThread && process.env.FETCHER === "1") {
  const running = new Map<number, AbortController>();
  parentPort?.on("message", async ({ id, url }: Partial<Ask> & { id: number }) => {
    if (url === undefined) {
      running.get(id)?.abort();
      return;
    }
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const response = await fetch(url, { signal: controller.signal });
      parentPort?.postMessage({
        id,
        weather: parseWeather(await response.json()),
      } satisfies RunMessage);
    } catch (error) {
      parentPort?.postMessage({ id, problem: String(error) } satisfies RunMessage);
    } finally {
      running.delete(id);
    }
  });
}

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, { resolve: (w: Weather) => void; reject: (e: unknown) => void }>();

function fetcher(): Worker {
  if (!worker) {
    worker = new Worker(new URL(import.meta.url), { env: { FETCHER: "1" } });
    worker.unref();
    worker.on("message", ({ id, weather, problem }: RunMessage) => {
      const caller = waiting.get(id);
      waiting.delete(id);
      if (weather) caller?.resolve(weather);
      else caller?.reject(new Error(problem));
    });
  }
  return worker;
}

export const handler: Handler<"getWeather"> = async ({ city }, signal) => {
  const id = ++lastId;
  const { promise, resolve, reject } = Promise.withResolvers<Weather>();
  waiting.set(id, { resolve, reject });
  fetcher().postMessage({ id, url: weatherUrl(city) });
  const leave = () => {
    fetcher().postMessage({ id });
    reject(signal.reason);
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    return { city, ...(await promise) };
  } finally {
    signal.removeEventListener("abort", leave);
  }
};
