import { setTimeout } from "node:timers/promises";
import { fromBinary, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { type Connection, openConnection } from "@unblock/client/client";
import { codeName } from "@unblock/connect/code-name";
import { type Burst, fireBurst } from "@unblock/loadtest/burst";
import { createDriver } from "@unblock/loadtest/drivers/create-driver";
import type { Driver } from "@unblock/loadtest/drivers/driver";
import { prefixBytes } from "@unblock/loadtest/drivers/wire";
import { createProbe, type Probe } from "@unblock/loadtest/probe";
import { warmUp } from "@unblock/loadtest/warm-up";
import type { Exercise } from "@unblock/proto/exercises";
import { type GetVitalsResponse, VitalsService } from "@unblock/proto/gen/vitals";
import { callMs } from "./faults.ts";
import type { TreeWatch } from "./measure/system.ts";
import type { LearnerService } from "./process/learner-service.ts";
import type { Analytics } from "./world/analytics.ts";
import type { World } from "./world/world.ts";

/** A running service with a learner's handler, its backends, and its callers. */
export interface Session {
  readonly exercise: Exercise;
  /** The learner's file, as shown to people. */
  readonly file: string;
  readonly service: LearnerService;
  readonly callers: Callers;
  readonly world: World;
  /** Receives events; undefined for an exercise without any. */
  readonly analytics: Analytics | undefined;
  readonly tree: TreeWatch;
}

/** The same for an exercise with events. */
export interface EventSession extends Session {
  readonly analytics: Analytics;
}

/** Interval between requests for vitals that the server does not know yet. */
const pollMs = 50;

/** Response to one call. */
export interface Reply {
  /** "ok", or the name of an error code such as "internal". */
  readonly code: string;
  /** Error message of a failed call. */
  readonly message: string;
  /** As protobuf JSON; null for a failed call. */
  readonly body: JsonValue;
  /** Latency of a call in a burst; undefined for a single call. */
  readonly ms?: number;
}

/**
 * Makes one call.
 *
 * @param signal its abort disconnects the client
 * @param when continues the message about an exceeded limit, such as " when the cache is slow"
 * @throws LearnerFault when it exceeds its limit
 */
export function makeCall(
  { service, callers }: Session,
  request: JsonValue,
  signal?: AbortSignal,
  when = "",
): Promise<Reply> {
  const what = `did not answer ${JSON.stringify(request)}${when}`;
  return service.within(callMs, what, callers.call(request, signal));
}

/** A burst with its responses, in the order of the requests. */
export interface Fired {
  readonly burst: Burst;
  readonly replies: readonly Reply[];
}

/** The clients of the learner's service. */
export class Callers {
  readonly #exercise: Exercise;
  readonly #connection: Connection;
  readonly #vitals: Client<typeof VitalsService>;
  readonly #driver: Driver;
  readonly #probe: Probe;
  #window = "";

  private constructor(exercise: Exercise, connection: Connection, driver: Driver, probe: Probe) {
    this.#exercise = exercise;
    this.#connection = connection;
    this.#vitals = createClient(VitalsService, connection.transport);
    this.#driver = driver;
    this.#probe = probe;
  }

  /**
   * Connects, and calls until the code of both sides is compiled.
   *
   * @param signal aborts when the service has ended; the clients then close, even while connecting
   */
  static async open(exercise: Exercise, baseUrl: string, signal: AbortSignal): Promise<Callers> {
    const driver = createDriver({ baseUrl, protocol: "grpc" });
    const probe = await createProbe(baseUrl, signal);
    const callers = new Callers(exercise, openConnection({ baseUrl }), driver, probe);
    const close = () => void callers.close();
    signal.addEventListener("abort", close, { once: true });
    await driver.connect();
    await warmUp(driver);
    signal.removeEventListener("abort", close);
    return callers;
  }

  /** Makes one call. @param signal its abort disconnects the client */
  async call(request: JsonValue, signal?: AbortSignal): Promise<Reply> {
    const { method } = this.#exercise;
    const input = fromJson(method.input, request);
    const { transport } = this.#connection;
    try {
      const { message } = await transport.unary(method, signal, undefined, undefined, input);
      const body = toJson(method.output, message, { alwaysEmitImplicit: true });
      return { code: "ok", message: "", body };
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      return { code: codeName(code), message: rawMessage, body: null };
    }
  }

  /** Fires a burst while the probe runs. @param timeoutMs deadline of the call at an index */
  async fire(requests: readonly JsonValue[], timeoutMs: (index: number) => number): Promise<Fired> {
    const { method } = this.#exercise;
    const bodies: Buffer[][] = requests.map(() => []);
    const sends = requests.map((request, index) =>
      this.#driver.prepare({
        method,
        request: fromJson(method.input, request),
        header: {},
        timeoutMs: timeoutMs(index),
        onBody: (chunk) => bodies[index]?.push(Buffer.from(chunk)),
      }),
    );
    const burst = await fireBurst(sends, this.#probe);
    const replies = burst.calls.map(({ code, message, sentMs, endedMs }, index) => ({
      code,
      message,
      ms: endedMs - sentMs,
      body: code === "ok" ? this.#decode(Buffer.concat(bodies[index] ?? [])) : null,
    }));
    return { burst, replies };
  }

  #decode(body: Buffer): JsonValue {
    const { output } = this.#exercise.method;
    const message = fromBinary(output, body.subarray(prefixBytes));
    return toJson(output, message, { alwaysEmitImplicit: true });
  }

  /** Vitals of the server since the window began; polls until none is missing. */
  async vitals(restartWindow = false): Promise<GetVitalsResponse> {
    for (;;) {
      const vitals = await this.#vitals.getVitals({ window: this.#window, restartWindow });
      this.#window = vitals.window;
      if (vitals.unknown.length === 0) {
        return vitals;
      }
      await setTimeout(pollMs);
    }
  }

  /** Runs the probe alone until `time` resolves. @returns its latencies in milliseconds */
  async probe(time: Promise<void>): Promise<readonly number[]> {
    this.#probe.start();
    await time;
    return this.#probe.stop();
  }

  async close(): Promise<void> {
    this.#driver.close();
    this.#connection.close();
    await this.#probe.close();
  }
}
