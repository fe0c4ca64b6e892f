import type { ConnectRouter, MethodImpl } from "@connectrpc/connect";
import { callerKey } from "@unblock/connect/adapter/exchange";
import { checkField, Failure, type FieldViolation } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";
import type { Ran, RanOn, TimingStep } from "@unblock/executors/executor";
import type { ServedExercise } from "@unblock/exercises/exercise";
import { monotonicMs } from "@unblock/measure/clock";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import type { Strategy } from "@unblock/proto/gen/exercise";
import { idempotencyKeyOf } from "./idempotency-key.ts";

const strategyHeader = "unblock-strategy";

/**
 * Serves every exercise of the schema with the strategy that the call's header names.
 *
 * @param external external backends of the server, as strategies name them in `needs`
 */
export function routeExercises(
  router: ConnectRouter,
  served: readonly ServedExercise[],
  external: readonly string[],
  onRan: (ran: Ran<unknown>) => void,
): void {
  for (const { exercise, handler } of served) {
    const lacking = lackingStrategies(exercise, external);
    const { maxRequestBytes } = handler;
    const limits = maxRequestBytes === undefined ? {} : { readMaxBytes: maxRequestBytes };
    const serve: MethodImpl<typeof exercise.method> = async (request, context) => {
      const { requestHeader, responseHeader, signal, values } = context;
      const strategy = requestHeader.get(strategyHeader) ?? exercise.recommended;
      const run = Object.hasOwn(handler.strategies, strategy)
        ? handler.strategies[strategy]
        : undefined;
      if (!run) {
        throw unknownStrategy(exercise, lacking, strategy);
      }
      const lacks = lacking.find(({ name }) => name === strategy);
      if (lacks) {
        throw lacksBackend(exercise, lacks);
      }
      const timeoutMs = context.timeoutMs();
      const deadlineMs = timeoutMs === undefined ? undefined : monotonicMs() + timeoutMs;
      const ran = await run(request, {
        signal,
        connection: values.get(callerKey)?.connection,
        deadlineMs,
        idempotencyKey: idempotencyKeyOf(context, exercise.method.input, request),
      });
      onRan(ran);
      const { value, ranOn, beganMs, timing, cpuMs, facts = {} } = ran;
      responseHeader.set(strategyHeader, strategy);
      responseHeader.set("unblock-ran-on", formatRanOn(ranOn));
      // On the machine's monotonic clock, so that a local client can place the steps in time.
      responseHeader.set("unblock-began", beganMs.toFixed(3));
      responseHeader.set("server-timing", formatTiming(timing));
      if (cpuMs !== undefined) {
        responseHeader.set("unblock-cpu-ms", cpuMs.toFixed(3));
      }
      for (const [name, fact] of Object.entries(facts)) {
        responseHeader.set(name, fact);
      }
      return value;
    };
    router.rpc(exercise.method, serve, limits);
  }
}

function unknownStrategy(
  { letter, rpc, allStrategies }: Exercise,
  lacking: readonly Strategy[],
  strategy: string,
): Failure {
  const names = allStrategies
    .filter((one) => !lacking.includes(one))
    .map(({ name }) => name)
    .join(", ");
  return new Failure("UNBLOCK_STRATEGY_UNKNOWN", {
    exercise: letter,
    rpc,
    strategy: quote(strategy),
    known: names,
  });
}

function formatRanOn({ executor, pid, thread }: RanOn): string {
  return `${executor};pid=${pid}${thread === undefined ? "" : `;thread=${thread}`}`;
}

/** @see https://www.w3.org/TR/server-timing/ */
function formatTiming(timing: readonly TimingStep[]): string {
  return timing.map(({ name, ms }) => `${name};dur=${Math.max(0, ms).toFixed(3)}`).join(", ");
}

/**
 * Returns the strategies of an exercise whose external backend this server lacks.
 *
 * @param external external backends of the server, as strategies name them in `needs`
 */
export function lackingStrategies(exercise: Exercise, external: readonly string[]): Strategy[] {
  return exercise.allStrategies.filter(({ needs }) => needs !== "" && !external.includes(needs));
}

export function lacksBackend({ letter, rpc }: Exercise, { name, needs }: Strategy): Failure {
  const flag = `--${needs.toLowerCase().replaceAll("_", "-")}`;
  return new Failure("UNBLOCK_STRATEGY_NOT_SET_UP", {
    strategy: name,
    exercise: letter,
    rpc,
    variable: needs,
    flag,
  });
}

/** Checks that the field `exercise` of a request has the letter of one. */
export function checkExercise(letter: string): FieldViolation[] {
  const letters = exercises.map((one) => one.letter);
  const expected = `to be one of ${letters.join(", ")}, got ${quote(letter)}`;
  return checkField("exercise", letters.includes(letter), expected);
}
