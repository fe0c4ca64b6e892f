import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { buffer } from "node:stream/consumers";
import { startTestLab, type TestLab } from "@unblock/test/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http2Implementations } from "./listener/listener.ts";

/** A character that no message contains by itself. */
const mark = "ü";
const long = mark.repeat(5_000);
/** The same for a header, which is ASCII. */
const ascii = "~".repeat(5_000);
const exercises = "/unblock.v1.ExercisesService";
const lab = "/unblock.v1.LabService";

interface Sent {
  readonly path: string;
  readonly json?: string;
  readonly headers?: Record<string, string>;
}

interface Answer {
  readonly failed: boolean;
  readonly text: string;
}

/** Sends a request, and returns the parts of the response with the failure. */
async function send(url: string, { path, json = "{}", headers = {} }: Sent): Promise<Answer> {
  const session = connect(url);
  try {
    const type = headers["content-type"] ?? "application/json";
    const stream = session.request({
      ":method": path.includes("?") ? "GET" : "POST",
      ":path": path,
      "content-type": type,
      ...(type.includes("grpc") ? { te: "trailers" } : {}),
      ...headers,
    });
    stream.on("error", () => {});
    let trailers: IncomingHttpHeaders = {};
    stream.on("trailers", (received) => {
      trailers = received;
    });
    stream.end(
      path.includes("?") ? undefined : /grpc|connect\+/.test(type) ? envelope(json) : json,
    );
    const [response]: IncomingHttpHeaders[] = await once(stream, "response");
    // Details repeat the message for programs.
    const body = (await buffer(stream)).toString("utf8").replace(/"details":.*/, "");
    const status = response?.["grpc-status"] ?? trailers["grpc-status"];
    const message = response?.["grpc-message"] ?? trailers["grpc-message"];
    return {
      failed:
        status === undefined ? /"(code|errorCode)":|grpc-status: [1-9]/.test(body) : status !== "0",
      text: [body, message]
        .map((text = "") => decodeURIComponent(String(text).replace(/%(?![0-9A-F]{2})/g, "%25")))
        .join(" "),
    };
  } finally {
    session.destroy();
  }
}

function envelope(json: string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(Buffer.byteLength(json), 1);
  return Buffer.concat([prefix, Buffer.from(json)]);
}

const query = (message: string) =>
  new URLSearchParams({ encoding: "json", connect: "v1", message });
const stream = { "content-type": "application/connect+json" };
const watch = "/unblock.v1.VitalsService/WatchVitals";
const reflect = "/grpc.reflection.v1.ServerReflectionInfo".replace("Info", "/ServerReflectionInfo");
const wrongJson = `{"user_id":"${long}"}`;
const unknownField = `{"${long}":1}`;

