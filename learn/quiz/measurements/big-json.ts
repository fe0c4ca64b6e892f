import { withBystanders } from "./bystanders.ts";
import { openPool } from "./pool.ts";
import { figure, measureWay } from "./way.ts";
import { type Order, sumOrders, work } from "./work.ts";

/** A JSON array of orders, in memory that threads share, so that nobody has to copy it. */
function createDocument(): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(figure * 1_000_000));
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
  // Room for one more, and for the end; JSON may have spaces there.
  for (let id = 1; at < bytes.length - 200; id++) {
    put(`,${order(id)}`);
  }
  put("]");
  bytes.fill(" ".charCodeAt(0), at);
  return bytes;
}

const document = createDocument();

await measureWay({
  "on-the-loop": () => withBystanders(async () => sumOrders(document)),
  "in-a-worker": async () => {
    await using pool = await openPool(1);
    return await withBystanders(() => pool.run(work.sumOrders, document));
  },
  "in-a-worker-all-of-it-back": async () => {
    await using pool = await openPool(1);
    return await withBystanders(() => pool.run(work.parseOrders, document));
  },
});
