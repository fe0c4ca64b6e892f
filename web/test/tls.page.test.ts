import { createCertificates } from "@unblock/test/certificates";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describePage } from "./browser.ts";

describePage("over TLS, where browsers speak HTTP/2", (setup) => {
  let server: TestServer;
  beforeAll(async () => {
    const { server: tls } = await createCertificates();
    server = await startTestServer({ tls });
  });
  afterAll(() => server.close());

  test("the page loads all its files and watches the vitals", async () => {
    const { page, errors } = await setup().visitOther(server.url, { ignoreHTTPSErrors: true });
    const loaded = await page.evaluate(() =>
      [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .filter((entry) => entry instanceof PerformanceResourceTiming)
        .map(({ nextHopProtocol, responseStatus }) => ({ nextHopProtocol, responseStatus })),
    );
    expect(loaded.length).toBeGreaterThan(2);
    expect(new Set(loaded.map(({ nextHopProtocol }) => nextHopProtocol))).toEqual(new Set(["h2"]));
    expect(new Set(loaded.map(({ responseStatus }) => responseStatus))).toEqual(new Set([200]));
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
