import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { createQuestion, milliseconds } from "../question.ts";
import { type Order, sumOrders, work } from "../work.ts";

export const bigJson = createQuestion(import.meta.url, {
  figure: 50,
  vary: (random) => 5 * random(4, 12),
  measurement: (megabytes) => ({
    title: `${megabytes} MB of JSON, about ${(18_000 * megabytes).toLocaleString("en")} orders`,
    figure: megabytes,
    ways: [
      { name: "event loop", argument: "on-the-loop" },
      { name: "a worker, returns the sum", argument: "in-a-worker" },
      { name: "a worker, returns all orders", argument: "in-a-worker-returning-all" },
    ],
    columns: [milliseconds("response after", "wallMs"), milliseconds("loop held", "loopHeldMs")],
  }),
});

/** A JSON array of orders, in memory that threads share, so that it is not copied. */
function createDocument(megabytes: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(megabytes * 1_000_000));
  const order = (id: number) =>
    JSON.stringify({ id, cents: id % 1_000, note: "leave it at the door" } satisfies Order & {
      note: string;
    });
  const encoder = new TextEncoder();
  let at = 0;
  const put = (text: string) => {
    at += encoder.encodeInto(text, bytes.subarray(at)).written;
  };
  put(`[${order(0)}`);
  // Room for one more order and the end; the rest is filled with spaces.
  for (let id = 1; at < bytes.length - 200; id++) {
    put(`,${order(id)}`);
  }
  put("]");
  bytes.fill(" ".charCodeAt(0), at);
  return bytes;
}

if (import.meta.main) {
  await measureWay({
    "on-the-loop": (megabytes) => {
      const document = createDocument(megabytes);
      return measureImpact(async () => sumOrders(document));
    },
    "in-a-worker": async (megabytes) => {
      const document = createDocument(megabytes);
      await using pool = await openPool(1);
      return await measureImpact(() => pool.run(work.sumOrders, document));
    },
    "in-a-worker-returning-all": async (megabytes) => {
      const document = createDocument(megabytes);
      await using pool = await openPool(1);
      return await measureImpact(() => pool.run(work.parseOrders, document));
    },
  });
}
