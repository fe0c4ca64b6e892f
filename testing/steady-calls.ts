import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

export interface SteadyCalls {
  /** How many calls have been answered so far. */
  readonly answered: number;
  /** Stops, and resolves with what the calls that failed said. */
  stop(): Promise<string[]>;
}

/**
 * Makes calls one after the other in each of several lanes, until it is told to stop.
 *
 * @param spreadMs in which the lanes begin, so that they are never between two calls all at once
 */
export function callSteadily(
  lanes: number,
  spreadMs: number,
  call: () => Promise<unknown>,
): SteadyCalls {
  const failures: string[] = [];
  let answered = 0;
  let isStopped = false;
  const lane = async (index: number) => {
    await sleep((index * spreadMs) / lanes);
    while (!isStopped) {
      try {
        await call();
        answered++;
      } catch (error) {
        failures.push(String(error));
      }
      await nextTurn();
    }
  };
  const ended = Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  return {
    get answered() {
      return answered;
    },
    stop: async () => {
      isStopped = true;
      await ended;
      return failures;
    },
  };
}
