import { request } from "node:http";
import { text } from "node:stream/consumers";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { httpReply } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// https://connectrpc.com/docs/protocol/#unary-get-request
describe("an HTTP GET", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  async function get(path: string, message: string, headers: Record<string, string> = {}) {
    const query = new URLSearchParams({ encoding: "json", message, connect: "v1" });
    const url = `${server.url}/unblock.v1.${path}?${query}`;
    return httpReply(await fetch(url, { headers }));
  }

  /** Sends a GET like a browser; fetch would set some fields itself. */
  const raw = (path: string, headers: Record<string, string>, { url } = server) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const query = "encoding=json&message=%7B%7D&connect=v1";
      request(`${url}/unblock.v1.${path}?${query}`, { headers }, (response) => {
        text(response).then((all) => resolve({ status: response.statusCode, text: all }), reject);
      })
        .on("error", reject)
        .end();
    });

  test.each([
    [
      "ExercisesService/GetUser",
      '{"user_id":5}',
      '{"user_id":5,"name":"User 5","email":"user5@example.com"}',
    ],
    [
      "ExercisesService/GetWeather",
      '{"city":"São Paulo"}',
      '{"city":"São Paulo","temperature":22,"conditions":"sunny"}',
    ],
    ["ExercisesService/GetConfig", "{}", '{"setting_a":"value1","setting_b":"value2"}'],
    ["VitalsService/Ping", "{}", "{}"],
  ])("serves %s, which has no side effects", async (path, message, answer) => {
    const { status, text } = await get(path, message);
    expect({ status, text }).toEqual({ status: 200, text: answer });
  });

  test("takes a strategy, and reports where it ran", async () => {
    const { headers } = await get("ExercisesService/GetUser", '{"user_id":5}', {
      "unblock-strategy": "event-loop",
    });
    expect(headers.get("unblock-ran-on")).toBe(`event-loop;pid=${process.pid};thread=0`);
  });

  test("is validated like a POST", async () => {
    const { status, text } = await get("ExercisesService/GetUser", '{"user_id":0}');
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({
      code: "invalid_argument",
      details: [
        { debug: { reason: "UNBLOCK_INVALID_REQUEST" } },
        { type: "google.rpc.BadRequest" },
      ],
    });
  });

  test.each([
    ["ExercisesService/TrackEvent", '{"event":"page_view","user_id":1}'],
    ["VitalsService/GetVitals", '{"restart_window":true}'],
  ])("is 405 for %s, which has side effects", async (path, message) => {
    expect((await get(path, message)).status).toBe(405);
    const { completed, running } = await server.executor("background");
    expect({ completed, running }).toEqual({ completed: 0, running: 0 });
  });

  test.each(["cross-site", "Cross-Site"])(
    "is rejected before any work from a page of another site (sec-fetch-site: %s)",
    async (site) => {
      // The server has measured its speed with one call.
      const { completed } = await server.executor("cpu-pool");
      for (const headers of [
        { "sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
        { "sec-fetch-site": site, "sec-fetch-mode": "cors", origin: "https://evil.example" },
      ]) {
        const { status, text } = await raw("ExercisesService/ComputeHash", headers);
        expect(status).toBe(403);
        expect(JSON.parse(text)).toMatchObject({
          code: "permission_denied",
          message: expect.stringContaining("--cors-origin"),
        });
      }
      expect(await server.executor("cpu-pool")).toMatchObject({ completed, running: 0 });
    },
  );

  test.each(["same-origin", "same-site", "none"])(
    "is served with sec-fetch-site: %s",
    async (site) => {
      const { status } = await raw("ExercisesService/GetConfig", { "sec-fetch-site": site });
      expect(status).toBe(200);
    },
  );

  test("is served from a page of another site with an allowed origin", async () => {
    const open = await startTestServer({
      corsOrigins: ["https://app.example"],
    });
    const fields = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
    const origin = "https://app.example";
    const allowed = await raw("ExercisesService/GetConfig", { ...fields, origin }, open);
    expect(allowed.status).toBe(200);
    const image = await raw("ExercisesService/GetConfig", fields, open);
    expect(image.status).toBe(403);
    await open.close();
  });

  test("is no call without a query", async () => {
    const { status } = await fetch(`${server.url}/unblock.v1.ExercisesService/GetUser`);
    expect(status).toBe(415);
  });
});
