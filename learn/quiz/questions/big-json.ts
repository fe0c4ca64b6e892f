import { measureImpact, measureInPool } from "../measuring.ts";
import { type Definition, milliseconds } from "../question.ts";
import { type Order, sumOrders, work } from "../work.ts";

export const bigJson: Definition = {
  id: "big-json",
  figure: 50,
  vary: (random) => 5 * random(4, 12),
  title: (megabytes) =>
    `${megabytes} MB of JSON, about ${(18_000 * megabytes).toLocaleString("en")} orders`,
  columns: () => [
    milliseconds("response after", "wallMs"),
    milliseconds("loop held", "loopHeldMs"),
  ],
  ways: {
    "event loop": (megabytes) => {
      const document = createDocument(megabytes);
      return measureImpact(async () => sumOrders(document));
    },
    "a worker, returns the sum": (megabytes) =>
      measureInPool(1, work.sumOrders, [createDocument(megabytes)]),
    "a worker, returns all orders": (megabytes) =>
      measureInPool(1, work.parseOrders, [createDocument(megabytes)]),
  },
};

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
