import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import { type RecordingBackend, serveRecording } from "@unblock/test/recording-backend";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const folder = temporaryFolder();
let configFile: string;
let own: RecordingBackend;
let server: TestServer;
beforeAll(async () => {
  configFile = join(folder, "own.json");
  writeFileSync(configFile, "{}");
  own = await serveRecording();
  server = await startTestServer({
    cpuWorkers: 1,
    blockingThreads: 1,
    processes: 1,
    weatherUrl: `${own.url}/weather`,
    servicesUrl: `${own.url}/services/`,
    imagesUrl: `${own.url}/pictures`,
    analyticsUrl: `${own.url}/events`,
    configFile,
  });
});
afterAll(async () => {
  await server.close();
  await own.close();
});
beforeEach(() => {
  own.requests.length = 0;
});

const asked = () => own.requests.map(({ path }) => path).sort();

// The service runs in this process, so a synchronous call on its event loop would never end.
test.each(["async", "blocking-pool"])(
  "B, %s, asks the weather service that it is given",
  async (strategy) => {
    own.answers.set("/weather", { temperature: -3, conditions: "snow" });
    expect(await server.call("GetWeather", { city: "oslo" }, { strategy })).toMatchObject({
      body: { temperature: -3, conditions: "snow" },
    });
    expect(asked()).toEqual(["/weather"]);
  },
);

test("H calls the five services at the given address", async () => {
  const paths = [1, 2, 3, 4, 5].map((number) => `/services/service-${number}`);
  for (const path of paths) {
    own.answers.set(path, { data: `from ${path}` });
  }
  const { body } = await server.call("GetDashboard", {});
  expect(body).toMatchObject({ service_5: "from /services/service-5" });
  expect(asked()).toEqual(paths);
});

test("F gets example.com's images from the given address", async () => {
  const imageUrl = "http://example.com/cat.png";
  expect(await server.call("PredictImage", { image_url: imageUrl })).toMatchObject({
    code: "unavailable",
  });
  expect(asked()).toEqual(["/pictures/cat.png"]);
});

test.each([
  "..%2fsecret.png",
  "..%2Fsecret.png",
  "a/..%2f..%2fsecret.png",
  "%2e%2e%2fsecret.png",
  "%2e%2e%5csecret.png",
  "..%5csecret.png",
  "..%255csecret.png",
  "..%252fsecret.png",
  "%252e%252e/secret.png",
  "%252e%252e%252fsecret.png",
  "..%25252fsecret.png",
  "%2525252525252e%2525252525252e/secret.png",
  "..;/secret.png",
  "..%3b/secret.png",
  "..%c0%afsecret.png",
  "..%u2215secret.png",
  "%00/secret.png",
])("F rejects a path that leaves the folder when decoded: %s", async (path) => {
  const call = server.call("PredictImage", { image_url: `http://example.com/${path}` });
  expect(await call).toMatchObject({
    code: "invalid_argument",
    error: "UNBLOCK_INVALID_REQUEST",
  });
  expect(asked()).toEqual([]);
});

test.each([
  ["../secret.png", "/pictures/secret.png"],
  ["%2e%2e/secret.png", "/pictures/secret.png"],
  ["..\\secret.png", "/pictures/secret.png"],
  ["a%20b%2B100%25.png", "/pictures/a%20b%2B100%25.png"],
  ["%C3%BC.png", "/pictures/%C3%BC.png"],
  ["..a/b..c/...png", "/pictures/..a/b..c/...png"],
])("F forwards other paths below its own: %s", async (path, passed) => {
  await server.call("PredictImage", { image_url: `http://example.com/${path}` });
  expect(asked()).toEqual([passed]);
});

// An analytics service need not respond with JSON: a retry because of that would count an event ten
// times.
test.each([[{}], [""], ["thank you"]])(
  "G sends its events where it is told, and takes %j for an answer",
  async (answer) => {
    own.answers.set("/events", answer);
    const event = { event: "view", user_id: 1 };
    expect(await server.call("TrackEvent", event, { strategy: "await" })).toMatchObject({
      body: { status: "accepted" },
    });
    expect(asked()).toEqual(["/events"]);
  },
);

describe.each(["libuv", "blocking-pool", "event-loop"])("D, %s", (strategy) => {
  const read = () => server.call("GetConfig", {}, { strategy });

  test("reads the given file each time", async () => {
    writeFileSync(configFile, '{"setting_a":"mine","setting_b":"too"}');
    expect((await read()).body).toEqual({ setting_a: "mine", setting_b: "too" });
    writeFileSync(configFile, '{"setting_a":"changed","setting_b":"too"}');
    expect((await read()).body).toMatchObject({ setting_a: "changed" });
    expect(await server.backend("slow disk")).toMatchObject({ calls: 0 });
  });

  test.each([
    ["password=secret", "it is no JSON"],
    ["[]", "it has no setting_a and setting_b"],
  ])("reports what is wrong with %j without quoting it", async (content, reason) => {
    writeFileSync(configFile, content);
    expect(await read()).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_BACKEND_UNAVAILABLE",
      data: { backend: "config file", reason },
    });
  });

  test("reports a missing file without its path", async () => {
    rmSync(configFile);
    expect(await read()).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_BACKEND_UNAVAILABLE",
      data: { backend: "config file", reason: "ENOENT" },
    });
  });
});

describe("a server does not start", () => {
  test.each(["weatherUrl", "servicesUrl", "imagesUrl", "analyticsUrl"])(
    "with an invalid %s",
    async (option) => {
      await expect(startTestServer({ [option]: "ftp://there" })).rejects.toThrow(option);
    },
  );

  test("with a missing file", async () => {
    await expect(startTestServer({ configFile: join(folder, "nope") })).rejects.toThrow(
      /configFile.*ENOENT/,
    );
  });
});
