import { loadProgress, type Progress, progressOf } from "@unblock/progress/progress";
import { exercises, findExercise } from "@unblock/proto/exercises";
import { readingFor } from "../book/book.ts";
import { createRandom } from "../quiz/question.ts";
import { questionOf, questions } from "../quiz/questions.ts";
import { askQuestion } from "../quiz/run.ts";
import { type Choice, renderReasons, runSession, type Session, say } from "../quiz/session.ts";
import { variantOf } from "./variants.ts";

/** Asks again about what the learner has worked on, with other figures, on a terminal. */
export async function runReview(progressPath: string): Promise<void> {
  const ids = knownIds(loadProgress(progressPath).state);
  if (ids.length === 0) {
    say(
      "Nothing to review yet. First check an exercise (npm run learn), guess one on the page, or answer",
      "a question of the quiz (npm run learn -- --quiz).",
    );
    return;
  }
  await runSession(progressPath, "review", ids, askAgain);
}

/** Ids of the exercises that the learner has worked on and of the questions asked before. */
function knownIds(progress: Progress): string[] {
  const begun = exercises
    .map(({ letter }) => letter)
    .filter((letter) => {
      const { last, guess } = progressOf(progress, letter);
      return last !== undefined || guess !== undefined;
    });
  const asked = questions.map(({ id }) => id).filter((id) => progress.cards[id] !== undefined);
  return [...begun, ...asked];
}

async function askAgain(id: string, session: Session, progress: Progress): Promise<Choice> {
  const random = createRandom(Date.now());
  const exercise = findExercise(id);
  if (exercise === undefined) {
    return askQuestion(questionOf(id).again(random), session);
  }
  const asked = progress.cards[id]?.reps ?? 0;
  const variant = variantOf(exercise, random, asked, progress.measured[id]);
  const choice = await session.ask(id, variant);
  const others = variant.choices.filter((one) => one !== choice);
  say(
    ...renderReasons(others, session.width, session.paint),
    "",
    `To read: ${readingFor(exercise).partLink}`,
    "",
  );
  await session.pressEnter("Enter: continue. q: leave. ");
  return choice;
}
