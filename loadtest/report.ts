import type { Protocol } from "../client/client.ts";
import type { LoadResult } from "./closed-loop.ts";

export interface LoadDescription {
  readonly rpc: string;
  readonly protocol: Protocol;
  /** null: the server's choice. */
  readonly strategy: string | null;
  readonly concurrency: number;
}

/** The result for machines. */
export function toJson(description: LoadDescription, { wallMs, recorder, places }: LoadResult) {
  return {
    ...description,
    requests: recorder.calls,
    errors: recorder.errors,
    wall_ms: round(wallMs),
    rate: round((recorder.calls / wallMs) * 1_000),
    latency_ms: Object.fromEntries(
      Object.entries(recorder.summary()).map(([name, ms]) => [name, round(ms)]),
    ),
    codes: recorder.codes,
    ran_on: places,
  };
}

/** The result for people. */
export function toText(description: LoadDescription, result: LoadResult): string {
  const { rpc, protocol, strategy, concurrency } = description;
  const { wallMs, recorder, places, firstError } = result;
  const { p50, p90, p99, max } = recorder.summary();
  const rate = (recorder.calls / wallMs) * 1_000;
  const codes = Object.entries(recorder.codes).map(([code, count]) => `${count} ${code}`);
  const ranOn = Object.entries(places).map(([place, count]) => `${place} (${count})`);
  const lines = [
    `${rpc}, ${strategy ?? "recommended strategy"}, ${protocol}, ${concurrency} at a time`,
    `  calls     ${recorder.calls} in ${ms(wallMs)} (${rate.toFixed(1)} a second): ${codes.join(", ")}`,
    `  latency   p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, longest ${ms(max)}`,
  ];
  if (ranOn.length > 0) {
    lines.push(`  ran on    ${ranOn.join(", ")}`);
  }
  if (firstError !== undefined) {
    lines.push(`  the first error: ${firstError}`);
  }
  return `${lines.join("\n")}\n`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
