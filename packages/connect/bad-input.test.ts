import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { callGrpc, post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const user1 = '{"user_id":1,"name":"User 1","email":"user1@example.com"}';

describe("a request that does not match the schema", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const getUser = (body: string, headers?: Record<string, string>) =>
    post(server.url, "ExercisesService/GetUser", body, headers);

  const cannotDecode = "cannot decode message unblock.v1.GetUserRequest from JSON: ";
  test.each([
    ["", cannotDecode],
    ["{", cannotDecode],
    ["user_id=1", cannotDecode],
    ['{"user_id":1}{', cannotDecode],
    ["null", `${cannotDecode}null`],
    ["[]", cannotDecode],
    ['"1"', `${cannotDecode}"1"`],
    ['{"user_id":1,"user_id":2}', `${cannotDecode}duplicate object key "user_id"`],
  ])("is rejected when it is not a JSON object: %s", async (body, message) => {
    const { status, text } = await getUser(body);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      code: "invalid_argument",
      message: expect.stringContaining(message),
    });
  });

  const cannotDecodeField =
    "cannot decode field unblock.v1.GetUserRequest.user_id from JSON: expected number (int32)";
  test.each([
    ['"one"', ', got "one"'],
    ["true", ", got true"],
    ["1.5", ", got 1.5"],
    ["[1]", ", got Array(1)"],
    ["2147483648", ": 2147483648 out of range"],
    ["1e400", ""],
  ])("is rejected for a wrong type: user_id %s", async (value, message) => {
    const { status, text } = await getUser(`{"user_id":${value}}`);
    expect(status).toBe(400);
    expect(JSON.parse(text)).toEqual({
      code: "invalid_argument",
      message: expect.stringContaining(cannotDecodeField + message),
    });
  });

  test.each(["{}", '{"user_id":null}', '{"userId":7}'])(
    "is rejected without user_id: %s",
    async (body) => {
      const { status, text } = await getUser(body);
      expect(status).toBe(400);
      expect(JSON.parse(text)).toMatchObject({
        code: "invalid_argument",
        details: [
          { type: "google.rpc.ErrorInfo", debug: { reason: "UNBLOCK_INVALID_REQUEST" } },
          {
            type: "google.rpc.BadRequest",
            debug: { fieldViolations: [{ field: "user_id" }] },
          },
        ],
      });
    },
  );

  test("may have unknown fields, so that an older server serves a newer client", async () => {
    expect(await getUser('{"user_id":1,"colour":"blue"}')).toMatchObject({
      status: 200,
      text: user1,
    });
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
  ])("is 415 with the content type %s, which no protocol has", async (type) => {
    expect((await getUser('{"user_id":1}', { "content-type": type })).status).toBe(415);
  });

  test("may name the charset of JSON", async () => {
    const type = "application/json; charset=utf-8";
    expect(await getUser('{"user_id":1}', { "content-type": type })).toMatchObject({ text: user1 });
  });

  test.each([
    ["gzip", 400, "invalid_argument"],
    ["rot13", 501, "unimplemented"],
  ])(
    "is rejected when it is not compressed with %s as declared",
    async (encoding, status, code) => {
      const reply = await getUser('{"user_id":1}', { "content-encoding": encoding });
      expect(reply.status).toBe(status);
      expect(JSON.parse(reply.text)).toMatchObject({ code });
    },
  );

  test("fails with a truncated gRPC field, and the next call succeeds", async () => {
    const path = "/unblock.v1.ExercisesService/GetUser";
    const cut = await callGrpc(server.url, path, Buffer.from([0x0a, 0x05, 0x61]));
    expect(cut.grpcStatus).not.toBe("0");
    const whole = await callGrpc(server.url, path, Buffer.from([0x08, 0x01]));
    expect(whole).toMatchObject({ status: 200, grpcStatus: "0" });
  });
});
