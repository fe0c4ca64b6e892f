import { milliseconds, type Question } from "../question.ts";

export const tokenStream: Question = withCallers(100);

function withCallers(callers: number): Question {
  return {
    id: "token-stream",
    title: "An LLM call that streams",
    scenario:
      "A language model's API answers in pieces, over ten seconds. Your service hands each piece on to " +
      "the browser as it comes. " +
      `${callers} people ask at once, and the model runs on somebody else's ` +
      "machines. Where should the calls wait?",
    answers: {
      "event-loop": {
        suitability: "wrong",
        reason:
          "A synchronous call holds the event loop for ten seconds, and could hand nothing on meanwhile.",
      },
      async: {
        suitability: "recommended",
        reason:
          "Nothing computes here. A stream that waits is a socket: one thread holds all of them, and each piece goes on when it comes.",
      },
      libuv: {
        suitability: "wrong",
        reason:
          "Sockets need no thread of a pool: the operating system watches them for the event loop.",
      },
      threads: {
        suitability: "wrong",
        reason:
          "A thread a stream: number 17 waits until another has ended, ten seconds for its first word.",
      },
      workers: {
        suitability: "wrong",
        reason:
          "Your cores have nothing to do; a worker a core would hold as many streams as there are cores.",
      },
      processes: {
        suitability: "wrong",
        reason:
          "One event loop is enough for so many waits. (More processes are for more than one loop can decode.)",
      },
      queue: {
        suitability: "wrong",
        reason: "It would work for a whole answer, later. Here people read along.",
      },
      background: {
        suitability: "wrong",
        reason: "The pieces are the reply.",
      },
    },
    lesson:
      "Hand the caller's abort signal on to fetch: tokens are paid for, also those that nobody reads any " +
      "more. Mind back-pressure: a browser that reads slowly must slow the stream down (`for await`, " +
      "pipeline), or the answer gathers in your memory. And give a stream two time limits, one for its " +
      "first piece and one between pieces, because it may take long and still be well.",
    measurement: {
      title: `${callers} callers; an answer is 20 pieces in half a second (the model is played)`,
      figure: callers,
      program: new URL("../measurements/token-stream.ts", import.meta.url),
      ways: [
        { name: "async, piece by piece", argument: "async" },
        { name: "async, all at its end", argument: "async-whole" },
        { name: "16 threads, one call each", argument: "threads" },
      ],
      columns: [
        milliseconds("last first word", "firstTokenMs"),
        milliseconds("all done", "wallMs"),
        { title: "most at once", value: ({ mostAtOnce }) => String(mostAtOnce ?? "–") },
      ],
      reading:
        "One thread holds all of them. Who collects the answer first makes everyone wait for its end, and 16 " +
        "threads hold 16: the others stand in line for whole answers.",
    },
    again: (random) => withCallers(10 * random(4, 16)),
  };
}
