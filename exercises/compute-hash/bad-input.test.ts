import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const maxDataBytes = 128 * 1024;

describe("ComputeHash rejects", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test.each([-1, -(2 ** 31), 10_000_001, 2 ** 31 - 1])("%i rounds", async (rounds) => {
    expect(await server.call("ComputeHash", { data: "abc", rounds })).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
      data: { problems: expect.stringContaining("rounds") },
    });
  });

  // Counted in bytes: é is one character and two of them.
  test.each([
    ["x", maxDataBytes + 1, maxDataBytes + 1],
    ["é", maxDataBytes / 2 + 1, maxDataBytes + 2],
  ])("data of %j, %i times: %i bytes of UTF-8", async (character, characters) => {
    const data = character.repeat(characters);
    expect(await server.call("ComputeHash", { data, rounds: 1 })).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
      data: { problems: expect.stringContaining("data") },
    });
  });

  test("nothing that is just within the limits", async () => {
    const data = "é".repeat(maxDataBytes / 2);
    expect(await server.call("ComputeHash", { data, rounds: 1 })).toMatchObject({ code: "ok" });
  });
});
