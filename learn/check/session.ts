import type { Exercise } from "../../registry/exercises.ts";
import type { Callers } from "./callers.ts";
import type { LearnerService } from "./process/learner-service.ts";

/** A learner's service that runs, and those who call it. */
export interface Session {
  readonly exercise: Exercise;
  /** The learner's file, as people read it. */
  readonly file: string;
  readonly service: LearnerService;
  readonly callers: Callers;
}

/** The strategy that the decision names; undefined when it names none of the exercise's. */
export function decidedStrategy({ exercise, service }: Session): string | undefined {
  const decided = service.decision?.strategy;
  return exercise.strategies.find(({ name }) => name === decided)?.name;
}
