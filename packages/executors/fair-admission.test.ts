import { never, noCaller } from "@unblock/test/tasks";
import { describe, expect, test } from "vitest";
import { Admission } from "./admission.ts";

/**
 * Connections whose jobs end one at a time, on demand, and are logged in the order of their starts.
 */
function createCrowd(admission: Admission) {
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const connections = new Map<string, object>();
  const run = (name: string, connection: object | undefined, signal: AbortSignal) =>
    admission.run(
      () => {
        began.push(name);
        const { promise, resolve } = Promise.withResolvers<void>();
        ends.push(resolve);
        return promise;
      },
      { signal, connection },
    );
  return {
    began,
    /** The first letter names its connection. */
    call: (name: string, signal = never) => {
      const connection = connections.get(name.charAt(0)) ?? {};
      connections.set(name.charAt(0), connection);
      return run(name, connection, signal);
    },
    callOfServer: (name: string) => run(name, undefined, never),
    endAll: async () => {
      while (ends.length > 0) {
        ends.shift()?.();
        await new Promise(setImmediate);
      }
    },
  };
}

describe("Admission of many connections", () => {
  test("takes turns between them, and keeps the order of each", async () => {
    const admission = new Admission("cpu-pool", 1, 100);
    const { began, call, callOfServer, endAll } = createCrowd(admission);
    const ended = [
      ...["a1", "a2", "a3", "a4", "b1", "b2", "c1"].map((name) => call(name)),
      callOfServer("own"),
    ];
    await endAll();
    await Promise.all(ended);
    expect(began).toEqual(["a1", "a2", "b1", "c1", "own", "a3", "b2", "a4"]);
    expect(admission.vitals()).toMatchObject({ running: 0, queued: 0, completed: 8 });
  });

  test("gives the turn of a cancelled call to the next", async () => {
    const admission = new Admission("cpu-pool", 1, 100);
    const { began, call, endAll } = createCrowd(admission);
    const caller = new AbortController();
    const ended = [call("a1"), call("a2")];
    const gone = expect(call("b1", caller.signal)).rejects.toThrow("gave up");
    ended.push(call("c1"), call("a3"));
    caller.abort(new Error("gave up"));
    await gone;
    ended.push(call("b2"));
    await endAll();
    await Promise.all(ended);
    expect(began).toEqual(["a1", "a2", "c1", "b2", "a3"]);
    expect(admission.vitals()).toMatchObject({ queued: 0, cancelled: 1 });
  });

  test("bounds one connection's share of the queue by what is left for others", async () => {
    const admission = new Admission("cpu-pool", 1, 10);
    const { began, call, endAll } = createCrowd(admission);
    const firsts = Array.from({ length: 20 }, (_, n) => call(`a${n}`).catch((error) => error));
    expect(admission.vitals()).toMatchObject({ running: 1, queued: 6, rejected: 13 });
    expect(await firsts[19]).toMatchObject({
      code: "UNBLOCK_SHARE_USED",
      data: { own: 6, room: 10, executor: "cpu-pool" },
    });
    const seconds = Array.from({ length: 20 }, (_, n) => call(`b${n}`).catch(() => "rejected"));
    expect(admission.vitals()).toMatchObject({ queued: 9 });
    const third = call("c0");
    await endAll();
    await Promise.all([...firsts, ...seconds, third]);
    expect(began.indexOf("c0")).toBe(3);
    expect(admission.vitals()).toMatchObject({ running: 0, queued: 0 });
  });

  test("bounds one connection's share of the slots where nothing waits", async () => {
    const admission = new Admission("event-loop", 10, 0);
    const { began, call, callOfServer, endAll } = createCrowd(admission);
    const firsts = Array.from({ length: 20 }, (_, n) => call(`a${n}`).catch((error) => error));
    expect(admission.vitals()).toMatchObject({ running: 6, rejected: 14 });
    expect(await firsts[19]).toMatchObject({
      code: "UNBLOCK_SHARE_USED",
      data: { own: 6, room: 10, executor: "event-loop" },
    });
    const others = [call("b0"), ...[1, 2, 3].map((n) => callOfServer(`own ${n}`))];
    expect(admission.vitals()).toMatchObject({ running: 10 });
    await endAll();
    await Promise.all([...firsts, ...others]);
    const again = call("a20");
    await endAll();
    await again;
    expect(began.at(-1)).toBe("a20");
  });

  test("does not bound the server's own share of the queue", async () => {
    const admission = new Admission("cpu-pool", 1, 10);
    const job = Promise.withResolvers<void>();
    const ended = Array.from({ length: 11 }, () => admission.run(() => job.promise, noCaller));
    expect(admission.vitals()).toMatchObject({ running: 1, queued: 10, rejected: 0 });
    job.resolve();
    await Promise.all(ended);
  });
});
