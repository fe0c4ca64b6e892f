import type { LoadRequest } from "../../gen/unblock/v1/lab_pb.ts";
import type { LoadResult } from "../../loadtest/run/run.ts";
import { errorsOf } from "./figures.ts";

/** What a load came to, in words. */
export function sentenceOf(
  strategy: string,
  { ratePerSecond, durationS }: LoadRequest,
  result: LoadResult,
): string {
  const { latency } = result;
  const load = `With ${strategy}, ${whole(ratePerSecond)} calls a second for ${durationS} s`;
  if (latency.count === 0) {
    return `${load}: no call had an answer.`;
  }
  const errors = errorsOf(result);
  const [mostFrequent] = Object.entries(result.errors).toSorted(([, a], [, b]) => b - a);
  const failed =
    errors === 0
      ? "none failed"
      : `${whole(errors)} of ${whole(latency.count)} failed, most with: ${mostFrequent?.[0]}`;
  const [half, most] = [50, 99].map((percentile) => ms(latency.percentile(percentile)));
  return `${load}: half took ${half} at most, 99 % ${most}; ${failed}.`;
}

function whole(value: number): string {
  return value.toLocaleString("en");
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
