import { readRequests, type Say } from "./channel.ts";
import type { Answer, Ask } from "./messages.ts";
import type { Observer } from "./observation.ts";
import type { OpenedExercise } from "./open-exercise.ts";

/** Answers what the checker asks. */
export function answerAsks(observer: Observer, opened: OpenedExercise, say: Say): void {
  readRequests(async ({ id, ask }) => {
    try {
      const answer = await answerTo(ask, observer, opened);
      // Before it says what may come of that.
      opened.lookForReplaced();
      say({ kind: "answer", id, ...answer });
    } catch (error) {
      say({ kind: "answer", id, failure: String(error) });
    }
  });
}

async function answerTo(
  ask: Ask,
  observer: Observer,
  { reference }: OpenedExercise,
): Promise<Partial<Answer>> {
  switch (ask.kind) {
    case "begin":
      observer.begin();
      return {};
    case "observe":
      return { observation: observer.read() };
    case "alone":
      return { alone: await reference(ask.request) };
  }
}
