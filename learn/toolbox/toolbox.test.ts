import { openTestResources, type TestResources } from "@unblock/test/resources";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHoldingsFile } from "../check/testing/holdings-file.ts";
import { provideEnvironment } from "../service/environment.ts";
import { parseConfig } from "./config.ts";
import { findUserBlocking } from "./database.ts";
import { hashChain } from "./hash.ts";
import { classifyImage, downloadImage, downloadImageBlocking } from "./images.ts";
import {
  fetchJsonBlocking,
  getFromCache,
  getFromCacheBlocking,
  parseData,
  parseWeather,
  serviceUrl,
  weatherUrl,
} from "./services.ts";

test("the toolbox rejects use outside of a service", () => {
  expect(() => findUserBlocking(1)).toThrow(
    "The toolbox works in the service that `npm run check` and `npm run learn` start",
  );
});

describe("the toolbox", () => {
  const holdings = openHoldingsFile();
  let resources: TestResources;
  beforeAll(async () => {
    resources = await openTestResources();
    const addresses = resources.backends.addresses();
    provideEnvironment({ addresses, crops: 1, holdingsPath: holdings.path });
  });
  afterAll(async () => {
    await resources.close();
    holdings.remove();
  });

  test("returns the same from asynchronous and blocking clients", async () => {
    expect(getFromCacheBlocking("key")).toBe(await getFromCache("key"));
    const url = "http://example.com/cats/tom.png";
    expect(Buffer.from(downloadImageBlocking(url))).toEqual(Buffer.from(await downloadImage(url)));
    const response = await fetch(weatherUrl("Rome & Milan"));
    expect(fetchJsonBlocking(weatherUrl("Rome & Milan"))).toEqual(await response.json());
  });

  test("counts blocking and computing calls separately", async () => {
    holdings.restart();
    findUserBlocking(1);
    getFromCacheBlocking("key");
    hashChain("data", 1);
    const png = await downloadImage("http://example.com/cats/tom.png");
    classifyImage(png);
    const { waiting, computing } = holdings.usage(process.pid);
    expect(waiting).toMatchObject({ onLoop: 2, calls: 2, maxInProgress: 1 });
    expect(computing).toMatchObject({ onLoop: 2, calls: 2, maxInProgress: 1 });
  });

  test("stops computing on request", async () => {
    expect(() => hashChain("data", 100_000, () => true)).toThrow(
      "Stopped after 2000 of 100000 rounds",
    );
    const png = await downloadImage("http://example.com/cats/tom.png");
    expect(() => classifyImage(png, () => true)).toThrow("stopped");
  });

  test("cancels a download with its signal", async () => {
    const url = "http://example.com/cats/tom.png";
    const gone = new Error("the caller has gone");
    await expect(downloadImage(url, AbortSignal.abort(gone))).rejects.toThrow(gone);
  });

  test("throws for a missing user", () => {
    expect(() => findUserBlocking(100_001)).toThrow("Expected a user with the id 100001");
  });

  test("parses responses, and rejects unexpected ones", async () => {
    const response = await fetch(serviceUrl(3));
    expect(parseData(await response.json())).toBe("data_3");
    expect(() => parseData({ error: "no" })).toThrow('Expected JSON with data, got {"error":"no"}');
    expect(() => parseWeather(null)).toThrow(
      "Expected JSON with temperature and conditions, got null",
    );
    expect(() => parseConfig('{"setting_a":1}')).toThrow(
      'Expected JSON with setting_a and setting_b, got {"setting_a":1}',
    );
  });
});
