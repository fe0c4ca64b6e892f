import type { JsonValue } from "@bufbuild/protobuf";
import { callMs } from "../faults.ts";
import type { Measured } from "../measure/bursts.ts";
import { callsOf, type Evidence } from "../measure/evidence.ts";
import { unhandledRejection } from "../mistakes/answers.ts";
import { planOf } from "../plan.ts";
import { fail, type Outcome, pass } from "../report.ts";
import type { Session } from "../session.ts";
import { judgeAsks, judgeReplies, type Past, type Wrong } from "./judge-replies.ts";

/** Is the answer right, and is it the backend's: also a second time? */
export async function checkAnswer(session: Session): Promise<Outcome> {
  const { exercise, file, service } = session;
  const { questions, backend } = planOf(exercise);
  const wrong = await judgeQuestions(session);
  if (wrong !== undefined) {
    return fail(wrong.message, wrong.diagnosis);
  }
  const { refusedListening } = await service.observe();
  if (refusedListening !== null) {
    return fail(`${file} ${refusedListening}`);
  }
  const asked = backend === undefined ? "" : `, each asked of the ${backend.name}`;
  return pass(`right for ${questions.length} requests${asked}`);
}

/** One after the other, each in a window of its own. */
async function judgeQuestions(session: Session): Promise<Wrong | undefined> {
  const { exercise, file, service, callers, world } = session;
  const { questions, backend } = planOf(exercise);
  const answers = await knownAnswers(session);
  const past: JsonValue[][] = [];
  const asksBefore = new Map<string, number>();
  for (const { request, forget } of questions) {
    await service.begin();
    await world.restart("right", forget);
    const reply = await service.within(
      callMs,
      `did not answer ${JSON.stringify(request)}`,
      callers.call(request),
    );
    const { handler, rejections } = await service.observe();
    const seen = await world.seen();
    const requests = [request];
    const asks =
      backend?.name === "database"
        ? world.holdings.usage(service.pid).query.calls
        : seen.asked.length + seen.uncounted;
    const wrong =
      judgeReplies({
        exercise,
        file,
        requests,
        replies: [reply],
        known: { mark: world.mark, asked: seen.asked, answers },
        problem: handler.problem,
        past: past satisfies Past,
      }) ??
      judgeAsks({
        exercise,
        requests,
        asks,
        isRepeated: (asksBefore.get(JSON.stringify(request)) ?? 0) > 0,
      });
    if (wrong !== undefined) {
      return wrong;
    }
    const [rejection, ...others] = rejections;
    if (rejection !== undefined) {
      const diagnosis = unhandledRejection(file, [rejection, ...others]);
      return { message: "a promise was rejected, and nobody looked", diagnosis };
    }
    asksBefore.set(JSON.stringify(request), asks);
    past.push(valuesOf(reply.body));
  }
  return undefined;
}

/** What only the work itself can tell, done right. */
async function knownAnswers({
  exercise,
  service,
}: Session): Promise<ReadonlyMap<string, JsonValue>> {
  const answers = new Map<string, JsonValue>();
  if (exercise.rpc === "PredictImage") {
    for (const { request } of planOf(exercise).questions) {
      answers.set(JSON.stringify(request), (await service.alone(request)).response);
    }
  }
  return answers;
}

function valuesOf(body: JsonValue): JsonValue[] {
  return typeof body === "object" && body !== null ? Object.values(body) : [];
}

/** Of what only the work itself can tell, so many calls of a burst are done again, right. */
const mostDoneAgain = 4;

/** Is each response of each burst right, and was the backend asked for each? */
export async function judgeBursts(
  session: Session,
  { bursts, crowds, alone }: Measured,
): Promise<Wrong | undefined> {
  const { exercise, file, world } = session;
  const past: JsonValue[][] = [];
  for (const evidence of new Set([...bursts, ...crowds])) {
    const { requests, replies, seen, observed } = evidence;
    const answers = await withAnswers(session, evidence, alone.answers);
    const { problem } = observed.handler;
    const known = { mark: world.mark, asked: seen.asked, answers };
    const [rejection, ...others] = observed.rejections;
    const wrong =
      judgeReplies({ exercise, file, requests, replies, known, problem, past }) ??
      judgeAsks({ exercise, requests, asks: asksOf(session, evidence), isRepeated: false });
    if (wrong !== undefined) {
      return wrong;
    }
    if (rejection !== undefined) {
      const diagnosis = unhandledRejection(file, [rejection, ...others]);
      return { message: "a promise was rejected, and nobody looked", diagnosis };
    }
    past.push(
      ...replies.map(({ body }) =>
        typeof body === "object" && body !== null ? Object.values(body) : [],
      ),
    );
  }
  return undefined;
}

function asksOf({ exercise }: Session, evidence: Evidence): number {
  const { backend } = planOf(exercise);
  return backend === undefined ? 0 : callsOf(evidence, backend.name).calls;
}

/** Has some of what was asked done right, where nothing else tells what is right. */
async function withAnswers(
  { exercise, service }: Session,
  { requests }: Evidence,
  known: ReadonlyMap<string, JsonValue>,
): Promise<ReadonlyMap<string, JsonValue>> {
  if (!exercise.work.cpu) {
    return known;
  }
  const answers = new Map(known);
  const missing = requests.filter((request) => !known.has(JSON.stringify(request)));
  const again = missing.length < requests.length ? missing : missing.slice(0, mostDoneAgain);
  await Promise.all(
    again.map(async (request) => {
      answers.set(JSON.stringify(request), (await service.alone(request)).response);
    }),
  );
  return answers;
}
