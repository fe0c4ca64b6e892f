import { createServer, type RequestListener } from "node:http";
import { type GhzWebServer, startGhzWeb } from "@unblock/test/ghz-web";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { hasProgram } from "@unblock/test/programs";
import { makeReport } from "@unblock/test/reports";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publishReport } from "./publish.ts";

const detail = { timestamp: "2026-01-02T03:04:05.123Z", latency: 2e6, error: "", status: "OK" };
const report = makeReport([{ latenciesMs: [1, 2, 3], errors: 1 }], {
  name: "a run",
  details: [detail, detail, { ...detail, error: "the queue is full", status: "ResourceExhausted" }],
});

describe.skipIf(!hasProgram("ghz-web"))("ghz-web", () => {
  let ghzWeb: GhzWebServer;
  beforeAll(async () => {
    ghzWeb = await startGhzWeb();
  });
  afterAll(() => ghzWeb.close());

  const idOf = (address: string) => Number(/\/reports\/(\d+)$/.exec(address)?.[1]);

  test("stores a report unchanged", async () => {
    const address = await publishReport(report, ghzWeb.url);
    expect(address).toMatch(new RegExp(`^${ghzWeb.url}/reports/\\d+$`));
    const id = idOf(address);
    expect(await ghzWeb.get(`reports/${id}/`)).toMatchObject({
      id,
      name: "a run",
      endReason: "timeout",
      count: 3,
      average: report.average,
      fastest: report.fastest,
      slowest: report.slowest,
      rps: 3,
      status: "fail",
      errorDistribution: { "the queue is full": 1 },
      statusCodeDistribution: { OK: 2, ResourceExhausted: 1 },
      latencyDistribution: report.latencyDistribution,
    });
    expect(await ghzWeb.get(`reports/${id}/histogram/`)).toMatchObject({
      buckets: report.histogram,
    });
    expect(await ghzWeb.get(`reports/${id}/options/`)).toMatchObject({
      info: { call: "shop.v1.Orders/GetOrder", host: "127.0.0.1:8080" },
    });
    expect(await ghzWeb.get(`reports/${id}/export/?format=json`)).toMatchObject({
      // In any order.
      details: expect.arrayContaining([
        expect.objectContaining({ status: "OK", latency: 2e6 }),
        expect.objectContaining({ status: "ResourceExhausted", error: "the queue is full" }),
      ]),
    });
  });

  test("gets a project once", async () => {
    const url = `${ghzWeb.url}/`;
    const first = await publishReport(report, url, "Checkout 1");
    const second = await publishReport(report, url, "Checkout 1");
    const [one, two] = await Promise.all(
      [first, second].map((address) => ghzWeb.get(`reports/${idOf(address)}/`)),
    );
    expect(one).toHaveProperty("projectID");
    expect(two).toMatchObject({ projectID: Reflect.get(Object(one), "projectID") });
    expect(await ghzWeb.get(`projects/${Reflect.get(Object(one), "projectID")}/`)).toMatchObject({
      name: "Checkout 1",
    });
  });

  test("is searched for a project page by page", async () => {
    for (let project = 0; project < 25; project++) {
      await publishReport(report, ghzWeb.url, `p${project}`);
    }
    const before = await ghzWeb.get("projects/");
    for (const project of ["p0", "p12", "p24"]) {
      await publishReport(report, ghzWeb.url, project);
    }
    expect(await ghzWeb.get("projects/")).toMatchObject({
      total: Reflect.get(Object(before), "total"),
    });
  });

  test("stores a run of 2,000 calls, and one without calls", async () => {
    const details = Array.from({ length: 2_000 }, () => detail);
    const address = await publishReport({ ...report, details }, ghzWeb.url);
    const exported = await ghzWeb.get(`reports/${idOf(address)}/export/?format=json`);
    expect(Reflect.get(Object(exported), "details")).toHaveLength(2_000);
    const none = await publishReport(makeReport([]), ghzWeb.url);
    expect(await ghzWeb.get(`reports/${idOf(none)}/`)).toMatchObject({ count: 0 });
  });
});

describe("another server", () => {
  const endpoints: TestEndpoint[] = [];
  afterAll(async () => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  });
  const serve = async (listener: RequestListener) => {
    const endpoint = await listen(createServer(listener));
    endpoints.push(endpoint);
    return endpoint.url;
  };

  test.each([
    [
      "fails",
      (_, response) => response.writeHead(500).end('{"message":"the disk is full"}'),
      "500 (the disk is full)",
    ],
    ["has no such path", (_, response) => response.writeHead(404).end("<html>"), "404"],
    ["returns a page", (_, response) => response.end("<html>hello</html>"), "is it ghz-web?"],
    ["returns other JSON", (_, response) => response.end("{}"), "is it ghz-web?"],
    [
      "redirects",
      (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      "127.0.0.1",
    ],
    ["closes the connection", (request) => request.socket.destroy(), "127.0.0.1"],
  ] satisfies [string, RequestListener, string][])(
    "that %s is reported",
    async (_, listener, message) => {
      const url = await serve(listener);
      await expect(publishReport(report, url)).rejects.toThrow(message);
    },
  );

  test("that is missing is reported", async () => {
    const closed = await listen(createServer());
    await closed.close();
    await expect(publishReport(report, closed.url)).rejects.toThrow("ECONNREFUSED");
  });

  test.each(["nowhere", "ftp://host/"])("is rejected without a valid URL: %s", async (url) => {
    await expect(publishReport(report, url)).rejects.toThrow("--publish");
  });
});
