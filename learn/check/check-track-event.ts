import type { Analytics } from "./after-reply/analytics.ts";
import { fastestMs, taskMs } from "./measure/alone.ts";
import { runBursts } from "./measure/run-bursts.ts";
import { whereItRan } from "./place/where-it-ran.ts";
import type { Report } from "./report.ts";
import { decidedStrategies, type Session } from "./session.ts";
import { checkBystander } from "./steps/bystander.ts";
import { checkAfterReply, checkEvent, checkReplyFirst, isLost } from "./steps/event.ts";
import { checkTime } from "./steps/time.ts";

/** An event that is not there so long after its reply does not come, in milliseconds. */
const comesMs = 3_000;

/** Checks a handler whose work comes after its reply. */
export async function checkTrackEvent(
  session: Session,
  analytics: Analytics,
  report: Report,
): Promise<void> {
  const seen = await report.attempt("answer", () => checkEvent(session, analytics));
  if (seen === undefined || !report.add("answer", seen.answer)) {
    return;
  }
  const { tracked } = seen;
  if (!report.add("place", checkReplyFirst(tracked, decidedStrategies(session)))) {
    return;
  }
  // What is lost already need not be measured.
  if (tracked.some(isLost) || (await measureReplies(session, analytics, report))) {
    await report.make("after-reply", () => checkAfterReply(session, analytics, tracked));
  }
}

/** @returns whether it came to an end */
async function measureReplies(
  session: Session,
  analytics: Analytics,
  report: Report,
): Promise<boolean> {
  const measured = await report.attempt("time", () => runBursts(session));
  if (measured === undefined) {
    return false;
  }
  const { exercise } = session;
  const { alone, best, bursts } = measured;
  await analytics.confirmNext(bursts.length * exercise.burst.calls, comesMs);
  const where = whereItRan(exercise, best, fastestMs(alone), taskMs(exercise, alone));
  report.add("time", checkTime(measured, []));
  report.add("bystander", checkBystander(measured, where));
  return true;
}
