import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { gzip as gzipWithCallback } from "node:zlib";
import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { impactColumns, type Question, recommended, works, wrong } from "../question.ts";
import { compress, work } from "../work.ts";

export const gzip: Question = withResponses(16);

function withResponses(responses: number): Question {
  return {
    id: "gzip",
    title: "gzip of responses",
    scenario:
      "A report is about 2 MB of JSON, and browsers want it compressed. " +
      `${responses} of them ask at once. ` +
      "node:zlib has gzipSync, gzip with a callback, and createGzip for streams. Where should the " +
      "compression run?",
    answers: {
      "event-loop": wrong("gzipSync holds the event loop for each response, and they add up."),
      async: wrong(
        "Compression does not wait for a socket, it computes. The event loop stays free because zlib computes on libuv's threads.",
      ),
      libuv: recommended(
        "zlib.gzip and createGzip compress on libuv's threads: the event loop only hands the data over.",
      ),
      threads: works("The event loop stays free, but 16 threads compete for the cores."),
      workers: works(
        "gzipSync on threads of your own keeps libuv's pool free for files and names, but each response is copied.",
      ),
      processes: works(
        "A proxy in front of the service is such a process, and often exists already: let it compress.",
      ),
      queue: wrong(
        "The browser waits for this response. (A report that is requested often can be compressed in advance.)",
      ),
      background: wrong("The compressed report is the response, so it can't follow the response."),
    },
    lesson:
      "The same pool serves files, hashes and DNS lookups. Compress less of it: a lower level costs much " +
      "less CPU for little more size, small responses are not worth compressing, and unchanged ones can be " +
      "stored compressed.",
    measurement: {
      title: `${responses} responses of 2 MB at once`,
      figure: responses,
      program: new URL(import.meta.url),
      ways: [
        { name: "gzipSync, event loop", argument: "on-the-loop" },
        { name: "gzip, libuv's 4 threads", argument: "in-libuvs-pool" },
        { name: "gzipSync, a worker per core", argument: "in-workers" },
      ],
      columns: impactColumns,
      reading:
        "Both pools hold the loop only while responses are handed over. In libuv's pool a file access queues " +
        "behind the responses; with workers it does not.",
    },
    again: (random) => withResponses(random(8, 24)),
  };
}

/** A JSON array of about 2 MB, different for each `seed`. */
function createResponse(seed: number): string {
  const rows = Array.from({ length: 40_000 }, (_, row) => ({
    id: row,
    name: `customer ${(row * 7_919 + seed) % 100_003}`,
    paid: row % 3 === 0,
  }));
  return JSON.stringify(rows);
}

const createResponses = (count: number) =>
  Array.from({ length: count }, (_, seed) => createResponse(seed));

if (import.meta.main) {
  await measureWay({
    "on-the-loop": (count) => {
      const responses = createResponses(count);
      return measureImpact(async () => responses.map(compress));
    },
    "in-libuvs-pool": (count) => {
      const responses = createResponses(count);
      const compressInPool = promisify(gzipWithCallback);
      return measureImpact(() => Promise.all(responses.map((text) => compressInPool(text))));
    },
    "in-workers": async (count) => {
      const responses = createResponses(count);
      await using pool = await openPool(availableParallelism());
      return await measureImpact(() =>
        Promise.all(responses.map((text) => pool.run(work.compress, text))),
      );
    },
  });
}
