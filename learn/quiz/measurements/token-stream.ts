import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { monotonicMs } from "../../../registry/clock.ts";
import { withBystanders } from "./bystanders.ts";
import { openPool } from "./pool.ts";
import { figure as callers, type Figures, measureWay } from "./way.ts";
import { work } from "./work.ts";

const threads = 16;

/** One caller's answer; calls `onToken` when it has something to show. */
type Ask = (url: string, onToken: () => void) => Promise<unknown>;

const piecewise: Ask = async (url, onToken) => {
  const { body } = await fetch(url);
  for await (const _ of body ?? []) {
    onToken();
  }
};

const whole: Ask = async (url, onToken) => {
  await (await fetch(url)).text();
  onToken();
};

async function measure(ask: Ask): Promise<Figures> {
  const server = new Worker(new URL("./token-server.ts", import.meta.url));
  const [port]: number[] = await once(server, "message");
  let lastFirstTokenMs = 0;
  const seen = await withBystanders(() => {
    const beganMs = monotonicMs();
    const answered = Array.from({ length: callers }, () => {
      let first = true;
      return ask(`http://127.0.0.1:${port}`, () => {
        if (first) {
          first = false;
          lastFirstTokenMs = Math.max(lastFirstTokenMs, monotonicMs() - beganMs);
        }
      });
    });
    return Promise.all(answered);
  });
  server.postMessage("how many at once?");
  const [mostAtOnce]: number[] = await once(server, "message");
  await server.terminate();
  return { ...seen, mostAtOnce: mostAtOnce ?? 0, firstTokenMs: lastFirstTokenMs };
}

await measureWay({
  async: () => measure(piecewise),
  "async-whole": () => measure(whole),
  threads: async () => {
    await using pool = await openPool(threads);
    return await measure(async (url, onToken) => {
      await pool.run(work.readStream, url);
      onToken();
    });
  },
});
