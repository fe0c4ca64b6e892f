import type { Strategy } from "../../../gen/unblock/v1/exercise_pb.ts";
import type { Exercise } from "../../../registry/exercises.ts";
import { Failure } from "../../errors.ts";

/**
 * The strategies of an exercise that need a real engine which this server does not have.
 *
 * @param engines those that it has, as strategies name them in `needs`
 */
export function lackingEngines(exercise: Exercise, engines: readonly string[]): Strategy[] {
  return exercise.allStrategies.filter(({ needs }) => needs !== "" && !engines.includes(needs));
}

/** Says how to start a server that has what a strategy needs. */
export function lacksEngine({ letter, rpc }: Exercise, { name, needs }: Strategy): Failure {
  const flag = `--${needs.toLowerCase().replaceAll("_", "-")}`;
  return new Failure("UNBLOCK_STRATEGY_NOT_SET_UP", {
    strategy: name,
    exercise: letter,
    rpc,
    variable: needs,
    flag,
  });
}
