import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { withBystanders } from "./bystanders.ts";
import { openPool } from "./pool.ts";
import { figure, measureWay } from "./way.ts";
import { compress, work } from "./work.ts";

const responses = Array.from({ length: figure }, (_, response) => createResponse(response));
const gzipInPool = promisify(gzip);

/** A JSON array of about 2 MB that is not all the same. */
function createResponse(response: number): string {
  const rows = Array.from({ length: 40_000 }, (_, row) => ({
    id: row,
    name: `customer ${(row * 7_919 + response) % 100_003}`,
    paid: row % 3 === 0,
  }));
  return JSON.stringify(rows);
}

await measureWay({
  "on-the-loop": () => withBystanders(async () => responses.map(compress)),
  "in-libuvs-pool": () =>
    withBystanders(() => Promise.all(responses.map((text) => gzipInPool(text)))),
  "in-workers": async () => {
    await using pool = await openPool(availableParallelism());
    return await withBystanders(() =>
      Promise.all(responses.map((text) => pool.run(work.compress, text))),
    );
  },
});
