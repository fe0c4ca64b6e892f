import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { milliseconds, type Question, recommended, works, wrong } from "../question.ts";
import { type Order, sumOrders, work } from "../work.ts";

export const bigJson: Question = withMegabytes(50);

function withMegabytes(megabytes: number): Question {
  return {
    id: "big-json",
    title: `JSON.parse of ${megabytes} MB`,
    scenario:
      `Now and then a partner uploads ${megabytes} MB of JSON: all orders of a month. The caller waits for one ` +
      "number, their sum. Most other calls of the service take 2 ms. Where should the text be parsed?",
    answers: {
      "event-loop": wrong(
        "JSON.parse can't be interrupted: nobody else is served until it has ended.",
      ),
      async: wrong(
        "There is no asynchronous JSON.parse. An await in front of it changes nothing, and response.json() parses on the event loop, too.",
      ),
      libuv: wrong("libuv's pool runs no JavaScript, and no function of Node parses JSON there."),
      threads: works(
        "The event loop stays free, but this pool would parse up to 16 texts at once on a few cores, each with its memory.",
      ),
      workers: recommended(
        "A core computes, so use a worker: parse and add up there, and return only the sum.",
      ),
      processes: works(
        "Right too, and the service survives when it runs out of memory. The text must be copied.",
      ),
      queue: works(
        "Right when the sum can wait: the upload is stored, and a worker elsewhere takes it. The caller then has to poll for the result.",
      ),
      background: wrong(
        "The caller waits for the sum; and after the response it would hold the event loop just the same.",
      ),
    },
    lesson:
      "What crosses between threads is copied, and the receiving thread builds the copy. So return little. " +
      "Bytes can be transferred or shared (SharedArrayBuffer) instead. A format with one record per line " +
      "(NDJSON) can be parsed in slices, with turns of the loop in between.",
    measurement: {
      title: `${megabytes} MB of JSON, about ${(18_000 * megabytes).toLocaleString("en")} orders`,
      figure: megabytes,
      program: new URL(import.meta.url),
      ways: [
        { name: "event loop", argument: "on-the-loop" },
        { name: "a worker, returns the sum", argument: "in-a-worker" },
        { name: "a worker, returns all orders", argument: "in-a-worker-returning-all" },
      ],
      columns: [milliseconds("response after", "wallMs"), milliseconds("loop held", "loopHeldMs")],
      reading:
        "The worker keeps the loop free only if it returns little. When it returns all orders, the loop " +
        "stands still again while it rebuilds them from the copy.",
    },
    again: (random) => withMegabytes(5 * random(4, 12)),
  };
}

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
