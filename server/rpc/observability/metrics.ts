import { stat } from "node:fs/promises";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { PlaceVitals, Ran } from "../../places/place.ts";
import type { EventLoopReading } from "../../vitals/event-loop.ts";
import type { CallObserver } from "../adapter/observer.ts";

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface MetricsSources {
  readonly places: () => readonly PlaceVitals[];
  readonly eventLoop: () => EventLoopReading;
  /** Calls of the exercises whose work has not ended. */
  readonly callsInProgress: () => number;
}

/** What Prometheus asks for. Gauges are read when it asks, not before. */
export interface Metrics {
  /** Counts and times calls. */
  readonly observer: CallObserver;
  /** Counts a request for no RPC of this server. */
  unknownRpc(): void;
  /** Times what a place did for a call. */
  ran(ran: Pick<Ran<unknown>, "ranOn" | "timing">): void;
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
}

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const ended = new Map<DescMethod, EndedCalls>();
  let inProgress = 0;
  let unknownRpcs = 0;
  new Counter({
    name: "rpc_server_handled_total",
    help: "Requests for an RPC that ended, by the code that the caller got.",
    labelNames: ["service", "method", "code"],
    registers,
    collect() {
      this.reset();
      for (const [method, { byCode }] of ended) {
        for (const [code, calls] of byCode) {
          this.inc({ ...labelsOf(method), code: code === ok ? "ok" : codeToString(code) }, calls);
        }
      }
      // Callers choose such names, so they make no labels.
      this.inc(
        { service: "unknown", method: "unknown", code: codeToString(Code.Unimplemented) },
        unknownRpcs,
      );
    },
  });
  const duration = new Histogram({
    name: "rpc_server_duration_seconds",
    help: "Time from the request's header to the response; of a stream, to its end.",
    labelNames: ["service", "method"],
    buckets: secondsBuckets,
    registers,
  });
  new Gauge({
    name: "rpc_server_in_progress",
    help: "Calls that have no response yet, and streams that have not ended.",
    registers,
    collect() {
      this.set(inProgress);
    },
  });
  new Gauge({
    name: "unblock_calls_in_progress",
    help: "Calls of the exercises whose work has not ended, whether they have a response or not.",
    registers,
    collect() {
      this.set(sources.callsInProgress());
    },
  });
  const steps = new Histogram({
    name: "unblock_place_step_seconds",
    help: "What calls waited for and worked on, by place and step (queue, work, download).",
    labelNames: ["place", "step"],
    buckets: secondsBuckets,
    registers,
  });
  gaugePlaces(sources, registers);
  gaugeEventLoop(sources, registers);

  return {
    observer: {
      began: () => {
        inProgress++;
      },
      ended: ({ method, beganMs }, error) => {
        inProgress--;
        let calls = ended.get(method);
        if (calls === undefined) {
          calls = { byCode: new Map(), durations: duration.labels(labelsOf(method)) };
          ended.set(method, calls);
        }
        const code = error?.code ?? ok;
        calls.byCode.set(code, (calls.byCode.get(code) ?? 0) + 1);
        calls.durations.observe((performance.now() - beganMs) / 1_000);
      },
    },
    unknownRpc: () => {
      unknownRpcs++;
    },
    ran: ({ ranOn, timing }) => {
      for (const { name, ms } of timing) {
        steps.observe({ place: ranOn.place, step: name }, Math.max(0, ms) / 1_000);
      }
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/** Of an RPC. To look the labels up for each call would cost more than to count it. */
interface EndedCalls {
  readonly byCode: Map<Code | typeof ok, number>;
  readonly durations: Histogram.Internal<"service" | "method">;
}

/** gRPC's number for success, which Connect has no name for. */
const ok = 0;

function labelsOf({ parent, name }: DescMethod): { service: string; method: string } {
  return { service: parent.typeName, method: name };
}

function gaugePlaces({ places }: MetricsSources, registers: Registry[]): void {
  const gauge = (name: string, help: string, value: (place: PlaceVitals) => number) =>
    new Gauge({
      name: `unblock_place_${name}`,
      help,
      labelNames: ["place"],
      registers,
      collect() {
        for (const place of places()) {
          this.set({ place: place.name }, value(place));
        }
      },
    });
  gauge("size", "Tasks that it runs at once.", ({ size }) => size);
  gauge("running", "Tasks that it runs.", ({ running }) => running);
  gauge("queued", "Tasks that wait for it.", ({ queued }) => queued);
  gauge("completed", "Tasks that succeeded since the start.", ({ completed }) => completed);
  gauge("failed", "Tasks that failed since the start.", ({ failed }) => failed);
  gauge("refused", "Tasks that its full queue refused since the start.", ({ refused }) => refused);
  gauge("withdrawn", "Tasks that left its queue since the start.", ({ withdrawn }) => withdrawn);
  gauge("cpu_seconds", "CPU time of its tasks since the start.", ({ cpuMs }) => cpuMs / 1_000);
}

function gaugeEventLoop({ eventLoop }: MetricsSources, registers: Registry[]): void {
  const gauge = (name: string, help: string, value: () => number | Promise<number>) =>
    new Gauge({
      name: `unblock_${name}`,
      help,
      registers,
      async collect() {
        this.set(await value());
      },
    });
  const perMs = 1 / 1_000;
  gauge(
    "event_loop_delay_p99_seconds",
    "How late the loop came.",
    () => eventLoop().delayP99Ms * perMs,
  );
  gauge(
    "event_loop_delay_max_seconds",
    "How late it came once.",
    () => eventLoop().delayMaxMs * perMs,
  );
  gauge(
    "event_loop_utilization",
    "The part of the time it was not idle.",
    () => eventLoop().utilization,
  );
  // libuv's pool tells nothing of itself; a call that takes no time shows how long its queue is.
  gauge("libuv_canary_seconds", "The time of one fs.stat in libuv's pool.", async () => {
    const beganMs = performance.now();
    await stat(".");
    return (performance.now() - beganMs) * perMs;
  });
}
