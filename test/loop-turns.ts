/**
 * Counts the turns of this thread's event loop from the start of `work` to its end. With 0 everything else in this
 * thread had to wait for all of the work.
 */
export async function countLoopTurns(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  const count = () => {
    turns++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  try {
    await work();
    return turns;
  } finally {
    clearImmediate(next);
  }
}
