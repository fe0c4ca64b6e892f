import { cpuFolders, readQuota, readThrottling } from "@unblock/measure/cgroup";
import { type Diagnosis, type DiagnosisWatch, inWords, rounded, times } from "./diagnosis.ts";

/** Shorter throttling is not reported, in milliseconds. */
const minMs = 100;

/** Finds that the CPU limit of this process's cgroup, or of one around it, stopped the process. */
export class ThrottlingWatch implements DiagnosisWatch {
  readonly #groups = cpuFolders().flatMap((folder) => {
    const before = readThrottling(folder);
    return before === undefined ? [] : [{ folder, before }];
  });

  diagnoses(): Diagnosis[] {
    const throttled = this.#groups.map(({ folder, before }) => {
      const now = readThrottling(folder) ?? before;
      return { folder, periods: now.periods - before.periods, ms: now.ms - before.ms };
    });
    const [worst] = throttled.sort((a, b) => b.ms - a.ms);
    if (worst === undefined || worst.ms < minMs) {
      return [];
    }
    const { folder, periods, ms } = worst;
    // Undefined if the limit has been lifted since.
    const quota = readQuota(folder);
    const limit =
      quota === undefined
        ? ", by its cgroup's CPU limit"
        : `: its cgroup may use ${rounded(quota.quotaMs)} ms of CPU in each ${rounded(quota.periodMs)} ms, and wanted more`;
    return [
      {
        name: "cpu-throttled",
        finding: `The system kept the process from computing ${times(periods)}, for ${inWords(ms)} in all${limit}. All of its threads wait then, however little each has to do.`,
        nextStep:
          "Give the container more CPU, or compute less or in fewer threads at once: moving work off the event loop does not help, as all threads share the limit.",
        numbers: {
          throttled_periods: periods,
          throttled_ms: rounded(ms),
          ...(quota && { quota_ms: rounded(quota.quotaMs), period_ms: rounded(quota.periodMs) }),
        },
      },
    ];
  }
}
