import type { DescMethod } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { ExecutorVitals, Ran } from "@unblock/executors/executor";
import type { EventLoopVitals } from "@unblock/measure/event-loop";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CallObserver } from "../adapter/routes.ts";
import { codeName } from "../code-name.ts";
import { registerEventLoop, registerLibuvPool, secondsBuckets } from "./process-metrics.ts";

export interface MetricsSources {
  readonly executors: () => readonly ExecutorVitals[];
  readonly eventLoop: EventLoopVitals;
  /** Calls of the exercises whose work has not ended. */
  readonly callsInProgress: () => number;
}

/** The server's metrics. Reading resets nothing, so any number of scrapers may read them. */
export interface Metrics {
  /** Counts and times calls. */
  readonly observer: CallObserver;
  /** Counts a request that names no RPC. */
  unknownRpc(): void;
  /** Records the steps of a call in its executor. */
  ran(ran: Pick<Ran<unknown>, "ranOn" | "timing">): void;
  readonly contentType: string;
  /** Returns the metrics in Prometheus' text format, within a second whatever hangs. */
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
    help: "Requests for an RPC that ended, by the code of the response.",
    labelNames: ["service", "method", "code"],
    registers,
    collect() {
      this.reset();
      for (const [method, { byCode }] of ended) {
        for (const [code, calls] of byCode) {
          this.inc({ ...labelsOf(method), code: code === ok ? "ok" : codeName(code) }, calls);
        }
      }
      // Callers choose the names of unknown RPCs, so these make no labels.
      this.inc(
        { service: "unknown", method: "unknown", code: codeName(Code.Unimplemented) },
        unknownRpcs,
      );
    },
  });
  const duration = new Histogram({
    name: "rpc_server_duration_seconds",
    help: "Time from the request header to the response, or to the end of a stream.",
    labelNames: ["service", "method"],
    buckets: secondsBuckets,
    registers,
  });
  new Gauge({
    name: "rpc_server_in_progress",
    help: "Calls without a response, and streams that have not ended.",
    registers,
    collect() {
      this.set(inProgress);
    },
  });
  new Gauge({
    name: "unblock_calls_in_progress",
    help: "Calls of the exercises whose work has not ended, with or without a response.",
    registers,
    collect() {
      this.set(sources.callsInProgress());
    },
  });
  const steps = new Histogram({
    name: "unblock_executor_step_seconds",
    help: "Time of calls by executor and step (queue, work, download).",
    labelNames: ["executor", "step"],
    buckets: secondsBuckets,
    registers,
  });
  registerExecutors(sources, registers);
  registerEventLoop(sources.eventLoop, registers);
  registerLibuvPool(registers);

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
        steps.observe({ executor: ranOn.executor, step: name }, Math.max(0, ms) / 1_000);
      }
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/** Ended calls of an RPC. Looking up the labels per call would cost more than counting it. */
interface EndedCalls {
  readonly byCode: Map<Code | typeof ok, number>;
  readonly durations: Histogram.Internal<"service" | "method">;
}

/** gRPC's code of success, for which Connect has no name. */
const ok = 0;

function labelsOf({ parent, name }: DescMethod): { service: string; method: string } {
  return { service: parent.typeName, method: name };
}

function registerExecutors({ executors }: MetricsSources, registers: Registry[]): void {
  const gauge = (name: string, help: string, value: (executor: ExecutorVitals) => number) =>
    new Gauge({
      name: `unblock_executor_${name}`,
      help,
      labelNames: ["executor"],
      registers,
      collect() {
        for (const executor of executors()) {
          this.set({ executor: executor.name }, value(executor));
        }
      },
    });
  const counter = (name: string, help: string, value: (executor: ExecutorVitals) => number) =>
    new Counter({
      name: `unblock_executor_${name}_total`,
      help,
      labelNames: ["executor"],
      registers,
      collect() {
        this.reset();
        for (const executor of executors()) {
          this.inc({ executor: executor.name }, value(executor));
        }
      },
    });
  gauge("size", "Slots of the executor.", ({ size }) => size);
  gauge("running", "Tasks that are running.", ({ running }) => running);
  gauge("stuck", "Cancelled tasks that do not end and hold their slots.", ({ stuck }) => stuck);
  gauge("queued", "Tasks that wait for a slot.", ({ queued }) => queued);
  counter("completed", "Tasks that succeeded.", ({ completed }) => completed);
  counter("failed", "Tasks that failed.", ({ failed }) => failed);
  counter(
    "rejected",
    "Tasks that were rejected because the queue was full.",
    ({ rejected }) => rejected,
  );
  counter(
    "cancelled",
    "Tasks that were cancelled while they waited.",
    ({ cancelled }) => cancelled,
  );
  counter("cpu_seconds", "CPU time of the tasks.", ({ cpuMs }) => cpuMs / 1_000);
}
