import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { monotonicMs } from "../../registry/clock.ts";
import type { Call, ServedExercise } from "../../server/exercises/exercise.ts";
import type { LearnerModule } from "./learner-module.ts";

/** How a call of the learner's handler ended. */
export interface HandlerEnd {
  /** Whether its signal had aborted by then. */
  readonly aborted: boolean;
  readonly outcome: "answered" | "failed";
  /** Whether it gave a promise. */
  readonly isAsync: boolean;
  /** What it threw; undefined when it did not. */
  readonly error: unknown;
}

/** Told when a call of the learner's handler begins; what it gives back is told how it ended. */
export type OnCall = () => (end: HandlerEnd) => void;

/** Answers an exercise with the learner's handler, whatever strategy a call asks for. */
export function withLearner(
  { exercise, handler: { validate } }: ServedExercise,
  { handler }: LearnerModule,
  onCall: OnCall,
): ServedExercise {
  const run = async (request: MessageShape<DescMessage>, { signal }: Call) => {
    const beganMs = monotonicMs();
    const onEnd = onCall();
    let isAsync = false;
    try {
      const answer = handler(request, signal);
      isAsync = answer instanceof Promise;
      const value: MessageInitShape<DescMessage> = await answer;
      onEnd({ aborted: signal.aborted, outcome: "answered", isAsync, error: undefined });
      const ranOn = { place: "learner", pid: process.pid };
      return { value, ranOn, beganMs, timing: [{ name: "work", ms: monotonicMs() - beganMs }] };
    } catch (error) {
      onEnd({ aborted: signal.aborted, outcome: "failed", isAsync, error });
      throw error;
    }
  };
  const strategies = Object.fromEntries(exercise.strategies.map(({ name }) => [name, run]));
  return { exercise, handler: { validate, strategies } };
}
