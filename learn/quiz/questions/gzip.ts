import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { gzip as gzipWithCallback } from "node:zlib";
import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { createQuestion, impactColumns } from "../question.ts";
import { compress, work } from "../work.ts";

export const gzip = createQuestion(import.meta.url, {
  figure: 16,
  vary: (random) => random(8, 24),
  measurement: (responses) => ({
    title: `${responses} responses of 2 MB at once`,
    figure: responses,
    ways: [
      { name: "gzipSync, event loop", argument: "on-the-loop" },
      { name: "gzip, libuv's 4 threads", argument: "in-libuvs-pool" },
      { name: "gzipSync, a worker per core", argument: "in-workers" },
    ],
    columns: impactColumns,
  }),
});

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
