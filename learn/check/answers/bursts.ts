import type { JsonValue } from "@bufbuild/protobuf";
import { callsOf, type Evidence } from "../measure/evidence.ts";
import type { Measured } from "../measure/measured.ts";
import { unhandledRejection } from "../mistakes/unhandled-rejection.ts";
import { planOf } from "../plan.ts";
import type { Session } from "../session.ts";
import { judgeAsks } from "./asks.ts";
import { judgeReplies, type Wrong } from "./judge-replies.ts";

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
