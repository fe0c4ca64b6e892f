/** A task that takes longer will never end, in milliseconds. */
export const longestTaskMs = 60_000;

/**
 * How much JavaScript memory a thread or a process of a place may have, in MiB. A task that wants more
 * fails, and its thread or process with it, before it takes the memory of everybody; Node's own bound
 * is up to 4 GiB for each of them. The exercises need 20 at most, for the largest picture.
 *
 * What Buffers and typed arrays hold is outside V8's heap and not bounded by this. And where V8 can't
 * stop in the middle of a step, such as the growing of a Map of millions, a thread that reaches the
 * bound ends the whole server with it; a process never does.
 */
export const maxHeapMib = 256;

/**
 * How long a place waits, when it closes, for tasks that nobody waits for any more, in milliseconds.
 * They were told to stop before, so what runs on then is ended with its thread or process.
 */
export const closeMs = 100;

/**
 * A thread or process that was made to end and has not after this time, in milliseconds, is stuck: most
 * likely blocked in the kernel, by a disk that hangs, where nothing can end it.
 */
export const stuckMs = 2_000;

/**
 * How many stuck threads or processes of a place are replaced while they have not ended. What they hang in
 * may well be waiting for their replacements too, so a hang may cost memory and threads for a quarter more
 * than the place has, at least one, and no more than that.
 */
export function sparesFor(size: number): number {
  return Math.ceil(size / 4);
}

/** How long nothing is started after what ended at its start, in milliseconds. */
export const restMs = 1_000;
