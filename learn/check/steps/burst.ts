import type { JsonValue } from "@bufbuild/protobuf";
import type { Diagnosis, DiagnosisName } from "@unblock/diagnose/diagnosis";
import { planOf } from "@unblock/exercises/check-plan";
import { meantStrategies } from "../decision.ts";
import { taskMs } from "../measure/baseline.ts";
import { runBursts } from "../measure/bursts.ts";
import { callsOf, cpuMsOf } from "../measure/evidence.ts";
import { evidenceParts } from "../measure/executor.ts";
import type { Measured } from "../measure/measured.ts";
import { allOverlaps, isTooLittle } from "../measure/overlap.ts";
import { judgeRejections } from "../mistakes/answers.ts";
import { burstMistakes } from "../mistakes/burst-mistakes.ts";
import { fail, inconclusive, type Outcome, pass, type Report } from "../result.ts";
import { makeCall, type Session } from "../session.ts";
import { checkFailures } from "./failures.ts";
import { judgeAsks, judgeReplies } from "./judge-replies.ts";
import { checkSignal } from "./signal.ts";
import {
  checkProbe,
  checkTime,
  haveHung,
  maxTimesWork,
  passIfSeen,
  slowerThanItsWork,
  whyNoTime,
} from "./time.ts";

/** Mistakes of a burst that do not concern where it ran. */
const notOfExecutor: ReadonlySet<DiagnosisName> = new Set([
  "sequential",
  "libuv-pool-saturated",
  "pool-too-small",
]);

/** Calls of a burst whose work is done again to know its result, where nothing else tells it. */
const maxDoneAgain = 4;

/** Checks a handler's single calls and bursts, failing backends, and disconnecting callers. */
export async function checkBurst(session: Session, report: Report): Promise<void> {
  const { exercise, service } = session;
  if (!(await report.make("answer", () => checkAnswer(session)))) {
    return;
  }
  const judged = await report.attempt("overlap", async () => {
    const measured = await runBursts(session);
    return { measured, wrong: await judgeBursts(session, measured) };
  });
  if (judged === undefined) {
    return;
  }
  const { measured, wrong } = judged;
  const mistakes = burstMistakes(measured, meantStrategies(exercise, service.decision));
  if (wrong !== undefined) {
    report.add("overlap", explained(wrong, measured, mistakes));
    return;
  }
  const overlaps = report.add("overlap", checkOverlap(measured, mistakes));
  const isPlaced = report.add("executor", checkExecutor(measured, mistakes));
  report.add("time", checkTime(measured, mistakes));
  report.add("probe", checkProbe(measured));
  if (!overlaps || !isPlaced) {
    return;
  }
  const { cancelled, troubles } = planOf(exercise);
  if (troubles.length > 0) {
    await report.make("failures", () => checkFailures(session));
  }
  if (cancelled.length > 0 && !service.hasDied) {
    await report.make("signal", () => checkSignal(session, measured));
  }
}

/** Is the response right, and the backend's, also a second time? */
async function checkAnswer(session: Session): Promise<Outcome> {
  const { exercise, file, service } = session;
  const { questions, backend } = planOf(exercise);
  const wrong = await judgeQuestions(session);
  if (wrong !== undefined) {
    return wrong;
  }
  const { rejectedListening } = await service.observe();
  if (rejectedListening !== null) {
    return fail(`${file} ${rejectedListening}`);
  }
  const asked = backend === undefined ? "" : `, each asked of the ${backend.name}`;
  return pass(`right for ${questions.length} requests${asked}`);
}

/** Single calls, each in its own window. */
async function judgeQuestions(session: Session): Promise<Outcome | undefined> {
  const { exercise, file, service, world } = session;
  const { questions, backend } = planOf(exercise);
  const requests = questions.map(({ request }) => request);
  const isPicture = exercise.rpc === "PredictImage";
  const answers = await answersTo(session, isPicture ? requests : []);
  const past: JsonValue[][] = [];
  const asked = new Set<string>();
  for (const { request, forget } of questions) {
    await service.begin();
    await world.restart("right", [request], forget);
    const reply = await makeCall(session, request);
    world.holdings.throwTampering();
    const observed = await service.observe();
    const seen = await world.seen();
    const isDatabase = backend?.name === "database";
    const asks = isDatabase
      ? world.holdings.usage(service.pid).query.calls
      : seen.asked.length + seen.uncounted;
    const wrong =
      judgeReplies({
        exercise,
        file,
        requests: [request],
        replies: [reply],
        known: { mark: world.mark, asked: seen.asked, answers },
        problem: observed.handler.problem,
        past,
      }) ??
      judgeAsks(exercise, 1, asks, asked.has(JSON.stringify(request))) ??
      judgeRejections(file, observed);
    if (wrong !== undefined) {
      return wrong;
    }
    if (asks > 0) {
      asked.add(JSON.stringify(request));
    }
    past.push(valuesOf(reply.body));
  }
  return undefined;
}

