import type { Throttling } from "./cpu-quota.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { inWords, rounded, times } from "./numbers.ts";

/** Less in all is no matter, in milliseconds. */
const leastMs = 100;

export function diagnoseThrottling(throttling: Throttling | undefined): Diagnosis | undefined {
  if (throttling === undefined || throttling.ms < leastMs) {
    return undefined;
  }
  const { periods, ms, quotaMs, periodMs } = throttling;
  // The limit may have been lifted since.
  const limit = Number.isFinite(quotaMs) && quotaMs > 0;
  return {
    name: "cpu-throttled",
    finding: `The system kept the process from computing ${times(periods)}, for ${inWords(ms)} in all${limit ? `: its cgroup may use ${rounded(quotaMs)} ms of CPU in each ${rounded(periodMs)} ms, and wanted more` : ", by its cgroup's CPU limit"}. All of its threads wait then, however little each has to do.`,
    nextStep:
      "Give the container more CPU, or compute less or in fewer threads at once: to move work off the event loop does not help, as all threads share the limit.",
    numbers: {
      throttled_periods: periods,
      throttled_ms: rounded(ms),
      ...(limit ? { quota_ms: rounded(quotaMs), period_ms: rounded(periodMs) } : {}),
    },
  };
}
