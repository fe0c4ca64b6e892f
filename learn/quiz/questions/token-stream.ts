import { monotonicMs } from "../../../registry/clock.ts";
import { type Figures, measureImpact, measureWay, openPool } from "../measuring.ts";
import { maxAtOnceColumn, milliseconds, type Question, recommended, wrong } from "../question.ts";
import { startSlowServer } from "../slow-servers.ts";
import { work } from "../work.ts";

export const tokenStream: Question = withCallers(100);

function withCallers(callers: number): Question {
  return {
    id: "token-stream",
    title: "An LLM call that streams",
    scenario:
      "A language model's API responds in pieces, over ten seconds. Your service passes each piece on to " +
      "the browser as it arrives. " +
      `${callers} people ask at once, and the model runs on somebody else's ` +
      "machines. Where should the calls wait?",
    answers: {
      "event-loop": wrong(
        "A synchronous call holds the event loop for ten seconds, and can pass nothing on meanwhile.",
      ),
      async: recommended(
        "Nothing computes here. A stream that waits is a socket: one thread holds all of them, and passes each piece on when it arrives.",
      ),
      libuv: wrong(
        "Sockets need no thread of a pool: the operating system watches them for the event loop.",
      ),
      threads: wrong(
        "With one thread per stream, number 17 waits until another has ended: ten seconds for its first word.",
      ),
      workers: wrong(
        "Your cores have nothing to do, and one worker per core would hold only as many streams as there are cores.",
      ),
      processes: wrong(
        "One event loop is enough for so many waits. (More processes help when one loop can't decode all streams.)",
      ),
      queue: wrong("It would work for a whole response, later. Here people read along."),
      background: wrong("The pieces are the response."),
    },
    lesson:
      "Pass the call's abort signal on to fetch: tokens cost money, also those that nobody reads any more. " +
      "Respect back-pressure: a browser that reads slowly must slow down the stream (`for await`, " +
      "pipeline), or the response fills your memory. And give a stream two time limits, one for its first " +
      "piece and one between pieces, because a long stream may be healthy.",
    measurement: {
      title: `${callers} callers; a response is 20 pieces in half a second, from a local server`,
      figure: callers,
      program: new URL(import.meta.url),
      ways: [
        { name: "async, piece by piece", argument: "async" },
        { name: "async, all at its end", argument: "async-whole" },
        { name: "16 threads, one call each", argument: "threads" },
      ],
      columns: [
        milliseconds("last first word", "firstTokenMs"),
        milliseconds("all done", "wallMs"),
        maxAtOnceColumn,
      ],
      reading:
        "One thread holds all streams. Collecting the whole response makes everyone wait for its end, and " +
        "16 threads hold 16 streams: the others queue for whole responses.",
    },
    again: (random) => withCallers(10 * random(4, 16)),
  };
}

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
  return { ...impact, firstTokenMs, maxAtOnce: await server.maxAtOnce() };
}

if (import.meta.main) {
  await measureWay({
    async: (callers) =>
      measureCalls(callers, async (url, onToken) => {
        const { body } = await fetch(url);
        for await (const _ of body ?? []) {
          onToken();
        }
      }),
    "async-whole": (callers) =>
      measureCalls(callers, async (url, onToken) => {
        await (await fetch(url)).text();
        onToken();
      }),
    threads: async (callers) => {
      await using pool = await openPool(16);
      return await measureCalls(callers, async (url, onToken) => {
        await pool.run(work.readStream, url);
        onToken();
      });
    },
  });
}
