/** What a learner's file may take before it is ended, and what the check itself may. Times in ms. */

/** Backends, threads and processes start: ours, so longer is the machine's affair. */
export const openMs = 60_000;
/** To load the file: it exports, and does no work. */
export const importMs = 10_000;
/** One call, whose work takes a few hundred ms at most. */
export const callMs = 10_000;
/** Calls of a burst have this deadline: who has not answered then, does not. */
export const burstDeadlineMs = 20_000;
/** All calls of a burst, also one after another on a busy machine. */
export const burstMs = 30_000;
/** What the service itself tells of what it saw. */
export const askMs = 10_000;
/** To end all that the service started, at once. */
export const endMs = 20_000;
/** From SIGTERM to the end of the process. */
export const stopMs = 15_000;

/** V8's heap of each thread, in MiB. */
export const heapMb = 256;
/** The whole process, in MiB: sixteen threads and more take some 500. */
export const memoryMb = 1_536;
/** The service with all that it started, in MiB. */
export const mostTreeMb = 4_096;
/** What is printed, in bytes. */
export const outputBytes = 1_000_000;
/** The service, what it started, and what that started, at once; some ten of them are the service's own. */
export const mostProcesses = 200;
