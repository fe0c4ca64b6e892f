import type { JsonValue } from "@bufbuild/protobuf";
import { judgeAsks } from "../answers/asks.ts";
import { judgeReplies, type Past, type Wrong } from "../answers/judge-replies.ts";
import { callMs } from "../limits.ts";
import { unhandledRejection } from "../mistakes/unhandled-rejection.ts";
import { planOf } from "../plan.ts";
import type { Session } from "../session.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

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
