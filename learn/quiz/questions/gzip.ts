import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { gzip as gzipWithCallback } from "node:zlib";
import { measureImpact, measureInPool } from "../measuring.ts";
import { type Definition, impactColumns } from "../question.ts";
import { compress, work } from "../work.ts";

const compressInLibuv = promisify(gzipWithCallback);

export const gzip: Definition = {
  id: "gzip",
  figure: 16,
  vary: (random) => random(8, 24),
  title: (responses) => `${responses} responses of 2 MB at once`,
  columns: () => impactColumns,
  ways: {
    "gzipSync, event loop": (count) => {
      const responses = createResponses(count);
      return measureImpact(async () => responses.map(compress));
    },
    "gzip, libuv's 4 threads": (count) => {
      const responses = createResponses(count);
      return measureImpact(() => Promise.all(responses.map((text) => compressInLibuv(text))));
    },
    "gzipSync, a worker per core": (count) =>
      measureInPool(availableParallelism(), work.compress, createResponses(count)),
  },
};

function createResponses(count: number): string[] {
  return Array.from({ length: count }, (_, seed) => {
    const rows = Array.from({ length: 40_000 }, (_, row) => ({
      id: row,
      name: `customer ${(row * 7_919 + seed) % 100_003}`,
      paid: row % 3 === 0,
    }));
    return JSON.stringify(rows);
  });
}
