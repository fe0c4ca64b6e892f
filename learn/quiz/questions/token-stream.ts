import { monotonicMs } from "@unblock/measure/clock";
import { measureImpact, openPool } from "../measuring.ts";
import { type Definition, type Figures, maxAtOnceColumn, milliseconds } from "../question.ts";
import { startSlowServer } from "../slow-servers.ts";
import { work } from "../work.ts";

export const tokenStream: Definition = {
  id: "token-stream",
  figure: 100,
  vary: (random) => 10 * random(4, 16),
  title: (callers) =>
    `${callers} callers; a response is 20 pieces in half a second, from a local server`,
  columns: () => [
    milliseconds("last first word", "firstTokenMs"),
    milliseconds("all done", "wallMs"),
    maxAtOnceColumn,
  ],
  ways: {
    "async, piece by piece": (callers) =>
      measureCalls(callers, async (url, onToken) => {
        const { body } = await fetch(url);
        for await (const _ of body ?? []) {
          onToken();
        }
      }),
    "async, all at its end": (callers) =>
      measureCalls(callers, async (url, onToken) => {
        await (await fetch(url)).text();
        onToken();
      }),
    "16 threads, one call each": async (callers) => {
      await using pool = await openPool(16);
      return await measureCalls(callers, async (url, onToken) => {
        await pool.run(work.readStream, url);
        onToken();
      });
    },
  },
};

/** Makes one call, and calls `onToken` when there is something to show. */
type Call = (url: string, onToken: () => void) => Promise<unknown>;

async function measureCalls(callers: number, call: Call): Promise<Figures> {
  await using server = await startSlowServer("tokens");
  let firstTokenMs = 0;
  const impact = await measureImpact(() => {
    const beganMs = monotonicMs();
    const calls = Array.from({ length: callers }, () => {
      let first = true;
      return call(`http://127.0.0.1:${server.port}`, () => {
        if (first) {
          first = false;
          firstTokenMs = Math.max(firstTokenMs, monotonicMs() - beganMs);
        }
      });
    });
    return Promise.all(calls);
  });
  return { ...impact, firstTokenMs, maxAtOnce: server.maxAtOnce() };
}
