import { after } from "./after-reply/after.ts";
import type { Analytics } from "./after-reply/analytics.ts";
import { judgeBursts } from "./answers/bursts.ts";
import { judgeEvents } from "./answers/events.ts";
import { fastestMs, taskMs } from "./measure/alone.ts";
import { runBursts } from "./measure/run-bursts.ts";
import { burstMistakes } from "./mistakes/burst-mistakes.ts";
import { whereItRan } from "./place/where-it-ran.ts";
import type { Report } from "./report.ts";
import { decidedStrategies, type Session } from "./session.ts";
import { checkBystander } from "./steps/bystander.ts";
import { checkAfterReply, checkEvent, checkReplyFirst, isLost } from "./steps/event.ts";
import { fail, pass } from "./steps/outcome.ts";
import { checkTime } from "./steps/time.ts";

/** Analytics takes an event of calls at once after this time, in milliseconds. */
const takesMs = 50;

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
  const isFirst = report.add("place", checkReplyFirst(tracked, decidedStrategies(session)));
  // What is lost already need not be measured.
  if (isFirst && (tracked.some(isLost) || (await measureReplies(session, analytics, report)))) {
    await report.make("after-reply", () => checkAfterReply(session, analytics, tracked));
  }
}

/** @returns whether what came of it lets the rest be checked */
async function measureReplies(
  session: Session,
  analytics: Analytics,
  report: Report,
): Promise<boolean> {
  const posted: string[] = [];
  analytics.takeAll((event) => {
    posted.push(event.body);
    void after(takesMs).then(() => event.confirm());
  });
  const measured = await report.attempt("overlap", () => runBursts(session));
  if (measured === undefined) {
    analytics.takeAll(undefined);
    return false;
  }
  const { exercise, service } = session;
  const { alone, best, bursts, crowds } = measured;
  const requests = [...bursts, ...crowds].flatMap((one) => one.requests);
  analytics.takeAll(undefined);
  const wrong = (await judgeBursts(session, measured)) ?? judgeEvents(requests, posted);
  if (wrong !== undefined) {
    return report.add("overlap", fail(wrong.message, wrong.diagnosis));
  }
  const where = whereItRan(exercise, best, fastestMs(alone), taskMs(exercise, alone));
  const { libuvThreads } = service;
  const mistakes = burstMistakes({ exercise, measured, where, decided: [], libuvThreads });
  const message = `${posted.length} events of ${requests.length} calls arrived, each once`;
  const isGood = report.add(
    "overlap",
    mistakes.length > 0 ? fail(message, ...mistakes) : pass(message),
  );
  report.add("time", checkTime(measured, mistakes));
  report.add("bystander", checkBystander(measured, where));
  return isGood;
}
