import { burstDeadlineMs } from "../limits.ts";
import { taskMs } from "../measure/alone.ts";
import { gather } from "../measure/evidence.ts";
import type { Measured } from "../measure/measured.ts";
import { planOf } from "../plan.ts";
import type { Session } from "../session.ts";
import { judgeReplies, type Wrong } from "./judge-replies.ts";

/** So many callers leave in the middle, and so many stay. */
const leaving = 2;
const staying = 4;

/** Some callers leave while others wait: do the others have their answers all the same? */
export async function judgeNeighbours(
  session: Session,
  { alone }: Measured,
): Promise<Wrong | undefined> {
  const { exercise, file, world } = session;
  const { burst, givenUp } = planOf(exercise);
  const leavesMs = givenUp[0]?.deadlineMs(taskMs(exercise, alone)) ?? burstDeadlineMs;
  // The last ask for the same as those who leave, whose work they may share.
  const different = Array.from({ length: staying }, (_, n) => burst(n + 1, alone.rounds));
  const all = [...different, ...different.slice(-leaving)];
  // Those who leave are neither the first nor the last.
  const isLeaving = (index: number) => index >= leaving && index < 2 * leaving;
  const { replies, seen, observed } = await gather(session, all, (index) =>
    isLeaving(index) ? leavesMs : burstDeadlineMs,
  );
  const stay = <Item>(items: readonly Item[]) => items.filter((_, index) => !isLeaving(index));
  return judgeReplies({
    exercise,
    file,
    requests: stay(all),
    replies: stay(replies),
    known: { mark: world.mark, asked: seen.asked, answers: alone.answers },
    problem: observed.handler.problem,
    past: [],
  });
}
