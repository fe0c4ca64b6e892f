import type { Job } from "bullmq";
import type { JobData } from "./protocol.ts";

/**
 * Lets a failed job be tried again, with all its attempts: it may be that the reason for the failures is gone.
 * Does nothing when somebody else just did so.
 */
export async function retryFromStart(job: Job<JobData>): Promise<void> {
  try {
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    if ((await job.getState()) === "failed") {
      throw error;
    }
  }
}
