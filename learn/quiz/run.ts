import { loadProgress, type Progress, progressOf } from "@unblock/progress/progress";
import { exercises, findExercise } from "@unblock/proto/exercises";
import { openProgressLine, type Paint, wrap } from "@unblock/terminal/text";
import { readingFor } from "../book/book.ts";
import { variantOf } from "../review/variants.ts";
import { createRandom, type Question } from "./question.ts";
import { type Measured, measure, questionOf, questions } from "./questions.ts";
import { type Choice, renderReasons, runSession, type Session, say } from "./session.ts";

/** Asks the questions of the quiz that are due, on a terminal. */
export async function runQuiz(progressPath: string): Promise<void> {
  const ids = questions.map(({ id }) => id);
  await runSession(progressPath, "quiz", ids, (id, session) =>
    askQuestion(questionOf(id), session),
  );
}

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

async function askQuestion(question: Question, session: Session): Promise<Choice> {
  const { width, paint } = session;
  const choice = await session.ask(question.id, question);
  const measured = await measureAll(question, session.left);
  say(...renderMeasured(question, measured, width, paint));
  await session.pressEnter("Enter: what the other ways do. q: leave. ");
  say(...renderAnswers(question, width, paint));
  await session.pressEnter("Enter: continue. q: leave. ");
  return choice;
}

async function measureAll(question: Question, left: AbortSignal): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  const progress = openProgressLine(process.stdout);
  for (const way of question.measurement.ways) {
    progress.show((seconds) => `measuring: ${way} … ${seconds} s`);
    measured.push(await measure(question, way, left));
    progress.clear();
    left.throwIfAborted();
  }
  return measured;
}

export function renderMeasured(
  { measurement }: Question,
  measured: readonly Measured[],
  width: number,
  paint: Paint,
): string[] {
  const { title, columns, ways, reading } = measurement;
  const nameWidth = Math.max(...ways.map((way) => way.length));
  const cell = (text: string, heading: string) => text.padStart(Math.max(heading.length, 8) + 3);
  const header = columns.map((column) => cell(column.title, column.title)).join("");
  return [
    ...wrap(`Measured on this machine: ${title}`, width).map((line) => paint("bold", line)),
    paint("dim", `  ${" ".repeat(nameWidth)}${header}`),
    ...measured.flatMap(({ way, figures, problem }) => {
      const label = `  ${way.padEnd(nameWidth)}`;
      return figures === undefined
        ? wrap(`could not be measured: ${problem}`, width, `${label}  `, "    ")
        : [label + columns.map(({ title, value }) => cell(value(figures), title)).join("")];
    }),
    ...wrap(reading, width),
    "",
  ];
}

export function renderAnswers(question: Question, width: number, paint: Paint): string[] {
  return [
    paint("bold", "All strategies: ★ recommended, ✓ works at a price, ✗ wrong here"),
    ...renderReasons(question.choices, width, paint),
    "",
    ...wrap(question.lesson, width),
    "",
  ];
}
