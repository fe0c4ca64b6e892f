import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@bufbuild/protobuf";
import { callMs } from "../limits.ts";
import { describeFailure, invented, noAnswer, wrongAnswer } from "../mistakes/wrong-answer.ts";
import { planOf, type Question } from "../plan.ts";
import type { LearnerService } from "../process/learner-service.ts";
import type { Session } from "../session.ts";
import { fail, type Outcome, pass } from "./outcome.ts";

/** Is the answer right, also for values that are not in the example? And is it the backend's? */
export async function checkAnswer({ exercise, file, service, callers }: Session): Promise<Outcome> {
  const { questions, backend } = planOf(exercise);
  const expected = await expectedAnswers(questions, service);
  const ask = (request: JsonValue) =>
    service.within(callMs, `did not answer ${JSON.stringify(request)}`, callers.call(request));

  await service.within(callMs, "held the event loop", callers.restartWindow());
  await service.begin();
  for (const [index, { request, forget }] of questions.entries()) {
    if (forget !== undefined) {
      await service.forget(forget);
    }
    const reply = await ask(request);
    if (reply.code !== "ok") {
      const { handler } = await service.observe();
      const failure = { ...reply, problem: handler.problem };
      const finding = describeFailure(request, failure);
      return fail(finding, noAnswer(file, finding, failure));
    }
    if (!isDeepStrictEqual(reply.body, expected[index])) {
      return fail(
        `${JSON.stringify(request)} got ${JSON.stringify(reply.body)}, expected ${JSON.stringify(expected[index])}`,
        wrongAnswer(request, reply.body, expected[index] ?? null),
      );
    }
  }
  const { refusedListening } = await service.observe();
  if (refusedListening !== null) {
    return fail(`${file} ${refusedListening}`);
  }
  if (backend === undefined) {
    return pass(`right for ${questions.length} requests`);
  }
  const { backends } = await service.within(callMs, "held the event loop", callers.vitals());
  const calls = backends.find(({ name }) => name === backend.name)?.calls ?? 0;
  const least = questions.length * backend.callsEach;
  const asked = `${calls} calls of the ${backend.name} for ${questions.length} requests`;
  if (calls < least) {
    return fail(asked, invented(asked, calls, least));
  }
  return pass(`right for ${questions.length} requests, each asked of the ${backend.name}`);
}

/** Also those which only the work itself can tell, done right. */
async function expectedAnswers(
  questions: readonly Question[],
  service: LearnerService,
): Promise<JsonValue[]> {
  const answers: JsonValue[] = [];
  for (const { request, expected } of questions) {
    answers.push(expected ?? (await service.alone(request)).response);
  }
  return answers;
}
