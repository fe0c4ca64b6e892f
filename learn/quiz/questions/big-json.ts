import { milliseconds, type Question } from "../question.ts";

export const bigJson: Question = withMegabytes(50);

function withMegabytes(megabytes: number): Question {
  return {
    id: "big-json",
    title: `JSON.parse of ${megabytes} MB`,
    scenario:
      `Now and then a partner uploads ${megabytes} MB of JSON: all orders of a month. The caller waits for one ` +
      "number, their sum. Most other calls of the service take 2 ms. Where should the text be parsed?",
    answers: {
      "event-loop": {
        suitability: "wrong",
        reason: "JSON.parse can't be interrupted: for its whole time nobody else is answered.",
      },
      async: {
        suitability: "wrong",
        reason:
          "There is no asynchronous JSON.parse. An await in front of it changes nothing, and response.json() parses on the event loop, too.",
      },
      libuv: {
        suitability: "wrong",
        reason: "libuv's pool runs no JavaScript, and nothing of Node's parses JSON there.",
      },
      threads: {
        suitability: "works",
        reason:
          "Off the event loop, but this pool would parse up to 16 at once on a few cores, each with its memory.",
      },
      workers: {
        suitability: "recommended",
        reason:
          "A core computes, so it gets a worker: parse and add up there, and send back the sum alone.",
      },
      processes: {
        suitability: "works",
        reason:
          "Right too, and when it runs out of memory the service survives. The text must be copied over.",
      },
      queue: {
        suitability: "works",
        reason:
          "Right when the sum can wait: the upload is stored, and a worker elsewhere takes it. Here the caller then has to ask again.",
      },
      background: {
        suitability: "wrong",
        reason:
          "The caller waits for the sum; and after the reply it would hold the event loop just the same.",
      },
    },
    lesson:
      "What crosses between threads is copied, and the copy is made anew on the side that receives it. " +
      "So send little back. Bytes can be handed over (transfer) or shared (SharedArrayBuffer) instead. A " +
      "format with a line a record (NDJSON) can be parsed in slices, with the loop's turns in between.",
    measurement: {
      title: `${megabytes} MB of JSON, some ${(18_000 * megabytes).toLocaleString("en")} orders`,
      figure: megabytes,
      program: new URL("../measurements/big-json.ts", import.meta.url),
      ways: [
        { name: "event loop", argument: "on-the-loop" },
        { name: "a worker, sum back", argument: "in-a-worker" },
        { name: "a worker, all of it back", argument: "in-a-worker-all-of-it-back" },
      ],
      columns: [milliseconds("answer after", "wallMs"), milliseconds("loop held", "loopHeldMs")],
      reading:
        "The worker leaves the loop free only if it sends little back: all orders as the result, and the " +
        "loop stands still again, to make them anew from the copy.",
    },
    again: (random) => withMegabytes(5 * random(4, 12)),
  };
}
