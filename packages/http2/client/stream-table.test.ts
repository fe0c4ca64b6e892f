import { createRandom } from "@unblock/loadtest/schedule/random";
import { expect, test } from "vitest";
import { Recorded } from "../testing/client.ts";
import { Http2Stream, PreparedHttp2Request } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

const request = new PreparedHttp2Request(
  new URL("http://127.0.0.1"),
  { method: "POST", path: "/", fields: {} },
  Buffer.alloc(0),
);

function streamOf(id: number): Http2Stream {
  const stream = new Http2Stream(request, new Recorded(), { cancel: () => {} });
  stream.id = id;
  return stream;
}

test.each([1, 2, 3, 4, 5])(
  "behaves like a Map under random additions and deletions (seed %i)",
  (seed) => {
    const random = createRandom(seed);
    const table = new StreamTable();
    const known = new Map<number, Http2Stream>();
    let id = 1;
    for (let step = 0; step < 20_000; step++) {
      // The table fills in waves, and some streams are much older than others.
      if (random() < 0.5 + 0.3 * Math.sin(step / 1_500)) {
        const stream = streamOf(id);
        table.add(stream);
        known.set(id, stream);
        id += 2;
      } else {
        const ids = [...known.keys()].slice(0, 50);
        const leaving = ids[Math.floor(random() * ids.length)] ?? id;
        table.delete(leaving);
        known.delete(leaving);
      }
      const asked = 1 + 2 * Math.floor((random() * id) / 2);
      expect(table.get(asked)).toBe(known.get(asked));
      expect(table.has(asked)).toBe(known.has(asked));
      expect(table.size).toBe(known.size);
    }
    const inOrder = table.all().sort((a, b) => a.id - b.id);
    expect(inOrder).toEqual([...known.values()]);
    for (const stream of inOrder) {
      table.delete(stream.id);
    }
    expect(table.all()).toEqual([]);
  },
);