/** Is each response of each burst right, and was the backend asked for each? */
export async function judgeBursts(
  session: Session,
  { bursts, crowds, alone }: Measured,
): Promise<Outcome | undefined> {
  const { exercise, file } = session;
  const { backend } = planOf(exercise);
  const past: JsonValue[][] = [];
  for (const evidence of new Set([...bursts, ...crowds])) {
    const { mark, requests, replies, seen, observed } = evidence;
    const missing = requests.filter((request) => !alone.answers.has(JSON.stringify(request)));
    const again = missing.length < requests.length ? missing : missing.slice(0, maxDoneAgain);
    const doneAgain = await answersTo(session, exercise.work.cpu ? again : []);
    const answers = new Map([...alone.answers, ...doneAgain]);
    const { problem } = observed.handler;
    const known = { mark, asked: seen.asked, answers };
    const asks = backend === undefined ? 0 : callsOf(evidence, backend.name).calls;
    const wrong =
      judgeReplies({ exercise, file, requests, replies, known, problem, past }) ??
      judgeAsks(exercise, requests.length, asks, false) ??
      judgeRejections(file, observed);
    if (wrong !== undefined) {
      return wrong;
    }
    past.push(...replies.map(({ body }) => valuesOf(body)));
  }
  return undefined;
}

/** Responses of the work done right, by the JSON of their requests. */
async function answersTo(
  { service }: Session,
  requests: readonly JsonValue[],
): Promise<ReadonlyMap<string, JsonValue>> {
  const responses = requests.map(
    async (request) => [JSON.stringify(request), (await service.alone(request)).response] as const,
  );
  return new Map(await Promise.all(responses));
}

function valuesOf(body: JsonValue): JsonValue[] {
  return typeof body === "object" && body !== null ? Object.values(body) : [];
}

/** Outcome of a burst with a wrong response. */
function explained(wrong: Outcome, measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const { message, diagnoses, isLate } = wrong;
  const { exercise, best, alone, where } = measured;
  const isWaste = cpuMsOf(best) > maxTimesWork * best.requests.length * taskMs(exercise, alone);
  if (isLate && exercise.work.cpu && isWaste) {
    // The clock does not matter, nor does the load by others.
    return fail(message, slowerThanItsWork(measured));
  }
  if (where.held !== undefined) {
    // Calls fail because a held loop made them late, however busy the machine is.
    return fail(message, ...mistakes, ...diagnoses);
  }
  const doubt = isLate && !haveHung(measured) ? whyNoTime(measured) : undefined;
  return doubt === undefined ? wrong : inconclusive(`${message}; but ${doubt}`);
}

/** Did the calls of a burst overlap as they should? Decided by counts. */
function checkOverlap(measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const overlaps = allOverlaps(measured);
  const message = overlaps
    .map(
      ({ what, calls, most, wanted }) => `${most} of ${calls} ${what} at once (${wanted} wanted)`,
    )
    .join(", ");
  // A full pool also delays others who need it for something else.
  const isPoolFull = mistakes.some(({ name }) => name === "libuv-pool-saturated");
  return overlaps.some(isTooLittle) || isPoolFull
    ? fail(message, ...mistakes)
    : passIfSeen(measured, message);
}

/** Did it run where the decision says, and is that right? */
function checkExecutor(measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const { exercise, best, where } = measured;
  const evidence = evidenceParts(exercise, best);
  const misplaced = mistakes.filter(({ name }) => !notOfExecutor.has(name));
  // Another executor may do as well; the harm that it does would have a name.
  if (misplaced.length > 0 || where.held !== undefined) {
    return fail(`ran as ${where.strategy}: ${evidence.join(", ")}`, ...misplaced);
  }
  const busy = Math.round(best.loopUtilization * 100);
  return passIfSeen(
    measured,
    `${best.burst.calls.length} calls ran as ${where.strategy}, and the event loop was ${busy} % busy${price(measured)}`,
    evidence,
  );
}

/** What a right answer costs that is not the recommended one. */
function price({ exercise, where }: Measured): string {
  const { strategies, recommended } = exercise;
  const { strategy, isOwn } = where;
  if (isOwn) {
    return ". Its price: threads or processes of your own, each with a heap, to start, bound and end yourself";
  }
  const reason = strategies.find(({ name }) => name === strategy)?.reason;
  return strategy === recommended || reason === undefined ? "" : `. Its price: ${reason}`;
}
