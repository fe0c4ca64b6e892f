import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fetchParallel, fetchSequential } from "./work.ts";

/** Less than the client's own timeout of 10 s, which also ends a call. */
const patienceMs = 8_000;

describe("five services whose responses the test controls", () => {
  /** Services called so far, in order; a service responds when the test says so. */
  let asked: string[];
  let hungUp: string[];
  let pending: Map<string, ServerResponse>;
  let urls: string[];
  const server = createServer((request, response) => {
    const service = request.url ?? "";
    asked.push(service);
    pending.set(service, response);
    response.once("close", () => {
      if (!response.writableFinished) {
        hungUp.push(service);
      }
    });
  });
  beforeEach(async () => {
    asked = [];
    hungUp = [];
    pending = new Map();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    urls = ["/1", "/2", "/3", "/4", "/5"].map((path) => `http://127.0.0.1:${port}${path}`);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const answer = (service: string) =>
    pending.get(service)?.end(JSON.stringify({ data: `data of ${service}` }));
  const context = () => {
    const caller = new AbortController();
    return { caller, signal: caller.signal, stopped: () => caller.signal.aborted };
  };
  const untilAsked = (count: number) =>
    vi.waitUntil(() => asked.length === count && pending.size === count, patienceMs);

  test("in parallel: calls all five before one has responded", async () => {
    const answers = fetchParallel(urls, context());
    await untilAsked(5);
    // The responses come in another order, and are merged in the services'.
    for (const service of ["/4", "/1", "/5", "/3", "/2"]) {
      answer(service);
    }
    expect(await answers).toEqual(["/1", "/2", "/3", "/4", "/5"].map((path) => `data of ${path}`));
  });

  test("in sequence: each is asked when the one before has answered", async () => {
    const answers = fetchSequential(urls, context());
    for (const [index, service] of ["/1", "/2", "/3", "/4", "/5"].entries()) {
      await untilAsked(index + 1);
      expect(asked.at(-1)).toBe(service);
      answer(service);
    }
    expect(await answers).toHaveLength(5);
  });

  test("in parallel: when one fails the call fails, and the others are not waited for", async () => {
    const answers = fetchParallel(urls, context());
    await untilAsked(5);
    pending.get("/3")?.writeHead(500).end();
    await expect(answers).rejects.toMatchObject({
      code: "UNBLOCK_BACKEND_UNAVAILABLE",
      data: { backend: "service-3" },
    });
    await vi.waitUntil(() => hungUp.length === 4, patienceMs);
    expect(hungUp.toSorted()).toEqual(["/1", "/2", "/4", "/5"]);
  });

  test.each([
    ["in parallel", fetchParallel, 5],
    ["in sequence", fetchSequential, 1],
  ])("%s: who gives up hangs up on whoever has not answered", async (_, fetchAll, count) => {
    const { caller, ...rest } = context();
    const answers = fetchAll(urls, rest);
    await untilAsked(count);
    caller.abort(new Error("enough"));
    await expect(answers).rejects.toThrow("enough");
    await vi.waitUntil(() => hungUp.length === count, patienceMs);
    expect(asked).toHaveLength(count);
  });
});
