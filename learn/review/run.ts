import { loadProgress, type Progress, progressOf } from "../../progress/progress.ts";
import { type Exercise, exercises } from "../../registry/exercises.ts";
import { dayOf } from "../memory.ts";
import { openPrompt, type Prompt } from "../quiz/prompt.ts";
import { questions } from "../quiz/questions/index.ts";
import { askQuestion, keepAnswer, say } from "../quiz/run.ts";
import { readingFor } from "../score.ts";
import { type Paint, paintFor } from "../terminal/paint.ts";
import { wrap } from "../terminal/wrap.ts";
import { createRandom } from "./random.ts";
import { renderChoice, renderVariant } from "./render.ts";
import { type AnswerQuality, dueCards, nextDueMs } from "./schedule.ts";
import type { Choice } from "./variant.ts";
import { variantOf } from "./variants.ts";

const maxColumns = 100;

/**
 * Asks again, on a terminal, what the learner has done before and may be about to forget: exercises
 * with other figures, and questions of the quiz.
 */
export async function runReview(path: string): Promise<void> {
  const width = Math.max(40, Math.min(maxColumns, process.stdout.columns - 1));
  const paint = paintFor(process.stdout);
  const { state: progress, notice } = loadProgress(path);
  if (notice !== undefined) {
    say(...wrap(notice, width), "");
  }
  const known = knownIds(progress);
  const due = dueCards(known, progress.cards, Date.now());
  if (due.length === 0) {
    say(...wrap(whatIsNext(known, progress), width));
    return;
  }
  const prompt = openPrompt();
  const tally = { right: 0, asked: 0 };
  try {
    for (const id of due) {
      const heading = `── ${tally.asked + 1} of ${due.length} to review `;
      say(paint("dim", heading.padEnd(width, "─")), "");
      const keep = (quality: AnswerQuality) => keepAnswer(path, id, quality);
      const quality = await ask(id, progress, keep, prompt, width, paint);
      tally.asked++;
      tally.right += quality === "wrong" ? 0 : 1;
    }
    say(`${tally.right} of ${tally.asked} right. ${whatIsNext(known, loadProgress(path).state)}`);
  } catch (error) {
    // Who leaves in the middle of something has not met with an error.
    if (!prompt.left.aborted) {
      throw error;
    }
    say("", "Your answers are kept. `npm run learn -- --review` goes on.");
  } finally {
    prompt.close();
  }
}

/** Exercises that the learner has worked on, and questions that were asked before. */
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

async function ask(
  id: string,
  progress: Progress,
  keep: (quality: AnswerQuality) => Promise<void>,
  prompt: Prompt,
  width: number,
  paint: Paint,
): Promise<AnswerQuality> {
  const exercise = exercises.find(({ letter }) => letter === id);
  if (exercise !== undefined) {
    return askVariant(exercise, progress, keep, prompt, width, paint);
  }
  const question = questions.find((one) => one.id === id);
  if (question === undefined) {
    throw new Error(`Expected an exercise or a question of the quiz, got ${id}`);
  }
  return askQuestion(question.again(createRandom(Date.now())), keep, prompt, width, paint);
}

async function askVariant(
  exercise: Exercise,
  progress: Progress,
  keep: (quality: AnswerQuality) => Promise<void>,
  prompt: Prompt,
  width: number,
  paint: Paint,
): Promise<AnswerQuality> {
  const { letter } = exercise;
  const random = createRandom(Date.now());
  const asked = progress.cards[letter]?.reps ?? 0;
  const variant = variantOf(exercise, random, asked, progress.measured[letter]);
  say(...renderVariant(variant, width, paint));
  const choice = await choose(variant.choices, prompt);
  await keep(choice.quality);
  say(
    ...renderChoice(variant, choice, width, paint),
    ...readingFor([letter]).map(({ partLink }) => `To read: ${partLink}`),
    "",
  );
  await prompt.press("Enter: go on. q: leave. ", ["return", "space"], "Enter or q");
  say("", "");
  return choice.quality;
}

async function choose(choices: readonly Choice[], prompt: Prompt): Promise<Choice> {
  const keys = choices.map((_, index) => String(index + 1));
  const key = await prompt.press(
    `Your answer? 1–${keys.length}, or q to leave: `,
    keys,
    `1 to ${keys.length}, or q`,
  );
  const choice = choices[keys.indexOf(key)];
  if (choice === undefined) {
    throw new Error(`Expected one of ${keys.join(", ")}, got ${key}`);
  }
  say(key, "");
  return choice;
}

function whatIsNext(known: readonly string[], { cards }: Progress): string {
  if (known.length === 0) {
    return "Nothing to review yet: check an exercise (npm run learn), guess one on the page, or answer the quiz first.";
  }
  const dueNow = dueCards(known, cards, Date.now()).length;
  if (dueNow > 0) {
    return `${dueNow} due again soon: npm run learn -- --review`;
  }
  const mine = Object.fromEntries(Object.entries(cards).filter(([id]) => known.includes(id)));
  const next = nextDueMs(mine, Date.now());
  return next === undefined
    ? "Nothing is due."
    : `Nothing is due. The next question comes back on ${dayOf(next)}.`;
}
