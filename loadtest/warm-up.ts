import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { monotonicMs } from "@unblock/measure/clock";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { type Combination, createDriver } from "./drivers/create-driver.ts";
import type { CallResult, Driver } from "./drivers/driver.ts";
import { envelope } from "./drivers/wire.ts";
import { createSelfWatch } from "./run/judge.ts";
import { Recorder } from "./run/recorder.ts";
import type { Sender } from "./run/sender.ts";

const callsPerBurst = 50;
const warmUpBursts = 30;
const rehearsalBursts = 20;

/**
 * Calls Ping of this project's server until the code of both sides is compiled. Before that, any call
 * takes several times as long.
 */
export async function warmUp(driver: Driver): Promise<void> {
  const { ping } = VitalsService.method;
  const send = driver.prepare({
    method: ping,
    request: create(ping.input),
    header: {},
    timeoutMs: 0,
  });
  for (let burst = 0; burst < warmUpBursts; burst++) {
    await Promise.all(
      Array.from({ length: callsPerBurst }, () => new Promise<CallResult>((done) => send(done))),
    );
  }
}

/**
 * Sends unary calls to a server in this thread, which returns empty messages, until the client's code
 * is compiled. Otherwise the first calls to the measured server would include that time.
 *
 * @param createSender creates a sender like that of the load
 */
export async function rehearse(
  { protocol, httpVersion, codec, httpGet }: Combination,
  createSender: (driver: Driver, recorder: Recorder, seed: string) => Sender,
): Promise<void> {
  const server = httpVersion === "2" ? createHttp2Server(respond) : createHttp1Server(respond);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const driver = createDriver({
    ...{ protocol, httpVersion, codec, httpGet },
    baseUrl: `http://127.0.0.1:${port}`,
    connections: httpVersion === "2" ? 1 : callsPerBurst,
  });
  const selfWatch = createSelfWatch();
  const recorder = new Recorder({
    ...{ thread: 0, open: false, streaming: false, selfWatch },
    startMs: performance.now(),
    originMs: monotonicMs(),
    onInterval: () => {},
  });
  const send = createSender(driver, recorder, "rehearsal");
  try {
    await driver.connect();
    for (let burst = 0; burst < rehearsalBursts; burst++) {
      const calls = Array.from({ length: callsPerBurst }, (_, index) => {
        const n = burst * callsPerBurst + index + 1;
        return new Promise<void>((done) => send(n, performance.now(), false, done));
      });
      await Promise.all(calls);
    }
  } finally {
    selfWatch.close();
    driver.close();
    server.close();
  }
}

/** What requests and responses of both HTTP versions have in common. */
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

const emptyMessage = envelope(Buffer.alloc(0));
const webTrailers = envelope(Buffer.from("grpc-status: 0\r\n"));
webTrailers[0] = 0x80;

/** The smallest successful response of each protocol. */
function respond(request: AnyRequest, response: AnyResponse): void {
  // A call by GET has its codec in the query.
  const ofGet = request.url?.includes("encoding=json") ? "application/json" : "application/proto";
  const { "content-type": type = ofGet } = request.headers;
  request.resume();
  response.setHeader("content-type", type);
  if (type.startsWith("application/grpc-web")) {
    response.end(Buffer.concat([emptyMessage, webTrailers]));
  } else if (type.startsWith("application/grpc")) {
    response.write(emptyMessage);
    response.addTrailers({ "grpc-status": "0" });
    response.end("");
  } else {
    response.end(type.endsWith("json") ? "{}" : "");
  }
}
