/** Waiting for what somebody may give up, and the work itself does not know of it. */

/** Nothing was heard in time. */
export class NoAnswer extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}

/** @throws NoAnswer when it takes longer; it goes on all the same */
export async function answeredWithin<Answer>(
  limitMs: number,
  answer: Promise<Answer>,
): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(limitMs)), limitMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejects with the signal's reason when that aborts first; the work goes on all the same. */
export async function unlessAborted<Result>(
  ended: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([ended, aborted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

const goingOn = new WeakMap<AbortSignal, Promise<unknown>>();

/** Notes work that goes on although its signal has aborted and nobody waits for its result. */
export function noteGoingOn(signal: AbortSignal, ended: Promise<unknown>): void {
  goingOn.set(signal, Promise.allSettled([goingOn.get(signal), ended]));
}

/** Resolves when all work has ended that was noted for a signal; undefined when there is none. */
export function workGoingOn(signal: AbortSignal): Promise<unknown> | undefined {
  return goingOn.get(signal);
}
