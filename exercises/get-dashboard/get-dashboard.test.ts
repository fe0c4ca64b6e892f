import { createVitalsClient } from "@unblock/client/client";
import { fireAtOnce } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

const services = [1, 2, 3, 4, 5].map((number) => `service-${number}`);
const dashboard = {
  service_1: "data_1",
  service_2: "data_2",
  service_3: "data_3",
  service_4: "data_4",
  service_5: "data_5",
};
/** Max calls until one is seen in the middle of its work. */
const attempts = 10;

describe("GetDashboard", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  /**
   * Services that were busy at each sampled moment of a call, such as ["1", "1", "2"] or ["12345"].
   */
  async function watchCall(strategy: string): Promise<string[]> {
    const vitals = createVitalsClient({ baseUrl: server.url });
    const moments: string[] = [];
    let answered = false;
    const call = server.call("GetDashboard", {}, { strategy }).finally(() => {
      answered = true;
    });
    while (!answered) {
      const { backends } = await vitals.getVitals({});
      const atWork = backends.filter(
        ({ name, inProgress }) => services.includes(name) && inProgress,
      );
      moments.push(atWork.map(({ name }) => name.replace("service-", "")).join(""));
    }
    expect(await call).toMatchObject({ code: "ok", body: dashboard });
    return moments.filter((moment) => moment !== "");
  }

  test("puts five services' answers together, in parallel by default", async () => {
    const { body, headers, slot } = await server.call("GetDashboard", {});
    expect(body).toEqual(dashboard);
    expect(headers.get("unblock-strategy")).toBe("parallel");
    expect(slot).toBe(`${process.pid}/0`);
  });

  test.each(["parallel", "sequential"])("%s: asks each service once a call", async (strategy) => {
    await fireAtOnce(server, { rpc: "GetDashboard", strategy, calls: 3, request: () => ({}) });
    for (const service of services) {
      expect((await server.backend(service)).calls).toBe(3);
    }
  });

  test("parallel: all five are at work at the same moment", async () => {
    await vi.waitUntil(async () => (await watchCall("parallel")).includes("12345"), {
      timeout: 25_000,
    });
  });

  test("sequential: never two at work at the same moment, each after the one before", async () => {
    for (let attempt = 1; ; attempt++) {
      const moments = await watchCall("sequential");
      expect(moments).toEqual(moments.map(() => expect.stringMatching(/^[1-5]$/)));
      expect(moments).toEqual(moments.toSorted());
      // Each sample is a call that the server handled meanwhile, so nobody else suffers.
      if (new Set(moments).size === services.length || attempt === attempts) {
        expect([...new Set(moments)]).toEqual(["1", "2", "3", "4", "5"]);
        return;
      }
    }
  });
});
