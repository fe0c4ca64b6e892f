import { setTimeout as sleep } from "node:timers/promises";

/**
 * Passes messages on, and ends when none has come for `idleMs` milliseconds.
 *
 * @param stopSignal its abort ends the wait for a message
 * @throws the reason of `stopSignal`
 */
export async function* untilIdle<Message>(
  messages: AsyncIterable<Message>,
  idleMs: number,
  stopSignal: AbortSignal,
): AsyncGenerator<Message> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextWithin(iterator, idleMs, stopSignal);
      if (next === undefined || next.done) {
        return;
      }
      yield next.value;
    }
  } finally {
    // Not awaited: it would wait for the message that does not come.
    iterator.return?.()?.catch(() => {});
  }
}

/** Returns undefined when nothing has come in time. */
async function nextWithin<Message>(
  iterator: AsyncIterator<Message>,
  idleMs: number,
  stopSignal: AbortSignal,
): Promise<IteratorResult<Message> | undefined> {
  const arrived = new AbortController();
  const signal = AbortSignal.any([arrived.signal, stopSignal]);
  const idle = sleep(idleMs, undefined, { signal, ref: false });
  const next = iterator.next();
  // The one that comes second has nobody who waits for it.
  next.catch(() => {});
  idle.catch(() => {});
  try {
    return await Promise.race([next, idle]);
  } catch (error) {
    throw stopSignal.aborted ? stopSignal.reason : error;
  } finally {
    arrived.abort();
  }
}
