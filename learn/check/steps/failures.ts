import { judgeTroubles } from "../answers/troubles.ts";
import { planOf } from "../plan.ts";
import type { Session } from "../session.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

/** What does a caller hear when the backend fails, has nothing, or is slow? */
export async function checkFailures(session: Session): Promise<Outcome> {
  const wrong = await judgeTroubles(session);
  if (wrong !== undefined) {
    return fail(wrong.message, wrong.diagnosis);
  }
  const troubles = planOf(session.exercise).troubles.map(({ what }) => what);
  return pass(`callers hear the truth when ${troubles.join(", when ")}`);
}