const everywhere: [string, Sent][] = [
  [
    "a strategy",
    { path: `${exercises}/GetUser`, json: '{"user_id":1}', headers: { "unblock-strategy": ascii } },
  ],
  ["an idempotency key", { path: `${exercises}/GetConfig`, headers: { "idempotency-key": ascii } }],
  ["a path", { path: `/${ascii}` }],
  ["a path of gRPC", { path: `/${ascii}`, headers: { "content-type": "application/grpc" } }],
  [
    "a service of the health check",
    { path: "/grpc.health.v1.Health/Check", json: `{"service":"${long}"}` },
  ],
  [
    "the host of an image",
    { path: `${exercises}/PredictImage`, json: `{"image_url":"http://${"~".repeat(1_000)}/"}` },
  ],
  [
    "an invalid URL",
    { path: `${exercises}/PredictImage`, json: `{"image_url":"${mark.repeat(1_000)}"}` },
  ],
  ["a city", { path: `${exercises}/GetWeather`, json: `{"city":"${long}"}` }],
  ["an event", { path: `${exercises}/TrackEvent`, json: `{"user_id":1,"event":"${long}"}` }],
  ["a key", { path: `${exercises}/GetCache`, json: `{"key":"${long}"}` }],
  ["a run", { path: `${lab}/GetRun`, json: `{"id":"${long}"}` }],
  [
    "an exercise of a race",
    { path: `${lab}/Race`, json: `{"exercise":"${long}"}`, headers: stream },
  ],
  [
    "a strategy of a race",
    { path: `${lab}/Race`, json: `{"exercise":"A","strategies":["${long}"]}`, headers: stream },
  ],
  [
    "many strategies of a race",
    {
      path: `${lab}/Race`,
      json: `{"exercise":"A","strategies":[${`"${mark.repeat(20)}",`.repeat(2_000)}"a"]}`,
      headers: stream,
    },
  ],
  [
    "a strategy of a load",
    { path: `${lab}/Load`, json: `{"exercise":"A","strategy":"${long}"}`, headers: stream },
  ],
  ["an origin", { path: `${lab}/ListRuns`, headers: { origin: `http://${ascii}` } }],
  ["an authority", { path: `${lab}/ListRuns`, headers: { ":authority": ascii } }],
  ["a message of a stream", { path: watch, json: `{"interval_ms":"${long}"}`, headers: stream }],
  [
    "a symbol of the schema",
    { path: reflect, json: `{"fileContainingSymbol":"${mark.repeat(900)}"}`, headers: stream },
  ],
  [
    "a file of the schema",
    { path: reflect, json: `{"fileByFilename":"${mark.repeat(900)}"}`, headers: stream },
  ],
  [
    "a type of the schema",
    { path: reflect, json: `{"allExtensionNumbersOfType":"${mark.repeat(900)}"}`, headers: stream },
  ],
  [
    "an extension of the schema",
    {
      path: reflect,
      json: `{"fileContainingExtension":{"containingType":"${mark.repeat(900)}"}}`,
      headers: stream,
    },
  ],
  ["a compression", { path: `${exercises}/GetConfig`, headers: { "content-encoding": ascii } }],
  [
    "a compression of a stream",
    { path: watch, headers: { ...stream, "connect-content-encoding": ascii } },
  ],
  [
    "a compression of gRPC",
    {
      path: `${exercises}/GetConfig`,
      headers: { "content-type": "application/grpc+json", "grpc-encoding": ascii },
    },
  ],
  ["a timeout", { path: `${exercises}/GetConfig`, headers: { "connect-timeout-ms": ascii } }],
  ["a timeout of a stream", { path: watch, headers: { ...stream, "connect-timeout-ms": ascii } }],
  [
    "a timeout of gRPC",
    {
      path: `${exercises}/GetConfig`,
      headers: { "content-type": "application/grpc+json", "grpc-timeout": ascii },
    },
  ],
];

const unary: [string, Sent][] = [
  "application/json",
  "application/json;charset=utf-8",
  "application/json; charset=utf8",
  "APPLICATION/JSON",
  "application/grpc+json",
  "application/grpc+json;charset=utf-8",
  "application/grpc-web+json",
].flatMap((type): [string, Sent][] => {
  const headers = { "content-type": type };
  const path = `${exercises}/GetUser`;
  return [
    [`a value of ${type}`, { path, json: wrongJson, headers }],
    [`a field of ${type}`, { path, json: unknownField, headers }],
    [`no JSON of ${type}`, { path, json: long, headers }],
  ];
});
unary.push(
  [
    "a value of a GET",
    { path: `${exercises}/GetUser?${query(`{"user_id":"${mark.repeat(500)}"}`)}` },
  ],
  ["a compression of a GET", { path: `${exercises}/GetUser?${query("{}")}&compression=${ascii}` }],
);

describe.each(http2Implementations)(
  "with HTTP/2 of %s, a message quotes at most 200 characters of",
  (http2) => {
    let server: TestLab;
    beforeAll(async () => {
      server = await startTestLab({ http2 });
    });
    afterAll(() => server.close());

    test.each([...everywhere, ...unary])("%s", async (...[, sent]) => {
      const { failed, text } = await send(server.url, sent);
      expect(failed).toBe(true);
      expect(text.split(mark).length - 1).toBeLessThanOrEqual(200);
      expect(text.split("~").length - 1).toBeLessThanOrEqual(200);
      expect(text.length).toBeLessThan(5_000);
    });
  },
);
