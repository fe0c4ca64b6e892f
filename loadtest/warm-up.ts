import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { VitalsService } from "../gen/unblock/v1/vitals_pb.ts";
import { monotonicMs } from "../registry/clock.ts";
import { type Combination, createDriver } from "./drivers/create-driver.ts";
import type { CallResult, Driver } from "./drivers/driver.ts";
import { createSelfWatch } from "./run/judge.ts";
import { Recorder } from "./run/recorder.ts";
import type { Sender } from "./run/sender.ts";

const bursts = 30;
const callsAtOnce = 50;

/**
 * Calls this project's server until its code and ours is compiled; before that a call takes several
 * times as long, whatever the call. Ping does no exercise's work.
 */
export async function warmUp(driver: Driver): Promise<void> {
  const { ping } = VitalsService.method;
  const send = driver.prepare({
    method: ping,
    request: create(ping.input),
    header: {},
    timeoutMs: 0,
  });
  for (let burst = 0; burst < bursts; burst++) {
    await Promise.all(Array.from({ length: callsAtOnce }, () => new Promise<CallResult>(send)));
  }
}

const rehearsalBursts = 20;

/**
 * Sends unary calls to a server of this very thread, which answers all of them with an empty message, until
 * the code that sends, receives and records is compiled: the first calls to the server that is measured
 * would have its time in their latency.
 *
 * @param createSender makes a sender like the load's, with another driver
 */
export async function rehearse(
  combination: Combination,
  createSender: (driver: Driver) => Sender,
): Promise<void> {
  const server =
    combination.httpVersion === "2" ? createHttp2Server(answer) : createHttp1Server(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const { protocol, httpVersion, codec, httpGet } = combination;
  const driver = createDriver({
    ...{ protocol, httpVersion, codec, httpGet },
    baseUrl: `http://127.0.0.1:${port}`,
    connections: httpVersion === "2" ? 1 : callsAtOnce,
  });
  const selfWatch = createSelfWatch();
  const recorder = new Recorder({
    ...{ thread: 0, open: false, streaming: false, selfWatch },
    beginMs: performance.now(),
    originMs: monotonicMs(),
    onInterval: () => {},
  });
  const sender = createSender(driver);
  try {
    await driver.connect();
    for (let burst = 0; burst < rehearsalBursts; burst++) {
      const calls = Array.from({ length: callsAtOnce }, (_, index) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const n = burst * callsAtOnce + index + 1;
        sender.send(recorder, "rehearsal", n, performance.now(), false, resolve);
        return promise;
      });
      await Promise.all(calls);
    }
  } finally {
    selfWatch.close();
    driver.close();
    server.close();
  }
}

/** What requests and responses of both HTTP versions have. */
interface AnyRequest {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  resume(): unknown;
}
interface AnyResponse {
  setHeader(name: string, value: string): unknown;
  addTrailers(trailers: Record<string, string>): void;
  write(chunk: Buffer): boolean;
  end(chunk: Buffer | string): unknown;
}

/** The least that each protocol takes for a success. */
function answer(request: AnyRequest, response: AnyResponse): void {
  // A call by GET has it in its query.
  const got = request.url?.includes("encoding=json") ? "application/json" : "application/proto";
  const { "content-type": type = got } = request.headers;
  request.resume();
  response.setHeader("content-type", type);
  if (type.startsWith("application/grpc-web")) {
    const trailer = Buffer.from("grpc-status: 0\r\n");
    response.end(Buffer.concat([emptyMessage, trailerPrefix(trailer.length), trailer]));
  } else if (type.startsWith("application/grpc")) {
    response.write(emptyMessage);
    response.addTrailers({ "grpc-status": "0" });
    response.end("");
  } else {
    response.end(type.endsWith("json") ? "{}" : "");
  }
}

/** In an envelope: no flags, length 0. */
const emptyMessage = Buffer.alloc(5);

function trailerPrefix(length: number): Buffer {
  const prefix = Buffer.from([0x80, 0, 0, 0, 0]);
  prefix.writeUInt32BE(length, 1);
  return prefix;
}
