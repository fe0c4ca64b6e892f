/** Waiting with a limit for work that can't be cancelled. */

export class TimedOut extends Error {
  constructor(limitMs: number) {
    super(`no response within ${limitMs} ms`);
  }
}

/** @throws TimedOut after `limitMs`; the work continues */
export async function withTimeout<Result>(limitMs: number, work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimedOut(limitMs)), limitMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejects with the signal's reason if that aborts first; the work continues. */
export async function unlessAborted<Result>(
  ended: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([ended, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

const goingOn = new WeakMap<AbortSignal, Promise<unknown>>();

/** Records work that continues although its signal has aborted. */
export function noteGoingOn(signal: AbortSignal, ended: Promise<unknown>): void {
  goingOn.set(signal, Promise.allSettled([goingOn.get(signal), ended]));
}

/** Resolves when all work recorded for a signal has ended; undefined when there is none. */
export function workGoingOn(signal: AbortSignal): Promise<unknown> | undefined {
  return goingOn.get(signal);
}
