import { leftBehind } from "../mistakes/left-behind.ts";
import type { LearnerService } from "../process/learner-service.ts";
import type { World } from "../world/world.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

/** Does the service stop when it is asked to, and does all that it started end with it? */
export async function checkStop(service: LearnerService, world: World): Promise<Outcome> {
  const left = await service.stop();
  world.holdings.throwTampering();
  if (left.length === 0) {
    return pass("it stops when it is asked to, and no process is left");
  }
  const [first] = left;
  const processes = left.length === 1 ? "1 process was" : `${left.length} processes were`;
  const message = `${processes} still there after the service, such as: ${first?.command}`;
  return fail(message, leftBehind(message, left.length));
}
