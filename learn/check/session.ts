import { setTimeout } from "node:timers/promises";
import { fromBinary, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { type Connection, openConnection } from "../../client/client.ts";
import { codeName } from "../../client/code-name.ts";
import { type GetVitalsResponse, VitalsService } from "../../gen/unblock/v1/vitals_pb.ts";
import { type Burst, fireBurst } from "../../loadtest/burst.ts";
import { type Bystander, createBystander } from "../../loadtest/bystander.ts";
import { createDriver } from "../../loadtest/drivers/create-driver.ts";
import type { Driver } from "../../loadtest/drivers/driver.ts";
import { prefixBytes } from "../../loadtest/drivers/envelope.ts";
import { warmUp } from "../../loadtest/warm-up.ts";
import type { Exercise } from "../../registry/exercises.ts";
import type { Analytics } from "./analytics/analytics.ts";
import { meantStrategies } from "./decision.ts";
import type { TreeWatch } from "./measure/system.ts";
import type { LearnerService } from "./process/learner-service.ts";
import type { World } from "./world/world.ts";

/** A learner's service that runs, and those who call it. */
export interface Session {
  readonly exercise: Exercise;
  /** The learner's file, as people read it. */
  readonly file: string;
  readonly service: LearnerService;
  readonly callers: Callers;
  /** The backends. */
  readonly world: World;
  /** Where events go; undefined for an exercise that has none. */
  readonly analytics: Analytics | undefined;
  /** The service's threads and processes. */
  readonly tree: TreeWatch;
}

/** The strategies that the decision may mean; empty when it means none. */
export function decidedStrategies({ exercise, service }: Session): readonly string[] {
  return meantStrategies(exercise, service.decision);
}

/** Between two questions for vitals that are not known, in milliseconds. */
const pollMs = 50;

/** How one call was answered. */
export interface Reply {
  /** "ok", or the code's name, such as "internal". */
  readonly code: string;
  /** What the server says of a failure. */
  readonly message: string;
  /** As protobuf JSON; null for a failure. */
  readonly body: JsonValue;
  /** How long it took, of calls at once; undefined of a call alone. */
  readonly ms?: number;
}

/** Calls at once, and how each was answered, in the order of the requests. */
export interface Fired {
  readonly burst: Burst;
  readonly replies: readonly Reply[];
}

/** Everybody who calls the learner's service. */
export class Callers {
  readonly #exercise: Exercise;
  readonly #connection: Connection;
  readonly #vitals: Client<typeof VitalsService>;
  readonly #driver: Driver;
  readonly #bystander: Bystander;
  #window = "";

  private constructor(
    exercise: Exercise,
    connection: Connection,
    driver: Driver,
    bystander: Bystander,
  ) {
    this.#exercise = exercise;
    this.#connection = connection;
    this.#vitals = createClient(VitalsService, connection.transport);
    this.#driver = driver;
    this.#bystander = bystander;
  }

  /**
   * Connects them, and calls until the code of both sides is compiled.
   *
   * @param signal aborts when the service has ended: they close then, also in the middle of connecting
   */
  static async open(exercise: Exercise, baseUrl: string, signal: AbortSignal): Promise<Callers> {
    const driver = createDriver({ baseUrl, protocol: "grpc" });
    const bystander = await createBystander(baseUrl, signal);
    const callers = new Callers(exercise, openConnection({ baseUrl }), driver, bystander);
    const close = () => void callers.close();
    signal.addEventListener("abort", close, { once: true });
    await driver.connect();
    await warmUp(driver);
    signal.removeEventListener("abort", close);
    return callers;
  }

  /** Makes one call, and reads its answer. @param signal its abort hangs up */
  async call(request: JsonValue, signal?: AbortSignal): Promise<Reply> {
    const { method } = this.#exercise;
    const input = fromJson(method.input, request);
    try {
      const { message } = await this.#connection.transport.unary(
        method,
        signal,
        undefined,
        undefined,
        input,
      );
      const body = toJson(method.output, message, { alwaysEmitImplicit: true });
      return { code: "ok", message: "", body };
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      return { code: codeName(code), message: rawMessage, body: null };
    }
  }

  /** Makes all calls at once, while the bystander calls. @param timeoutMs the deadline of the nth, from 0 */
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
    const burst = await fireBurst(sends, this.#bystander);
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

  /** What the server felt since the window began. */
  vitals(): Promise<GetVitalsResponse> {
    return this.#knownVitals(false);
  }

  /** Begins a new window. @returns what was felt until then */
  restartWindow(): Promise<GetVitalsResponse> {
    return this.#knownVitals(true);
  }

  /** The latencies of the bystander in that time, in milliseconds. */
  async bystand(time: Promise<void>): Promise<readonly number[]> {
    this.#bystander.start();
    await time;
    return this.#bystander.stop();
  }

  /** Asks until nothing is missing: to count what a busy machine's backends have not told would be wrong. */
  async #knownVitals(restartWindow: boolean): Promise<GetVitalsResponse> {
    for (;;) {
      const vitals = await this.#vitals.getVitals({ window: this.#window, restartWindow });
      this.#window = vitals.window;
      if (vitals.unknown.length === 0) {
        return vitals;
      }
      await setTimeout(pollMs);
    }
  }

  async close(): Promise<void> {
    this.#driver.close();
    this.#connection.close();
    await this.#bystander.close();
  }
}
