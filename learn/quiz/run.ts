import { changeProgress, loadProgress } from "../../progress/progress.ts";
import { dayOf } from "../memory.ts";
import { type AnswerQuality, afterAnswer, dueCards, nextDueMs } from "../review/schedule.ts";
import { type Paint, paintFor } from "../terminal/paint.ts";
import { wrap } from "../terminal/wrap.ts";
import { type Measured, measure } from "./measure.ts";
import { openPrompt, type Prompt } from "./prompt.ts";
import { type Question, type Strategy, strategyNames } from "./question.ts";
import { questions } from "./questions/index.ts";
import { renderAnswers, renderGrade, renderMeasured, renderQuestion } from "./render.ts";

const maxColumns = 100;
const enterOrQ = "Enter or q";
const ids = questions.map(({ id }) => id);

/** Asks what is due, on a terminal, one question after the other, until it is through or left. */
export async function runQuiz(path: string): Promise<void> {
  const width = Math.max(40, Math.min(maxColumns, process.stdout.columns - 1));
  const paint = paintFor(process.stdout);
  const loaded = loadProgress(path);
  if (loaded.notice !== undefined) {
    say(...wrap(loaded.notice, width), "");
  }
  const due = dueCards(ids, loaded.state.cards, Date.now());
  if (due.length === 0) {
    say(`Nothing is due. ${whatIsNext(path)}`);
    return;
  }
  const prompt = openPrompt();
  try {
    for (const [index, question] of questionsOf(due).entries()) {
      const heading = `── Question ${index + 1} of ${due.length} `;
      say(paint("dim", heading.padEnd(width, "─")), "");
      const keep = (quality: AnswerQuality) => keepAnswer(path, question.id, quality);
      await askQuestion(question, keep, prompt, width, paint);
    }
    say(whatIsNext(path));
  } catch (error) {
    // Who leaves in the middle of something has not met with an error.
    if (!prompt.left.aborted) {
      throw error;
    }
    say("", "What you have answered is kept. `npm run learn -- --quiz` goes on.");
  } finally {
    prompt.close();
  }
}

/** Asks one question, keeps the answer, then explains it with a measurement. */
export async function askQuestion(
  question: Question,
  keep: (quality: AnswerQuality) => Promise<void>,
  prompt: Prompt,
  width: number,
  paint: Paint,
): Promise<AnswerQuality> {
  say(...renderQuestion(question, width, paint));
  const choice = await choose(prompt);
  const { suitability } = question.answers[choice];
  await keep(suitability);
  await explain(question, choice, prompt, width, paint);
  return suitability;
}

/** Keeps an answer with the time when it is asked again. */
export async function keepAnswer(path: string, id: string, quality: AnswerQuality): Promise<void> {
  const nowMs = Date.now();
  await changeProgress(path, (progress) => ({
    ...progress,
    cards: { ...progress.cards, [id]: afterAnswer(progress.cards[id], quality, nowMs) },
  }));
}

async function choose(prompt: Prompt): Promise<Strategy> {
  const keys = strategyNames.map((_, index) => String(index + 1));
  const text = "Which one would you take? Several may be right. 1–8, or q to leave: ";
  const key = await prompt.press(text, keys, "1 to 8, or q");
  const choice = strategyNames[keys.indexOf(key)];
  if (choice === undefined) {
    throw new Error(`Expected one of ${keys.join(", ")}, got ${key}`);
  }
  say(key, "");
  return choice;
}

async function explain(
  question: Question,
  choice: Strategy,
  prompt: Prompt,
  width: number,
  paint: Paint,
): Promise<void> {
  say(...renderGrade(question, choice, width, paint));
  const measured = await measureAll(question, prompt.left);
  say(...renderMeasured(question, measured, width, paint));
  await prompt.press("Enter: what the other ways do. q: leave. ", ["return", "space"], enterOrQ);
  say("", "", ...renderAnswers(question, width, paint));
  await prompt.press("Enter: go on. q: leave. ", ["return", "space"], enterOrQ);
  say("", "");
}

async function measureAll(
  { measurement }: Question,
  left: AbortSignal,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (const way of measurement.ways) {
    process.stdout.write(`\r\x1b[Kmeasuring: ${way.name} …`);
    measured.push(await measure(measurement, way, left));
    left.throwIfAborted();
  }
  process.stdout.write("\r\x1b[K");
  return measured;
}

export function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

function questionsOf(due: readonly string[]): Question[] {
  return due.flatMap((id) => questions.filter((one) => one.id === id));
}

function whatIsNext(path: string): string {
  const { cards } = loadProgress(path).state;
  const open = dueCards(ids, cards, Date.now()).length;
  if (open > 0) {
    const what = open === 1 ? "1 question comes" : `${open} questions come`;
    return `${what} back when you ask for the quiz again.`;
  }
  const next = nextDueMs(cards, Date.now()) ?? Date.now();
  return `The next question comes back on ${dayOf(next)}.`;
}
