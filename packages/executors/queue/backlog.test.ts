import { describe, expect, test } from "vitest";
import { Backlog } from "./backlog.ts";

/** A queue whose length changes elsewhere. */
function createQueue(length = 0) {
  const queue = { length, counts: 0 };
  const count = async () => {
    queue.counts++;
    return queue.length;
  };
  return { queue, count };
}

describe("a backlog", () => {
  test("admits as many as it holds, with a single count", async () => {
    const { queue, count } = createQueue();
    const backlog = new Backlog(count, 100);
    for (let n = 0; n < 100; n++) {
      await backlog.enter();
      queue.length++;
    }
    expect(queue.counts).toBeLessThan(100);
    await expect(backlog.enter()).rejects.toMatchObject({
      code: "UNBLOCK_JOB_QUEUE_FULL",
      data: { waiting: 100 },
    });
  });

  test("never admits more than it holds, however many come at once", async () => {
    const { queue, count } = createQueue();
    const backlog = new Backlog(count, 10);
    const ends = await Promise.allSettled(
      Array.from({ length: 50 }, async () => {
        await backlog.enter();
        queue.length++;
      }),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
    expect(queue.length).toBe(10);
  });

  test("counts jobs of other servers", async () => {
    const { count } = createQueue(10);
    await expect(new Backlog(count, 10).enter()).rejects.toMatchObject({ kind: "overloaded" });
  });

  test("has room again when workers took some", async () => {
    const { queue, count } = createQueue(10);
    const backlog = new Backlog(count, 10);
    await expect(backlog.enter()).rejects.toMatchObject({ kind: "overloaded" });
    queue.length = 8;
    await backlog.enter();
    await backlog.enter();
    queue.length = 10;
    await expect(backlog.enter()).rejects.toMatchObject({ kind: "overloaded" });
  });

  test("reports why counting failed, and counts again the next time", async () => {
    let isDown = true;
    const backlog = new Backlog(async () => {
      if (isDown) {
        throw new Error("no Redis");
      }
      return 0;
    }, 1);
    await expect(backlog.enter()).rejects.toThrow("no Redis");
    isDown = false;
    await backlog.enter();
  });
});
