import type { JsonValue } from "@bufbuild/protobuf";
import { planOf } from "@unblock/exercises/checks";
import type { Measured } from "../measure/bursts.ts";
import { callsOf } from "../measure/evidence.ts";
import { judgeRejections } from "../mistakes/answers.ts";
import { fail, type Outcome, pass } from "../result.ts";
import { makeCall, type Session } from "../session.ts";
import { judgeAsks, judgeReplies } from "./judge-replies.ts";

/** Calls of a burst whose work is done again to know its result, where nothing else tells it. */
const maxDoneAgain = 4;

/** Is the response right, and the backend's, also a second time? */
export async function checkAnswer(session: Session): Promise<Outcome> {
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
    await world.restart("right", { requests: [request], forget });
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
