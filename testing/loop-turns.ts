/**
 * How many turns this thread's event loop takes from the start of `work` to its end. None: whoever
 * else wanted something of this thread had to wait for all of it.
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
