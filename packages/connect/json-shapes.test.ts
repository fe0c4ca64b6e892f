import { createHash } from "node:crypto";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// The specification's responses, as curl prints them. get-cache/cache-miss.test.ts shows that a miss has
// `"hit":false`.
const sha256 = (data: string) => createHash("sha256").update(data).digest("hex");
const shapes: Record<string, readonly [request: string, answer: string]> = {
  GetUser: ['{"user_id":1}', '{"user_id":1,"name":"User 1","email":"user1@example.com"}'],
  GetWeather: ['{"city":"london"}', '{"city":"london","temperature":22,"conditions":"sunny"}'],
  ComputeHash: ['{"data":"test","rounds":1}', `{"hash":"${sha256("test")}","algorithm":"sha256"}`],
  GetConfig: ["{}", '{"setting_a":"value1","setting_b":"value2"}'],
  GetCache: ['{"key":"key1"}', '{"key":"key1","value":"cached_data","hit":true}'],
  TrackEvent: ['{"event":"page_view","user_id":123}', '{"status":"accepted"}'],
  GetDashboard: [
    "{}",
    '{"service_1":"data_1","service_2":"data_2","service_3":"data_3","service_4":"data_4","service_5":"data_5"}',
  ],
};

describe("JSON over HTTP/1.1", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test.each(Object.entries(shapes))(
    "has the exact response of %s",
    async (rpc, [request, answer]) => {
      const { status, headers, text } = await post(server.url, `ExercisesService/${rpc}`, request);
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe("application/json");
      expect(text).toBe(answer);
    },
  );

  test("has a word and a number in PredictImage", async () => {
    const request = '{"image_url":"http://example.com/img.jpg"}';
    const { text } = await post(server.url, "ExercisesService/PredictImage", request);
    expect(text).toMatch(/^\{"prediction":"cat","confidence":(0\.[5-9]\d*|1)\}$/);
  });

  test("has a hash in ComputeHash without rounds, as in the specification", async () => {
    const { text } = await post(server.url, "ExercisesService/ComputeHash", '{"data":"test"}');
    expect(text).toMatch(/^\{"hash":"[0-9a-f]{64}","algorithm":"sha256"\}$/);
  });

  test("includes zeros: GetVitals of an idle server", async () => {
    const { text } = await post(server.url, "VitalsService/GetVitals", "{}");
    const { backends, executors } = JSON.parse(text);
    expect(backends).toContainEqual({
      name: "weather",
      calls: expect.any(Number),
      in_progress: 0,
      max_in_progress: expect.any(Number),
      pid: expect.any(Number),
    });
    expect(executors).toContainEqual({
      name: "processes",
      size: 1,
      running: 0,
      queued: 0,
      stuck: 0,
      max_running: 0,
      completed: 0,
      failed: 0,
      rejected: 0,
      cancelled: 0,
      cpu_ms: 0,
    });
  });
});
