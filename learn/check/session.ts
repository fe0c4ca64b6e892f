import type { Exercise } from "../../registry/exercises.ts";
import type { Analytics } from "./after-reply/analytics.ts";
import type { Callers } from "./callers.ts";
import { meantStrategies } from "./decided.ts";
import type { TreeWatch } from "./measure/tree-watch.ts";
import type { LearnerService } from "./process/learner-service.ts";
import type { World } from "./world/world.ts";

/** A learner's service that runs, and those who call it. */
export interface Session {
  readonly exercise: Exercise;
  /** The learner's file, as people read it. */
  readonly file: string;
  readonly service: LearnerService;
  readonly callers: Callers;
  /** The backends. */
  readonly world: World;
  /** Where events go; undefined for an exercise that has none. */
  readonly analytics: Analytics | undefined;
  /** The service's threads and processes. */
  readonly tree: TreeWatch;
}

/** The strategies that the decision may mean; empty when it means none. */
export function decidedStrategies({ exercise, service }: Session): readonly string[] {
  return meantStrategies(exercise, service.decision);
}
