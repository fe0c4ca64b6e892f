import { milliseconds, type Question } from "../question.ts";

export const gzip: Question = withResponses(16);

function withResponses(responses: number): Question {
  return {
    id: "gzip",
    title: "gzip of responses",
    scenario:
      "A report's JSON is some 2 MB, and browsers want it compressed. " +
      `${responses} of them ask at once. ` +
      "node:zlib has gzipSync, gzip with a callback, and createGzip for streams. Where should the " +
      "compression run?",
    answers: {
      "event-loop": {
        suitability: "wrong",
        reason: "gzipSync holds the event loop for each response, and they add up.",
      },
      async: {
        suitability: "wrong",
        reason:
          "Compression waits for no socket, it computes. What frees the event loop is that zlib computes on libuv's threads.",
      },
      libuv: {
        suitability: "recommended",
        reason:
          "zlib.gzip and createGzip compress on libuv's threads: the event loop only hands the pieces over.",
      },
      threads: {
        suitability: "works",
        reason: "The event loop stays free, but 16 threads share the cores for work that computes.",
      },
      workers: {
        suitability: "works",
        reason:
          "gzipSync on threads of your own keeps libuv's pool for files and names, at the price of copying each response.",
      },
      processes: {
        suitability: "works",
        reason:
          "A proxy in front of the service is such a process, and often there already: let it compress.",
      },
      queue: {
        suitability: "wrong",
        reason:
          "The browser waits for this response. (What is asked for often can be compressed once, ahead of time.)",
      },
      background: {
        suitability: "wrong",
        reason: "The reply is what is to be compressed.",
      },
    },
    lesson:
      "The same pool serves files, hashes and look-ups of names. Compress less of it: a lower level costs " +
      "much less CPU for little more size, small responses are not worth it, and what stays the same can " +
      "be kept compressed.",
    measurement: {
      title: `${responses} responses of 2 MB at once`,
      figure: responses,
      program: new URL("../measurements/gzip.ts", import.meta.url),
      ways: [
        { name: "gzipSync, event loop", argument: "on-the-loop" },
        { name: "gzip, libuv's 4 threads", argument: "in-libuvs-pool" },
        { name: "gzipSync, a worker a core", argument: "in-workers" },
      ],
      columns: [
        milliseconds("all done", "wallMs"),
        milliseconds("loop held", "loopHeldMs"),
        milliseconds("a file waited", "fileWaitedMs"),
      ],
      reading:
        "In both pools the loop is held only while responses are handed over. In libuv's a look at a file " +
        "stands in the same line as they do; in the workers it need not.",
    },
    again: (random) => withResponses(random(8, 24)),
  };
}
