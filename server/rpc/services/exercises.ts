import type { ConnectRouter } from "@connectrpc/connect";
import type { Exercise } from "../../../registry/exercises.ts";
import { Failure } from "../../errors.ts";
import type { ServedExercise } from "../../exercises/load.ts";
import type { Ran, RanOn, TimingStep } from "../../places/place.ts";

const strategyHeader = "unblock-strategy";

/** Serves every exercise of the schema with the strategy that the call's header names. */
export function routeExercises(
  router: ConnectRouter,
  served: readonly ServedExercise[],
  onRan: (ran: Ran<unknown>) => void,
): void {
  for (const { exercise, handler } of served) {
    router.rpc(exercise.method, async (request, { requestHeader, responseHeader, signal }) => {
      const strategy = requestHeader.get(strategyHeader) ?? exercise.recommended;
      const run = Object.hasOwn(handler.strategies, strategy)
        ? handler.strategies[strategy]
        : undefined;
      if (!run) {
        throw unknownStrategy(exercise, strategy);
      }
      const answer = await run(request, signal);
      onRan(answer);
      const { value, ranOn, beganMs, timing, facts = {} } = answer;
      responseHeader.set(strategyHeader, strategy);
      responseHeader.set("unblock-ran-on", formatRanOn(ranOn));
      // On the machine's monotonic clock: a client on the same machine can draw the steps in time.
      responseHeader.set("unblock-began", beganMs.toFixed(3));
      responseHeader.set("server-timing", formatTiming(timing));
      for (const [name, fact] of Object.entries(facts)) {
        responseHeader.set(name, fact);
      }
      return value;
    });
  }
}

function unknownStrategy({ letter, rpc, strategies }: Exercise, strategy: string): Failure {
  const names = strategies.map(({ name }) => name).join(", ");
  return new Failure(
    "invalid",
    `Exercise ${letter} (${rpc}) has no strategy ${JSON.stringify(strategy.slice(0, 50))}; it has: ${names}.`,
  );
}

function formatRanOn({ place, pid, thread }: RanOn): string {
  return `${place};pid=${pid}${thread === undefined ? "" : `;thread=${thread}`}`;
}

/** @see https://www.w3.org/TR/server-timing/ */
function formatTiming(timing: readonly TimingStep[]): string {
  return timing.map(({ name, ms }) => `${name};dur=${Math.max(0, ms).toFixed(3)}`).join(", ");
}
