import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { expect, onTestFinished, vi } from "vitest";

export const waitOptions = { timeout: 20_000, interval: 20 };
/** Much shorter than the poll interval of any limit. */
export const dripMs = 20;

export const hashPath = "/unblock.v1.ExercisesService/ComputeHash";
export const pingPath = "/unblock.v1.VitalsService/Ping";
export const watchPath = "/grpc.health.v1.Health/Watch";
export const grpc = { "content-type": "application/grpc+proto", te: "trailers" };
export const json = { "content-type": "application/json" };

/** Opens an HTTP/2 connection, which is destroyed after the test. */
export function openSession(url: string, options: ClientSessionOptions = {}): ClientHttp2Session {
  const session = connect(url, options);
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** A request over HTTP/2 without an end. */
export class UnendedRequest {
  readonly stream: ClientHttp2Stream;
  /** Resolves when the whole response has arrived. */
  readonly responded: Promise<unknown>;
  /** Header and trailers of the response. */
  readonly fields: IncomingHttpHeaders = {};
  body = "";
  dripped = 0;

  constructor(session: ClientHttp2Session, path: string, headers: Record<string, string>) {
    this.stream = session.request({ ":method": "POST", ":path": path, ...headers });
    this.stream.on("error", () => {});
    this.responded = new Promise((resolve) => this.stream.once("end", resolve));
    for (const event of ["response", "trailers"]) {
      this.stream.on(event, (fields: IncomingHttpHeaders) => Object.assign(this.fields, fields));
    }
    this.stream.on("data", (data) => {
      this.body += data.toString("latin1");
    });
  }

  /** Sends one byte at a time until the server closes the stream. */
  drip(): this {
    const timer = setInterval(() => {
      this.stream.write("x");
      this.dripped++;
    }, dripMs);
    this.stream.once("close", () => clearInterval(timer));
    return this;
  }

  /** Waits until the stream is closed without an error. */
  async assertClosed(): Promise<void> {
    await vi.waitUntil(() => this.stream.destroyed, waitOptions);
    expect(this.stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  }
}

/** Sends a complete Ping. */
export function ping(session: ClientHttp2Session): UnendedRequest {
  const request = new UnendedRequest(session, pingPath, json);
  request.stream.end("{}");
  return request;
}

/** Asserts that a connection still serves calls. */
export async function assertServes(session: ClientHttp2Session): Promise<void> {
  const pinged = ping(session);
  await pinged.assertClosed();
  expect(pinged).toMatchObject({ fields: { ":status": 200 }, body: "{}" });
}
