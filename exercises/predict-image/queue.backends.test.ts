import { type PictureHost, servePictures } from "@unblock/test/picture-host";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

describe.skipIf(!hasRedis())("PredictImage by queue (skipped without redis-server)", () => {
  let redis: TestRedis;
  let server: TestServer;
  let worker: WorkerProcess;
  let host: PictureHost;
  beforeAll(async () => {
    host = await servePictures({ "/broken.png": { body: "no picture" } });
    redis = await startRedis();
    server = await startTestServer({
      redisUrl: redis.url,
      imageHosts: { "pictures.test": host.url },
    });
    worker = await startWorkerProcess(redis.url);
  });
  afterAll(async () => {
    await worker.kill();
    await server.close();
    await redis.close();
    await host.close();
  });

  const predict = (image_url: string, strategy: string) =>
    server.call("PredictImage", { image_url }, { strategy });

  test.each(["cats/1.png", "dogs/2.png"])("sees in %s what CPU workers see", async (path) => {
    const url = `http://example.com/${path}`;
    const { body, slot, headers } = await predict(url, "queue");
    expect(body).toEqual((await predict(url, "cpu-pool")).body);
    expect(slot?.split("/")[0]).toBe(String(worker.pid));
    expect(headers.get("server-timing")).toMatch(/^download;dur=.*, queue;dur=.*, work;dur=/);
  });

  test("rejects what is not a picture, without a retry", async () => {
    expect(await predict("http://pictures.test/broken.png", "queue")).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_IMAGE_NO_PNG",
    });
    expect(worker.said()).toBe("");
  });
});
